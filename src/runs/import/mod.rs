//! Turns a list into the rows of a draft. Each row gets a request, or a reason for skipping it.

mod cells;
mod contrast;
mod counted_columns;
mod countries;
mod country_conflict;
mod draft_feed;
mod earlier;
mod error;
mod exclude;
mod finding;
mod import_result;
mod plan;
mod policy;
mod questions;
mod read_list;
mod recipient_column;
mod reported;
mod rows;
mod selection;

pub(crate) use self::contrast::{DrawnRow, contrasting_rows, rows_to_preview};
pub(crate) use self::countries::{ListCountries, NO_COUNTRY};
pub(crate) use self::earlier::{
    compare, earlier_query, earlier_runs_error, idle_runs, refuse_abandoned_rows, skip_sent_rows,
    skips_sent_rows,
};
pub(crate) use self::error::BulkError;
pub(crate) use self::exclude::{UnsentRows, skip_excluded};
pub(crate) use self::finding::{
    CollectedRows, Finding, Place, RowCollector, RowFindings, RowPlace, Severity,
};
pub(crate) use self::import_result::{ImportResult, describe_exclusion};
pub(crate) use self::plan::{ImportPlan, RecipientRule, RowChecks, WindowCheck};
pub(crate) use self::policy::{DuplicatePolicy, HiddenRule, ImportPolicy};
pub(crate) use self::read_list::{ListReading, read_list};
pub(crate) use self::recipient_column::ColumnRule;
pub(crate) use self::selection::{ColumnValue, ListSelection};

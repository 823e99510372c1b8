//! Turns a list into the rows of a draft. Each row gets a request, or a reason for skipping it.

mod cells;
mod contradictions;
mod contrast;
mod counted_columns;
mod countries;
mod country_conflict;
mod draft_feed;
mod error;
mod finding;
mod import_result;
mod list_findings;
mod plan;
mod policy;
mod questions;
mod recipient_column;
mod reported;
mod rows;
mod selection;
mod verdict;

pub(crate) use self::contrast::{contrasting_rows, rows_to_preview};
pub(crate) use self::countries::{ListCountries, TypedCountries};
pub(crate) use self::error::BulkError;
pub(crate) use self::finding::{Finding, Place, RowPlace, Severity};
pub(crate) use self::import_result::{
    ImportResult, RowFindings, RowNote, describe_exclusion, describe_not_allowed,
};
pub(crate) use self::list_findings::ListFindings;
pub(crate) use self::plan::{ImportPlan, RecipientRule};
pub(crate) use self::policy::{DuplicatePolicy, HiddenRule, ImportPolicy};
pub(crate) use self::questions::{earlier_messages, undelivered_messages};
pub(crate) use self::recipient_column::ColumnRule;
pub(crate) use self::rows::import_list;
pub(crate) use self::selection::{ColumnValue, ListSelection, TypedSelection};
pub(crate) use self::verdict::refuse_list;

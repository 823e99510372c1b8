//! Turns a list into the rows of a draft: each with its request, or with the reason why it has none.

mod cells;
mod draft_feed;
mod error;
mod imported;
mod plan;
mod reported;
mod rows;

pub(crate) use self::error::BulkError;
pub(crate) use self::imported::{Imported, Remark, Remarks, RowFault, problem_of_excluded};
pub(crate) use self::plan::{HiddenRule, ImportPlan, ImportPolicy, RecipientRule};
pub(crate) use self::reported::DuplicatePolicy;
pub(crate) use self::rows::{import_list, settle_repeated};

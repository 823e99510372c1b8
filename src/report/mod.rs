//! The report on a run as a list again, and how rows that were not sent are sent again.

mod list;
mod send_again;

pub(crate) use self::list::{ListReport, outcome as reported_outcome, reported_cells, write as write_report};
pub(crate) use self::send_again::commands_to_send_again;

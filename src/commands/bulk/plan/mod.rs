//! Turns a list into a plan: reads and checks it, then shows it, or asks and creates a run.

pub(crate) mod args;
pub(crate) mod begin;
pub(crate) mod list_notes;
pub(crate) mod make_plan;
pub(crate) mod read_rows;
pub(crate) mod show;
pub(crate) mod test_send;

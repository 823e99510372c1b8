//! A list becomes a plan: it is read and checked, shown or asked about, and made a run.

pub(crate) mod args;
pub(crate) mod begin;
pub(crate) mod list_notes;
pub(crate) mod make_plan;
pub(crate) mod read_rows;
pub(crate) mod show;
pub(crate) mod test_send;

//! A list becomes a plan, which is shown, tested or confirmed, and a confirmed plan becomes a run.

pub(crate) mod args;
mod choices;
pub(crate) mod confirm;
mod cost_limit;
pub(crate) mod create_run;
pub(crate) mod make_plan;
mod message;
mod questions;
mod read_rows;
mod rejects;
mod row_report;
mod run_settings;
pub(crate) mod show;
mod test_messages;
pub(crate) mod test_send;

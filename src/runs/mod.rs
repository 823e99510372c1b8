//! Bulk runs: a list becomes rows, the ledger keeps the state of each row, rows are sent, and reports tell the outcome.

pub(crate) mod cost;
pub(crate) mod deliveries;
pub(crate) mod hours;
pub(crate) mod import;
pub(crate) mod ledger;
pub(crate) mod once;
pub(crate) mod report;
pub(crate) mod report_page;
pub(crate) mod sending;
pub(crate) mod unchecked;

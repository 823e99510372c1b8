//! Prints the state of runs, and checks their delivery status at Jelou.

pub(crate) mod check_deliveries;
pub(crate) mod deliveries;
mod delivery_counts;
pub(crate) mod find;
pub(crate) mod list;
pub(crate) mod report;
pub(crate) mod status;

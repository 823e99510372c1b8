//! Sends a run, new or resumed.

pub(crate) mod report_end;
pub(crate) mod resume;
pub(crate) mod send_rows;

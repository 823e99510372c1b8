//! A run is sent: a new one, or one that is continued.

pub(crate) mod report_end;
pub(crate) mod resume;
pub(crate) mod send_rows;

//! The run whose page is made.

use crate::ledger::{Details, LedgerError, Run};

/// A run to show.
pub(crate) struct ReportedRun<'a> {
    pub(crate) name: &'a str,
    pub(crate) ledger: &'a Run,
    pub(crate) details: &'a Details,
    /// Why rows that are not sent here may have been sent: they are unknown.
    pub(crate) doubt: Option<&'a LedgerError>,
    /// Whether a process is sending it now.
    pub(crate) is_running: bool,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
}

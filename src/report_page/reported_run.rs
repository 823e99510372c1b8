//! The run whose page is made.

use crate::ledger::{Details, LedgerError, Run};

/// A run to be shown.
pub(crate) struct ReportedRun<'a> {
    pub(crate) name: &'a str,
    pub(crate) ledger: &'a dyn Run,
    pub(crate) details: &'a Details,
    /// Why its ledger is not all that was written: its rows have as unknown what may have been sent.
    pub(crate) damage: Option<&'a LedgerError>,
    /// Whether a process carries it out now.
    pub(crate) is_running: bool,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
}

//! Times of the ledger, which are milliseconds since 1970, as people and as scripts read them.

use crate::timestamps::{self, of_milliseconds};

/// `2026-11-20 10:15 -05:00`, by the clock of this machine.
pub(crate) fn local_time(at: i64) -> String {
    timestamps::local_time(of_milliseconds(at))
}

/// `2026-11-20T15:15:00.123Z`
pub(crate) fn utc(at: i64) -> String {
    format!("{:.3}", of_milliseconds(at))
}

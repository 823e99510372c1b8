//! Times of the ledger, which are milliseconds since 1970, as people and as scripts read them.

use jiff::Timestamp;

use crate::timestamps;

/// `2026-11-20 10:15 -05:00`, by the clock of this machine.
pub(crate) fn local_time(at: i64) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), timestamps::local_time)
}

/// `2026-11-20T15:15:00.123Z`
pub(crate) fn utc(at: i64) -> Option<String> {
    Timestamp::from_millisecond(at).ok().map(|at| format!("{at:.3}"))
}

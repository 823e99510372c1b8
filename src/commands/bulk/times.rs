//! Times of the ledger, which are milliseconds since 1970, as people and as scripts read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `2026-11-20 10:15 -05`, by the clock of this machine.
pub(crate) fn local_time(at: i64) -> String {
    let Ok(at) = Timestamp::from_millisecond(at) else { return at.to_string() };
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// `2026-11-20T15:15:00.123Z`
pub(crate) fn utc(at: i64) -> Option<String> {
    Timestamp::from_millisecond(at).ok().map(|at| format!("{at:.3}"))
}

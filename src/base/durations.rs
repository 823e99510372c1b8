//! Durations as users type them: `90m`, `12h`, `3d`.

use std::time::Duration;

use super::message::{Message, msg};

/// Parses a duration. `problem` describes a text that is none, or not allowed.
///
/// # Errors
/// The letter `M` is refused, too: the library reads it as a month, so `5M` would be five months instead of five
/// minutes.
pub(crate) fn parse_duration(
    raw: &str,
    is_allowed: impl Fn(Duration) -> bool,
    problem: impl Fn(&str) -> Message,
) -> Result<Duration, Message> {
    let raw = raw.trim();
    let shown = raw.escape_debug().to_string();
    match humantime::parse_duration(raw) {
        Ok(_) if raw.contains('M') => Err(msg!(
            "`{shown}` is in months; for minutes: {minutes}",
            shown,
            minutes = raw.replace('M', "m")
        )),
        Ok(duration) if is_allowed(duration) => Ok(duration),
        Ok(_) | Err(_) => Err(problem(&shown)),
    }
}

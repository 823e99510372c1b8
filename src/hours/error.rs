//! Errors of hours, other than their syntax.

use thiserror::Error;

#[derive(Debug, Error)]
#[error("{message}")]
pub(crate) struct HoursError {
    message: String,
    pub(crate) hint: &'static str,
    /// Whether the error is in a configuration file rather than in what was typed.
    pub(crate) is_of_profile: bool,
}

impl HoursError {
    pub(super) fn new(message: String, hint: &'static str) -> Self {
        Self { message, hint, is_of_profile: false }
    }

    /// Days off that cannot be read; `origin` is a flag, or a key of a profile.
    pub(crate) fn of_days(origin: &str, is_of_profile: bool, problem: &str) -> Self {
        let hint = "give dates as 2026-12-25, or a file with one date a line";
        Self { is_of_profile, ..Self::new(format!("{origin}: {problem}"), hint) }
    }
}

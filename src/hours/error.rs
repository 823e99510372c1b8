//! Errors of hours, other than their syntax.

use thiserror::Error;

#[derive(Debug, Error)]
pub(crate) enum HoursError {
    /// `origin` is a flag, or a key of a profile.
    #[error("{origin}: {problem}")]
    Value { origin: String, is_of_profile: bool, problem: String },
    /// Two values of `--between` that exclude each other.
    #[error("--between: {problem}")]
    Contradiction { problem: String },
    #[error("the hours need a time zone: the one of this machine is {found}")]
    NoZone { found: &'static str },
    #[error("{hours}: these hours do not open within the next year")]
    NeverOpen { hours: String },
    #[error("--time-zone says nothing here: the run has no hours")]
    ZoneAlone,
}

impl HoursError {
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Value { .. } => "give dates as 2026-12-25, or a file with one date a line",
            Self::Contradiction { .. } => "give the hours, or `always` alone",
            Self::NoZone { .. } => "name it with --time-zone, as America/Bogota, or with time_zone in the profile",
            Self::NeverOpen { .. } => "change --between and --not-on, or send at any hour with --between always",
            Self::ZoneAlone => "add --between 'mon-fri 07:00-19:00', or leave --time-zone out",
        }
    }

    /// Whether the error is in a configuration file rather than in what was typed.
    pub(crate) fn is_of_profile(&self) -> bool {
        matches!(self, Self::Value { is_of_profile: true, .. })
    }
}

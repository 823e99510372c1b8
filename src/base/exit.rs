//! The exit codes. They are stable, because scripts rely on them.

use std::process;

/// The exit code of the process (`docs/exit-codes.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// Accepted by the API, or a dry run, or success of a command that sends nothing.
    Success,
    /// Unexpected error before the request began. Not sent.
    Unexpected,
    /// Wrong usage or invalid message. Not sent.
    Usage,
    /// Configuration, credentials or certificate roots missing or broken. Not sent.
    Configuration,
    /// The API does not accept the credentials. Not sent.
    Credentials,
    /// Rejected by the API. Not sent.
    Rejected,
    /// Rate limited or unavailable beyond the retry budget. Not sent; safe to try again.
    Unavailable,
    /// DNS, connect or TLS. Not sent; safe to try again.
    Network,
    /// The message may have been sent.
    Unknown,
    /// Some recipients got the message and some did not; or a bulk run is complete, and some rows failed, are invalid or
    /// are unknown.
    Incomplete,
    /// Blocked by a safety check. Not sent.
    Guard,
    /// The ledger of a bulk run cannot be written; some rows may have been sent.
    Ledger,
    /// Another process is using the bulk run. Not sent.
    InUse,
    /// `sandbox --expect` was not met.
    Expectation,
    /// Accepted by the API, but undelivered, or later than `--wait` allows.
    NotReached,
    /// The exit code of a command that we run for the user. 127: not found. 126: cannot be run. 128 plus a number:
    /// ended by the signal with this number.
    Command(u8),
    /// Ended by the signal with this number. The record and stderr show the known outcome.
    Signal(u8),
}

impl ExitCode {
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::Credentials => 4,
            Self::Rejected => 5,
            Self::Unavailable => 6,
            Self::Network => 7,
            Self::Unknown => 8,
            Self::Incomplete => 10,
            Self::Guard => 11,
            Self::Ledger => 12,
            Self::InUse => 13,
            Self::Expectation => 14,
            Self::NotReached => 15,
            Self::Command(code) => code,
            Self::Signal(number) => number.saturating_add(128),
        }
    }
}

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.code())
    }
}

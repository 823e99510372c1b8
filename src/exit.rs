//! The exit codes, and the only mapping from an error or an outcome to one. They are stable: scripts rely on them.

use std::process;

use crate::api::{Cause, ClientError, Outcome, Signal, UNKNOWN_HINT};
use crate::bulk::{BulkError, LedgerError, PauseReason, RunError};
use crate::commands::{GuardError, PanicInFlight, ReadError, UsageError};
use crate::config::ConfigError;
use crate::input::InputError;
use crate::list::ListError;
use crate::message::InvalidMessage;
use crate::output::Sent;

/// How the process ends (`docs/exit-codes.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// Accepted by the API; or a dry run, or a command that sends nothing, done.
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
    /// It may have been sent.
    Unknown,
    /// A bulk run is complete, and some rows failed, were skipped or are unknown.
    Incomplete,
    /// Stopped by a guard. Not sent.
    Guard,
    /// The ledger of a bulk run cannot be written; some rows may have been sent.
    Ledger,
    /// Another process has the bulk run. Not sent.
    InUse,
    /// `sandbox --expect` did not hold.
    Expectation,
    /// `sandbox -- COMMAND`: the command's own code; 127 when it is not found, 126 when it cannot be run, 128 and the
    /// signal's number when one ended it.
    Command(u8),
    /// SIGINT; the record and stderr say what is known.
    Interrupted,
    /// SIGTERM; the record and stderr say what is known.
    Terminated,
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
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::Command(code) => code,
        }
    }
}

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.code())
    }
}

/// An error as it is told: exit code, stable name, one line a fault, and the way out.
#[derive(Debug)]
pub struct Told {
    pub code: ExitCode,
    /// The `error.code` of the record.
    pub name: &'static str,
    /// The error with its causes.
    pub message: String,
    pub details: Vec<String>,
    pub hint: Option<String>,
}

/// What an error means. Anything not known here is unexpected.
pub fn of_error(error: &anyhow::Error) -> Told {
    let told = |code, name, hint| Told { code, name, message: format!("{error:#}"), details: Vec::new(), hint };
    for cause in error.chain() {
        let cause = cause.downcast_ref().map_or(cause, BulkError::part);
        if let Some(cause) = cause.downcast_ref::<InvalidMessage>() {
            return Told { details: cause.details(), ..told(ExitCode::Usage, "invalid_message", cause.hint()) };
        }
        if let Some(cause) = cause.downcast_ref::<InputError>() {
            return told(ExitCode::Usage, "usage", Some(cause.hint().to_owned()));
        }
        if let Some(cause) = cause.downcast_ref::<UsageError>() {
            return told(ExitCode::Usage, "usage", Some(cause.hint.clone()));
        }
        if let Some(ConfigError::PromptInterrupted) = cause.downcast_ref() {
            return told(ExitCode::Interrupted, "interrupted", None);
        }
        if let Some(cause) = cause.downcast_ref::<ConfigError>() {
            return told(ExitCode::Configuration, "configuration", cause.hint());
        }
        if let Some(cause) = cause.downcast_ref::<ClientError>() {
            return told(ExitCode::Configuration, "configuration", Some(cause.hint().to_owned()));
        }
        if let Some(cause) = cause.downcast_ref::<GuardError>() {
            return told(ExitCode::Guard, "guard", Some(cause.hint()));
        }
        if let Some(cause) = cause.downcast_ref::<ReadError>() {
            let (code, _) = of_outcome(&cause.outcome());
            return told(code, cause.code(), cause.hint());
        }
        if let Some(cause) = cause.downcast_ref::<ListError>() {
            return told(ExitCode::Usage, "usage", Some(cause.hint().to_owned()));
        }
        if let Some(cause) = cause.downcast_ref::<RunError>() {
            return told(ExitCode::Usage, "usage", Some(cause.hint().to_owned()));
        }
        if let Some(cause) = cause.downcast_ref::<LedgerError>() {
            let (code, name) = match cause {
                LedgerError::InUse { .. } => (ExitCode::InUse, "in_use"),
                _ => (ExitCode::Ledger, "ledger"),
            };
            return told(code, name, Some(cause.hint().to_owned()));
        }
        if cause.is::<PanicInFlight>() {
            return told(ExitCode::Unknown, "unknown", Some(UNKNOWN_HINT.to_owned()));
        }
    }
    told(ExitCode::Unexpected, "unexpected", None)
}

/// The code and the record's word for an outcome.
pub fn of_outcome(outcome: &Outcome) -> (ExitCode, Sent) {
    match outcome {
        Outcome::Sent { .. } => (ExitCode::Success, Sent::Yes),
        Outcome::NotSent(cause) => (of_cause(*cause), Sent::No),
        Outcome::Unknown(None) => (ExitCode::Unknown, Sent::Unknown),
        Outcome::Unknown(Some(signal)) => (of_signal(*signal), Sent::Unknown),
    }
}

fn of_cause(cause: Cause) -> ExitCode {
    match cause {
        Cause::Credentials => ExitCode::Credentials,
        Cause::Rejected => ExitCode::Rejected,
        Cause::Unavailable => ExitCode::Unavailable,
        Cause::Network | Cause::Tls => ExitCode::Network,
        Cause::Interrupted(signal) => of_signal(signal),
    }
}

/// The code of a bulk run that paused by itself.
pub fn of_pause(reason: PauseReason) -> ExitCode {
    match reason {
        PauseReason::Credentials => ExitCode::Credentials,
        PauseReason::Network => ExitCode::Network,
        PauseReason::RateLimit => ExitCode::Unavailable,
        PauseReason::Unknown => ExitCode::Unknown,
    }
}

pub fn of_signal(signal: Signal) -> ExitCode {
    match signal {
        Signal::Interrupt => ExitCode::Interrupted,
        Signal::Terminate => ExitCode::Terminated,
    }
}

//! The error that ends a command: exit code, stable name, message, details and a hint. Its [`Phase`] is what the command
//! was doing. Code that only ends the command returns this error. A fault that other code must tell apart has its own
//! type, and `commands/error.rs` converts it.

use std::error::Error as StdError;
use std::sync::Arc;

use thiserror::Error;

use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::base::output::{RecordError, RefusedRows, Retry, Stderr, SystemError};
use crate::base::private_file::FileError;
use crate::base::process::{Signal, open_files_hint, threads_hint};
use crate::base::question::Question;
use crate::runs::ledger::LedgerErrorKind;

#[derive(Clone, Debug, Error)]
#[error("{message}")]
pub(crate) struct CommandError {
    pub(crate) code: ExitCode,
    /// The `error.code` of the record.
    pub(crate) name: &'static str,
    pub(crate) message: Message,
    pub(crate) details: Vec<Message>,
    pub(crate) hint: Option<Message>,
    /// What to ask at a terminal instead. Its answers are the hint.
    pub(crate) question: Option<Box<Question>>,
    /// Whether a command that ends with this error has certainly sent nothing. It is false for errors about other
    /// senders or earlier messages, because a note would mislead.
    pub(crate) nothing_was_sent: bool,
    /// The ledger's fault, if it caused the error.
    pub(crate) ledger: Option<LedgerErrorKind>,
    /// Whether another command should follow, if the exit code does not say it.
    pub(crate) retry: Option<Retry>,
    /// The rows of a list that is refused because of them.
    pub(crate) refused: Option<Box<RefusedRows>>,
    /// The phase of the command, if known.
    pub(crate) phase: Option<Phase>,
    /// The error that caused this one.
    #[source]
    pub(crate) cause: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The phase of a command when an error ended it. [`CommandError::in_phase`] lists the consequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Reading or changing the keys of `--once`, without sending.
    KeyChange,
    /// Changing a profile. An error leaves the file as it was.
    Saving,
    /// Preparing or sending one message, before the ledger was written.
    SingleSend,
    /// Preparing or sending one of several messages. Others may have been sent.
    OneOfSeveral,
    /// Reading a list file and creating its run. No row can have been sent.
    Planning,
    /// Preparing to continue a run, which may have sent messages before.
    Resuming,
    /// Sending rows of a run, or further messages after the first.
    Sending,
    /// Continuing a run after a wait, with rows already sent.
    AfterWait,
}

impl CommandError {
    pub(crate) fn new(
        code: ExitCode,
        name: &'static str,
        message: Message,
        hint: Option<Message>,
    ) -> Self {
        Self {
            code,
            name,
            message,
            details: Vec::new(),
            hint,
            question: None,
            nothing_was_sent: true,
            ledger: None,
            retry: None,
            refused: None,
            phase: None,
            cause: None,
        }
    }

    /// Creates the error for a send that a safety check blocked.
    pub(crate) fn guard(message: Message, hint: Message) -> Self {
        Self::new(ExitCode::Guard, "guard", message, Some(hint))
    }

    /// Sets whether another command should follow.
    pub(crate) fn with_retry(self, retry: Retry) -> Self {
        Self {
            retry: Some(retry),
            ..self
        }
    }

    /// Adds the rows of a list that is refused because of them.
    pub(crate) fn refusing(self, rows: RefusedRows) -> Self {
        Self {
            refused: (!rows.is_empty()).then(|| Box::new(rows)),
            ..self
        }
    }

    /// Sets a name of its own, for a safety check that scripts tell apart from the others.
    pub(crate) fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// Creates the error for a missing or invalid setting.
    pub(crate) fn configuration(message: Message, hint: Message) -> Self {
        Self::new(
            ExitCode::Configuration,
            "configuration",
            message,
            Some(hint),
        )
    }

    /// Creates the error for an invalid setting, whose message says everything.
    pub(crate) fn bare_configuration(message: Message) -> Self {
        Self::new(ExitCode::Configuration, "configuration", message, None)
    }

    /// Creates the error for a signal before anything was sent.
    pub(crate) fn interrupted(signal: Signal) -> Self {
        let message = msg!("interrupted by {signal}", signal = signal.name());
        Self::new(
            ExitCode::Signal(signal.number()),
            "interrupted",
            message,
            None,
        )
    }

    /// Creates the error for a message that may have been sent earlier.
    pub(crate) fn unknown(message: Message, hint: Message) -> Self {
        let error = Self::new(ExitCode::Unknown, "unknown", message, Some(hint));
        Self {
            nothing_was_sent: false,
            ..error
        }
    }

    /// Adds the `cause` of the error.
    pub(crate) fn caused_by(self, cause: impl StdError + Send + Sync + 'static) -> Self {
        Self {
            cause: Some(Arc::new(cause)),
            ..self
        }
    }

    /// Returns whether the same command can succeed later: the server is busy or unavailable.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.code, ExitCode::Unavailable | ExitCode::Network)
    }

    /// Returns whether the database of the ledger cannot be reached (any more).
    pub(crate) fn is_unreachable_database(&self) -> bool {
        matches!(
            self.ledger,
            Some(LedgerErrorKind::Away | LedgerErrorKind::Gone)
        )
    }

    /// Adds what the error means in this phase of a command. The first call, in the innermost
    /// phase, decides.
    ///
    /// | phase | an error of the ledger | note, if certain |
    /// |---|---|---|
    /// | `KeyChange` | becomes an error of the configuration or of the network | |
    /// | `Saving` | stays as it is | nothing was saved |
    /// | `SingleSend` | the same as `KeyChange` | nothing was sent |
    /// | `OneOfSeveral` | the same | |
    /// | `Planning` | gets a hint without a run, if the ledger's file fails | nothing was sent |
    /// | `Resuming` | gets a hint how to continue the run | nothing more was sent |
    /// | `Sending` | the same | |
    /// | `AfterWait` | the same; is never an error of the configuration | |
    pub(crate) fn in_phase(self, phase: Phase) -> Self {
        if self.phase.is_some() {
            return self;
        }
        let error = match phase {
            Phase::Saving => self,
            Phase::KeyChange | Phase::SingleSend => self.into_setup_error(),
            Phase::OneOfSeveral => self.into_setup_error().after_sending(),
            Phase::Planning => self.without_run(),
            Phase::Resuming => self.with_run_to_continue(),
            Phase::Sending => self.with_run_to_continue().after_sending(),
            Phase::AfterWait => self.with_run_to_continue().into_late_error(),
        };
        Self {
            phase: Some(phase),
            ..error
        }
    }

    /// Returns what the error means for the messages of the command, printed on its own line.
    pub(crate) fn note(&self) -> Option<Message> {
        let note = match self.phase? {
            Phase::Saving => return Some(msg!("nothing was saved")),
            Phase::SingleSend | Phase::Planning => msg!("nothing was sent"),
            Phase::Resuming => msg!("nothing more was sent"),
            Phase::KeyChange | Phase::OneOfSeveral | Phase::Sending | Phase::AfterWait => {
                return None;
            }
        };
        self.nothing_was_sent.then_some(note)
    }

    /// Turns an error of the ledger into one of the configuration, or of the network if its database cannot be reached.
    fn into_setup_error(self) -> Self {
        let (code, name) = match self.code {
            _ if self.ledger.is_none() => return self,
            ExitCode::Ledger if self.is_unreachable_database() => (ExitCode::Network, "network"),
            ExitCode::Ledger => (ExitCode::Configuration, "configuration"),
            code => (code, self.name),
        };
        Self {
            code,
            name,
            nothing_was_sent: true,
            ..self
        }
    }

    /// Replaces the hint if the file of the ledger cannot be written, because then no run exists to continue.
    fn without_run(self) -> Self {
        if !matches!(self.ledger, Some(LedgerErrorKind::File)) {
            return self;
        }
        let hint = msg!("check that the disk is not full and the directory can be written");
        Self {
            hint: Some(hint),
            nothing_was_sent: true,
            ..self
        }
    }

    /// Adds how to continue the run if the ledger cannot be used now.
    fn with_run_to_continue(self) -> Self {
        let command = match self.ledger {
            Some(LedgerErrorKind::Away) => "jelouctl bulk work",
            Some(LedgerErrorKind::File) => "jelouctl bulk resume",
            _ => return self,
        };
        let hint = match self.hint {
            Some(hint) => msg!("{hint}; then continue the run: {command}", hint, command),
            None => msg!("to continue the run: {command}", command),
        };
        Self {
            hint: Some(hint),
            retry: Some(Retry::Resume),
            ..self
        }
    }

    fn after_sending(self) -> Self {
        Self {
            nothing_was_sent: false,
            ..self
        }
    }

    /// Turns an error of the setup into one of the ledger: after a send, it is not about the configuration.
    fn into_late_error(self) -> Self {
        if self.ledger.is_none() || self.code != ExitCode::Configuration {
            return self;
        }
        Self {
            code: ExitCode::Ledger,
            name: "ledger",
            ..self.after_sending()
        }
    }

    /// Prints the error.
    pub(crate) fn print(&self, stderr: &Stderr) {
        stderr.error(&self.message, &self.details, self.hint.as_ref());
        if let Some(note) = self.note() {
            stderr.error_note(&note);
        }
    }

    /// Returns the message and its details on one line.
    pub(crate) fn line(&self) -> Message {
        let details = self.details.iter().cloned();
        Message::joined(
            std::iter::once(self.message.clone())
                .chain(details)
                .collect(),
            "; ",
        )
    }
}

impl From<&CommandError> for RecordError {
    fn from(error: &CommandError) -> Self {
        Self {
            code: error.name,
            message: error.line(),
            hint: error.hint.clone(),
            retry: error.retry,
            refused: error.refused.as_deref().cloned(),
            ..Self::default()
        }
    }
}

impl From<UsageError> for CommandError {
    fn from(
        UsageError {
            message,
            details,
            hint,
            question,
        }: UsageError,
    ) -> Self {
        Self {
            details,
            question,
            ..Self::new(ExitCode::Usage, "usage", message, hint)
        }
    }
}

impl From<SystemError> for CommandError {
    fn from(error: SystemError) -> Self {
        let hint = open_files_hint(&error.cause).or_else(|| threads_hint(&error.cause));
        Self::new(ExitCode::Unexpected, "unexpected", error.message(), hint).caused_by(error)
    }
}

impl From<FileError> for CommandError {
    fn from(error: FileError) -> Self {
        let hint = open_files_hint(&error.cause);
        Self::new(ExitCode::Unexpected, "unexpected", error.message(), hint).caused_by(error)
    }
}

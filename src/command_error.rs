//! The error that ends a command, as it is printed: exit code, stable name, message, lines of details, and a hint. Whoever
//! finds a fault that only ends the command makes one; where code decides by a fault, it has a type of its own, and
//! `commands/error.rs` says what it means.

use std::fmt;

use thiserror::Error;

use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::output::{Stderr, SystemError};
use crate::base::private_file::FileError;
use crate::base::process::{Signal, open_files_hint};
use crate::runs::ledger::LedgerFault;

#[derive(Debug, Error)]
#[error("{message}")]
pub(crate) struct CommandError {
    pub(crate) code: ExitCode,
    /// The `error.code` of the record.
    pub(crate) name: &'static str,
    pub(crate) message: String,
    pub(crate) details: Vec<String>,
    pub(crate) hint: Option<String>,
    /// Whether a command that ends with it has certainly sent nothing. It is false for errors about other senders or
    /// earlier messages, because the words would be misleading.
    pub(crate) nothing_was_sent: bool,
    /// What the error means for the messages of the command: a line of its own.
    pub(crate) note: Option<&'static str>,
    /// What is wrong with the ledger, if that is the error.
    pub(crate) ledger: Option<LedgerFault>,
}

impl CommandError {
    pub(crate) fn new(
        code: ExitCode,
        name: &'static str,
        message: impl fmt::Display,
        hint: Option<String>,
    ) -> Self {
        let message = message.to_string();
        Self {
            code,
            name,
            message,
            details: Vec::new(),
            hint,
            nothing_was_sent: true,
            note: None,
            ledger: None,
        }
    }

    /// A guard stopped a send.
    pub(crate) fn guard(message: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self::new(ExitCode::Guard, "guard", message, Some(hint.into()))
    }

    /// Something that is missing or broken in the configuration.
    pub(crate) fn configuration(message: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self::new(
            ExitCode::Configuration,
            "configuration",
            message,
            Some(hint.into()),
        )
    }

    /// A signal came before anything was sent.
    pub(crate) fn interrupted(signal: Signal) -> Self {
        let message = format!("interrupted by {}", signal.name());
        Self::new(
            ExitCode::Signal(signal.number()),
            "interrupted",
            message,
            Some("try again when you like".to_owned()),
        )
    }

    /// A message may have been sent earlier.
    pub(crate) fn unknown(message: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self::new(ExitCode::Unknown, "unknown", message, Some(hint.into())).after_sending()
    }

    /// Whether the same command can succeed later: the server is busy or unavailable.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.code, ExitCode::Unavailable | ExitCode::Network)
    }

    /// The same error of a command that may have sent messages.
    pub(crate) fn after_sending(self) -> Self {
        Self {
            nothing_was_sent: false,
            ..self
        }
    }

    /// The same error as a sending command prints it: with a note that nothing was sent, if that is certain.
    pub(crate) fn in_send(self) -> Self {
        self.with_note("nothing was sent")
    }

    /// The same error as `bulk resume` and `bulk work` print it, whose run may have sent messages before.
    pub(crate) fn in_resume(self) -> Self {
        self.with_note("nothing more was sent")
    }

    fn with_note(self, note: &'static str) -> Self {
        Self {
            note: self.nothing_was_sent.then_some(note),
            ..self
        }
    }

    /// Prints it. `what` comes before the message, such as "not sent: ".
    pub(crate) fn print(&self, stderr: &Stderr, what: &str) {
        let message = format!("{what}{}", self.message);
        stderr.error(&message, &self.details, self.hint.as_deref());
        if let Some(note) = self.note {
            stderr.error_note(note);
        }
    }

    /// The message and its details on one line.
    pub(crate) fn line(&self) -> String {
        let details = self.details.iter().map(|detail| format!("; {detail}"));
        std::iter::once(self.message.clone())
            .chain(details)
            .collect()
    }
}

impl From<UsageError> for CommandError {
    fn from(
        UsageError {
            message,
            details,
            hint,
        }: UsageError,
    ) -> Self {
        Self {
            details,
            ..Self::new(ExitCode::Usage, "usage", message, Some(hint))
        }
    }
}

impl From<SystemError> for CommandError {
    fn from(error: SystemError) -> Self {
        let hint = open_files_hint(&error.cause);
        Self::new(ExitCode::Unexpected, "unexpected", error, hint)
    }
}

impl From<FileError> for CommandError {
    fn from(error: FileError) -> Self {
        let hint = open_files_hint(&error.cause);
        Self::new(ExitCode::Unexpected, "unexpected", error, hint)
    }
}

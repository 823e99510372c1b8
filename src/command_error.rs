//! The error that ends a command, as it is printed: exit code, stable name, message, lines of details, and a hint. Whoever
//! finds a fault that only ends the command makes one; where code decides by a fault, it has a type of its own, and
//! `commands/error.rs` says what it means.

use std::fmt;

use thiserror::Error;

use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::output::SystemError;
use crate::base::private_file::FileError;
use crate::base::process::Signal;
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

    /// The same error as a sending command prints it: its hint ends with "nothing was sent" if that is certain.
    pub(crate) fn in_send(self) -> Self {
        if self.nothing_was_sent {
            self.hint_ending_with("nothing was sent")
        } else {
            self
        }
    }

    /// The same error as `bulk resume` and `bulk work` print it, whose run may have sent messages before.
    pub(crate) fn in_resume(self) -> Self {
        if self.nothing_was_sent {
            self.hint_ending_with("nothing more was sent")
        } else {
            self
        }
    }

    fn hint_ending_with(mut self, what: &str) -> Self {
        self.hint = Some(match self.hint {
            None => what.to_owned(),
            Some(hint) if hint.ends_with('?') => format!("{hint} {what}"),
            Some(hint) => format!("{hint}; {what}"),
        });
        self
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
        Self::new(ExitCode::Unexpected, "unexpected", error, None)
    }
}

impl From<FileError> for CommandError {
    fn from(error: FileError) -> Self {
        Self::new(ExitCode::Unexpected, "unexpected", error, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_sent_follows_the_hint() {
        for (hint, expected) in [
            (None, "nothing was sent"),
            (Some("do x"), "do x; nothing was sent"),
            (Some("x?"), "x? nothing was sent"),
        ] {
            let error = CommandError::new(ExitCode::Usage, "usage", "x", hint.map(str::to_owned));
            assert_eq!(error.in_send().hint.as_deref(), Some(expected));
        }
    }
}

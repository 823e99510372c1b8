//! Why a message cannot be sent: all violated limits together, each with its path, value, limit and
//! flag.

use thiserror::Error;

use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::base::placeholders::in_both;
use crate::phone::RecipientError;

/// One violated limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The place in the body: `parameters.flow_cta`, `contacts[0].name`.
    pub(crate) path: String,
    /// The value and the limit: `5000 characters; at most 4096 are allowed`.
    pub(crate) problem: Message,
    /// The flag that sets the field, if there is one.
    pub(crate) flag: Option<String>,
}

impl Violation {
    pub(super) fn without_flag(path: impl Into<String>, problem: Message) -> Self {
        Self {
            path: path.into(),
            problem,
            flag: None,
        }
    }

    pub(crate) fn message(&self) -> Message {
        let Self {
            path,
            problem,
            flag,
        } = self;
        match flag {
            Some(flag) if flag.starts_with("--") => {
                msg!(
                    "{path}: {problem} (set it with {flag})",
                    path,
                    problem,
                    flag
                )
            }
            Some(argument) => {
                msg!(
                    "{path}: {problem} (set it as the argument {argument})",
                    path,
                    problem,
                    argument = in_both(argument)
                )
            }
            None => msg!("{path}: {problem}", path, problem),
        }
    }
}

#[derive(Debug, Error)]
pub(crate) enum InvalidMessage {
    /// An error that no code depends on.
    #[error(transparent)]
    Other(#[from] UsageError),
    #[error("{}", self.message())]
    Violations {
        violations: Vec<Violation>,
        text_is_missing: bool,
    },
}

impl InvalidMessage {
    pub(super) fn other(message: Message, hint: Message) -> Self {
        Self::Other(UsageError::new(message, hint))
    }

    /// Creates the error for an invalid recipient in `origin`.
    pub(crate) fn recipient(origin: &str, error: RecipientError) -> Self {
        let problem = error.message();
        Self::Other(UsageError {
            hint: error.hint,
            ..UsageError::bare(msg!("{origin}: {problem}", origin, problem))
        })
    }

    /// Creates the error for the warnings of a valid message.
    pub(crate) fn warnings(details: Vec<Message>) -> Self {
        let message = msg!("--strict refuses the message because it has warnings");
        let hint = msg!("to send it anyway, remove --strict");
        Self::Other(UsageError {
            details,
            ..UsageError::new(message, hint)
        })
    }

    /// Replaces the hint.
    pub(crate) fn with_hint(self, hint: Message) -> Self {
        Self::Other(UsageError {
            details: self.details(),
            ..UsageError::new(self.message(), hint)
        })
    }

    pub(crate) fn message(&self) -> Message {
        match self {
            Self::Other(error) => error.message.clone(),
            Self::Violations { .. } => msg!("the message is invalid"),
        }
    }

    pub(crate) fn hint(&self) -> Option<Message> {
        match self {
            Self::Other(error) => error.hint.clone(),
            Self::Violations {
                text_is_missing, ..
            } => text_is_missing.then(|| {
                msg!("to read the text from standard input: --text-file -; from a file: --text-file FILE")
            }),
        }
    }

    /// Returns one line for each violation, if there are several.
    pub(crate) fn details(&self) -> Vec<Message> {
        match self {
            Self::Other(error) => error.details.clone(),
            Self::Violations { violations, .. } => {
                violations.iter().map(Violation::message).collect()
            }
        }
    }
}

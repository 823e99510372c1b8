//! Why a message cannot be sent: every violated limit at once, each with its path, its value, the limit and the flag.

use std::fmt;

use serde_json::Value;
use thiserror::Error;

use crate::base::input::UsageError;
use crate::phone::RecipientError;

/// One violated limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The place in the body: `parameters.flow_cta`, `contacts[0].name`.
    pub(crate) path: String,
    /// The value and the limit: `5000 characters; at most 4096 are allowed`.
    pub(crate) problem: String,
    /// The flag that sets the field, if there is one.
    pub(crate) flag: Option<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path, self.problem)?;
        match &self.flag {
            Some(flag) if flag.starts_with("--") => write!(formatter, " (set it with {flag})"),
            Some(argument) => write!(formatter, " (set it as the argument {argument})"),
            None => Ok(()),
        }
    }
}

#[derive(Debug, Error)]
pub(crate) enum InvalidMessage {
    /// An error that nothing is decided by.
    #[error(transparent)]
    Other(#[from] UsageError),
    #[error("the message is not valid")]
    Violations {
        violations: Vec<Violation>,
        text_is_missing: bool,
    },
}

impl InvalidMessage {
    pub(super) fn other(message: impl fmt::Display, hint: impl Into<String>) -> Self {
        Self::Other(UsageError::new(message, hint))
    }

    /// A recipient that `origin` names.
    pub(crate) fn recipient(origin: &str, error: RecipientError) -> Self {
        Self::other(format!("{origin}: {error}"), error.hint)
    }

    /// A recipient in the body, at `origin`, that is another value.
    pub(super) fn recipient_not_text(origin: &str, found: &Value) -> Self {
        let problem = format!("{origin}: {found} in the body; a recipient is a text");
        Self::other(
            problem,
            "write it in quotes, as in \"593987654321\", or leave it out",
        )
    }

    /// Warnings of a valid message.
    pub(crate) fn warnings(details: Vec<String>) -> Self {
        let message = "the message has warnings, which --strict makes errors";
        let hint = "change the message, or leave --strict out";
        Self::Other(UsageError {
            details,
            ..UsageError::new(message, hint)
        })
    }

    /// The hint.
    pub(crate) fn hint(&self) -> Option<String> {
        let text = "to read the text from standard input or a file, pass --text-file - or --text-file FILE";
        match self {
            Self::Other(error) => Some(error.hint.clone()),
            Self::Violations {
                text_is_missing, ..
            } => text_is_missing.then(|| text.to_owned()),
        }
    }

    /// One line for each fault, if there are several.
    pub(crate) fn details(&self) -> Vec<String> {
        match self {
            Self::Other(error) => error.details.clone(),
            Self::Violations { violations, .. } => {
                violations.iter().map(ToString::to_string).collect()
            }
        }
    }
}

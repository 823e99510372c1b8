//! Errors of an import, and of its rows.

use std::io;

use thiserror::Error;

use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::jelou::api::LookUpError;
use crate::jelou::message::InvalidMessage;
use crate::lists::list_file::ListReader;
use crate::lists::template::TextProblem;
use crate::phone::RecipientError;
use crate::runs::ledger::LedgerError;

#[derive(Debug, Error)]
pub(crate) enum BulkError {
    /// The whole list cannot be sent, or a report cannot be written.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// A message that is invalid for every row.
    #[error(transparent)]
    Message(InvalidMessage),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A safety check refuses the send.
    #[error(transparent)]
    Guard(UsageError),
    /// A safety check refuses recipients.
    #[error(transparent)]
    NotAllowed(UsageError),
    #[error(transparent)]
    LookUp(#[from] LookUpError),
    #[error("{}", self.message())]
    Report(io::Error),
}

impl BulkError {
    pub(crate) fn message(&self) -> Message {
        match self {
            Self::Usage(error) | Self::Guard(error) | Self::NotAllowed(error) => {
                error.message.clone()
            }
            Self::Message(error) => error.message(),
            Self::Ledger(error) => error.message.clone(),
            Self::LookUp(error) => error.message(),
            Self::Report(cause) => msg!("cannot write the report: {cause}", cause),
        }
    }

    /// Adds the other sheets of the workbook to the hint if the list itself is wrong.
    pub(super) fn with_sheets(self, list: &ListReader) -> Self {
        match self {
            Self::Usage(error) => Self::Usage(list.notes.with_sheets(error)),
            other => other,
        }
    }

    /// Replaces the hint if the message is invalid for every row.
    pub(crate) fn with_message_hint(self, hint: Message) -> Self {
        match self {
            Self::Message(error @ InvalidMessage::Violations { .. }) => {
                Self::Message(error.with_hint(hint))
            }
            other => other,
        }
    }

    /// An error for content that only CSV can represent.
    pub(crate) fn needs_csv(message: Message) -> Self {
        Self::Usage(UsageError::new(
            message,
            msg!("to write CSV: --format csv, or --file report.csv"),
        ))
    }
}

/// Why a row has no request.
#[derive(Debug)]
pub(crate) enum RowError {
    Problem(TextProblem),
    Recipient {
        column: String,
        error: RecipientError,
    },
    Message(InvalidMessage),
    /// The whole list cannot be sent.
    List(Box<BulkError>),
}

impl RowError {
    pub(super) fn from_list(error: impl Into<BulkError>) -> Self {
        Self::List(Box::new(error.into()))
    }

    /// Returns the column with the fault, if the error is about one.
    pub(super) fn column(&self) -> Option<&str> {
        match self {
            Self::Recipient { column, .. } => Some(column),
            Self::Problem(_) | Self::Message(_) | Self::List(_) => None,
        }
    }

    pub(crate) fn message(&self) -> Message {
        match self {
            Self::Problem(problem) => problem.message.clone(),
            Self::Recipient { column, error } => {
                msg!("{column}: {problem}", column, problem = error.message())
            }
            Self::Message(error) => match error.details() {
                details if details.is_empty() => error.message(),
                details => Message::joined(details, "; "),
            },
            Self::List(error) => error.message(),
        }
    }

    /// Returns what to write instead in the text or the cell.
    pub(super) fn hint(&self) -> Option<Message> {
        match self {
            Self::Problem(problem) => problem.hint.clone(),
            Self::Recipient { .. } | Self::Message(_) | Self::List(_) => None,
        }
    }
}

impl From<Message> for RowError {
    fn from(problem: Message) -> Self {
        Self::Problem(problem.into())
    }
}

impl From<TextProblem> for RowError {
    fn from(problem: TextProblem) -> Self {
        Self::Problem(problem)
    }
}

impl From<InvalidMessage> for RowError {
    fn from(error: InvalidMessage) -> Self {
        Self::Message(error)
    }
}

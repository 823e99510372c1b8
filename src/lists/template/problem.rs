//! A problem of a text that is a template, or of a cell that it prints.

use std::fmt;

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value as Cell};

use crate::base::input::UsageError;
use crate::base::message::{Message, msg};

/// A problem of a text or of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextProblem {
    pub(crate) message: Message,
    /// What to write instead.
    pub(crate) hint: Option<Message>,
    /// The cell at fault.
    pub(super) cell: Option<String>,
}

impl TextProblem {
    pub(super) fn new(message: Message, hint: Message) -> Self {
        Self {
            hint: Some(hint),
            ..message.into()
        }
    }

    /// Names the field of the body, the flag or the column with the problem.
    pub(super) fn at(self, path: &str) -> Self {
        Self {
            message: msg!("{path}: {problem}", path, problem = self.message),
            ..self
        }
    }

    /// Names the cell at fault.
    pub(super) fn of_cell(self, cell: &str) -> Self {
        Self {
            cell: Some(cell.to_owned()),
            ..self
        }
    }

    /// Names the filter that found the problem.
    fn of_filter(self, filter: &str) -> Self {
        Self {
            message: msg!("{filter}: {message}", filter, message = self.message),
            ..self
        }
    }
}

impl From<Message> for TextProblem {
    fn from(message: Message) -> Self {
        Self {
            message,
            hint: None,
            cell: None,
        }
    }
}

impl fmt::Display for TextProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.message)?;
        let mut hints = self.hint.iter();
        hints.try_for_each(|hint| write!(formatter, "; {hint}"))
    }
}

impl std::error::Error for TextProblem {}

/// The error for the whole list.
impl From<TextProblem> for UsageError {
    fn from(problem: TextProblem) -> Self {
        Self {
            hint: problem.hint,
            ..Self::bare(problem.message)
        }
    }
}

/// Puts a problem into minijinja's error, where [`problem_in`] finds it.
impl From<TextProblem> for Error {
    fn from(problem: TextProblem) -> Self {
        Self::from(ErrorKind::InvalidOperation).with_source(problem)
    }
}

/// Returns the text before `filter`: a text, a number, or yes or no.
pub(super) fn text_before(filter: &str, value: &Cell) -> Result<String, Error> {
    match value.kind() {
        ValueKind::String | ValueKind::Number | ValueKind::Bool => Ok(value.to_string()),
        ValueKind::Undefined => Err(ErrorKind::UndefinedError.into()),
        ValueKind::Seq | ValueKind::Iterable => {
            let hint = msg!("write `| first`, `| last` or `| join(\" \")` before it");
            let problem = TextProblem::new(msg!("a list is not a text"), hint);
            Err(refused(filter, problem))
        }
        _ => {
            let value = described(value);
            Err(refused(filter, msg!("{value} is not a text", value)))
        }
    }
}

/// Returns minijinja's error for a problem that `filter` found.
pub(super) fn refused(filter: &str, problem: impl Into<TextProblem>) -> Error {
    problem.into().of_filter(filter).into()
}

/// Returns the problem that a filter or an operator put into `error`.
pub(super) fn problem_in(error: &Error) -> Option<&TextProblem> {
    std::error::Error::source(error)?.downcast_ref()
}

/// Names a value in an error.
pub(super) fn described(value: &Cell) -> Message {
    match value.kind() {
        ValueKind::String => msg!("the text `{text}`", text = value.to_string()),
        ValueKind::Bool | ValueKind::Number | ValueKind::None => {
            Message::verbatim(value.to_string().to_lowercase())
        }
        ValueKind::Seq | ValueKind::Iterable => msg!("a list"),
        _ => msg!("an object"),
    }
}

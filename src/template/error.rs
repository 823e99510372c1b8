//! Errors of a template, or of a row for it.

use super::misspelling::{Misspelling, as_it_stands, spelling};
use crate::input::UsageError;

/// A template that cannot be used, or a row that cannot fill one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub(crate) struct TemplateError {
    /// The field of the body, or the flag.
    pub(crate) path: String,
    pub(crate) problem: String,
    /// Whether it is the template's own error, for every row.
    pub(crate) is_of_every_row: bool,
}

impl TemplateError {
    pub(crate) fn new(path: &str, problem: String, is_of_every_row: bool) -> Self {
        Self { path: path.to_owned(), problem, is_of_every_row }
    }

    /// As an error of the whole list.
    pub(crate) fn of_list(&self) -> UsageError {
        let hint = "a column is {{ nombre }}, and `Nombre completo` is {{ nombre_completo }}; filters stand behind it, such as \
                    upper, default('x') and phone('EC'); to print braces, write {{ '{{' }}";
        UsageError::new(self, hint)
    }
}

/// A text, at `path`, that would be sent with words that mean one of the `columns`.
pub(crate) fn misspelt(path: &str, misspelling: &Misspelling, columns: &[String]) -> UsageError {
    let Misspelling { written, column } = misspelling;
    let (problem, meant) = match column {
        None => {
            let columns: Vec<_> = columns.iter().map(|column| spelling(column, columns)).collect();
            let problem = format!("{written} names no column: everybody would get the same");
            (problem, format!("name one of the columns: {}", columns.join(", ")))
        }
        Some(column) => {
            let column = spelling(column, columns);
            if misspelling.is_quoted() {
                let problem = format!("{path}: {written} is that word for everybody; the column is written {column}");
                return UsageError::new(
                    problem,
                    format!("write {column}; to send the word itself, leave the braces out"),
                );
            }
            let problem = format!("{written} would be sent as written; the column is written {column}");
            (problem, format!("write {column}"))
        }
    };
    let hint = format!("{meant}; to send it as it stands, write {}", as_it_stands(written));
    UsageError::new(format!("{path}: {problem}"), hint)
}

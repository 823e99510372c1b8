//! Errors of a template, or of a row for it.

use super::misspelling::{Misspelling, as_it_stands, spelling};

/// A template that cannot be used, or a row that cannot fill one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub(crate) struct TemplateError {
    /// The field of the body, or the flag.
    pub(crate) path: String,
    pub(crate) problem: String,
    /// The name that it requires and the row lacks, for callers that fill it with something other than rows.
    pub(crate) missing: Option<String>,
    /// Whether it is the template's own error, for every row.
    pub(crate) is_of_every_row: bool,
}

impl TemplateError {
    pub(crate) fn new(path: &str, problem: String, is_of_every_row: bool) -> Self {
        Self { path: path.to_owned(), problem, missing: None, is_of_every_row }
    }
}

/// A text that would be sent with words that mean a column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {}", told(misspelling, columns))]
pub(crate) struct MisspellingError {
    /// The field of the body, or the flag.
    pub(crate) path: String,
    pub(crate) misspelling: Misspelling,
    /// The existing columns.
    pub(crate) columns: Vec<String>,
}

fn told(Misspelling { written, column }: &Misspelling, columns: &[String]) -> String {
    match column {
        None => format!("{written} names no column: everybody would get the same"),
        Some(column) => {
            format!("{written} would be sent as written; the column is written {}", spelling(column, columns))
        }
    }
}

impl MisspellingError {
    pub(crate) fn hint(&self) -> String {
        let Misspelling { written, column } = &self.misspelling;
        let written_as = |column: &String| spelling(column, &self.columns);
        let meant = match column {
            None => {
                let columns: Vec<_> = self.columns.iter().map(written_as).collect();
                format!("name one of the columns: {}", columns.join(", "))
            }
            Some(column) => format!("write {}", written_as(column)),
        };
        format!("{meant}; to send it as it stands, write {}", as_it_stands(written))
    }
}

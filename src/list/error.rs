//! What can be wrong with a list as a whole, and the way out.

use std::io;

use thiserror::Error;

use crate::nearest::nearest;

#[derive(Debug, Error)]
pub(crate) enum ListError {
    #[error("failed to read {name}: {cause}")]
    Unreadable { name: String, cause: io::Error },
    #[error("{name} is UTF-16")]
    Utf16 { name: String },
    #[error("{name}: line {line} is not UTF-8")]
    NotUtf8 { name: String, line: u64 },
    #[error("{name}: the row of line {line} has more than 1 MiB; a quote may be missing")]
    RowTooLong { name: String, line: u64 },
    #[error("{name}: a quote in the row of line {line} is never closed")]
    OpenQuote { name: String, line: u64 },
    #[error("{name} is one JSON array")]
    JsonArray { name: String },
    #[error("{name} has no rows")]
    NoRows { name: String },
    #[error("line {line}: with this row the list has more than {most} differently named fields")]
    TooManyFields { line: u64, most: usize },
    #[error("two columns have the name `{name}`")]
    TwoColumns { name: String },
    #[error("{flag}: there is no column `{name}`; there are: {}", columns.join(", "))]
    NoSuchColumn { flag: &'static str, name: String, columns: Vec<String> },
    #[error("{path}: there is no column `{name}`{}; there are: {}", meant(name, columns), columns.join(", "))]
    UnknownColumn { path: String, name: String, columns: Vec<String> },
    #[error("`{first}` and `{second}` could both be the recipient's column")]
    TwoRecipients { first: String, second: String },
    #[error("no column has the name of a recipient's; there are: {}", columns.join(", "))]
    NoRecipientColumn { columns: Vec<String> },
}

impl ListError {
    /// The way out, for the hint line.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "check the path and its permissions; nothing was sent",
            Self::Utf16 { .. } | Self::NotUtf8 { .. } => "save it as \"CSV UTF-8\"; nothing was sent",
            Self::OpenQuote { .. } => "close it, or write a quote that is meant as two; nothing was sent",
            Self::RowTooLong { .. } => "look at the quotes of the row before it; nothing was sent",
            Self::JsonArray { .. } => "write one object a line, as `jq -c '.[]'` does; nothing was sent",
            Self::NoRows { .. } => "a CSV file has a header and a row for each message; nothing was sent",
            Self::TooManyFields { .. } => {
                "leave out the fields that the message does not use, as `jq -c '{to, nombre}'` does; nothing was sent"
            }
            Self::TwoColumns { .. } => "rename one of them; nothing was sent",
            Self::UnknownColumn { .. } => {
                "write a column as the header does; one with spaces is {{ row['Nombre completo'] }}; nothing was sent"
            }
            Self::NoSuchColumn { .. } => "write a column as the header does; nothing was sent",
            Self::TwoRecipients { .. } | Self::NoRecipientColumn { .. } => {
                "name it with --to-column COLUMN, or write it from columns: --to '593{{ celular }}'"
            }
        }
    }
}

/// The column that was probably meant.
fn meant(name: &str, columns: &[String]) -> String {
    let nearest = nearest(name, columns.iter().map(String::as_str));
    nearest.map(|column| format!(" (did you mean `{column}`?)")).unwrap_or_default()
}

//! Errors of a workbook, with their hints.

use std::{fmt, io};

use thiserror::Error;
use zip::result::ZipError;

use crate::list::foreign::Foreign;
use crate::nearest::nearest;

/// In words that follow the file's name.
#[derive(Debug, Error)]
pub(crate) enum WorkbookError {
    /// It is something else.
    #[error("is {}, not a list", .0.name())]
    Foreign(Foreign),
    #[error("is a damaged zip archive: {0}")]
    Archive(ZipError),
    #[error("is a damaged workbook: {part}: {problem}")]
    Part { part: String, problem: String },
    #[error("is protected with a password")]
    Password,
    #[error("has no visible sheet{}", hidden_ones(.hidden))]
    NoSheet { hidden: Vec<String> },
    #[error("has no sheet `{name}`{}; there are: {}", meant(name, sheets), sheets.join(", "))]
    UnknownSheet { name: String, sheets: Vec<String> },
    #[error("row {row} has more than {most} bytes of text")]
    RowTooLong { row: u64, most: usize },
    #[error("the texts in it need more than {} MiB of memory", most / 1024 / 1024)]
    TooManyTexts { most: usize },
    #[error("failed to read it: {0}")]
    Unreadable(#[from] io::Error),
    /// No one wants more rows.
    #[error("reading ended")]
    Ended,
}

impl WorkbookError {
    pub(super) fn damaged(part: &str, problem: &dyn fmt::Display) -> Self {
        Self::Part { part: part.to_owned(), problem: problem.to_string() }
    }

    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Foreign(foreign) => foreign.hint(),
            Self::Archive(_) => "copy or download it again",
            Self::Part { .. } | Self::RowTooLong { .. } | Self::TooManyTexts { .. } => {
                "open it, and save the sheet as \"CSV UTF-8\""
            }
            Self::Password => "open it, and save a copy without a password",
            Self::NoSheet { hidden } if hidden.is_empty() => "name a workbook with a list in it",
            Self::NoSheet { .. } | Self::UnknownSheet { .. } => "name one with --sheet NAME",
            Self::Unreadable(_) | Self::Ended => "check the path and its permissions",
        }
    }
}

impl From<ZipError> for WorkbookError {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::UnsupportedArchive(text) if text == ZipError::PASSWORD_REQUIRED => Self::Password,
            error => Self::Archive(error),
        }
    }
}

fn hidden_ones(hidden: &[String]) -> String {
    if hidden.is_empty() { String::new() } else { format!("; hidden: {}", hidden.join(", ")) }
}

fn meant(name: &str, sheets: &[String]) -> String {
    let nearest = nearest(name, sheets.iter().map(String::as_str));
    nearest.map(|sheet| format!(" (did you mean `{sheet}`?)")).unwrap_or_default()
}

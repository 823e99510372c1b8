//! Why a workbook cannot be read, with the hint.

use std::{fmt, io};

use zip::result::ZipError;

use crate::list::error::ListError;
use crate::list::foreign::Foreign;

/// In words that follow the file's name.
#[derive(Debug)]
pub(super) struct WorkbookError {
    words: String,
    hint: &'static str,
}

impl WorkbookError {
    pub(super) fn new(words: impl Into<String>, hint: &'static str) -> Self {
        Self { words: words.into(), hint }
    }

    pub(super) fn damaged(part: &str, problem: impl fmt::Display) -> Self {
        let words = format!("is a damaged workbook: {part}: {problem}");
        Self::new(words, "open it, and save the sheet as \"CSV UTF-8\"")
    }

    /// As an error of the list `name`.
    pub(super) fn of(&self, name: &str) -> ListError {
        ListError::new(format!("{name} {}", self.words), self.hint)
    }

    /// It is something else.
    pub(super) fn foreign(foreign: Foreign) -> Self {
        Self::new(format!("is {}, not a list", foreign.name()), foreign.hint())
    }

    pub(super) fn password() -> Self {
        Self::new("is protected with a password", "open it, and save a copy without a password")
    }
}

impl From<io::Error> for WorkbookError {
    fn from(cause: io::Error) -> Self {
        Self::new(format!("failed to read it: {cause}"), "check the path and its permissions")
    }
}

impl From<ZipError> for WorkbookError {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::UnsupportedArchive(text) if text == ZipError::PASSWORD_REQUIRED => Self::password(),
            error => Self::new(format!("is a damaged zip archive: {error}"), "copy or download it again"),
        }
    }
}

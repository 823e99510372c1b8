//! Why a workbook cannot be read; the name of the list comes in front of it.

use std::fmt::Display;
use std::io;

use zip::result::ZipError;

use crate::input::UsageError;

pub(super) fn damaged(part: &str, problem: impl Display) -> UsageError {
    let words = format!("it is a damaged workbook: {part}: {problem}");
    UsageError::new(words, "open it, and save the sheet as \"CSV UTF-8\"")
}

pub(super) fn password() -> UsageError {
    UsageError::new("it is protected with a password", "open it, and save a copy without a password")
}

pub(super) fn unreadable(cause: &io::Error) -> UsageError {
    UsageError::new(format!("failed to read it: {cause}"), "check the path and its permissions")
}

pub(super) fn of_zip(error: ZipError) -> UsageError {
    match error {
        ZipError::UnsupportedArchive(text) if text == ZipError::PASSWORD_REQUIRED => password(),
        error => UsageError::new(format!("it is a damaged zip archive: {error}"), "copy or download it again"),
    }
}

//! The zip archive of a workbook, and why it cannot be read. The caller adds the name of the list
//! to the errors.

use std::fs::File;
use std::io;
use std::io::{BufReader, Read};

use memchr::memmem;
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use crate::base::input::UsageError;
use crate::base::message::{ToValue, msg};

pub(super) type Archive = ZipArchive<BufReader<File>>;

/// Opens the file at `path`, if it exists.
pub(super) fn open_part<'a>(
    archive: &'a mut Archive,
    path: &str,
) -> Result<Option<ZipFile<'a, BufReader<File>>>, UsageError> {
    match find_part(archive, path) {
        Some(place) => Ok(Some(archive.by_index(place).map_err(zip_error)?)),
        None => Ok(None),
    }
}

/// Finds the part at `path`. Some programs write the path in another case, or with backslashes.
fn find_part(archive: &Archive, path: &str) -> Option<usize> {
    let is_meant = |name: &[u8]| {
        name.len() == path.len()
            && String::from_utf8_lossy(name)
                .replace('\\', "/")
                .eq_ignore_ascii_case(path)
    };
    archive
        .index_for_name(path)
        .or_else(|| archive.file_names_raw().position(is_meant))
}

/// The number of bytes that are searched together.
const PIECE: usize = 64 * 1024;

/// Returns whether `part` occurs anywhere in `input`.
pub(super) fn contains(mut input: impl Read, part: &[u8]) -> io::Result<bool> {
    let finder = memmem::Finder::new(part);
    let mut piece = Vec::with_capacity(PIECE);
    loop {
        // The text may begin in one piece and continue in the next.
        piece.drain(..piece.len().saturating_sub(part.len()));
        if input.by_ref().take(PIECE as u64).read_to_end(&mut piece)? == 0 {
            return Ok(false);
        }
        if finder.find(&piece).is_some() {
            return Ok(true);
        }
    }
}

pub(super) fn damaged(part: &str, problem: impl ToValue) -> UsageError {
    UsageError::new(
        msg!("damaged workbook: {part}: {problem}", part, problem),
        msg!("open it, and save the sheet as \"CSV UTF-8\""),
    )
}

pub(super) fn password() -> UsageError {
    UsageError::new(
        msg!("the workbook has a password"),
        msg!("open it, and save a copy without a password"),
    )
}

pub(super) fn unreadable(cause: &io::Error) -> UsageError {
    UsageError::bare(msg!("failed to read the workbook: {cause}", cause))
}

pub(super) fn zip_error(error: ZipError) -> UsageError {
    match error {
        ZipError::UnsupportedArchive(text) if text == ZipError::PASSWORD_REQUIRED => password(),
        error => UsageError::new(
            msg!(
                "damaged or incomplete: \"{error}\"",
                error = error.to_string()
            ),
            msg!("copy or download it again"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tag_is_found_across_buffer_boundaries() {
        let tag = "mergeCell";
        for before in [
            0,
            1,
            PIECE - tag.len(),
            PIECE - 4,
            PIECE - 1,
            PIECE,
            3 * PIECE - 5,
        ] {
            let sheet = "x".repeat(before) + "<x:mergeCell ref";
            assert!(
                contains(sheet.as_bytes(), tag.as_bytes()).unwrap(),
                "{before}"
            );
            assert!(
                !contains(&sheet.as_bytes()[..before + 8], tag.as_bytes()).unwrap(),
                "{before}"
            );
        }
    }
}

//! The zip archive that a workbook is.

use std::fs::File;
use std::io::{self, BufReader, Read};

use super::error::of_zip;
use crate::input::UsageError;
use memchr::memmem;
use zip::ZipArchive;
use zip::read::ZipFile;

pub(super) type Archive = ZipArchive<BufReader<File>>;

/// Opens the file at `path`, if it exists.
pub(super) fn open_part<'a>(
    archive: &'a mut Archive,
    path: &str,
) -> Result<Option<ZipFile<'a, BufReader<File>>>, UsageError> {
    match place(archive, path) {
        Some(place) => Ok(Some(archive.by_index(place).map_err(of_zip)?)),
        None => Ok(None),
    }
}

/// Some programs write the path with other capitals, or with backslashes.
fn place(archive: &Archive, path: &str) -> Option<usize> {
    let is_meant = |name: &[u8]| {
        name.len() == path.len() && String::from_utf8_lossy(name).replace('\\', "/").eq_ignore_ascii_case(path)
    };
    archive.index_for_name(path).or_else(|| archive.file_names_raw().position(is_meant))
}

/// How many bytes are searched at once.
const PIECE: usize = 64 * 1024;

/// Whether `part` occurs anywhere in `input`.
pub(super) fn contains(mut input: impl Read, part: &[u8]) -> io::Result<bool> {
    let (finder, mut piece) = (memmem::Finder::new(part), Vec::with_capacity(PIECE));
    loop {
        // The end of one piece may continue in the next.
        piece.drain(..piece.len().saturating_sub(part.len()));
        if input.by_ref().take(PIECE as u64).read_to_end(&mut piece)? == 0 {
            return Ok(false);
        }
        if finder.find(&piece).is_some() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_wherever_it_is_cut() {
        let tag = "mergeCell";
        for before in [0, 1, PIECE - tag.len(), PIECE - 4, PIECE - 1, PIECE, 3 * PIECE - 5] {
            let sheet = "x".repeat(before) + "<x:mergeCell ref";
            assert!(contains(sheet.as_bytes(), tag.as_bytes()).unwrap(), "{before}");
            assert!(!contains(&sheet.as_bytes()[..before + 8], tag.as_bytes()).unwrap(), "{before}");
        }
    }
}

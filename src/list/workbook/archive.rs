//! The zip archive that a workbook is.

use std::fs::File;
use std::io::BufReader;

use zip::ZipArchive;
use zip::read::ZipFile;

use super::error::WorkbookError;

pub(super) type Archive = ZipArchive<BufReader<File>>;

/// Opens the file at `path`, if it exists.
pub(super) fn open_part<'a>(
    archive: &'a mut Archive,
    path: &str,
) -> Result<Option<ZipFile<'a, BufReader<File>>>, WorkbookError> {
    match place(archive, path) {
        Some(place) => Ok(Some(archive.by_index(place)?)),
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

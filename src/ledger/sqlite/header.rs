//! Checks the file of a ledger before SQLite opens it, since SQLite may then reset its log or write it into the file.
//! Only a whole ledger of this version is opened.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use url::Url;

use crate::ledger::LedgerError;

/// `PRAGMA application_id`: "Jelo".
pub(super) const APPLICATION: i32 = 0x4a65_6c6f;
/// `PRAGMA user_version` of the ledgers that this version writes.
pub(super) const VERSION: i32 = 10;

/// The page size of the ledgers that SQLite creates.
const PAGE: u64 = 4096;
/// The size of the header of a log. Frames follow, each a page with its own header.
const LOG_HEADER: usize = 32;
const FRAME: usize = 24 + 4096;

/// Whether the ledger has a log that may be needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogFile {
    Written,
    /// The log is missing or empty.
    Blank,
}

/// Checks that the file at `path` is a whole ledger of this version, without changing any of its files.
pub(super) fn check_file(path: &Path) -> Result<LogFile, LedgerError> {
    let not_opened = |cause| LedgerError::NotOpened { path: path.to_owned(), cause };
    // Opening a pipe would block forever.
    check_type(path).map_err(not_opened)?;
    let log = log_of(path);
    let length = match check_type(&log) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => 0,
        length => length.map_err(|cause| LedgerError::NotOpened { path: log.clone(), cause })?,
    };
    match check_header(path) {
        Ok(()) if file_length(path)?.is_multiple_of(PAGE) => {}
        Ok(()) | Err(LedgerError::Damaged { .. }) if is_completed_by(path, &log).map_err(not_opened)? => {}
        Ok(()) => return Err(LedgerError::Damaged { problem: "its end is missing".to_owned() }),
        Err(error) => return Err(error),
    }
    Ok(if length > 0 { LogFile::Written } else { LogFile::Blank })
}

fn log_of(path: &Path) -> PathBuf {
    let mut log = path.to_owned().into_os_string();
    log.push("-wal");
    log.into()
}

/// Returns the length of the file.
fn check_type(path: &Path) -> io::Result<u64> {
    let metadata = path.metadata()?;
    match metadata.file_type() {
        kind if kind.is_file() => Ok(metadata.len()),
        kind if kind.is_dir() => Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory: move it away")),
        _ => Err(io::Error::other("it is not a regular file: move it away")),
    }
}

fn file_length(path: &Path) -> Result<u64, LedgerError> {
    Ok(path.metadata().map_err(|cause| LedgerError::NotOpened { path: path.to_owned(), cause })?.len())
}

/// Reads the header through SQLite: if this process opened the file itself, closing it would release the locks that
/// SQLite holds on it. The file is opened as immutable, so its log is not read.
fn check_header(path: &Path) -> Result<(), LedgerError> {
    let not_opened = |cause| LedgerError::NotOpened { path: path.to_owned(), cause };
    let mut url = Url::from_file_path(path).map_err(|()| not_opened(io::ErrorKind::InvalidInput.into()))?;
    url.set_query(Some("immutable=1"));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let db = Connection::open_with_flags(url.as_str(), flags).map_err(|error| match File::open(path) {
        // No part of this process has the file open, so closing it releases no lock of SQLite.
        Err(cause) => not_opened(cause),
        Ok(_) => error.into(),
    })?;
    let pragma = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i32>(0));
    match (pragma("application_id")?, pragma("user_version")?) {
        (APPLICATION, VERSION) => Ok(()),
        (APPLICATION, version) if version > VERSION => Err(LedgerError::Newer { version }),
        (APPLICATION, version) if version > 0 => Err(LedgerError::Older { version }),
        (_, _) => Err(LedgerError::Damaged { problem: "it is not a ledger of jelouctl".to_owned() }),
    }
}

/// Whether the file is shorter than its header says only because a process is writing its log into it, or was killed
/// while doing so. In that case the log has all of the missing end.
fn is_completed_by(path: &Path, log: &Path) -> io::Result<bool> {
    let length = path.metadata()?.len();
    if length < PAGE {
        return Ok(false);
    }
    let (logged, pages) = match File::open(log) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(false),
        log => pages_of(log?)?,
    };
    let is_in_log = pages > 0 && (length / PAGE + 1..=pages).all(|page| logged.contains(&page));
    // Meanwhile the log may have been written back, and be empty again.
    Ok(is_in_log || path.metadata()?.len() > length)
}

/// The pages in a log, and the number of pages that the ledger has after the last commit in it.
fn pages_of(log: File) -> io::Result<(BTreeSet<u64>, u64)> {
    let mut log = BufReader::new(log);
    let (mut logged, mut pages) = (BTreeSet::new(), 0);
    let mut begin = [0; LOG_HEADER];
    let mut frame = [0; FRAME];
    let mut is_read = log.read_exact(&mut begin);
    loop {
        is_read = is_read.and_then(|()| log.read_exact(&mut frame));
        match is_read {
            Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => return Ok((logged, pages)),
            Err(cause) => return Err(cause),
            Ok(()) => {}
        }
        let [p0, p1, p2, p3, n0, n1, n2, n3, ..] = frame;
        logged.insert(u32::from_be_bytes([p0, p1, p2, p3]).into());
        // This is 0 in a frame that does not end a commit.
        pages = pages.max(u32::from_be_bytes([n0, n1, n2, n3]).into());
    }
}

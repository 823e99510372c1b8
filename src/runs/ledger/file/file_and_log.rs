//! Whether the file of a ledger and its log belong together. SQLite writes each commit into the log, and later copies
//! the log into the file. Next to an older file or log, it would lose commits of the other one.
//!
//! The number of commits in the file never goes back. `store.log_began` is the highest number that a process has found
//! there, so the log has every later commit. A file with fewer commits is older than its log.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::config::DbConfig;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, ErrorCode};

use super::opening::open_immutable;
use crate::base::private_file::{FileAction, FileError};
use crate::runs::ledger::error::LedgerError;

/// The log is copied into the file when it has this many pages, which is 8 MiB. A test copies it more often.
const LONG_LOG: i64 = if cfg!(test) { 40 } else { 2000 };
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// What a process knows about the file and the log that it has open.
pub(crate) struct FileAndLog {
    path: PathBuf,
    log: PathBuf,
    /// The log, after its first read. If another one is put in its place, `OpenFiles` finds that.
    opened_log: Option<File>,
    /// None before the first check.
    file: Option<FileState>,
    /// The header of the log after the last commit or check of this process. None if the log is empty.
    header: Option<LogHeader>,
    /// A number of commits that file and log had together when the header was read.
    commits: i64,
    pages: LogPages,
    /// The highest number of commits in the file that this process has recorded.
    recorded: i64,
}

/// The file when a process last read its number of commits.
#[derive(Clone, Copy)]
struct FileState {
    version: FileVersion,
    commits: i64,
}

/// Changes whenever the file does. SQLite changes the file only by copying pages of the log. The time alone is not
/// enough: on some file systems, it has whole seconds.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FileVersion {
    length: u64,
    modified: SystemTime,
    header: Option<LogHeader>,
    copied: i64,
}

/// Has random numbers, which are in every page of the log. They change when SQLite begins the log again.
type LogHeader = [u8; LOG_HEADER];

/// The number of pages in the log, and how many of them are also in the file. -1 if they are not known.
#[derive(Clone, Copy, Default)]
struct LogPages {
    all: i64,
    copied: i64,
}

/// The numbers of commits that the ledger has recorded.
struct RecordedCommits {
    in_file: i64,
    all: i64,
}

impl FileAndLog {
    pub(crate) fn new(ledger: &Path) -> Self {
        Self {
            path: ledger.to_owned(),
            log: ledger.with_extension("db-wal"),
            opened_log: None,
            file: None,
            header: None,
            commits: 0,
            pages: LogPages::default(),
            recorded: 0,
        }
    }

    /// Finds which of the two was put in place of another one: the log if it lacks the newest commit, or the file if it
    /// lacks a commit that the log does not have either. Reads both at several moments, so the answer counts only if no
    /// other process may write them.
    pub(crate) fn find_other(&mut self, db: &Connection) -> Result<Option<&Path>, LedgerError> {
        self.pages = LogPages::read(db)?;
        let header = self.read_header()?;
        let Some(in_file) = self.commits_in_file(db, header)? else {
            return Ok(Some(&self.path));
        };
        // If another process began the log again, every commit was copied into the file before.
        let lost_commits = header != self.header && in_file < self.commits;
        if lost_commits || !self.has_newest_page(header.as_ref())? {
            return Ok(Some(&self.log));
        }
        self.header = header;
        Ok(None)
    }

    /// Returns the number of commits in the file. None if it is not the file of the log.
    fn commits_in_file(
        &mut self,
        db: &Connection,
        header: Option<LogHeader>,
    ) -> Result<Option<i64>, LedgerError> {
        let read = FileError::while_doing(FileAction::Read, &self.path);
        let metadata = fs::metadata(&self.path).map_err(&read)?;
        let version = FileVersion {
            length: metadata.len(),
            modified: metadata.modified().map_err(&read)?,
            header,
            copied: self.pages.copied,
        };
        let known = self.file;
        if let Some(file) = known.filter(|file| file.version == version) {
            return Ok(Some(file.commits));
        }
        let recorded = RecordedCommits::read(db)?;
        let commits = match known {
            None if self.pages.all == 0 => recorded.all,
            // After a loss of power, a page that was being copied may not be readable.
            None => read_commits(&self.path).unwrap_or(recorded.in_file),
            Some(_) => read_commits(&self.path)?,
        };
        let least = if self.pages.all == self.pages.copied {
            recorded.all
        } else {
            known.map_or(0, |file| file.commits).max(recorded.in_file)
        };
        if !(least..=recorded.all).contains(&commits) {
            return Ok(None);
        }
        self.file = Some(FileState { version, commits });
        Ok(Some(commits))
    }

    /// Copies a long log into the file. Returns whether it did so: then both must be checked again.
    pub(crate) fn copy_long_log(&self, db: &Connection) -> bool {
        if self.pages.all < LONG_LOG || self.pages.all == self.pages.copied {
            return false;
        }
        // On a full disk, the log stays as it is.
        let _ = db.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE);
        true
    }

    /// Records the number of commits in the file, in a transaction of this process.
    pub(crate) fn record(&self, db: &Connection) -> Result<(), LedgerError> {
        let in_file = self.in_file();
        if in_file > self.recorded {
            let record = "UPDATE store SET log_began = max(log_began, ?1)";
            db.prepare_cached(record)?.execute([in_file])?;
        }
        Ok(())
    }

    /// Notes a commit of this process.
    pub(crate) fn note_commit(&mut self, commits: i64) {
        self.recorded = self.in_file();
        self.note_header(commits);
    }

    /// Notes the header of the log, which was read after this number of commits.
    pub(crate) fn note_header(&mut self, commits: i64) {
        // Only the next check needs it, and then it must be readable.
        if let Ok(header) = self.read_header() {
            self.header = header;
            self.commits = commits;
        }
    }

    fn in_file(&self) -> i64 {
        self.file.map_or(0, |file| file.commits)
    }

    fn read_header(&mut self) -> Result<Option<LogHeader>, FileError> {
        let mut header = [0; LOG_HEADER];
        let is_read = self.read_log(0, &mut header)?;
        Ok(is_read.then_some(header))
    }

    /// Returns whether the last page of the log belongs to this header and ends a commit.
    fn has_newest_page(&mut self, header: Option<&LogHeader>) -> Result<bool, FileError> {
        let Some(header) = header.filter(|_| self.pages.all > 0) else {
            return Ok(self.pages.all <= 0);
        };
        let page_size = u32::from_be_bytes([header[8], header[9], header[10], header[11]]);
        let frame_size = FRAME_HEADER as u64 + u64::from(page_size);
        let before = self.pages.all.unsigned_abs() - 1;
        let mut frame = [0; FRAME_HEADER];
        let is_read = self.read_log(LOG_HEADER as u64 + before * frame_size, &mut frame)?;
        let ends_commit = frame[4..8] != [0; 4];
        Ok(is_read && ends_commit && frame[8..16] == header[16..24])
    }

    /// Reads bytes of the log. Returns false if it ends before them.
    fn read_log(&mut self, from: u64, bytes: &mut [u8]) -> Result<bool, FileError> {
        match self.try_read_log(from, bytes) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(FileError::while_doing(FileAction::Read, &self.log)(error)),
        }
    }

    fn try_read_log(&mut self, from: u64, bytes: &mut [u8]) -> io::Result<()> {
        let log = match &mut self.opened_log {
            Some(log) => log,
            None => self.opened_log.insert(File::open(&self.log)?),
        };
        log.seek(SeekFrom::Start(from))?;
        log.read_exact(bytes)
    }
}

impl LogPages {
    fn read(db: &Connection) -> Result<Self, LedgerError> {
        // It copies nothing.
        match db.wal_checkpoint_v2(None::<&str>, CheckpointMode::NOOP) {
            Ok((all, copied)) => Ok(Self {
                all: all.into(),
                copied: copied.into(),
            }),
            // Another process recovers the log.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(Self {
                all: -1,
                copied: -1,
            }),
            Err(error) => Err(error.into()),
        }
    }
}

impl RecordedCommits {
    fn read(db: &Connection) -> Result<Self, LedgerError> {
        let query = "SELECT log_began, commits FROM store";
        Ok(db.query_row(query, [], |row| {
            Ok(Self {
                in_file: row.get(0)?,
                all: row.get(1)?,
            })
        })?)
    }
}

/// Reads the number of commits in the file alone, without its log.
fn read_commits(path: &Path) -> Result<i64, LedgerError> {
    let file = open_immutable(path)?;
    // A process that was killed may have copied only a part of the log. Then the file is shorter than it records.
    file.set_db_config(DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, true)?;
    Ok(file.query_row("SELECT commits FROM store", [], |row| row.get(0))?)
}

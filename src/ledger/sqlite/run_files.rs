//! The files of one run, by their names.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::lock_file::RunNote;
use crate::ledger::{LedgerError, RunName};
use crate::private_file::FileError;

pub(crate) const LEDGER: &str = "db";
/// A ledger that is still being filled.
pub(crate) const DRAFT: &str = "db.part";
/// What SQLite keeps beside a ledger.
const LOGS: [&str; 2] = ["db-wal", "db-shm"];
pub(crate) const LOCK: &str = "lock";
/// Locked by a process that sends, or is about to.
const SENDER: &str = "sender";
const STOP: &str = "stop";

/// Where the files of one run are, whether they exist or not.
#[derive(Clone, Debug)]
pub(crate) struct RunFiles {
    directory: PathBuf,
    name: RunName,
}

impl RunFiles {
    pub(crate) fn new(directory: &Path, name: &RunName) -> Self {
        Self { directory: directory.to_owned(), name: name.clone() }
    }

    pub(crate) fn name(&self) -> &RunName {
        &self.name
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.file(LEDGER)
    }

    pub(crate) fn draft(&self) -> PathBuf {
        self.file(DRAFT)
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.file(LOCK)
    }

    pub(crate) fn sender(&self) -> PathBuf {
        self.file(SENDER)
    }

    pub(crate) fn stop(&self) -> PathBuf {
        self.file(STOP)
    }

    /// Whether only the lock file of a run is left. That of a run which is still being made is empty, has no commits yet, or
    /// is beside its draft; what cannot be read may say anything.
    pub(crate) fn is_ledger_lost(&self) -> bool {
        let is_there = |path: PathBuf| path.symlink_metadata().is_ok();
        if is_there(self.draft()) || is_there(self.ledger()) {
            return false;
        }
        match RunNote::read(&self.lock()) {
            Some(note) => note.commits > 0,
            None => self.lock().metadata().is_ok_and(|lock| lock.len() > 0),
        }
    }

    /// When one of them was last written, in milliseconds since 1970.
    pub(crate) fn changed_at(&self) -> i64 {
        let files = [LEDGER, LOGS[0], LOCK].map(|ending| self.file(ending));
        let times = files.iter().filter_map(|path| path.metadata().and_then(|file| file.modified()).ok());
        let newest = times.max().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        // Of one that does not say, it may be any time.
        newest.and_then(|age| i64::try_from(age.as_millis()).ok()).unwrap_or(i64::MAX)
    }

    pub(crate) fn remove_ledger(&self) -> Result<(), LedgerError> {
        remove(&self.ledger())?;
        self.remove_logs()
    }

    pub(crate) fn remove_logs(&self) -> Result<(), LedgerError> {
        LOGS.iter().try_for_each(|ending| remove(&self.file(ending)))
    }

    pub(crate) fn remove_draft(&self) -> Result<(), LedgerError> {
        remove(&self.draft())
    }

    pub(crate) fn remove_lock(&self) -> Result<(), LedgerError> {
        remove(&self.sender())?;
        remove(&self.lock())
    }

    fn file(&self, ending: &str) -> PathBuf {
        self.directory.join(format!("{}.{ending}", self.name))
    }
}

fn remove(path: &Path) -> Result<(), LedgerError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(FileError::of("remove", path)(cause).into()),
        _ => Ok(()),
    }
}

//! The files of a run: their names, and whether they are still the same files.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use std::{fs, io};

use super::lock_file::RunNote;
use crate::ledger::{LedgerError, RunName};
use crate::private_file::FileError;

pub(crate) const LEDGER: &str = "db";
/// A ledger that is still being filled.
pub(crate) const DRAFT: &str = "db.part";
/// The files that SQLite keeps beside a ledger.
const LOGS: [&str; 2] = ["db-wal", "db-shm"];
pub(crate) const LOCK: &str = "lock";
/// Locked by a process that sends, or is about to.
const SENDER: &str = "sender";
const STOP: &str = "stop";

/// The paths of the files of one run, whether they exist or not.
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

    /// Whether only the lock file of a run is left. The lock file of a run that is still being made is empty, has no
    /// commits yet, or is beside its draft. An unreadable one may mean either.
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

    /// Whether a run of this name was never made: its process ended before the draft became the ledger.
    pub(crate) fn was_never_made(&self) -> bool {
        self.ledger().symlink_metadata().is_err() && !self.is_ledger_lost()
    }

    /// When one of them was last written, in milliseconds since 1970.
    pub(crate) fn changed_at(&self) -> i64 {
        let files = [LEDGER, LOGS[0], LOCK].map(|ending| self.file(ending));
        let times = files.iter().filter_map(|path| path.metadata().and_then(|file| file.modified()).ok());
        let newest = times.max().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        // If no file has a time, any time is possible.
        newest.and_then(|age| i64::try_from(age.as_millis()).ok()).unwrap_or(i64::MAX)
    }

    pub(crate) fn remove_ledger(&self) -> Result<(), FileError> {
        remove(&self.ledger())?;
        self.remove_logs()
    }

    pub(crate) fn remove_logs(&self) -> Result<(), FileError> {
        LOGS.iter().try_for_each(|ending| remove(&self.file(ending)))
    }

    pub(crate) fn remove_draft(&self) -> Result<(), FileError> {
        remove(&self.draft())
    }

    pub(crate) fn remove_lock(&self) -> Result<(), FileError> {
        remove(&self.sender())?;
        remove(&self.lock())
    }

    fn file(&self, ending: &str) -> PathBuf {
        self.directory.join(format!("{}.{ending}", self.name))
    }
}

/// Removes a file, if it exists.
pub(super) fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(FileError::of("remove", path)(cause)),
        _ => Ok(()),
    }
}

/// Identifies the files of a ledger on the disk: SQLite would continue to write to removed ones. None for a ledger that
/// is only read.
#[derive(Debug, Default)]
pub(crate) struct Identity(Vec<(PathBuf, Option<(u64, u64)>)>);

impl Identity {
    /// For the open database, its log and its lock.
    pub(crate) fn of(path: &Path, lock: Option<&Path>) -> Self {
        let files = [path.to_owned(), log_of(path)].into_iter().chain(lock.map(Path::to_owned));
        Self(files.map(|path| (path.clone(), file_id(path.metadata()))).collect())
    }

    pub(crate) fn check(&self) -> Result<(), LedgerError> {
        match self.0.iter().find(|(path, known)| file_id(path.metadata()) != *known) {
            None => Ok(()),
            Some((path, _)) => Err(LedgerError::Removed { path: path.clone() }),
        }
    }
}

/// The log of the ledger at `path`.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut log = path.to_owned().into_os_string();
    log.push("-wal");
    log.into()
}

/// Which file this is on the disk, if it is there.
#[cfg(unix)]
pub(super) fn file_id(file: io::Result<fs::Metadata>) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;

    file.ok().map(|file| (file.dev(), file.ino()))
}

/// Windows does not remove an open file, so that none takes its place.
#[cfg(not(unix))]
pub(super) fn file_id(_file: io::Result<fs::Metadata>) -> Option<(u64, u64)> {
    None
}

//! Locks between processes: on one run, and on the making of runs.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::lock_file::LockFile;
use super::run_files::RunFiles;
use crate::ledger::LedgerError;
use crate::private_file::{self, FileError};

/// A process that checks whether a run is taken holds its lock for a moment, so that the lock is tried more than once.
const TRIES: u32 = 5;
/// The same for the sender's lock, which only the process that has the run can hold for longer: a second in all.
const TRIES_TO_SEND: u32 = 500;
const TIME_BETWEEN_TRIES: Duration = Duration::from_millis(2);

/// Locked by who makes a run, beside the runs.
pub(super) const ALL: &str = ".lock";

/// What no other process can touch, until this is dropped.
#[derive(Debug)]
pub(crate) struct RunLock {
    /// The system gives the lock back when this is closed, also when the process is killed.
    file: File,
    path: PathBuf,
    /// Locked too by who sends: another process sees by it what the run is taken for.
    #[expect(dead_code, reason = "it holds as long as it is there")]
    sender: Option<File>,
}

impl RunLock {
    /// Takes a run for this process.
    pub(crate) fn take(run: &RunFiles) -> Result<Self, LedgerError> {
        let path = run.lock();
        if run.ledger().is_dir() {
            let cause = io::Error::new(io::ErrorKind::IsADirectory, "it is a directory: move it away");
            return Err(LedgerError::NotOpened { path: run.ledger(), cause });
        }
        loop {
            let file = open(&path)?;
            if !try_lock(&file, &path, TRIES)? {
                return Err(LedgerError::InUse { run: run.name().to_string() });
            }
            // Whoever had it may have removed it in the meantime: another process may have a new one by now.
            if is_at(&file, &path) {
                return Ok(Self { file, path, sender: None });
            }
        }
    }

    /// Takes a run for this process, to send it.
    pub(crate) fn take_to_send(run: &RunFiles) -> Result<Self, LedgerError> {
        let (lock, path) = (Self::take(run)?, run.sender());
        let sender = open(&path)?;
        if !try_lock(&sender, &path, TRIES_TO_SEND)? {
            return Err(LedgerError::InUse { run: run.name().to_string() });
        }
        Ok(Self { sender: Some(sender), ..lock })
    }

    /// Whether a process sends the run, or is about to.
    pub(crate) fn is_taken_to_send(run: &RunFiles) -> bool {
        is_locked(&run.sender())
    }

    /// Whether a process has the run. It is not taken, but for the moment that this takes; many may look at once.
    pub(crate) fn is_held(run: &RunFiles) -> bool {
        is_locked(&run.lock())
    }

    /// The lock file, for the ledger to note its commits in.
    pub(crate) fn mark(&self) -> Result<LockFile, LedgerError> {
        let file = self.file.try_clone().map_err(FileError::of("write", &self.path))?;
        Ok(LockFile::new(file, self.path.clone()))
    }

    /// Holds off every other process that would make a run in `directory`; nothing while one is at it.
    pub(crate) fn try_for_all(directory: &Path) -> Result<Option<Self>, LedgerError> {
        let path = directory.join(ALL);
        let file = open(&path)?;
        Ok(try_lock(&file, &path, 1)?.then_some(Self { file, path, sender: None }))
    }
}

/// Whether the lock was taken within this number of tries.
fn try_lock(file: &File, path: &Path, tries: u32) -> Result<bool, FileError> {
    for tried in 1.. {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) if tried < tries => thread::sleep(TIME_BETWEEN_TRIES),
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(cause)) => return Err(FileError::of("lock", path)(cause)),
        }
    }
    Ok(false)
}

/// Whether a process has the lock at `path`.
pub(super) fn is_locked(path: &Path) -> bool {
    // To open a pipe would wait for ever.
    if !path.is_file() {
        return false;
    }
    let file = File::options().read(true).open(path);
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Whether the open file is still the one at `path`.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let id = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    file.metadata().map(id).ok() == path.metadata().map(id).ok()
}

/// An open file cannot be removed there.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

/// A file to lock, ours alone; what is in it stays.
pub(super) fn open(path: &Path) -> Result<File, FileError> {
    if path.exists() && !path.is_file() {
        return Err(FileError::of("lock", path)(io::Error::other("it is not a regular file: move it away")));
    }
    private_file::open("lock", path, File::options().read(true).write(true).create(true).truncate(false))
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_lock_file_that_was_removed_is_not_the_lock() {
        let home = tempfile::TempDir::new().unwrap();
        let run = RunFiles::new(home.path(), &"r".parse().unwrap());
        let waited_for = open(&run.lock()).unwrap();
        assert!(is_at(&waited_for, &run.lock()));
        run.remove_lock().unwrap();
        assert!(!is_at(&waited_for, &run.lock()));
        let taken = RunLock::take(&run).unwrap();
        // Whoever waited for the old file has a lock that nobody else looks at.
        waited_for.try_lock().unwrap();
        assert!(!is_at(&waited_for, &run.lock()) && is_at(&taken.file, &run.lock()));
        assert!(matches!(RunLock::take(&run), Err(LedgerError::InUse { .. })));
    }
}

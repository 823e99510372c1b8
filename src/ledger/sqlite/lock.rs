//! Locks between processes: on one run, on making runs, and on a single send that is under way.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{io, thread};

use super::lock_file::LockFile;
use super::run_files::{RunFiles, file_id};
use crate::ledger::LedgerError;
use crate::private_file::{self, FileError};

/// A process that checks whether a run is held takes its lock for a moment, so the lock is tried more than once.
const TRIES: u32 = 5;
/// The same for the sender's lock, which only the process that holds the run can keep for longer: one second in all.
const TRIES_TO_SEND: u32 = 500;
const TIME_BETWEEN_TRIES: Duration = Duration::from_millis(2);

/// Locked by a process that makes a run. The file is beside the runs.
pub(super) const ALL: &str = ".lock";

/// Keeps other processes out until it is dropped.
#[derive(Debug)]
pub(crate) struct RunLock {
    /// The system releases the lock when this is closed, even if the process is killed.
    file: File,
    path: PathBuf,
    /// A process that sends locks this too, which tells other processes why the run is held.
    #[expect(dead_code, reason = "it holds as long as it is there")]
    sender: Option<File>,
}

impl RunLock {
    /// Holds a run for this process.
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
            // The previous holder may have removed the file, and another process may hold a new one by now.
            if is_at(&file, &path) {
                return Ok(Self { file, path, sender: None });
            }
        }
    }

    /// Holds the run to send it.
    pub(super) fn for_sending(self, run: &RunFiles) -> Result<Self, LedgerError> {
        let path = run.sender();
        let sender = open(&path)?;
        if !try_lock(&sender, &path, TRIES_TO_SEND)? {
            return Err(LedgerError::InUse { run: run.name().to_string() });
        }
        Ok(Self { sender: Some(sender), ..self })
    }

    /// The lock file, in which the ledger records its commits.
    pub(crate) fn mark(&self) -> Result<LockFile, LedgerError> {
        let file = self.file.try_clone().map_err(FileError::of("write", &self.path))?;
        Ok(LockFile::new(file, self.path.clone()))
    }

    /// Prevents any other process from making a run in `directory`. None if another process is making one.
    pub(crate) fn try_for_all(directory: &Path) -> Result<Option<Self>, LedgerError> {
        let path = directory.join(ALL);
        let file = open(&path)?;
        Ok(try_lock(&file, &path, 1)?.then_some(Self { file, path, sender: None }))
    }
}

/// Whether the lock was obtained within this number of tries.
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

/// Whether a process holds the lock at `path`. The check locks it only for a moment, and many processes may check at
/// once.
pub(super) fn is_locked(path: &Path) -> bool {
    // Opening a pipe would block forever.
    if !path.is_file() {
        return false;
    }
    let file = File::options().read(true).open(path);
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Whether the open file is still the one at `path`.
fn is_at(file: &File, path: &Path) -> bool {
    file_id(file.metadata()) == file_id(path.metadata())
}

/// Opens a file to lock, private to the user. Its contents do not change.
pub(super) fn open(path: &Path) -> Result<File, FileError> {
    if path.exists() && !path.is_file() {
        return Err(FileError::of("lock", path)(io::Error::other("it is not a regular file: move it away")));
    }
    private_file::open("lock", path, File::options().read(true).write(true).create(true).truncate(false))
}

/// Held by a process that sends, until the outcome of the message is written.
pub(super) struct ClaimHolder {
    #[expect(dead_code, reason = "it holds as long as it is there")]
    file: File,
    path: PathBuf,
    /// The number in its name.
    pub(super) number: i64,
}

impl ClaimHolder {
    /// Takes a new lock, and removes those of processes that are gone. The caller prevents other processes from doing
    /// the same.
    pub(super) fn take(directory: &Path) -> Result<Self, LedgerError> {
        private_file::create_directory(directory)?;
        for entry in fs::read_dir(directory).map_err(FileError::of("read", directory))? {
            let path = entry.map_err(FileError::of("read", directory))?.path();
            if path.extension().is_some_and(|ending| ending == LOCK) && !is_locked(&path) {
                // Failure is harmless: a lock that does not exist counts as not held.
                let _ = fs::remove_file(&path);
            }
        }
        let number = fastrand::i64(0..);
        let path = path_of(directory, number);
        let file = open(&path)?;
        file.lock().map_err(FileError::of("lock", &path))?;
        Ok(Self { file, path, number })
    }

    /// Whether a process holds the lock with this number.
    pub(super) fn is_held(directory: &Path, number: i64) -> bool {
        is_locked(&path_of(directory, number))
    }
}

impl Drop for ClaimHolder {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

const LOCK: &str = "lock";

fn path_of(directory: &Path, number: i64) -> PathBuf {
    directory.join(format!("{number:016x}.{LOCK}"))
}

/// A name that is reserved for a run whose list is still being read. If it is dropped before `keep`, nothing of the run
/// remains.
#[derive(Debug)]
pub(crate) struct ReservedRun {
    files: RunFiles,
    lock: Option<RunLock>,
    /// Prevents any other process from making a run.
    pub(super) making: Option<RunLock>,
}

impl ReservedRun {
    pub(crate) fn new(files: RunFiles, lock: RunLock) -> Self {
        Self { files, lock: Some(lock), making: None }
    }

    /// The lock file, in which the ledger records its run and its commits.
    pub(crate) fn mark(&self) -> Result<LockFile, LedgerError> {
        let in_use = || LedgerError::InUse { run: self.files.name().to_string() };
        self.lock.as_ref().ok_or_else(in_use)?.mark()
    }

    /// From now on the run exists, and this process holds it.
    pub(crate) fn keep(mut self) -> Option<RunLock> {
        self.lock.take()
    }
}

impl Drop for ReservedRun {
    fn drop(&mut self) {
        if self.lock.is_some() {
            // Nothing refers to these files. The next run removes any that remain.
            let _ = self.files.remove_draft();
            if !self.files.ledger().exists() {
                let _ = self.files.remove_lock();
            }
        }
    }
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
        // A process that waited for the old file holds a lock that no other process checks.
        waited_for.try_lock().unwrap();
        assert!(!is_at(&waited_for, &run.lock()) && is_at(&taken.file, &run.lock()));
        assert!(matches!(RunLock::take(&run), Err(LedgerError::InUse { .. })));
    }
}

//! Locks between processes: on one run, on the making of runs, and of a single send that is under way.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{io, thread};

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

/// Held by the process that sends, until what became of the message is written.
pub(super) struct ClaimHolder {
    #[expect(dead_code, reason = "it holds as long as it is there")]
    file: File,
    path: PathBuf,
    /// Its name.
    pub(super) number: i64,
}

impl ClaimHolder {
    /// Takes a lock that nobody had before, and clears away those of processes that are gone. Whoever calls this holds off
    /// every other process that would.
    pub(super) fn take(directory: &Path) -> Result<Self, LedgerError> {
        private_file::create_directory(directory)?;
        for entry in fs::read_dir(directory).map_err(FileError::of("read", directory))? {
            let path = entry.map_err(FileError::of("read", directory))?.path();
            if path.extension().is_some_and(|ending| ending == LOCK) && !is_locked(&path) {
                // Nobody asks for it: a lock that is not there is not held either.
                let _ = fs::remove_file(&path);
            }
        }
        let number = fastrand::i64(0..);
        let path = path_of(directory, number);
        let file = open(&path)?;
        file.lock().map_err(FileError::of("lock", &path))?;
        Ok(Self { file, path, number })
    }

    /// Whether a process has the lock of this name.
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

/// A name that is taken for a run which is still being read in. Dropped before it is kept, nothing of the run stays.
#[derive(Debug)]
pub(crate) struct ReservedRun {
    files: RunFiles,
    lock: Option<RunLock>,
    /// Holds off every other process that would make a run.
    pub(super) making: Option<RunLock>,
}

impl ReservedRun {
    pub(crate) fn new(files: RunFiles, lock: RunLock) -> Self {
        Self { files, lock: Some(lock), making: None }
    }

    /// Where the ledger is written until it is complete.
    pub(crate) fn draft_path(&self) -> PathBuf {
        self.files.draft()
    }

    /// The lock file, for the ledger to note what it is in.
    pub(crate) fn mark(&self) -> Result<LockFile, LedgerError> {
        let in_use = || LedgerError::InUse { run: self.files.name().to_string() };
        self.lock.as_ref().ok_or_else(in_use)?.mark()
    }

    /// The run exists from now on, and stays this process's.
    pub(crate) fn keep(mut self) -> Option<RunLock> {
        self.lock.take()
    }
}

impl Drop for ReservedRun {
    fn drop(&mut self) {
        if self.lock.is_some() {
            // Nothing refers to them; what stays is cleared away by the next run.
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
        // Whoever waited for the old file has a lock that nobody else looks at.
        waited_for.try_lock().unwrap();
        assert!(!is_at(&waited_for, &run.lock()) && is_at(&taken.file, &run.lock()));
        assert!(matches!(RunLock::take(&run), Err(LedgerError::InUse { .. })));
    }
}

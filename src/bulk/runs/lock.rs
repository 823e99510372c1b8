//! Locks between processes: on one run, and on the making of runs.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::files::RunFiles;
use crate::bulk::ledger::LedgerError;
use crate::private_file::{self, FileError};

/// What no other process can touch, until this is dropped.
#[derive(Debug)]
pub(crate) struct RunLock {
    /// The system gives the lock back when this is closed, also when the process is killed.
    _file: File,
}

impl RunLock {
    /// Takes a run for this process.
    ///
    /// # Errors
    /// When another process has it.
    pub(crate) fn take(run: &RunFiles) -> Result<Self, LedgerError> {
        let path = run.lock();
        let file = open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LedgerError::InUse { run: run.name().to_string() }),
            Err(TryLockError::Error(cause)) => Err(FileError::of("lock", &path)(cause).into()),
        }
    }

    /// Waits until no other process makes a run in `directory`, and holds them off.
    pub(crate) fn wait_for_all(directory: &Path) -> Result<Self, LedgerError> {
        let path = directory.join(".lock");
        let file = open(&path)?;
        file.lock().map_err(FileError::of("lock", &path))?;
        Ok(Self { _file: file })
    }
}

/// A file to lock, ours alone; what is in it does not matter.
fn open(path: &Path) -> Result<File, FileError> {
    private_file::open("lock", path, File::options().write(true).create(true).truncate(false))
}

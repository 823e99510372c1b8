//! Locks between processes: on one run, and on the making of runs.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use super::files::RunFiles;
use crate::bulk::ledger::LedgerError;

/// What no other process can touch, until this is dropped.
#[derive(Debug)]
pub struct RunLock {
    /// The system gives the lock back when this is closed, also when the process is killed.
    _file: File,
}

impl RunLock {
    /// Takes a run for this process.
    ///
    /// # Errors
    /// When another process has it.
    pub fn take(run: &RunFiles) -> Result<Self, LedgerError> {
        let path = run.lock();
        let failed = |cause| LedgerError::File { action: "lock", path: path.clone(), cause };
        let file = options().open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LedgerError::InUse { run: run.name().to_string() }),
            Err(TryLockError::Error(cause)) => Err(failed(cause)),
        }
    }

    /// Waits until no other process makes a run in `directory`, and holds them off.
    pub fn wait_for_all(directory: &Path) -> Result<Self, LedgerError> {
        let path = directory.join(".lock");
        let locked = options().open(&path).and_then(|file| file.lock().map(|()| file));
        locked.map(|file| Self { _file: file }).map_err(|cause| LedgerError::File { action: "lock", path, cause })
    }
}

/// A file to lock, ours alone; what is in it does not matter.
fn options() -> fs::OpenOptions {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

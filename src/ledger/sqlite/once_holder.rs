//! The lock file of a single send that is under way: the kernel frees it when the process ends, however that is.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::lock::{is_locked, open};
use crate::ledger::LedgerError;
use crate::private_file::{self, FileError};

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

//! A name that is taken for a run which is still being read in.

use std::path::PathBuf;

use super::lock::RunLock;
use super::lock_file::LockFile;
use super::run_files::RunFiles;
use crate::ledger::LedgerError;

/// Dropped before it is kept, nothing of the run stays.
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

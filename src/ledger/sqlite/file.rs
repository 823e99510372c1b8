//! The files of a ledger, checked to be the same ones still.

use std::path::{Path, PathBuf};

use crate::ledger::LedgerError;

/// Which files a ledger is, on the disk: SQLite would go on writing into ones that were removed.
#[derive(Debug)]
pub(crate) struct Identity(Vec<(PathBuf, Option<FileId>)>);

#[cfg(unix)]
type FileId = (u64, u64);
#[cfg(not(unix))]
type FileId = ();

impl Identity {
    /// Of a ledger that is only read.
    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }

    /// Of the database, its log and its lock, which are open.
    pub(crate) fn of(path: &Path, lock: Option<&Path>) -> Self {
        let mut log = path.to_owned().into_os_string();
        log.push("-wal");
        let files = [path.to_owned(), PathBuf::from(log)].into_iter().chain(lock.map(Path::to_owned));
        Self(files.map(|path| (path.clone(), id(&path))).collect())
    }

    pub(crate) fn check(&self) -> Result<(), LedgerError> {
        match self.0.iter().find(|(path, known)| id(path) != *known) {
            None => Ok(()),
            Some((path, _)) => Err(LedgerError::Removed { path: path.clone() }),
        }
    }
}

#[cfg(unix)]
fn id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;

    path.metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// An open file cannot be removed there.
#[cfg(not(unix))]
fn id(_path: &Path) -> Option<FileId> {
    None
}

//! The locks that show which processes of a ledger in a file are alive. Only sending processes have
//! a lock. The system releases the lock of a process that is killed.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::file_id::OpenFiles;
use super::opening::{PROCESSES, write_at_start};
use crate::base::private_file::{self, FileAction, FileError};
use crate::runs::ledger::db::AliveCheck;
use crate::runs::ledger::error::LedgerError;

/// The directory `processes` of a ledger, with the lock `ID.lock` of each process.
pub(crate) struct ProcessLocks {
    directory: PathBuf,
    /// The locks that this process holds, by their numbers.
    held: HashMap<i64, File>,
}

impl ProcessLocks {
    pub(crate) fn new(ledger: &Path) -> Self {
        Self {
            directory: ledger.with_file_name(PROCESSES),
            held: HashMap::new(),
        }
    }

    /// Returns the paths of all locks, held or not.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.directory).into_iter().flatten();
        entries.flatten().map(|lock| lock.path()).collect()
    }

    /// Returns the processes that hold their locks.
    pub(crate) fn alive(&self) -> HashSet<i64> {
        let locks = self.paths().into_iter();
        let held = locks.filter(|path| is_locked(path));
        held.filter_map(|path| path.file_stem()?.to_str()?.parse().ok())
            .collect()
    }

    /// Returns a check whether a process is alive. It also accepts the processes in `before`.
    pub(crate) fn alive_check(&self, before: HashSet<i64>) -> AliveCheck {
        let directory = self.directory.clone();
        Box::new(move |id, _lost_at| {
            let path = lock_in(&directory, id);
            let is_alive = before.contains(&id) || is_locked(&path);
            if !is_alive {
                let _ = fs::remove_file(path);
            }
            is_alive
        })
    }

    /// Creates and holds the lock of a process. It names the open `files` for other processes.
    pub(crate) fn enter(&mut self, id: i64, files: Option<&OpenFiles>) -> Result<(), LedgerError> {
        let path = lock_in(&self.directory, id);
        private_file::create_directory(&self.directory)?;
        let file = private_file::open(
            FileAction::Create,
            &path,
            File::options().write(true).create(true).truncate(true),
        )?;
        if let Some(files) = files {
            write_at_start(&file, &files.describe())
                .map_err(FileError::while_doing(FileAction::Write, &path))?;
        }
        file.lock()
            .map_err(FileError::while_doing(FileAction::Lock, &path))?;
        self.held.insert(id, file);
        Ok(())
    }

    /// Releases and removes the lock of a process.
    pub(crate) fn leave(&mut self, id: i64) {
        if self.held.remove(&id).is_some() {
            let _ = fs::remove_file(lock_in(&self.directory, id));
        }
    }

    /// Releases and removes all locks that this process holds.
    pub(crate) fn leave_all(&mut self) {
        for id in self.held.keys().copied().collect::<Vec<_>>() {
            self.leave(id);
        }
    }

    /// Returns the error if the lock of a process cannot be opened. The process then counts as
    /// alive.
    pub(crate) fn unreadable(&self, id: i64) -> Option<FileError> {
        let path = lock_in(&self.directory, id);
        let opened = File::open(&path).map_err(FileError::while_doing(FileAction::Open, &path));
        let error = opened.err()?;
        (error.cause.kind() != io::ErrorKind::NotFound).then_some(error)
    }
}

fn lock_in(directory: &Path, id: i64) -> PathBuf {
    directory.join(format!("{id}.lock"))
}

/// Returns whether a process holds the lock. If locks do not work, or the file cannot be opened,
/// the process counts as alive until it records its end.
pub(crate) fn is_locked(path: &Path) -> bool {
    match File::open(path) {
        // The lock is shared, so that two checks at the same time do not see each other.
        Ok(file) => file.try_lock_shared().is_err(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn free_or_missing_lock_means_process_exited() {
        let home = TempDir::new().unwrap();
        let lock = home.path().join("1.lock");
        assert!(!is_locked(&lock));
        let held = File::create(&lock).unwrap();
        held.lock().unwrap();
        assert!(is_locked(&lock));
        drop(held);
        assert!(!is_locked(&lock));
        // A file that cannot be opened is not a removed one. Windows reports the same error for
        // this path.
        assert!(cfg!(windows) || is_locked(&lock.join("2.lock")));
    }

    #[cfg(unix)]
    #[test]
    fn lock_that_cannot_be_opened_is_named() {
        let home = TempDir::new().unwrap();
        let mut locks = ProcessLocks::new(&home.path().join("state.db"));
        assert!(locks.unreadable(1).is_none());
        locks.enter(1, None).unwrap();
        assert!(locks.unreadable(1).is_none());
        locks.leave(1);
        // Nobody can open a file below another file, not even root.
        fs::remove_dir(&locks.directory).unwrap();
        fs::write(&locks.directory, "").unwrap();
        let named = locks.unreadable(1).unwrap().to_string();
        assert!(named.contains("processes/1.lock"), "{named}");
    }
}

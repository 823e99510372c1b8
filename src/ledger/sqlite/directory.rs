//! The directory of the runs: lists them, and reserves, locks and removes a run.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Ledger;
use super::lock::{RunLock, is_locked};
use super::lock_file::LockNote;
use super::run_files::{RunFiles, remove};
use crate::ledger::{LedgerError, LedgerStore, RunName};
use crate::places::STATE;
use crate::private_file::{self, FileError};

/// The directory of the runs.
#[derive(Clone, Debug)]
pub(crate) struct Runs {
    pub(super) directory: PathBuf,
}

impl Runs {
    /// The user's directory, created if it does not exist.
    pub(crate) fn open() -> Result<Self, LedgerError> {
        let runs = Self::at_home()?;
        private_file::create_directory(&runs.directory)?;
        Ok(runs)
    }

    /// The user's directory, whether it exists or not.
    pub(crate) fn at_home() -> Result<Self, LedgerError> {
        let directory = STATE.directory().ok_or(LedgerError::NoDirectory)?;
        Ok(Self { directory: directory.join("runs") })
    }

    /// The directory, or where it would be created, after a test file was written there and removed. Nothing stays.
    pub(crate) fn writable(&self) -> Result<&Path, LedgerError> {
        let path = &self.directory;
        // A path that exists but cannot be read does not count as missing.
        let is_missing =
            |path: &&Path| path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        let there = path.ancestors().find(|path| !is_missing(path)).unwrap_or(path);
        let written = tempfile::tempfile_in(there).and_then(|mut file| file.write_all(b"x"));
        written.map_err(FileError::of("write", path))?;
        Ok(path)
    }

    /// Whether the file at `path`, which may not exist, belongs to a run or would.
    pub(crate) fn has(&self, path: &Path) -> bool {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let own = self.directory.canonicalize();
        own.is_ok_and(|own| parent.canonicalize().is_ok_and(|parent| parent.starts_with(own)))
    }

    /// The claims of single sends: beside the directory, where no run can have this name.
    pub(super) fn once_store(&self) -> PathBuf {
        self.directory.with_file_name("once.db")
    }

    /// The ledger of a run.
    pub(super) fn path(&self, name: &RunName) -> PathBuf {
        self.files(name).ledger()
    }

    /// Opens the ledger of a run to read it, even while another process writes it.
    pub(super) fn ledger(&self, name: &RunName) -> Result<Ledger, LedgerError> {
        self.open_ledger(name, false)
    }

    /// The same, but reads all of it, so that every damage is found.
    pub(super) fn whole_ledger(&self, name: &RunName) -> Result<Ledger, LedgerError> {
        self.open_ledger(name, true)
    }

    fn open_ledger(&self, name: &RunName, reads_all: bool) -> Result<Ledger, LedgerError> {
        let lock = self.files(name).lock();
        // Checked before the ledger is read: a process that ends in between has already written what it knew.
        let (is_held, noted) = (self.is_held(name), LockNote::of(&lock, || is_locked(&lock)));
        Ok(Ledger { is_at_rest: !is_held, ..Ledger::read(&self.path(name), &noted, reads_all)? })
    }

    /// Like [`Runs::ledger`], for a run that this process holds.
    pub(super) fn locked_ledger(&self, name: &RunName, lock: &RunLock) -> Result<Ledger, LedgerError> {
        Ledger::read(&self.path(name), &lock.mark()?.note(), false)
    }

    /// Holds a run for this process, to send it. A stop request for an earlier process no longer counts; one made from
    /// now on does.
    pub(super) fn lock_to_send(&self, name: &RunName) -> Result<RunLock, LedgerError> {
        let files = self.files(name);
        let lock = RunLock::take(&files)?;
        // Once the sender's lock is held, a stop request is for this process.
        remove(&files.stop())?;
        lock.for_sending(&files)
    }

    /// The names of the files with this extension.
    pub(super) fn with_ending(
        &self,
        ending: &str,
        name_of: impl Fn(&str) -> Option<RunName>,
    ) -> Result<Vec<RunName>, LedgerError> {
        let failed = FileError::of("read", &self.directory);
        let mut names = Vec::new();
        let entries = match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
            entries => entries.map_err(&failed)?,
        };
        for entry in entries {
            let file = entry.map_err(&failed)?.file_name();
            let name = file.to_str().and_then(|file| name_of(file.strip_suffix(ending)?.strip_suffix('.')?));
            names.extend(name);
        }
        Ok(names)
    }

    pub(super) fn files(&self, name: &RunName) -> RunFiles {
        RunFiles::new(&self.directory, name)
    }
}

//! The directory of the runs: which there are, and how one is reserved, locked and removed.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Ledger;
use super::lock::RunLock;
use super::lock_file::{LockNote, RunNote};
use super::run_files::RunFiles;
use super::stop_mark::StopMark;
use crate::ledger::{LedgerError, LedgerStore, RunName};
use crate::places::STATE;
use crate::private_file::{self, FileError};

/// The directory of the runs.
#[derive(Clone, Debug)]
pub(crate) struct Runs {
    pub(super) directory: PathBuf,
}

impl Runs {
    /// The user's directory, made when it is not there.
    pub(crate) fn open() -> Result<Self, LedgerError> {
        let runs = Self::at_home()?;
        private_file::create_directory(&runs.directory)?;
        Ok(runs)
    }

    /// The user's directory, whether it is there or not.
    pub(crate) fn at_home() -> Result<Self, LedgerError> {
        let directory = STATE.directory().ok_or(LedgerError::NoDirectory)?;
        Ok(Self { directory: directory.join("runs") })
    }

    /// The directory, once a file has been written there, or where it would be made, and is gone again. Nothing stays.
    pub(crate) fn writable(&self) -> Result<&Path, LedgerError> {
        let path = &self.directory;
        // What is there but cannot be looked at is not passed over.
        let is_missing =
            |path: &&Path| path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        let there = path.ancestors().find(|path| !is_missing(path)).unwrap_or(path);
        let written = tempfile::tempfile_in(there).and_then(|mut file| file.write_all(b"x"));
        written.map_err(FileError::of("write", path))?;
        Ok(path)
    }

    /// Whether the file at `path`, there or not, is or would be one of the runs'.
    pub(crate) fn has(&self, path: &Path) -> bool {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let own = self.directory.canonicalize();
        own.is_ok_and(|own| parent.canonicalize().is_ok_and(|parent| parent.starts_with(own)))
    }

    /// The claims of single sends: beside the directory, where no run can have that name.
    pub(super) fn once_store(&self) -> PathBuf {
        self.directory.with_file_name("once.db")
    }

    /// The ledger of a run.
    pub(super) fn path(&self, name: &RunName) -> PathBuf {
        self.files(name).ledger()
    }

    /// Opens the ledger of a run to read it, also while another process writes it.
    pub(super) fn ledger(&self, name: &RunName) -> Result<Ledger, LedgerError> {
        // Asked before the ledger is read: a process that ends in between has written by then what it knew.
        let (is_held, noted) = (self.is_held(name), self.lock_note(name));
        Ok(Ledger::read(&self.path(name), &noted)?.of_run_that_is_held(is_held))
    }

    /// The same, but all of it is read, so that every damage is found.
    pub(super) fn whole_ledger(&self, name: &RunName) -> Result<Ledger, LedgerError> {
        let (is_held, noted) = (self.is_held(name), self.lock_note(name));
        Ok(Ledger::read_whole(&self.path(name), &noted)?.of_run_that_is_held(is_held))
    }

    /// As [`Runs::ledger`], of a run that this process has.
    pub(super) fn locked_ledger(&self, name: &RunName, lock: &RunLock) -> Result<Ledger, LedgerError> {
        Ledger::read(&self.path(name), &lock.mark()?.note())
    }

    fn lock_note(&self, name: &RunName) -> LockNote {
        LockNote::of(&self.files(name).lock(), || RunLock::is_held(&self.files(name)))
    }

    /// Whose run it is: by its ledger, where that can be read, else by its lock file; nothing where neither says so.
    pub(super) fn whose(&self, name: &RunName) -> Option<RunNote> {
        let of_ledger = self.ledger(name).ok().and_then(|ledger| ledger.vouched_note());
        of_ledger.or_else(|| self.note(name))
    }

    /// When a file of the run was last written, in milliseconds since 1970.
    pub(super) fn changed_at(&self, name: &RunName) -> i64 {
        self.files(name).changed_at()
    }

    /// The mark that a run is to stop.
    pub(super) fn stop_mark(&self, name: &RunName) -> StopMark {
        StopMark::new(self.files(name).stop())
    }

    /// Takes a run for this process.
    pub(super) fn lock(&self, name: &RunName) -> Result<RunLock, LedgerError> {
        RunLock::take(&self.files(name))
    }

    /// Takes a run for this process, to send what it has left. A stop that was meant for a process before this one is over;
    /// one that is asked for from here on holds.
    pub(super) fn lock_to_send(&self, name: &RunName) -> Result<RunLock, LedgerError> {
        let before = self.stop_mark(name).read();
        let lock = RunLock::take_to_send(&self.files(name))?;
        if let Some(before) = before {
            self.stop_mark(name).lift_that(&before)?;
        }
        Ok(lock)
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The names of the files with this ending.
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

//! The directory of the runs: which there are, and how one is reserved, locked and removed.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Ledger;
use super::commit_mark::{LockNote, RunNote};
use super::lock::{ALL, RunLock};
use super::reserved::ReservedRun;
use super::run_files::{DRAFT, LEDGER, LOCK, RunFiles};
use super::stop_mark::StopMark;
use crate::ledger::{LedgerError, RunError, RunName};
use crate::places::STATE;
use crate::private_file::{self, FileError};

/// The directory of the runs.
#[derive(Debug)]
pub(crate) struct Runs {
    directory: PathBuf,
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

    /// Every run, by name, also those whose files were given a name that no run has: they may have sent, too.
    pub(crate) fn names(&self) -> Result<Vec<RunName>, LedgerError> {
        let mut names = self.with_ending(LEDGER, RunName::of_file)?;
        names.sort();
        Ok(names)
    }

    /// The ledger of a run.
    pub(crate) fn path(&self, name: &RunName) -> PathBuf {
        self.files(name).ledger()
    }

    /// Runs of which only the lock file is left, though rows of theirs may have been sent.
    pub(crate) fn lost(&self) -> Result<Vec<RunName>, LedgerError> {
        let mut names = self.with_ending(LOCK, RunName::of_file)?;
        names.retain(|name| self.files(name).is_ledger_lost());
        Ok(names)
    }

    /// Whether nothing is left of a run: a link that leads nowhere is one whose ledger is elsewhere.
    pub(crate) fn is_removed(&self, name: &RunName) -> bool {
        let files = self.files(name);
        [files.ledger(), files.lock()].iter().all(|path| path.symlink_metadata().is_err())
    }

    /// What the lock file of a run says of it.
    pub(crate) fn note(&self, name: &RunName) -> Option<RunNote> {
        RunNote::read(&self.files(name).lock())
    }

    /// Opens the ledger of a run to read it, also while another process writes it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(&self, name: &RunName) -> Result<Ledger, LedgerError> {
        // Asked before the ledger is read: a process that ends in between has written by then what it knew.
        let (is_held, noted) = (self.is_held(name), self.lock_note(name));
        Ok(Ledger::read(&self.path(name), &noted)?.of_run_that_is_held(is_held))
    }

    /// The same, but all of it is read, so that every damage is found.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read_whole(&self, name: &RunName) -> Result<Ledger, LedgerError> {
        let (is_held, noted) = (self.is_held(name), self.lock_note(name));
        Ok(Ledger::read_whole(&self.path(name), &noted)?.of_run_that_is_held(is_held))
    }

    /// As [`Runs::read`], of a run that this process has.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read_locked(&self, name: &RunName, lock: &RunLock) -> Result<Ledger, LedgerError> {
        Ledger::read(&self.path(name), &lock.mark()?.note())
    }

    fn lock_note(&self, name: &RunName) -> LockNote {
        LockNote::of(&self.files(name).lock(), || self.is_held(name))
    }

    /// Whose run it is: by its ledger, where that can be read, else by its lock file; nothing where neither says so.
    pub(crate) fn whose(&self, name: &RunName) -> Option<RunNote> {
        let of_ledger = self.read(name).ok().and_then(|ledger| ledger.sealed_note());
        of_ledger.or_else(|| self.note(name))
    }

    /// When a file of the run was last written, in milliseconds since 1970.
    pub(crate) fn changed_at(&self, name: &RunName) -> i64 {
        self.files(name).changed_at()
    }

    /// The mark that a run is to stop.
    pub(crate) fn stop_mark(&self, name: &RunName) -> StopMark {
        StopMark::new(self.files(name).stop())
    }

    /// Takes a run for this process.
    ///
    /// # Errors
    /// When another process has it.
    pub(crate) fn lock(&self, name: &RunName) -> Result<RunLock, LedgerError> {
        RunLock::take(&self.files(name))
    }

    /// Takes a run for this process, to send what it has left. A stop that was meant for a process before this one is over;
    /// one that is asked for from here on holds.
    ///
    /// # Errors
    /// When another process has it.
    pub(crate) fn lock_to_send(&self, name: &RunName) -> Result<RunLock, LedgerError> {
        let before = self.stop_mark(name).read();
        let lock = RunLock::take_to_send(&self.files(name))?;
        if let Some(before) = before {
            self.stop_mark(name).lift_that(&before)?;
        }
        Ok(lock)
    }

    /// Whether a process sends a run at this moment, or is about to.
    pub(crate) fn is_taken_to_send(&self, name: &RunName) -> bool {
        RunLock::is_taken_to_send(&self.files(name))
    }

    /// Whether a process has a run at this moment.
    pub(crate) fn is_held(&self, name: &RunName) -> bool {
        RunLock::is_held(&self.files(name))
    }

    /// Takes a name for a new run, and clears away what imports left that were killed.
    ///
    /// # Errors
    /// When there is a run of that name, or another process is making it.
    pub(crate) fn reserve(&self, name: &RunName) -> Result<ReservedRun, LedgerError> {
        for abandoned in self.with_ending(DRAFT, |stem| stem.parse().ok())? {
            if let Ok(lock) = self.lock(&abandoned) {
                drop(ReservedRun::new(self.files(&abandoned), lock));
            }
        }
        let lock = RunLock::take_to_send(&self.files(name))?;
        if self.path(name).exists() {
            return Err(RunError::Exists { name: name.clone() }.into());
        }
        // The log of a ledger that somebody removed would be played into the new one.
        self.files(name).remove_logs()?;
        self.stop_mark(name).lift().map_err(LedgerError::from)?;
        Ok(ReservedRun::new(self.files(name), lock))
    }

    /// Removes a run; the caller has its lock.
    pub(crate) fn remove(&self, name: &RunName, lock: RunLock) -> Result<(), LedgerError> {
        let files = self.files(name);
        self.stop_mark(name).lift()?;
        files.remove_ledger()?;
        let removed = files.remove_lock();
        drop(lock);
        removed
    }

    /// Holds off every other process that would make a run; nothing while one is at it.
    pub(crate) fn try_hold(&self) -> Result<Option<RunLock>, LedgerError> {
        RunLock::try_for_all(&self.directory)
    }

    /// What the process that makes a run has locked.
    pub(crate) fn making_lock(&self) -> PathBuf {
        self.directory.join(ALL)
    }

    fn with_ending(
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

    fn files(&self, name: &RunName) -> RunFiles {
        RunFiles::new(&self.directory, name)
    }
}

//! A run in a file in figures.

use super::Ledger;
use super::directory::Runs;
use super::lock::RunLock;
use crate::ledger::{LedgerError, RunName, RunOverview, RunOverviews, UnreadableRun};

impl Runs {
    /// The run in figures.
    ///
    /// # Errors
    /// When its ledger cannot be read.
    pub(crate) fn overview(&self, name: &RunName) -> Result<RunOverview, LedgerError> {
        // Read before the counts are: a process that ends in between has written by then what it knew.
        let is_held = self.is_held(name);
        overview_of(name, is_held, self.read(name)?)
    }

    /// The same of a run that this process has, and no other.
    ///
    /// # Errors
    /// When its ledger cannot be read.
    pub(crate) fn overview_locked(&self, name: &RunName, lock: &RunLock) -> Result<RunOverview, LedgerError> {
        overview_of(name, false, self.read_locked(name, lock)?)
    }

    /// Every run, also those of which only the lock file is left.
    ///
    /// # Errors
    /// When it cannot be told which runs there are.
    pub(crate) fn overviews(&self) -> Result<RunOverviews, LedgerError> {
        let mut overviews = RunOverviews::default();
        for name in self.names()?.into_iter().chain(self.lost()?) {
            match self.overview(&name) {
                Ok(overview) => overviews.runs.push(overview),
                Err(_) if self.is_removed(&name) => {}
                Err(error) => overviews.unreadable.push(self.unreadable(name, error)),
            }
        }
        Ok(overviews)
    }

    /// A run whose ledger gave this error.
    pub(in crate::ledger) fn unreadable(&self, name: RunName, error: LedgerError) -> UnreadableRun {
        UnreadableRun { note: self.note(&name), is_held: self.is_held(&name), name, error }
    }
}

fn overview_of(name: &RunName, is_held: bool, ledger: Ledger) -> Result<RunOverview, LedgerError> {
    Ok(RunOverview {
        name: name.clone(),
        details: ledger.details()?,
        noted: ledger.counts()?,
        created_at: ledger.created_at()?,
        changed_at: ledger.changed_at()?,
        is_held,
        damage: ledger.into_whole().err(),
    })
}

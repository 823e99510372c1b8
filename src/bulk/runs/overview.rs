//! A run in figures, for a list of all of them.

use super::directory::Runs;
use super::earlier::since;
use super::lock::RunLock;
use super::name::RunName;
use crate::bulk::ledger::{Counts, Details, Ledger, LedgerError, RunNote, is_recent};

/// What there is to say of a run beside the others.
#[derive(Debug)]
pub(crate) struct RunOverview {
    pub(crate) name: RunName,
    /// Why its ledger is not all that was written: its counts have as unknown what may have been sent.
    pub(crate) damage: Option<LedgerError>,
    pub(crate) details: Details,
    /// As the ledger has them; see [`RunOverview::counts`].
    pub(in crate::bulk) noted: Counts,
    /// Milliseconds since 1970.
    pub(crate) created_at: i64,
    /// The last outcome or decision; where there is none, when the run was made.
    pub(crate) changed_at: i64,
    /// Whether a process has it.
    pub(crate) is_held: bool,
}

/// A run whose ledger cannot be read: what it sent is not known.
#[derive(Debug)]
pub(crate) struct UnreadableRun {
    pub(crate) name: RunName,
    pub(crate) error: LedgerError,
    /// Whose it is, by its lock file.
    pub(crate) note: Option<RunNote>,
    /// Whether a process has it.
    pub(crate) is_held: bool,
}

/// All runs.
#[derive(Debug, Default)]
pub(crate) struct RunOverviews {
    pub(crate) runs: Vec<RunOverview>,
    pub(crate) unreadable: Vec<UnreadableRun>,
}

impl RunOverview {
    /// How many rows are in each state. What was under way when a process died may have been sent: it is as good as unknown.
    pub(crate) fn counts(&self) -> Counts {
        if self.is_held { self.noted } else { self.noted.at_rest() }
    }

    /// How many of its rows a new run would still be compared with: of those under way it is whatever their age.
    pub(crate) fn remembered(&self, now: i64) -> u64 {
        let Counts { sent, unknown, inflight, .. } = self.counts();
        if self.details.sandbox {
            0
        } else if is_recent(self.changed_at, since(now, self.details.remember)) {
            sent + unknown + inflight
        } else {
            inflight
        }
    }

    /// Whether every row is known to be final.
    pub(crate) fn is_finished(&self) -> bool {
        self.damage.is_none() && self.noted.is_finished()
    }
}

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
    pub(in crate::bulk) fn unreadable(&self, name: RunName, error: LedgerError) -> UnreadableRun {
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

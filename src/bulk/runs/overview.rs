//! A run in figures, for a list of all of them.

use super::directory::Runs;
use super::name::RunName;
use crate::bulk::ledger::{Counts, Details, Ledger, LedgerError};

/// What there is to say of a run beside the others.
#[derive(Debug)]
pub(crate) struct RunOverview {
    pub(crate) name: RunName,
    /// The name that the ledger has, where its file has another one: it is a copy.
    pub(crate) copy_of: Option<String>,
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

impl RunOverview {
    /// How many rows are in each state. What was under way when a process died may have been sent: it is as good as unknown.
    pub(crate) fn counts(&self) -> Counts {
        if self.is_held { self.noted } else { self.noted.at_rest() }
    }

    /// Whether every row is final.
    pub(crate) fn is_finished(&self) -> bool {
        self.noted.is_finished()
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
        let ledger = Ledger::read(&self.path(name))?;
        let own_name = ledger.name()?;
        Ok(RunOverview {
            name: name.clone(),
            copy_of: Some(own_name).filter(|own| *own != name.to_string()),
            details: ledger.details()?,
            noted: ledger.counts()?,
            created_at: ledger.created_at()?,
            changed_at: ledger.changed_at()?,
            is_held,
        })
    }

    /// Every run. `warn` hears of those whose ledger cannot be read.
    pub(crate) fn overviews(
        &self,
        mut warn: impl FnMut(&RunName, &LedgerError),
    ) -> Result<Vec<RunOverview>, LedgerError> {
        let mut overviews = Vec::new();
        for name in self.names()? {
            match self.overview(&name) {
                Ok(overview) => overviews.push(overview),
                Err(_) if self.is_removed(&name) => {}
                Err(error) => warn(&name, &error),
            }
        }
        Ok(overviews)
    }
}

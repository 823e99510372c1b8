//! What is told of all runs: each in figures, or what they have for one person.

use super::delivery::DeliveryCounts;
use super::error::LedgerError;
use super::model::Counts;
use super::name::RunName;
use super::run::Run;
use super::types::{Details, ReportedRow};
use crate::ledger::RunNote;

/// What there is to say of a run beside the others.
#[derive(Debug)]
pub(crate) struct RunOverview {
    pub(crate) name: RunName,
    /// Why its ledger is not all that was written: its counts have as unknown what may have been sent.
    pub(crate) damage: Option<LedgerError>,
    pub(crate) details: Details,
    /// As the ledger has them; see [`RunOverview::counts`].
    noted: Counts,
    /// Milliseconds since 1970.
    pub(crate) created_at: i64,
    /// The last outcome or decision; where there is none, when the run was made.
    pub(crate) changed_at: i64,
    /// Whether a process has it.
    pub(crate) is_held: bool,
    /// How far its messages came; nothing where nobody has asked.
    pub(crate) deliveries: Option<DeliveryCounts>,
    /// Whether a person gave it up.
    pub(crate) is_cancelled: bool,
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
    /// Of the run `name`.
    pub(crate) fn of(name: &RunName, is_held: bool, run: Box<dyn Run>) -> Result<Self, LedgerError> {
        Ok(Self {
            name: name.clone(),
            details: run.details()?,
            noted: run.counts()?,
            created_at: run.created_at()?,
            changed_at: run.changed_at()?,
            is_held,
            deliveries: run.delivery_counts()?,
            is_cancelled: run.is_cancelled()?,
            damage: run.into_whole().err(),
        })
    }

    /// How many rows are in each state. What was under way when a process died may have been sent: it is as good as unknown.
    pub(crate) fn counts(&self) -> Counts {
        if self.is_held { self.noted } else { self.noted.at_rest() }
    }

    /// How many of its rows `--skip-sent` would leave out of a new run.
    pub(crate) fn remembered(&self) -> u64 {
        let Counts { sent, unknown, inflight, .. } = self.counts();
        if self.details.sandbox { 0 } else { sent + unknown + inflight }
    }

    /// Whether every row is known to be final.
    pub(crate) fn is_finished(&self) -> bool {
        self.damage.is_none() && self.noted.is_finished()
    }
}

/// A row to the person who was looked for.
#[derive(Debug)]
pub(crate) struct FoundRow {
    /// As the run writes it.
    pub(crate) recipient: String,
    /// The message, as JSON.
    pub(crate) body: String,
    pub(crate) reported: ReportedRow,
}

/// Such a row, and the run that has it.
#[derive(Debug)]
pub(crate) struct FoundMessage {
    pub(crate) run: String,
    pub(crate) kind: String,
    pub(crate) bot: String,
    pub(crate) is_rehearsal: bool,
    pub(crate) row: FoundRow,
}

/// What all runs have for them.
#[derive(Debug, Default)]
pub(crate) struct FoundMessages {
    pub(crate) messages: Vec<FoundMessage>,
    /// Runs whose ledger is not all that was written.
    pub(crate) damaged: Vec<(RunName, LedgerError)>,
    /// Runs of which it is not known whether they have any.
    pub(crate) unreadable: Vec<UnreadableRun>,
}

impl FoundMessage {
    pub(super) fn of(run: String, details: &Details, row: FoundRow) -> Self {
        Self { run, kind: details.kind.clone(), bot: details.bot.clone(), is_rehearsal: details.sandbox, row }
    }
}

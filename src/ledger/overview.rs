//! The report about all runs: the figures of each run, or its rows for one person.

use super::delivery::DeliveryCounts;
use super::error::LedgerError;
use super::model::Counts;
use super::name::RunName;
use super::run::Run;
use super::types::{Details, ReportedRow};

/// One run in the list of runs.
#[derive(Debug)]
pub(crate) struct RunOverview {
    pub(crate) name: RunName,
    /// Why rows that are not sent here may have been sent. If there is such a reason, they count as unknown.
    pub(crate) doubt: Option<LedgerError>,
    pub(crate) details: Details,
    /// The number of rows in each state. A row that was under way when its process died counts as unknown.
    pub(crate) counts: Counts,
    /// Whether every row is known to be final.
    pub(crate) is_finished: bool,
    /// Milliseconds since 1970.
    pub(crate) created_at: i64,
    /// The last outcome or decision, or the time when the run was made if there is none.
    pub(crate) changed_at: i64,
    /// Whether a process has it.
    pub(crate) is_held: bool,
    /// How far its messages came; none if this was never asked.
    pub(crate) deliveries: Option<DeliveryCounts>,
    /// Whether a person cancelled it.
    pub(crate) is_cancelled: bool,
}

impl RunOverview {
    pub(crate) fn of(run: &Run) -> Result<Self, LedgerError> {
        Ok(Self {
            name: run.name().clone(),
            doubt: run.doubt()?,
            details: run.details()?,
            counts: run.counts()?,
            is_finished: run.is_finished()?,
            created_at: run.created_at()?,
            changed_at: run.changed_at()?,
            is_held: run.is_held()?,
            deliveries: run.delivery_counts()?,
            is_cancelled: run.is_cancelled()?,
        })
    }

    /// The number of its rows that `--skip-sent` would leave out of a new run.
    pub(crate) fn remembered(&self) -> u64 {
        let Counts { sent, unknown, inflight, .. } = self.counts;
        if self.details.sandbox { 0 } else { sent + unknown + inflight }
    }
}

/// A row for the person that was searched for.
#[derive(Debug)]
pub(crate) struct FoundRow {
    /// The recipient as the run wrote it.
    pub(crate) recipient: String,
    /// The message, as JSON.
    pub(crate) body: String,
    pub(crate) reported: ReportedRow,
}

/// A matching row and its run.
#[derive(Debug)]
pub(crate) struct FoundMessage {
    pub(crate) run: String,
    pub(crate) kind: String,
    pub(crate) bot: String,
    pub(crate) is_rehearsal: bool,
    pub(crate) row: FoundRow,
}

impl FoundMessage {
    pub(super) fn of(run: String, details: &Details, row: FoundRow) -> Self {
        Self { run, kind: details.kind.clone(), bot: details.bot.clone(), is_rehearsal: details.sandbox, row }
    }
}

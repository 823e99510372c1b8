//! What every run has for one person, in files and in a database.

use super::error::LedgerError;
use super::name::RunName;
use super::overview::UnreadableRun;
use super::types::{Details, ReportedRow};

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

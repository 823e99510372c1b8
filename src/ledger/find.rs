//! What every run has for one person, in files and in a database.

use super::error::LedgerError;
use super::name::RunName;
use super::overview::UnreadableRun;
use super::store::RunStore;
use super::types::Details;
use crate::ledger::sqlite::{FoundRow, Ledger, Runs};
use crate::output::Sent;

/// A row to the person who was looked for, and the run that has it.
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
    /// The last first, as they are remembered.
    pub(crate) messages: Vec<FoundMessage>,
    /// Runs whose ledger is not all that was written.
    pub(crate) damaged: Vec<(RunName, LedgerError)>,
    /// Runs of which it is not known whether they have any.
    pub(crate) unreadable: Vec<UnreadableRun>,
}

impl FoundMessage {
    fn of(run: String, details: &Details, row: FoundRow) -> Self {
        Self { run, kind: details.kind.clone(), bot: details.bot.clone(), is_rehearsal: details.sandbox, row }
    }
}

impl RunStore {
    /// The rows to the people whom `recipients` mean.
    ///
    /// # Errors
    /// When it cannot be told which runs there are.
    pub(crate) fn find(&self, recipients: &[String]) -> Result<FoundMessages, LedgerError> {
        let mut found = FoundMessages::default();
        match self {
            Self::Files(runs) => {
                for name in runs.names()?.into_iter().chain(runs.lost()?) {
                    match find_in(runs, &name, recipients, &mut found) {
                        Ok(()) => {}
                        Err(_) if runs.is_removed(&name) => {}
                        Err(error) => found.unreadable.push(runs.unreadable(name, error)),
                    }
                }
            }
            Self::Shared(runs) => {
                let doubts = runs.doubts(None)?;
                for recipient in recipients {
                    for (run, details, mut row) in runs.rows_to(recipient)? {
                        if let Some(doubt) = doubts.get(&run) {
                            row.reported = row.reported.where_records_are_lost(doubt);
                        }
                        found.messages.push(FoundMessage::of(run, &details, row));
                    }
                }
                let damaged = doubts.into_iter().filter_map(|(run, doubt)| Some((run.parse().ok()?, doubt)));
                found.damaged.extend(damaged);
            }
        }
        // What nothing became of yet has no time.
        found.messages.sort_by_key(|found| std::cmp::Reverse(found.row.reported.at.unwrap_or(i64::MAX)));
        Ok(found)
    }
}

fn find_in(runs: &Runs, name: &RunName, recipients: &[String], found: &mut FoundMessages) -> Result<(), LedgerError> {
    let mut ledger = runs.read(name)?;
    let mut rows = rows_to(&ledger, recipients)?;
    // A row is said not to be sent only when all records were read. The first handle is closed after the second has found
    // damage or none, and only the last to close writes the log into the file.
    if rows.iter().any(|row| row.reported.state.sent() == Sent::No) {
        ledger = runs.read_whole(name)?;
        rows = rows_to(&ledger, recipients)?;
    }
    if !rows.is_empty() {
        let details = ledger.details()?;
        found.messages.extend(rows.into_iter().map(|row| FoundMessage::of(name.to_string(), &details, row)));
    }
    found.damaged.extend(ledger.into_whole().err().map(|damage| (name.clone(), damage)));
    Ok(())
}

fn rows_to(ledger: &Ledger, recipients: &[String]) -> Result<Vec<FoundRow>, LedgerError> {
    let mut rows = Vec::new();
    for recipient in recipients {
        rows.extend(ledger.rows_to(recipient)?);
    }
    Ok(rows)
}

//! What every run has for one person, in files and in a database.

use super::error::BulkError;
use super::ledger::{Details, FoundRow, Ledger, LedgerError};
use super::runs::{RunName, Runs};
use super::store::RunStore;

/// A row to the person who was looked for, and the run that has it.
#[derive(Debug)]
pub(crate) struct FoundMessage {
    pub(crate) run: String,
    pub(crate) kind: String,
    pub(crate) bot: String,
    pub(crate) is_rehearsal: bool,
    pub(crate) row: FoundRow,
}

impl FoundMessage {
    fn of(run: String, details: &Details, row: FoundRow) -> Self {
        Self { run, kind: details.kind.clone(), bot: details.bot.clone(), is_rehearsal: details.sandbox, row }
    }
}

impl RunStore {
    /// The rows to the people whom `recipients` mean, the last first, as they are remembered. `warn` hears of runs of which it
    /// is not known.
    ///
    /// # Errors
    /// When it cannot be told which runs there are.
    pub(crate) fn find(
        &self,
        recipients: &[String],
        mut warn: impl FnMut(&RunName, &str),
    ) -> Result<Vec<FoundMessage>, BulkError> {
        let mut found = Vec::new();
        match self {
            Self::Files(runs) => {
                for name in runs.names()? {
                    match find_in(runs, &name, recipients) {
                        Ok(rows) => found.extend(rows),
                        Err(_) if runs.is_removed(&name) => {}
                        Err(error) => warn(&name, &error.to_string()),
                    }
                }
                runs.lost()?.iter().for_each(|name| warn(name, "its ledger is gone"));
            }
            Self::Shared(runs) => {
                for recipient in recipients {
                    let rows = runs.rows_to(recipient)?;
                    found.extend(rows.into_iter().map(|(run, details, row)| FoundMessage::of(run, &details, row)));
                }
            }
        }
        // What nothing became of yet has no time.
        found.sort_by_key(|found| std::cmp::Reverse(found.row.reported.at.unwrap_or(i64::MAX)));
        Ok(found)
    }
}

fn find_in(runs: &Runs, name: &RunName, recipients: &[String]) -> Result<Vec<FoundMessage>, LedgerError> {
    let ledger = Ledger::read(&runs.path(name))?;
    let mut rows = Vec::new();
    for recipient in recipients {
        rows.extend(ledger.rows_to(recipient)?);
    }
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let details = ledger.details()?;
    Ok(rows.into_iter().map(|row| FoundMessage::of(name.to_string(), &details, row)).collect())
}

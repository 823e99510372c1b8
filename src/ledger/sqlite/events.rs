//! What a run in a file went through.

use rusqlite::{OptionalExtension, params};

use super::Ledger;
use super::commit::Batch;
use crate::ledger::{LedgerError, RunEvent, RunEventKind};

impl Batch<'_> {
    /// Adds what happened to the run.
    pub(super) fn event(&self, event: &RunEvent) -> rusqlite::Result<()> {
        let RunEvent { kind, at, reason, problem, until } = event;
        let query = "INSERT INTO event (kind, at, reason, problem, until) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.connection().execute(query, params![kind, at, reason, problem, until]).map(|_| ())
    }
}

impl Ledger {
    /// Notes what happened to the run.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn note_events(&mut self, events: &[RunEvent]) -> Result<(), LedgerError> {
        self.write(|batch| events.iter().try_for_each(|event| batch.event(event)))
    }

    /// What happened to the run, in order.
    pub(crate) fn events(&self) -> Result<Vec<RunEvent>, LedgerError> {
        let mut statement = self.db.prepare("SELECT kind, at, reason, problem, until FROM event ORDER BY number")?;
        let events = statement.query_map([], |row| {
            Ok(RunEvent {
                kind: row.get(0)?,
                at: row.get(1)?,
                reason: row.get(2)?,
                problem: row.get(3)?,
                until: row.get(4)?,
            })
        })?;
        Ok(events.collect::<Result<_, _>>()?)
    }

    /// That the run has ended, where that is not what was noted last.
    pub(super) fn end(&self) -> Result<Option<RunEvent>, LedgerError> {
        let query = "SELECT kind FROM event ORDER BY number DESC LIMIT 1";
        let last: Option<RunEventKind> = self.db.query_row(query, [], |row| row.get(0)).optional()?;
        Ok((last != Some(RunEventKind::Ended)).then(|| RunEvent::now(RunEventKind::Ended)))
    }
}

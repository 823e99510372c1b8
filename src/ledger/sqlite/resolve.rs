//! A person's decisions about rows of a run in a file.

use super::Ledger;
use super::commit::{Batch, decision};
use super::record::RecordKind;
use crate::ledger::{Counts, DecidedRow, LedgerError, Resolution, ResolveError, RowState, Run, decided_by_hand, now};

impl Batch<'_> {
    /// Moves a row to the state that a person decided.
    fn decide(&mut self, DecidedRow { n, number, change }: DecidedRow) -> rusqlite::Result<()> {
        let (at, problem) = (now(), decided_by_hand(change));
        let fields = decision(n, number + 1, change, "resolved", &problem, at);
        self.add(RecordKind::Decision, &fields, change, at)
    }

    /// Makes a row unknown. A failed row first becomes pending, as if it was sent again.
    pub(super) fn doubt(&mut self, row: DecidedRow) -> rusqlite::Result<()> {
        let DecidedRow { n, mut number, change: [from, _] } = row;
        if from == RowState::Failed {
            self.decide(DecidedRow { n, number, change: [from, RowState::Pending] })?;
            number += 1;
        }
        self.decide(DecidedRow { n, number, change: [RowState::Pending, RowState::Unknown] })
    }
}

impl Ledger {
    /// Decides rows by hand. Returns the number of changed rows in each state. If a row does not exist or is not in the
    /// expected state, or the write fails, nothing changes.
    pub(crate) fn resolve(&mut self, resolution: &Resolution) -> Result<Counts, ResolveError> {
        let rows = self.rows_of(resolution)?;
        self.decide_rows(rows)
    }

    /// The rows that `resolution` selects.
    pub(super) fn rows_of(&self, resolution: &Resolution) -> Result<Vec<DecidedRow>, ResolveError> {
        match resolution {
            Resolution::All(change) => self.all_in_state(*change),
            Resolution::Some { change, lines, people } => (self as &dyn Run).chosen_rows(*change, lines, people),
            Resolution::Reported(said) => (self as &dyn Run).rows_reported_otherwise(said),
        }
    }

    pub(super) fn decide_rows(&mut self, rows: Vec<DecidedRow>) -> Result<Counts, ResolveError> {
        let mut changed = Counts::default();
        self.write(|batch| {
            for row in rows {
                batch.decide(row)?;
                *changed.of_mut(row.change[1]) += 1;
            }
            Ok(())
        })?;
        Ok(changed)
    }

    /// The rows that may have been sent although the ledger has them as still to be sent. If it `has_lost` records,
    /// this includes failed rows, since they may have been sent again.
    pub(super) fn rows_in_doubt(&self, has_lost: bool) -> Result<Vec<DecidedRow>, LedgerError> {
        let query =
            "SELECT n, number, state FROM standing WHERE state = 'pending' OR state = 'failed' AND ?1 ORDER BY n";
        let mut statement = self.db.prepare(query)?;
        let rows = statement.query_map([has_lost], |row| {
            Ok(DecidedRow { n: row.get(0)?, number: row.get(1)?, change: [row.get(2)?, RowState::Unknown] })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn all_in_state(&self, change: [RowState; 2]) -> Result<Vec<DecidedRow>, ResolveError> {
        let rows = self.numbers_in_state(change[0])?.into_iter();
        Ok(rows.map(|(n, number)| DecidedRow { n, number, change }).collect())
    }

    /// The rows in this state, each with the number of its last record.
    pub(super) fn numbers_in_state(&self, state: RowState) -> Result<Vec<(i64, i64)>, LedgerError> {
        let mut statement = self.db.prepare("SELECT n, number FROM standing WHERE state = ?1 ORDER BY n")?;
        let rows = statement.query_map([state], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

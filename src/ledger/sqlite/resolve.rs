//! What a person decides of rows of a run in a file.

use super::Ledger;
use super::commit::{Batch, decision};
use super::record::RecordKind;
use crate::ledger::{Counts, DecidedRow, LedgerError, Resolution, ResolveError, RowState, Run, decided_by_hand, now};

impl Batch<'_> {
    /// A row is what a person says.
    fn decide(&mut self, DecidedRow { n, number, change }: DecidedRow) -> rusqlite::Result<()> {
        let (at, problem) = (now(), decided_by_hand(change));
        let fields = decision(n, number + 1, change, "resolved", &problem, at);
        self.add(RecordKind::Decision, &fields, change, at)
    }

    /// A row is unknown from now on. One that failed is first what it must have been to be sent again.
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
    /// Decides rows by hand. Says how many are in which state now because of it. When a row is not there or in another state
    /// than was meant, or the ledger cannot be written, nothing is changed.
    pub(crate) fn resolve(&mut self, resolution: &Resolution) -> Result<Counts, ResolveError> {
        let rows = self.rows_of(resolution)?;
        self.decide_rows(rows)
    }

    /// The rows that `resolution` is about.
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

    /// The rows that may have been sent although the ledger has them as still to be sent; where it `has_lost` records, also
    /// as failed, since they may have been sent again.
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

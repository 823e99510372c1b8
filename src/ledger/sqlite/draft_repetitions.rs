//! What is done about rows that an earlier run has too.

use rusqlite::{Connection, params};

use super::comparison::Comparison;
use super::draft::LedgerDraft;
use super::reading::skip_counts;
use super::{Ledger, comparison};
use crate::ledger::{EarlierMessages, EarlierRow, LedgerError, Skip, SkipCounts, of_rank};

/// So many rows are left out by one commit.
const ROWS_A_COMMIT: usize = 10_000;

impl LedgerDraft {
    /// To compare its rows that are to be sent with other runs; there are no more to come.
    pub(crate) fn comparison(&self) -> Result<Comparison<'_>, LedgerError> {
        Comparison::of(&self.db)
    }

    /// What was noted of rows that are not left out.
    pub(crate) fn earlier(&self) -> Result<Vec<EarlierMessages>, LedgerError> {
        earlier(&self.db)
    }

    /// Leaves out the rows that were noted.
    pub(crate) fn skip_earlier(&mut self) -> Result<(), LedgerError> {
        let mut after = 0;
        loop {
            let rows = noted(&self.db, after)?;
            let Some((last, ..)) = rows.last() else { return Ok(()) };
            after = *last;
            for (n, run, found) in rows {
                self.skip(n, Skip { reason: found.reason, problem: &found.problem(&run), run: Some(&run) })?;
            }
        }
    }

    /// As [`Ledger::skip_counts`].
    pub(crate) fn skip_counts(&self) -> Result<SkipCounts, LedgerError> {
        skip_counts(&self.db)
    }
}

impl Ledger {
    /// To compare the rows that are still to be sent with other runs.
    pub(crate) fn comparison(&self) -> Result<Comparison<'_>, LedgerError> {
        Comparison::of(&self.db)
    }

    /// As [`LedgerDraft::earlier`].
    pub(crate) fn earlier(&self) -> Result<Vec<EarlierMessages>, LedgerError> {
        earlier(&self.db)
    }

    /// Leaves out the rows that `compared`, the same ledger, has noted.
    pub(crate) fn skip_earlier(&mut self, compared: &Self) -> Result<(), LedgerError> {
        let mut after = 0;
        loop {
            let rows = noted(&compared.db, after)?;
            let Some((last, ..)) = rows.last() else { return Ok(()) };
            after = *last;
            self.write(|batch| {
                for (n, run, found) in rows {
                    let problem = found.problem(&run);
                    batch.skip(n, Skip { reason: found.reason, problem: &problem, run: Some(&run) })?;
                }
                Ok(())
            })?;
        }
    }

    /// What tells whether the run has changed: whose it is, and how often it was written.
    pub(crate) fn version(&self) -> Result<([u8; 16], u64), LedgerError> {
        let query = "SELECT identity, commits FROM run, progress";
        Ok(self.db.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }
}

fn earlier(db: &Connection) -> Result<Vec<EarlierMessages>, LedgerError> {
    comparison::prepare(db)?;
    let mut statement = db.prepare(&format!(
        "SELECT run, reason, count(*), max(at) FROM earlier WHERE {} GROUP BY run, reason \
         ORDER BY count(*) DESC, max(at) DESC",
        "NOT EXISTS (SELECT 1 FROM decision WHERE decision.n = earlier.n AND decision.\"to\" = 'skipped')"
    ))?;
    let rows = statement.query_and_then([], |row| {
        Ok(EarlierMessages { run: row.get(0)?, reason: of_rank(row.get(1)?)?, rows: row.get(2)?, at: row.get(3)? })
    })?;
    rows.collect()
}

/// The next rows behind `after` that were noted and are not left out yet.
fn noted(db: &Connection, after: i64) -> Result<Vec<(i64, String, EarlierRow)>, LedgerError> {
    comparison::prepare(db)?;
    let mut statement = db.prepare_cached(
        "SELECT n, run, reason, at FROM earlier WHERE n > ?1 AND NOT EXISTS (SELECT 1 FROM decision \
         WHERE decision.n = earlier.n AND decision.\"to\" = 'skipped') ORDER BY n LIMIT ?2",
    )?;
    let rows = statement.query_and_then(params![after, ROWS_A_COMMIT], |row| {
        Ok((row.get(0)?, row.get(1)?, EarlierRow { reason: of_rank(row.get(2)?)?, at: row.get(3)? }))
    })?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sqlite::fixture;
    use crate::ledger::{Run, SkipReason};

    #[test]
    fn a_row_that_is_left_out_holds_up_nobody() {
        let home = tempfile::TempDir::new().unwrap();
        let (mut ledger, reader) = fixture::ledgers(home.path(), &["593987650000"; 3]);
        let in_order = "DROP TRIGGER row_stays; UPDATE row SET before = n - 1 WHERE n > 1";
        reader.db.execute_batch(in_order).unwrap();
        comparison::prepare(&reader.db).unwrap();
        reader.db.execute("INSERT INTO earlier VALUES (2, 2, 'r', 0)", []).unwrap();
        ledger.skip_earlier(&reader).unwrap();
        assert_eq!(reader.skip_counts().unwrap().iter().collect::<Vec<_>>(), [(SkipReason::AlreadySent, 1)]);
        // The third row waits for the first.
        assert_eq!(reader.followers().unwrap(), []);
        assert_eq!(reader.pending(2).unwrap().map(|row| row.n), Some(3));
        reader.db.execute("INSERT OR REPLACE INTO earlier VALUES (1, 2, 'r', 0)", []).unwrap();
        ledger.skip_earlier(&reader).unwrap();
        assert_eq!(reader.followers().unwrap(), [(3, 0)]);
        let left = reader.pending(3).unwrap();
        assert_eq!(left.map(|row| row.number), Some(1));
        // Twice it is not left out.
        ledger.skip_earlier(&reader).unwrap();
        assert_eq!(reader.counts().unwrap().skipped, 2);
    }
}

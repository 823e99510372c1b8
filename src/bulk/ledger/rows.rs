//! The rows that are still to be sent, as the engine takes them.

use rusqlite::{OptionalExtension, Row as SqlRow};

use super::seal::RequestHash;
use super::{Ledger, LedgerError, QueuedRow};

/// A row of which there is no record, unless it is skipped, as [`QUEUED`] gives it.
const UNTOUCHED: &str = "SELECT row.n, line, recipient, path, body, \
     (SELECT later.n FROM row AS later WHERE later.before = row.n), 0, fingerprint, seal \
     FROM row JOIN content USING (n) WHERE row.n > ?1 AND before IS NULL \
     AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.row = row.n) ORDER BY row.n";

/// A row that may be sent, its number of records, and its seal.
const QUEUED: &str = "SELECT row.n, line, recipient, path, body, \
     (SELECT later.n FROM row AS later WHERE later.before = row.n), \
     max(coalesce((SELECT max(number) FROM attempt WHERE attempt.row = row.n), 0), \
       coalesce((SELECT max(number) FROM decision WHERE decision.row = row.n), 0)), fingerprint, seal \
     FROM row JOIN content USING (n)";

/// Whether a row is pending: most are sent, or were never begun, and that is found by one look at a table each.
const IS_PENDING: &str = "CASE (SELECT state FROM outcome WHERE outcome.row = row.n ORDER BY number DESC LIMIT 1) \
     WHEN 'sent' THEN 0 \
     ELSE (NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.row = row.n) \
         AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.row = row.n)) \
       OR (SELECT state FROM standing WHERE standing.n = row.n) = 'pending' END";

impl Ledger {
    /// The next rows behind `after` that wait for no other row: at most `limit` and, but for the first, `bytes` of bodies.
    ///
    /// # Errors
    /// When the ledger cannot be read, or a row is not the one that was written.
    pub(crate) fn fresh(&self, after: i64, limit: usize, bytes: usize) -> Result<Vec<QueuedRow>, LedgerError> {
        // Whatever is done to these while the run goes on, they are read but once.
        let mut statement = if after + 1 >= self.untouched {
            self.db.prepare_cached(UNTOUCHED)?
        } else {
            let query = format!("{QUEUED} WHERE row.n > ?1 AND before IS NULL AND {IS_PENDING} ORDER BY row.n");
            self.db.prepare_cached(&query)?
        };
        let mut rows = statement.query([after.max(self.first_pending - 1)])?;
        let (mut taken, mut size) = (Vec::new(), 0);
        while taken.len() < limit
            && size < bytes
            && let Some(row) = rows.next()?
        {
            let row = self.queued(row)?;
            size += row.body.len();
            taken.push(row);
        }
        Ok(taken)
    }

    /// One row that is still to be sent.
    pub(crate) fn pending(&self, n: i64) -> Result<Option<QueuedRow>, LedgerError> {
        let mut statement = self.db.prepare_cached(&format!("{QUEUED} WHERE row.n = ?1 AND {IS_PENDING}"))?;
        statement.query_row([n], |row| Ok(self.queued(row))).optional()?.transpose()
    }

    /// Pending rows whose row before is final, with when that became so.
    pub(crate) fn followers(&self) -> Result<Vec<(i64, i64)>, LedgerError> {
        let mut statement = self.db.prepare(
            "SELECT row.n, first.at FROM row JOIN standing AS first ON first.n = row.before \
             JOIN standing AS own ON own.n = row.n WHERE row.before IS NOT NULL AND own.state = 'pending' \
             AND (first.state = 'sent' OR first.state = 'failed' OR first.state = 'unknown')",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Gives the recipient and the body of every row that is still to be sent.
    ///
    /// # Errors
    /// As of [`Ledger::fresh`].
    pub(crate) fn pending_requests<E: From<LedgerError>>(
        &self,
        mut check: impl FnMut(&str, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        let query = format!("{QUEUED} WHERE {IS_PENDING} ORDER BY row.n");
        let mut statement = self.db.prepare(&query).map_err(LedgerError::from)?;
        let mut rows = statement.query([]).map_err(LedgerError::from)?;
        while let Some(row) = rows.next().map_err(LedgerError::from)? {
            let row = self.queued(row)?;
            check(&row.recipient, &row.body)?;
        }
        Ok(())
    }

    fn queued(&self, row: &SqlRow<'_>) -> Result<QueuedRow, LedgerError> {
        let queued = QueuedRow {
            n: row.get(0)?,
            line: row.get(1)?,
            recipient: row.get(2)?,
            path: row.get(3)?,
            body: row.get(4)?,
            follower: row.get(5)?,
            number: row.get::<_, i64>(6)? + 1,
        };
        let hash = RequestHash::of(&queued.path, &queued.recipient, &queued.body);
        if (row.get(7), row.get(8)) != (Ok(hash.fingerprint()), Ok(hash.seal(queued.n, queued.line))) {
            return Err(self.damaged(format!("the request of line {} is not the one that was written", queued.line)));
        }
        Ok(queued)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::fixture;

    #[test]
    fn no_more_rows_are_read_at_once_than_fit() {
        let home = tempfile::TempDir::new().unwrap();
        let (ledger, reader) = fixture::ledgers(home.path(), &["593900000000"; 5]);
        drop(ledger);
        let lines = |rows: Vec<QueuedRow>| rows.into_iter().map(|row| row.line).collect::<Vec<_>>();
        // Each body has two bytes.
        assert_eq!(lines(reader.fresh(0, 128, 1).unwrap()), [2]);
        assert_eq!(lines(reader.fresh(0, 128, 4).unwrap()), [2, 3]);
        assert_eq!(lines(reader.fresh(2, 2, 1000).unwrap()), [4, 5]);
        assert_eq!(lines(reader.fresh(2, 128, 1000).unwrap()), [4, 5, 6]);
    }
}

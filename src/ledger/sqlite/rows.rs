//! The rows that are still to be sent, as the engine receives them.

use rusqlite::{OptionalExtension, Row as SqlRow, Rows};

use super::Ledger;
use crate::ledger::{LedgerError, QueuedRow};

/// The number of bytes in bodies after which no more rows are read at once.
pub(super) const BYTES_AT_ONCE: usize = 4 * 1024 * 1024;

/// Rows without any record, except skipped ones, with the columns of [`QUEUED`].
const UNTOUCHED: &str = "SELECT row.n, line, recipient, path, body, \
     (SELECT later.n FROM row AS later WHERE later.before = row.n), 0, fingerprint, row_checksum \
     FROM row JOIN content USING (n) WHERE row.n > ?1 AND before IS NULL \
     AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.n = row.n) ORDER BY row.n";

/// Rows that may be sent, with their number of records and their checksums.
const QUEUED: &str = "SELECT row.n, line, recipient, path, body, \
     (SELECT later.n FROM row AS later WHERE later.before = row.n), \
     max(coalesce((SELECT max(number) FROM attempt WHERE attempt.n = row.n), 0), \
       coalesce((SELECT max(number) FROM decision WHERE decision.n = row.n), 0)), fingerprint, row_checksum \
     FROM row JOIN content USING (n)";

/// Whether a row is pending. Most rows are sent or were never tried, which takes one lookup in each table.
pub(super) const IS_PENDING: &str = "CASE (SELECT state FROM outcome WHERE outcome.n = row.n ORDER BY number DESC LIMIT 1) \
     WHEN 'sent' THEN 0 \
     ELSE (NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.n = row.n) \
         AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.n = row.n)) \
       OR (SELECT state FROM standing WHERE standing.n = row.n) = 'pending' END";

impl Ledger {
    /// The next rows after `after` that do not wait for another row: at most `limit`, and until their bodies reach
    /// `bytes`.
    pub(crate) fn fresh(&self, after: i64, limit: usize, bytes: usize) -> Result<Vec<QueuedRow>, LedgerError> {
        // Such rows are read only once, even if they change while the run goes on.
        let mut statement = if after + 1 >= self.untouched {
            self.db.prepare_cached(UNTOUCHED)?
        } else {
            let query = format!("{QUEUED} WHERE row.n > ?1 AND before IS NULL AND {IS_PENDING} ORDER BY row.n");
            self.db.prepare_cached(&query)?
        };
        self.first_of(statement.query([after.max(self.first_pending - 1)])?, limit, bytes)
    }

    /// The same for rows that are still to be sent, whether they wait for another row or not.
    pub(super) fn pending_within(&self, after: i64, limit: usize) -> Result<Vec<QueuedRow>, LedgerError> {
        let query = format!("{QUEUED} WHERE row.n > ?1 AND {IS_PENDING} ORDER BY row.n");
        let mut statement = self.db.prepare_cached(&query)?;
        self.first_of(statement.query([after])?, limit, BYTES_AT_ONCE)
    }

    fn first_of(&self, mut rows: Rows<'_>, limit: usize, bytes: usize) -> Result<Vec<QueuedRow>, LedgerError> {
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

    /// One row that is still to be sent. If it is skipped, the next one for the same person.
    pub(crate) fn pending(&self, n: i64) -> Result<Option<QueuedRow>, LedgerError> {
        let mut statement = self.db.prepare_cached(&format!("{QUEUED} WHERE row.n = ?1 AND {IS_PENDING}"))?;
        let mut next_of_skipped = self.db.prepare_cached(
            "SELECT later.n FROM standing JOIN row AS later ON later.before = standing.n \
             WHERE standing.n = ?1 AND state = 'skipped'",
        )?;
        let mut next = Some(n);
        while let Some(n) = next {
            if let Some(row) = statement.query_row([n], |row| Ok(self.queued(row))).optional()? {
                return row.map(Some);
            }
            next = next_of_skipped.query_row([n], |row| row.get(0)).optional()?;
        }
        Ok(None)
    }

    /// Pending rows whose previous row is final, with the time when it became final. A previous row that was skipped
    /// since does not count: the one before it does, if there is one.
    pub(crate) fn followers(&self) -> Result<Vec<(i64, i64)>, LedgerError> {
        let mut statement = self.db.prepare(
            "WITH RECURSIVE waiting (n, before) AS (\
               SELECT row.n, row.before FROM row JOIN standing AS own ON own.n = row.n \
               WHERE row.before IS NOT NULL AND own.state = 'pending' \
               UNION ALL SELECT waiting.n, row.before FROM waiting JOIN row ON row.n = waiting.before \
               JOIN standing AS first ON first.n = waiting.before WHERE first.state = 'skipped') \
             SELECT waiting.n, coalesce(first.at, 0) FROM waiting LEFT JOIN standing AS first ON first.n = waiting.before \
             WHERE waiting.before IS NULL OR first.state = 'sent' OR first.state = 'failed' OR first.state = 'unknown'",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
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
            deadline: None,
        };
        match (row.get(7), row.get(8)) {
            (Ok(fingerprint), Ok(row_checksum)) if queued.is_as_written(fingerprint, row_checksum) => Ok(queued),
            _ => Err(self.damaged(format!("the request of line {} is not the one that was written", queued.line))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sqlite::fixture;
    use crate::ledger::{Skip, SkipReason};

    #[test]
    fn no_more_rows_are_read_at_once_than_fit() {
        let home = tempfile::TempDir::new().unwrap();
        let recipients = ["593990000000", "593990000001", "593990000002", "593990000003", "593990000004"];
        let (ledger, reader) = fixture::ledgers(home.path(), &recipients);
        drop(ledger);
        let lines = |rows: Vec<QueuedRow>| rows.into_iter().map(|row| row.line).collect::<Vec<_>>();
        // Each body has two bytes.
        assert_eq!(lines(reader.fresh(0, 128, 1).unwrap()), [2]);
        assert_eq!(lines(reader.fresh(0, 128, 4).unwrap()), [2, 3]);
        assert_eq!(lines(reader.fresh(2, 2, 1000).unwrap()), [4, 5]);
        assert_eq!(lines(reader.fresh(2, 128, 1000).unwrap()), [4, 5, 6]);
    }

    #[test]
    fn rows_that_wait_for_another_one_are_still_to_be_sent() {
        let home = tempfile::TempDir::new().unwrap();
        let (mut ledger, reader) = fixture::ledgers(home.path(), &["593900000000"; 4]);
        let skip = Skip { reason: SkipReason::Excluded, problem: "x", run: None };
        ledger.skip(&[(3, skip)]).unwrap();
        let behind = |n| reader.pending_within(n, 9).unwrap().into_iter().map(|row| row.n).collect::<Vec<_>>();
        assert_eq!((behind(0), behind(2), behind(4)), (vec![1, 2, 4], vec![4], vec![]));
    }
}

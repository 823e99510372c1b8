//! The requests of a run that are still to be sent.

use tokio_postgres::{Error, Row};

use super::database::LONG;
use super::error::DatabaseError;
use super::run_counts::RunId;
use super::runs::SharedRuns;
use crate::ledger::{LedgerError, QueuedRow, Skip};

/// So many rows are read at once.
const PAGE: i64 = 2000;
/// So many rows are left out at once.
const ROWS_A_CALL: usize = 10_000;

/// Rows behind the one that is named, at most so many.
const PENDING: &str = "SELECT n, line, recipient, path, body, number FROM jelouctl.row JOIN jelouctl.content USING (run, n) \
     WHERE run = $1 AND state = 'pending' AND n > $2 AND content.n > $2 ORDER BY n LIMIT $3";

impl SharedRuns {
    /// The first row that is still to be sent.
    pub(crate) fn first_pending_row(&self, run: RunId) -> Result<Option<QueuedRow>, LedgerError> {
        let row = self.call(LONG, self.client().query_opt(PENDING, &[&run.0, &0_i64, &1_i64]))?;
        let queued = row.as_ref().map(pending_row).transpose();
        Ok(queued.map_err(|error| DatabaseError::of_statement(self.shown(), &error))?)
    }

    /// Gives every row that is still to be sent.
    ///
    /// # Errors
    /// When it cannot be read, or `check` fails.
    pub(crate) fn pending_requests<E: From<LedgerError>>(
        &self,
        run: RunId,
        mut check: impl FnMut(&QueuedRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after = 0;
        loop {
            let rows =
                self.call(LONG, self.client().query(PENDING, &[&run.0, &after, &PAGE])).map_err(LedgerError::from)?;
            for row in &rows {
                let queued = pending_row(row)
                    .map_err(|error| LedgerError::from(DatabaseError::of_statement(self.shown(), &error)))?;
                after = queued.n;
                check(&queued)?;
            }
            if i64::try_from(rows.len()).unwrap_or_default() < PAGE {
                return Ok(());
            }
        }
    }

    /// Leaves out those of `rows` that are still to be sent: any other stays as it is. Says how many.
    pub(crate) fn skip(&self, run: RunId, rows: &[(i64, Skip<'_>)]) -> Result<u64, LedgerError> {
        let mut left_out = 0;
        for rows in rows.chunks(ROWS_A_CALL) {
            let numbers: Vec<_> = rows.iter().map(|(n, _)| *n).collect();
            let reasons: Vec<_> = rows.iter().map(|(_, skip)| skip.reason.name()).collect();
            let problems: Vec<_> = rows.iter().map(|(_, skip)| skip.problem).collect();
            let runs: Vec<_> = rows.iter().map(|(_, skip)| skip.run).collect();
            let query = "SELECT jelouctl.skip_rows($1, $2, $3, $4, $5)";
            let skipped: i64 = self.call(LONG, async {
                self.client().query_one(query, &[&run.0, &numbers, &reasons, &problems, &runs]).await?.try_get(0)
            })?;
            left_out += u64::try_from(skipped).unwrap_or_default();
        }
        Ok(left_out)
    }
}

fn pending_row(row: &Row) -> Result<QueuedRow, Error> {
    Ok(QueuedRow {
        n: row.try_get(0)?,
        line: u64::try_from(row.try_get::<_, i64>(1)?).unwrap_or_default(),
        recipient: row.try_get(2)?,
        path: row.try_get(3)?,
        body: row.try_get(4)?,
        follower: None,
        number: i64::from(row.try_get::<_, i32>(5)?) + 1,
        deadline: None,
    })
}

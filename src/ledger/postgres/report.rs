//! Rows of a run in the database with their outcomes, some at a time, all as they were at one instant.

use tokio_postgres::{Error, Row};

use super::database::{LONG, SHORT};
use super::error::DatabaseError;
use super::run_counts::RunId;
use super::runs::SharedRuns;
use crate::ledger::sqlite::RowFilter;
use crate::ledger::{LedgerError, ReportedRow, RowState};

/// So many rows are read at once.
const PAGE: i64 = 2000;

/// A row as it is reported on. The last answer stays beside what a person decided later.
pub(super) const COLUMNS: &str = "row.n, line, row.state, cells, message_id, http_status, \
     CASE WHEN \"to\" = 'skipped' THEN reason WHEN \"to\" IS NOT NULL THEN 'resolved' \
       ELSE coalesce(code, nullif(row.state, 'sent')) END, \
     CASE WHEN \"to\" IS NULL THEN error WHEN error IS NULL THEN problem \
       ELSE problem || '; before that: ' || error END, \
     (SELECT count(*) FROM jelouctl.attempt WHERE attempt.run = row.run AND attempt.n = row.n) \
       + (row.state = 'inflight')::int, \
     CASE WHEN isfinite(row.at) THEN (extract(epoch FROM row.at) * 1000)::bigint END, api_code, recipient, \
     (extract(epoch FROM ended_at) * 1000)::bigint";

/// Where the rows with a number above `after` are. Each table is told so: side by side with the rows it would be read from its
/// start for every page.
pub(super) fn tables_after(after: &str) -> String {
    format!(
        "jelouctl.row JOIN jelouctl.content ON content.run = row.run AND content.n = row.n AND content.n > {after} \
     LEFT JOIN LATERAL (SELECT message_id, http_status, code, api_code, error, ended_at FROM jelouctl.attempt \
       WHERE attempt.run = row.run AND attempt.n = row.n ORDER BY attempt.number DESC LIMIT 1) AS last ON true \
     LEFT JOIN jelouctl.decision ON decision.run = row.run AND decision.n = row.n AND decision.n > {after} \
       AND decision.number = row.number"
    )
}

impl SharedRuns {
    /// Gives every row that `filter` takes to `write`, in the order of the input; where there is `damage`, rows that may have
    /// been sent as unknown.
    pub(crate) fn report<E: From<LedgerError>>(
        &self,
        (run, damage): (RunId, Option<&LedgerError>),
        filter: &RowFilter,
        mut write: impl FnMut(ReportedRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let client = self.client();
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        self.call(SHORT, client.batch_execute(begin)).map_err(LedgerError::from)?;
        let query = format!(
            "SELECT {COLUMNS} FROM {} WHERE row.run = $1 AND row.n > $2 ORDER BY row.n LIMIT $3",
            tables_after("$2")
        );
        let mut after = 0_i64;
        loop {
            let rows = self.call(LONG, client.query(&query, &[&run.0, &after, &PAGE])).map_err(LedgerError::from)?;
            for row in &rows {
                let failed = |error: &Error| LedgerError::from(DatabaseError::of_statement(self.shown(), error));
                after = row.try_get(0).map_err(|error| failed(&error))?;
                let mut reported = reported(row).map_err(|error| failed(&error))?;
                if let Some(damage) = damage {
                    reported = reported.where_records_are_lost(damage);
                }
                if filter.takes(&reported) {
                    write(reported)?;
                }
            }
            if i64::try_from(rows.len()).unwrap_or_default() < PAGE {
                self.call(SHORT, client.batch_execute("COMMIT")).map_err(LedgerError::from)?;
                return Ok(());
            }
        }
    }
}

/// A row of these columns.
pub(super) fn reported(row: &Row) -> Result<ReportedRow, Error> {
    Ok(ReportedRow {
        line: u64::try_from(row.try_get::<_, i64>(1)?).unwrap_or_default(),
        // The schema has no other states.
        state: RowState::of_name(row.try_get(2)?).unwrap_or(RowState::Unknown),
        cells: row.try_get(3)?,
        message_id: row.try_get(4)?,
        http_status: row.try_get::<_, Option<i32>>(5)?.and_then(|status| u16::try_from(status).ok()),
        code: row.try_get(6)?,
        error: row.try_get(7)?,
        attempts: u32::try_from(row.try_get::<_, i64>(8)?).unwrap_or_default(),
        at: row.try_get(9)?,
        api_code: row.try_get(10)?,
        recipient: row.try_get(11)?,
        ended_at: row.try_get(12)?,
    })
}

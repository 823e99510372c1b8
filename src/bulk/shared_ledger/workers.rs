//! The processes that send a run.

use serde::Serialize;
use tokio_postgres::{Error, Row};

use super::database::{LONG, SHORT};
use super::run_counts::RunId;
use super::runs::SharedRuns;
use crate::bulk::ledger::LedgerError;

/// A process that sends a run.
#[derive(Debug, Serialize)]
pub(crate) struct RunWorker {
    pub(crate) host: String,
    pub(crate) pid: i64,
    pub(crate) joined_at: String,
    /// Since when nothing was heard of it, in seconds.
    pub(crate) seen_s: f64,
    pub(crate) inflight: i64,
    pub(crate) sent: i64,
}

impl SharedRuns {
    /// Whether a process sends it at this moment: one that has not ended in order, and was heard of while a row of it would be
    /// its own.
    pub(crate) fn is_on_its_way(&self, run: RunId) -> Result<bool, LedgerError> {
        let query = "SELECT EXISTS (SELECT 1 FROM jelouctl.worker WHERE run = $1 AND left_at IS NULL \
                     AND seen_at > clock_timestamp() - lease_ms * interval '1 ms')";
        Ok(self.call(SHORT, async { self.client().query_one(query, &[&run.0]).await?.try_get(0) })?)
    }

    /// The processes that send it: those that did not end in order, and of which something was heard within a day.
    pub(crate) fn workers(&self, run: RunId) -> Result<Vec<RunWorker>, LedgerError> {
        let query = "SELECT host, pid, \
             to_char(joined_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), \
             extract(epoch FROM clock_timestamp() - seen_at)::float8, \
             (SELECT count(*) FROM jelouctl.row WHERE row.run = $1 AND lease_until IS NOT NULL AND worker = worker.id \
               AND state = 'inflight'), \
             coalesce(done.sent, 0) \
             FROM jelouctl.worker LEFT JOIN (SELECT worker, count(*) AS sent FROM jelouctl.row \
               WHERE run = $1 AND state = 'sent' GROUP BY worker) AS done ON done.worker = worker.id \
             WHERE run = $1 AND left_at IS NULL AND seen_at > clock_timestamp() - interval '1 day' ORDER BY joined_at";
        let read = |row: &Row| {
            Ok::<_, Error>(RunWorker {
                host: row.try_get(0)?,
                pid: row.try_get(1)?,
                joined_at: row.try_get(2)?,
                seen_s: (row.try_get::<_, f64>(3)? * 10.0).round() / 10.0,
                inflight: row.try_get(4)?,
                sent: row.try_get(5)?,
            })
        };
        let workers = self.call(LONG, async {
            self.client().query(query, &[&run.0]).await?.iter().map(read).collect::<Result<_, _>>()
        })?;
        Ok(workers)
    }
}

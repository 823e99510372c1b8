//! The processes that send a run.

use serde::{Serialize, Serializer};
use tokio_postgres::{Error, Row};

use super::database::{LONG, SHORT};
use super::run_counts::RunId;
use super::runs::SharedRuns;
use crate::ledger::LedgerError;
use crate::timestamps::of_milliseconds;

/// A process that sends a run.
#[derive(Debug, Serialize)]
pub(crate) struct RunWorker {
    pub(crate) host: String,
    pub(crate) pid: i64,
    pub(crate) joined_at: String,
    /// Since when nothing was heard of it, in seconds.
    pub(crate) seen_s: f64,
    pub(crate) inflight: i64,
    /// When what is under way counts as unknown, unless the process is heard of before; in milliseconds since 1970.
    #[serde(serialize_with = "as_utc")]
    pub(crate) lost_at: Option<i64>,
    /// Whether that time has come.
    #[serde(skip)]
    pub(crate) is_lost: bool,
    pub(crate) sent: i64,
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn as_utc<S: Serializer>(at: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(|at| format!("{:.3}", of_milliseconds(at))).serialize(serializer)
}

impl SharedRuns {
    /// A process that sends it at this moment, `db-2 pid 812`.
    pub(crate) fn sent_by(&self, run: RunId) -> Result<Option<String>, LedgerError> {
        let query = "SELECT jelouctl.sent_by($1)";
        Ok(self.call(SHORT, async { self.client().query_one(query, &[&run.0]).await?.try_get(0) })?)
    }

    /// The processes that send it: those that did not end in order, and of which something was heard within a day.
    pub(crate) fn workers(&self, run: RunId) -> Result<Vec<RunWorker>, LedgerError> {
        let query = "SELECT host, pid, \
             to_char(joined_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), \
             extract(epoch FROM clock_timestamp() - seen_at)::float8, \
             coalesce(held.rows, 0), (extract(epoch FROM held.lost_at) * 1000)::bigint, \
             coalesce(held.lost_at <= clock_timestamp(), false), coalesce(done.sent, 0) \
             FROM jelouctl.worker LEFT JOIN (SELECT worker, count(*) AS rows, max(lease_until) AS lost_at FROM jelouctl.row \
               WHERE run = $1 AND lease_until IS NOT NULL AND state = 'inflight' GROUP BY worker) AS held \
             ON held.worker = worker.id LEFT JOIN (SELECT worker, count(*) AS sent FROM jelouctl.row \
               WHERE run = $1 AND state = 'sent' GROUP BY worker) AS done ON done.worker = worker.id \
             WHERE run = $1 AND left_at IS NULL AND seen_at > clock_timestamp() - interval '1 day' ORDER BY joined_at";
        let read = |row: &Row| {
            Ok::<_, Error>(RunWorker {
                host: row.try_get(0)?,
                pid: row.try_get(1)?,
                joined_at: row.try_get(2)?,
                seen_s: (row.try_get::<_, f64>(3)? * 10.0).round() / 10.0,
                inflight: row.try_get(4)?,
                lost_at: row.try_get(5)?,
                is_lost: row.try_get(6)?,
                sent: row.try_get(7)?,
            })
        };
        let workers = self.call(LONG, async {
            self.client().query(query, &[&run.0]).await?.iter().map(read).collect::<Result<_, _>>()
        })?;
        Ok(workers)
    }
}

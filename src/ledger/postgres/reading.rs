//! Reads a run from a ledger in a database.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use tokio_postgres::{Error, Row};

use super::database::{LONG, SHORT};
use super::error::DatabaseError;
use super::runs::{RunId, SharedRuns};
use crate::api::{DeliveryFacts, DeliveryState};
use crate::ledger::{
    Counts, DeliveryCounts, Details, KnownAttempt, LedgerError, PausedFor, PausedRun, QueuedRow, ReportedDelivery,
    ReportedRow, RowState, Run, RunEvent, RunEventKind, RunPause, RunWorker, SkipCounts, StandingRow, hash_of_person,
};
use crate::phone::person_key;

/// How many rows of a report are read at once.
const PAGE: i64 = 2000;

/// A page of rows after a given one.
const PENDING: &str = "SELECT n, line, recipient, path, body, number FROM jelouctl.row JOIN jelouctl.content USING (run, n) \
     WHERE run = $1 AND state = 'pending' AND n > $2 AND content.n > $2 ORDER BY n LIMIT $3";

/// A row under way whose lease has run out. The next process that sends the run makes it unknown; until then readers do.
const IS_LOST: &str = "row.state = 'inflight' AND row.lease_until < clock_timestamp()";

/// A row for a report. The last answer is kept beside a person's later decision.
pub(super) const COLUMNS: &str = "row.n, line, row.state, cells, coalesce(message_id, found_id), http_status, \
     CASE WHEN \"to\" = 'skipped' THEN reason WHEN \"to\" IS NOT NULL THEN 'resolved' \
       ELSE coalesce(code, nullif(row.state, 'sent')) END, \
     CASE WHEN \"to\" IS NULL THEN error WHEN error IS NULL THEN problem \
       ELSE problem || '; before that: ' || error END, \
     (SELECT count(*) FROM jelouctl.outcome WHERE outcome.run = row.run AND outcome.n = row.n) \
       + (row.state = 'inflight')::int, \
     (extract(epoch FROM row.at) * 1000)::bigint, api_code, recipient, \
     (extract(epoch FROM ended_at) * 1000)::bigint, told_status, told_code, told_reason, \
     (extract(epoch FROM delivered_at) * 1000)::bigint, (extract(epoch FROM read_at) * 1000)::bigint, lost_process";

/// The current state of a row.
const STANDING: &str = "n, number, line, state, recipient";

/// A run in a database, read-only.
pub(super) struct DatabaseRun {
    pub(super) runs: SharedRuns,
    pub(super) id: RunId,
    /// The reason why rows that are not sent here may have been sent; None if there is no doubt or someone has accepted
    /// it.
    pub(super) doubt: Option<LedgerError>,
}

impl DatabaseRun {
    /// A point in time of the run, in milliseconds since 1970.
    fn time(&self, column: &str) -> Result<i64, LedgerError> {
        let query = format!("SELECT (extract(epoch FROM {column}) * 1000)::bigint FROM jelouctl.run WHERE id = $1");
        Ok(self.runs.value(SHORT, &query, &[&self.id.0])?)
    }
}

impl Run for DatabaseRun {
    fn name(&self) -> Result<String, LedgerError> {
        let query = "SELECT name FROM jelouctl.run WHERE id = $1";
        Ok(self.runs.value(SHORT, query, &[&self.id.0])?)
    }

    fn details(&self) -> Result<Details, LedgerError> {
        let query = "SELECT details, conditions FROM jelouctl.run WHERE id = $1";
        let read = |row: &Row| Ok((row.try_get::<_, String>(0)?, row.try_get::<_, Option<String>>(1)?));
        let (details, conditions) = self.runs.one(SHORT, query, &[&self.id.0], read)?;
        Details::of_json(&details, conditions.as_deref())
    }

    fn created_at(&self) -> Result<i64, LedgerError> {
        self.time("created_at")
    }

    fn changed_at(&self) -> Result<i64, LedgerError> {
        self.time("changed_at")
    }

    fn damage(&self) -> Option<&LedgerError> {
        self.doubt.as_ref()
    }

    fn into_whole(mut self: Box<Self>) -> Result<Box<dyn Run>, LedgerError> {
        self.doubt.take().map_or(Ok(self), Err)
    }

    fn noted_counts(&self) -> Result<Counts, LedgerError> {
        Ok(self.runs.counts_of(self.id)?)
    }

    /// Each row has a lease of its own, whoever else sends the run.
    fn shown_counts(&self, mut counts: Counts, _is_held: bool) -> Result<Counts, LedgerError> {
        let query = format!("SELECT count(*) FROM jelouctl.row WHERE run = $1 AND {IS_LOST}");
        let lost = self.runs.value::<i64>(LONG, &query, &[&self.id.0])?.unsigned_abs().min(counts.inflight);
        counts.inflight -= lost;
        counts.unknown += lost;
        Ok(counts)
    }

    fn skip_counts(&self) -> Result<SkipCounts, LedgerError> {
        let query =
            "SELECT reason, count(*) FROM jelouctl.decision WHERE run = $1 AND \"to\" = 'skipped' GROUP BY reason";
        SkipCounts::of(self.runs.rows(LONG, query, &[&self.id.0], counted)?)
    }

    fn noted_reasons(&self, failed_too: bool) -> Result<BTreeMap<String, u64>, LedgerError> {
        let query = "SELECT coalesce(decision.reason, last.api_code, last.code, row.state), count(*) FROM jelouctl.row \
                     LEFT JOIN jelouctl.decision USING (run, n, number) \
                     LEFT JOIN LATERAL (SELECT api_code, code FROM jelouctl.outcome WHERE outcome.run = $1 \
                       AND outcome.n = row.n ORDER BY outcome.number DESC LIMIT 1) AS last ON true \
                     WHERE row.run = $1 AND row.state = ANY ($2) GROUP BY 1";
        let mut states = vec![RowState::Unknown.name()];
        states.extend(failed_too.then_some(RowState::Failed.name()));
        Ok(self.runs.rows(LONG, query, &[&self.id.0, &states], counted)?.into_iter().collect())
    }

    fn events(&self) -> Result<Vec<RunEvent>, LedgerError> {
        let query = "SELECT kind, (extract(epoch FROM at) * 1000)::bigint, reason, problem, \
                     (extract(epoch FROM until) * 1000)::bigint FROM jelouctl.event WHERE run = $1 ORDER BY number";
        let read = |row: &Row| {
            let kind = RunEventKind::of_name(row.try_get(0)?);
            let (at, reason, problem, until) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
            Ok(kind.map(|kind| RunEvent { kind, at, reason, problem, until }))
        };
        Ok(self.runs.rows(LONG, query, &[&self.id.0], read)?.into_iter().flatten().collect())
    }

    fn first_message(&self) -> Result<Option<(String, String)>, LedgerError> {
        let query = "SELECT recipient, body FROM jelouctl.content JOIN jelouctl.row USING (run, n) \
                     WHERE run = $1 AND recipient IS NOT NULL ORDER BY state = 'skipped', n LIMIT 1";
        Ok(self.runs.rows(LONG, query, &[&self.id.0], |row| Ok((row.try_get(0)?, row.try_get(1)?)))?.pop())
    }

    fn pending_behind(&self, after: i64, most: usize) -> Result<Vec<QueuedRow>, LedgerError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        Ok(self.runs.rows(LONG, PENDING, &[&self.id.0, &after, &most], pending_row)?)
    }

    fn each_row(&self, each: &mut dyn FnMut(ReportedRow) -> ControlFlow<()>) -> Result<(), LedgerError> {
        // The reader may pause: `less`, or a slow pipe.
        let begin =
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0";
        let query = format!(
            "SELECT {COLUMNS} FROM {} WHERE row.run = $1 AND row.n > $2 ORDER BY row.n LIMIT $3",
            tables_after("$2")
        );
        let numbered = |row: &Row| Ok((row.try_get::<_, i64>(0)?, reported(row)?));
        self.runs.in_transaction(begin, || {
            let mut after = 0_i64;
            loop {
                let page = self.runs.rows(LONG, &query, &[&self.id.0, &after, &PAGE], numbered)?;
                let is_last = i64::try_from(page.len()) != Ok(PAGE);
                for (n, row) in page {
                    after = n;
                    if each(row).is_break() {
                        return Ok(());
                    }
                }
                if is_last {
                    return Ok(());
                }
            }
        })
    }

    fn each_attempt(&self, began: [i64; 2], each: &mut dyn FnMut(KnownAttempt)) -> Result<(), LedgerError> {
        self.attempts(began, each)
    }

    fn delivery_counts(&self) -> Result<Option<DeliveryCounts>, LedgerError> {
        self.counts_of_deliveries(self.noted_counts()?.sent)
    }

    /// Reads the whole run, which takes some seconds for a million rows. An index of lines would cost more than that on
    /// every import.
    fn at_lines(&self, lines: &BTreeSet<u64>) -> Result<BTreeMap<u64, StandingRow>, LedgerError> {
        if lines.is_empty() {
            return Ok(BTreeMap::new());
        }
        let lines: Vec<_> = lines.iter().filter_map(|line| i64::try_from(*line).ok()).collect();
        let query = format!(
            "SELECT {STANDING} FROM jelouctl.row JOIN jelouctl.content USING (run, n) \
             JOIN unnest($2::bigint[]) AS wanted (line) USING (line) WHERE run = $1"
        );
        let rows = self.runs.rows(LONG, &query, &[&self.id.0, &lines], standing)?;
        Ok(rows.into_iter().map(|row| (row.line, row)).collect())
    }

    fn to_person(&self, recipient: &str) -> Result<Vec<StandingRow>, LedgerError> {
        let query = format!(
            "SELECT {STANDING} FROM jelouctl.content JOIN jelouctl.row USING (run, n) \
             WHERE run = $1 AND person = $2 ORDER BY n"
        );
        let mut rows = self.runs.rows(LONG, &query, &[&self.id.0, &hash_of_person(recipient)], standing)?;
        // Two people may share a hash.
        rows.retain(|row| row.recipient.as_deref().map(person_key) == Some(person_key(recipient)));
        Ok(rows)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn pause(&self) -> Result<Option<PausedRun>, LedgerError> {
        let query = "SELECT paused, paused_by, (extract(epoch FROM paused_at) * 1000)::bigint, pauses FROM jelouctl.run \
                     WHERE id = $1 AND paused IS NOT NULL";
        let read = |row: &Row| {
            let pause = pause_of(row.try_get(0)?, row.try_get(1)?);
            let (at, pauses) = (row.try_get(2)?, row.try_get(3)?);
            Ok(pause.map(|pause| PausedRun { pause, at, pauses }))
        };
        Ok(self.runs.rows(SHORT, query, &[&self.id.0], read)?.pop().transpose()?)
    }

    /// The processes that did not end cleanly and were active within the last day.
    fn workers(&self) -> Result<Vec<RunWorker>, LedgerError> {
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
            Ok(RunWorker {
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
        Ok(self.runs.rows(LONG, query, &[&self.id.0], read)?)
    }
}

/// The condition for rows with a number above `after`. It is repeated for each table: otherwise a join would read the
/// other table from its start for every page.
pub(super) fn tables_after(after: &str) -> String {
    format!(
        "jelouctl.row JOIN jelouctl.content ON content.run = row.run AND content.n = row.n AND content.n > {after} \
     LEFT JOIN LATERAL (SELECT message_id, http_status, code, api_code, error, ended_at FROM jelouctl.outcome \
       WHERE outcome.run = row.run AND outcome.n = row.n ORDER BY outcome.number DESC LIMIT 1) AS last ON true \
     LEFT JOIN jelouctl.decision ON decision.run = row.run AND decision.n = row.n AND decision.n > {after} \
       AND decision.number = row.number \
     LEFT JOIN LATERAL (SELECT status AS told_status, code AS told_code, reason AS told_reason FROM jelouctl.delivery \
       WHERE delivery.run = row.run AND delivery.n = row.n ORDER BY delivery.number DESC LIMIT 1) AS told ON true \
     LEFT JOIN LATERAL (SELECT max(delivery.at) FILTER (WHERE status = 'DELIVERED_USER') AS delivered_at, \
       max(delivery.at) FILTER (WHERE status = 'READ') AS read_at, max(delivery.message_id) AS found_id \
       FROM jelouctl.delivery WHERE delivery.run = row.run AND delivery.n = row.n) AS passed ON true \
     LEFT JOIN LATERAL (SELECT host || ' pid ' || pid AS lost_process FROM jelouctl.worker \
       WHERE worker.id = row.worker AND {IS_LOST}) AS lost ON true"
    )
}

/// A count under its name.
fn counted(row: &Row) -> Result<(String, u64), Error> {
    Ok((row.try_get(0)?, row.try_get::<_, i64>(1)?.unsigned_abs()))
}

/// Reads a row from these columns.
pub(super) fn reported(row: &Row) -> Result<ReportedRow, Error> {
    let read = ReportedRow {
        line: u64::try_from(row.try_get::<_, i64>(1)?).unwrap_or_default(),
        // The schema allows no other states.
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
        delivery: row.try_get::<_, Option<&str>>(13)?.map(|status| delivery(status, row)).transpose()?,
    };
    Ok(match row.try_get::<_, Option<&str>>(18)? {
        // The words of `exchange` in `functions.sql`.
        Some(process) => read.lost(format!("the process that sent it was not heard of again: {process}")),
        None => read,
    })
}

fn delivery(status: &str, row: &Row) -> Result<ReportedDelivery, Error> {
    let facts = DeliveryFacts {
        code: row.try_get(14)?,
        reason: row.try_get(15)?,
        ..DeliveryFacts::new(DeliveryState::of_status(status))
    };
    Ok(ReportedDelivery { facts, delivered_at: row.try_get(16)?, read_at: row.try_get(17)? })
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

fn standing(row: &Row) -> Result<StandingRow, Error> {
    Ok(StandingRow {
        n: row.try_get(0)?,
        number: row.try_get::<_, i32>(1)?.into(),
        line: u64::try_from(row.try_get::<_, i64>(2)?).unwrap_or_default(),
        // The schema allows no other states.
        state: RowState::of_name(row.try_get(3)?).unwrap_or(RowState::Unknown),
        recipient: row.try_get(4)?,
    })
}

/// The name of a pause in the database.
pub(super) fn pause_of(reason: &str, by: String) -> Result<RunPause, DatabaseError> {
    let cause = || format!("the run is paused for `{reason}`, which this jelouctl does not know");
    let reason = PausedFor::of_name(reason).ok_or_else(|| DatabaseError::Failed { cause: cause() })?;
    Ok(RunPause { reason, by })
}

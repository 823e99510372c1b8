//! Reads a run from a ledger in a database.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use tokio_postgres::{Client, Error, Row};

use super::database::{Database, LONG, SHORT};
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

/// A row for a report. The last answer is kept beside a person's later decision.
pub(super) const COLUMNS: &str = "row.n, line, row.state, cells, coalesce(message_id, found_id), http_status, \
     CASE WHEN \"to\" = 'skipped' THEN reason WHEN \"to\" IS NOT NULL THEN 'resolved' \
       ELSE coalesce(code, nullif(row.state, 'sent')) END, \
     CASE WHEN \"to\" IS NULL THEN error WHEN error IS NULL THEN problem \
       ELSE problem || '; before that: ' || error END, \
     (SELECT count(*) FROM jelouctl.outcome WHERE outcome.run = row.run AND outcome.n = row.n) \
       + (row.state = 'inflight')::int, \
     CASE WHEN isfinite(row.at) THEN (extract(epoch FROM row.at) * 1000)::bigint END, api_code, recipient, \
     (extract(epoch FROM ended_at) * 1000)::bigint, told_status, told_code, told_reason, \
     (extract(epoch FROM delivered_at) * 1000)::bigint, (extract(epoch FROM read_at) * 1000)::bigint";

/// The current state of a row.
const STANDING: &str = "n, number, line, state, recipient, \
     CASE WHEN isfinite(row.at) THEN (extract(epoch FROM row.at) * 1000)::bigint END";

/// A run in a database, read-only.
pub(super) struct DatabaseRun {
    pub(super) runs: SharedRuns,
    pub(super) id: RunId,
    /// The reason why rows that are not sent here may have been sent; None if there is no doubt or someone has accepted
    /// it.
    pub(super) doubt: Option<LedgerError>,
}

impl DatabaseRun {
    /// When it was made, and when it last changed, in milliseconds since 1970.
    fn times(&self) -> Result<[i64; 2], LedgerError> {
        let query = "SELECT (extract(epoch FROM created_at) * 1000)::bigint, (extract(epoch FROM changed_at) * 1000)::bigint \
                     FROM jelouctl.run WHERE id = $1";
        let times = self.runs.call(SHORT, async {
            let row = self.runs.client().query_one(query, &[&self.id.0]).await?;
            Ok([row.try_get(0)?, row.try_get(1)?])
        })?;
        Ok(times)
    }

    /// Parses one of our own values from the database.
    pub(super) fn read<T>(&self, read: Result<T, Error>) -> Result<T, LedgerError> {
        Ok(read.map_err(|error| DatabaseError::of_statement(self.runs.shown(), &error))?)
    }
}

impl Run for DatabaseRun {
    fn name(&self) -> Result<String, LedgerError> {
        let query = "SELECT name FROM jelouctl.run WHERE id = $1";
        Ok(self.runs.call(SHORT, async { self.runs.client().query_one(query, &[&self.id.0]).await?.try_get(0) })?)
    }

    fn details(&self) -> Result<Details, LedgerError> {
        let query = "SELECT details, conditions FROM jelouctl.run WHERE id = $1";
        let row = self.runs.call(SHORT, self.runs.client().query_one(query, &[&self.id.0]))?;
        let text = |column: usize| row.try_get::<_, Option<String>>(column).ok().flatten();
        Details::of_json(&text(0).unwrap_or_default(), text(1).as_deref())
    }

    fn created_at(&self) -> Result<i64, LedgerError> {
        Ok(self.times()?[0])
    }

    fn changed_at(&self) -> Result<i64, LedgerError> {
        Ok(self.times()?[1])
    }

    fn damage(&self) -> Option<&LedgerError> {
        self.doubt.as_ref()
    }

    fn into_whole(mut self: Box<Self>) -> Result<Box<dyn Run>, LedgerError> {
        self.doubt.take().map_or(Ok(self), Err)
    }

    fn noted_counts(&self) -> Result<Counts, LedgerError> {
        Ok(counts_of(self.runs.database(), self.runs.client(), self.id)?)
    }

    fn skip_counts(&self) -> Result<SkipCounts, LedgerError> {
        let query =
            "SELECT reason, count(*) FROM jelouctl.decision WHERE run = $1 AND \"to\" = 'skipped' GROUP BY reason";
        let rows = self.runs.call(LONG, self.runs.client().query(query, &[&self.id.0]))?;
        let counted: Vec<(String, i64)> =
            rows.iter().filter_map(|row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?))).collect();
        let of = |reason: &str| counted.iter().find(|(name, _)| name == reason).map_or(0, |(_, rows)| *rows);
        Ok(SkipCounts::of(|reason| u64::try_from(of(reason)).unwrap_or_default()))
    }

    fn noted_reasons(&self, failed_too: bool) -> Result<BTreeMap<String, u64>, LedgerError> {
        let query = "SELECT coalesce(decision.reason, last.api_code, last.code, row.state), count(*) FROM jelouctl.row \
                     LEFT JOIN jelouctl.decision USING (run, n, number) \
                     LEFT JOIN LATERAL (SELECT api_code, code FROM jelouctl.outcome WHERE outcome.run = $1 \
                       AND outcome.n = row.n ORDER BY outcome.number DESC LIMIT 1) AS last ON true \
                     WHERE row.run = $1 AND row.state = ANY ($2) GROUP BY 1";
        let mut states = vec![RowState::Unknown.name()];
        states.extend(failed_too.then_some(RowState::Failed.name()));
        let rows = self.runs.call(LONG, self.runs.client().query(query, &[&self.id.0, &states]))?;
        let read = |row: &Row| Some((row.try_get(0).ok()?, u64::try_from(row.try_get::<_, i64>(1).ok()?).ok()?));
        Ok(rows.iter().filter_map(read).collect())
    }

    fn events(&self) -> Result<Vec<RunEvent>, LedgerError> {
        let query = "SELECT kind, (extract(epoch FROM at) * 1000)::bigint, reason, problem, \
                     (extract(epoch FROM until) * 1000)::bigint FROM jelouctl.event WHERE run = $1 ORDER BY number";
        let rows = self.runs.call(LONG, self.runs.client().query(query, &[&self.id.0]))?;
        let read = |row: &Row| {
            let kind = RunEventKind::of_name(row.try_get(0)?);
            let (at, reason, problem, until) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
            Ok(kind.map(|kind| RunEvent { kind, at, reason, problem, until }))
        };
        let events: Result<Vec<_>, Error> = rows.iter().map(read).collect();
        let events = events.map_err(|error| DatabaseError::of_statement(self.runs.shown(), &error))?;
        Ok(events.into_iter().flatten().collect())
    }

    fn first_message(&self) -> Result<Option<(String, String)>, LedgerError> {
        let query = "SELECT recipient, body FROM jelouctl.content JOIN jelouctl.row USING (run, n) \
                     WHERE run = $1 AND recipient IS NOT NULL ORDER BY state = 'skipped', n LIMIT 1";
        let row = self.runs.call(LONG, self.runs.client().query_opt(query, &[&self.id.0]))?;
        Ok(row.and_then(|row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?))))
    }

    fn pending_behind(&self, after: i64, most: usize) -> Result<Vec<QueuedRow>, LedgerError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = self.runs.call(LONG, self.runs.client().query(PENDING, &[&self.id.0, &after, &most]))?;
        rows.iter().map(|row| self.read(pending_row(row))).collect()
    }

    fn each_row(&self, each: &mut dyn FnMut(ReportedRow) -> ControlFlow<()>) -> Result<(), LedgerError> {
        let client = self.runs.client();
        // The reader may pause: `less`, or a slow pipe.
        let begin =
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0";
        let query = format!(
            "SELECT {COLUMNS} FROM {} WHERE row.run = $1 AND row.n > $2 ORDER BY row.n LIMIT $3",
            tables_after("$2")
        );
        let (mut after, mut is_last) = (0_i64, false);
        self.runs.in_transaction(begin, || {
            while !is_last {
                let rows = self.runs.call(LONG, client.query(&query, &[&self.id.0, &after, &PAGE]))?;
                is_last = i64::try_from(rows.len()).unwrap_or_default() < PAGE;
                for row in &rows {
                    after = self.read(row.try_get(0))?;
                    if each(self.read(reported(row))?).is_break() {
                        is_last = true;
                        break;
                    }
                }
            }
            Ok(())
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
        let rows = self.runs.call(LONG, self.runs.client().query(&query, &[&self.id.0, &lines]))?;
        rows.iter().map(|row| self.read(standing(row)).map(|row| (row.line, row))).collect()
    }

    fn to_person(&self, recipient: &str) -> Result<Vec<StandingRow>, LedgerError> {
        let query = format!(
            "SELECT {STANDING} FROM jelouctl.content JOIN jelouctl.row USING (run, n) \
             WHERE run = $1 AND person = $2 ORDER BY n"
        );
        let person = hash_of_person(recipient);
        let rows = self.runs.call(LONG, self.runs.client().query(&query, &[&self.id.0, &person]))?;
        let mut found = Vec::new();
        for row in &rows {
            let row = self.read(standing(row))?;
            // Two people may share a hash.
            if row.recipient.as_deref().map(person_key) == Some(person_key(recipient)) {
                found.push(row);
            }
        }
        Ok(found)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn pause(&self) -> Result<Option<PausedRun>, LedgerError> {
        let query = "SELECT paused, paused_by, (extract(epoch FROM paused_at) * 1000)::bigint, pauses FROM jelouctl.run \
                     WHERE id = $1 AND paused IS NOT NULL";
        let found: Option<(String, String, i64, i64)> = self.runs.call(SHORT, async {
            let row = self.runs.client().query_opt(query, &[&self.id.0]).await?;
            row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?))).transpose()
        })?;
        let paused = |(reason, by, at, pauses): (String, _, _, _)| {
            Ok::<_, DatabaseError>(PausedRun { pause: pause_of(&reason, by)?, at, pauses })
        };
        Ok(found.map(paused).transpose()?)
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
        let workers = self.runs.call(LONG, async {
            self.runs.client().query(query, &[&self.id.0]).await?.iter().map(read).collect::<Result<_, _>>()
        })?;
        Ok(workers)
    }
}

/// Counts the rows of a run in each state. It reads all of them, in less than a second for a million: stored counts
/// would have to be updated in every exchange.
pub(super) fn counts_of(database: &Database, client: &Client, run: RunId) -> Result<Counts, DatabaseError> {
    let query = "SELECT state, count(*) FROM jelouctl.row WHERE run = $1 GROUP BY state";
    let rows = database.call(LONG, client.query(query, &[&run.0]))?;
    let mut counts = Counts::default();
    for row in rows {
        let state = row.try_get::<_, String>(0).ok().and_then(|name| RowState::of_name(&name));
        let number = row.try_get::<_, i64>(1).ok().and_then(|rows| u64::try_from(rows).ok());
        if let (Some(state), Some(rows)) = (state, number) {
            *counts.of_mut(state) = rows;
        }
    }
    Ok(counts)
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
       FROM jelouctl.delivery WHERE delivery.run = row.run AND delivery.n = row.n) AS passed ON true"
    )
}

/// Reads a row from these columns.
pub(super) fn reported(row: &Row) -> Result<ReportedRow, Error> {
    Ok(ReportedRow {
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
        at: row.try_get(5)?,
        began_at: None,
    })
}

/// The name of a pause in the database.
pub(super) fn pause_of(reason: &str, by: String) -> Result<RunPause, DatabaseError> {
    let cause = || format!("the run is paused for `{reason}`, which this jelouctl does not know");
    let reason = PausedFor::of_name(reason).ok_or_else(|| DatabaseError::Failed { cause: cause() })?;
    Ok(RunPause { reason, by })
}

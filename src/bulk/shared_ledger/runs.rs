//! The runs of a database: which there are, how each stands, and what a person decides about one.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use tokio_postgres::{Client, Error, Row};

use super::address::DatabaseAddress;
use super::database::{Database, LONG, SHORT, Use};
use super::error::DatabaseError;
use super::run::SharedRun;
use super::run_counts::{RunId, counts_of};
use super::schema;
use crate::bulk::error::BulkError;
use crate::bulk::ledger::{
    Counts, Details, LedgerError, QueuedRow, RowState, RunConditions, RunEvent, RunEventKind, Skip, SkipCounts,
};
use crate::bulk::runs::{RunError, RunName, RunOverview};

/// So many rows are read at once.
const PAGE: i64 = 2000;
/// So many rows are left out at once.
const ROWS_A_CALL: usize = 10_000;
/// Who makes a run of a list holds this lock from its last comparison with the others on: `jelo` in hexadecimal.
const MAKING: i64 = 0x6a65_6c6f;

/// The ledger of a team.
pub(crate) struct SharedRuns {
    database: Database,
    client: Client,
}

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

/// A process that was not heard of again while rows of it were under way.
#[derive(Debug)]
pub(crate) struct LostWorker {
    pub(crate) host: String,
    pub(crate) pid: i64,
    pub(crate) seen_at: String,
    pub(crate) rows: i64,
}

/// A run of which nobody takes rows.
#[derive(Debug, Serialize)]
pub(crate) struct PausedRun {
    pub(crate) reason: String,
    pub(crate) by: String,
    pub(crate) at: String,
}

/// Makes the ledger in the database at `address`.
///
/// # Errors
/// When it cannot be made; then nothing was changed.
pub(crate) fn set_up(address: DatabaseAddress) -> Result<bool, DatabaseError> {
    let database = Database::new(address)?;
    match database.connect(Use::Ledger) {
        Ok(_) => return Ok(false),
        Err(DatabaseError::NoLedger { .. }) => {}
        Err(error) => return Err(error),
    }
    let client = database.connect(Use::Setup)?;
    match database.call(LONG, client.batch_execute(&schema::sql())) {
        Ok(()) => Ok(true),
        Err(DatabaseError::Rights { at, cause }) => Err(DatabaseError::SetupRights { at, cause }),
        Err(error) => Err(error),
    }
}

impl SharedRuns {
    /// Connects to the ledger at `address`.
    pub(crate) fn open(address: DatabaseAddress) -> Result<Self, DatabaseError> {
        let database = Database::new(address)?;
        let client = database.connect(Use::Ledger)?;
        Ok(Self { database, client })
    }

    /// The same on a new connection, where the old one may have been lost meanwhile.
    pub(crate) fn reopened(&self) -> Result<Self, DatabaseError> {
        Self::open(self.database.address.clone())
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn call<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, DatabaseError> {
        self.database.call(limit, work)
    }

    /// Where it is, as a person may read it.
    pub(crate) fn shown(&self) -> &str {
        &self.database.address.shown
    }

    /// The version of the server, as it says it.
    pub(crate) fn server_version(&self) -> Result<String, DatabaseError> {
        let query = "SELECT split_part(current_setting('server_version'), ' ', 1)";
        self.call(SHORT, async { self.client.query_one(query, &[]).await?.try_get(0) })
    }

    /// Whether this role may import and send, and not only look.
    pub(crate) fn may_send(&self) -> Result<bool, DatabaseError> {
        let query = "SELECT has_table_privilege('jelouctl.row', 'INSERT')";
        self.call(SHORT, async { self.client.query_one(query, &[]).await?.try_get(0) })
    }

    /// Every run, by name.
    pub(crate) fn names(&self) -> Result<Vec<RunName>, DatabaseError> {
        let rows = self.call(SHORT, self.client.query("SELECT name FROM jelouctl.run ORDER BY name", &[]))?;
        Ok(rows.iter().filter_map(|row| row.try_get::<_, String>(0).ok()?.parse().ok()).collect())
    }

    /// The run `asked` for, else the only one that is not finished; nothing where none is named and all are finished.
    ///
    /// # Errors
    /// When there is no such run, or none is named and several are unfinished.
    pub(crate) fn named_or_unfinished(&self, asked: Option<&RunName>) -> Result<Option<RunName>, BulkError> {
        asked.map_or_else(|| self.only_unfinished(), |asked| self.named(asked).map(Some))
    }

    /// The run of this name.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn named(&self, asked: &RunName) -> Result<RunName, BulkError> {
        let known = self.names()?;
        if known.contains(asked) {
            return Ok(asked.clone());
        }
        Err(RunError::NoSuchRun { name: asked.clone(), known }.into())
    }

    /// The newest run, one on the sandbox only where there is no other.
    ///
    /// # Errors
    /// When there are none.
    pub(crate) fn newest(&self) -> Result<RunName, BulkError> {
        let query = "SELECT name FROM jelouctl.run ORDER BY sandbox, created_at DESC LIMIT 1";
        let row = self.call(SHORT, self.client.query_opt(query, &[]))?;
        let name = row.and_then(|row| row.try_get::<_, String>(0).ok()?.parse().ok());
        name.ok_or_else(|| RunError::NoRuns.into())
    }

    /// The only run that is not finished; nothing where all are.
    ///
    /// # Errors
    /// When there are several.
    fn only_unfinished(&self) -> Result<Option<RunName>, BulkError> {
        let query = "SELECT name FROM jelouctl.run WHERE finished_at IS NULL ORDER BY name";
        let rows = self.call(SHORT, self.client.query(query, &[]))?;
        let unfinished: Vec<RunName> =
            rows.iter().filter_map(|row| row.try_get::<_, String>(0).ok()?.parse().ok()).collect();
        match unfinished.as_slice() {
            [] => Ok(None),
            [name] => Ok(Some(name.clone())),
            _ => Err(RunError::Several { known: unfinished }.into()),
        }
    }

    /// Its number, which no run had before it.
    pub(crate) fn id(&self, name: &RunName) -> Result<RunId, LedgerError> {
        let name = name.to_string();
        let query = "SELECT id FROM jelouctl.run WHERE name = $1";
        let row = self.call(SHORT, self.client.query_opt(query, &[&name]))?;
        let id = row.and_then(|row| row.try_get(0).ok());
        id.map(RunId)
            .ok_or_else(|| LedgerError::Database(DatabaseError::Failed { cause: format!("run {name} was removed") }))
    }

    /// Its name.
    pub(crate) fn name(&self, run: RunId) -> Result<String, LedgerError> {
        let query = "SELECT name FROM jelouctl.run WHERE id = $1";
        Ok(self.call(SHORT, async { self.client.query_one(query, &[&run.0]).await?.try_get(0) })?)
    }

    /// What the run is, with the conditions that were given last.
    pub(crate) fn details(&self, run: RunId) -> Result<Details, LedgerError> {
        let query = "SELECT details, conditions FROM jelouctl.run WHERE id = $1";
        let row = self.call(SHORT, self.client.query_one(query, &[&run.0]))?;
        let text = |column: usize| row.try_get::<_, Option<String>>(column).ok().flatten();
        let broken = |error: serde_json::Error| LedgerError::Damaged { problem: error.to_string() };
        let mut details: Details = serde_json::from_str(&text(0).unwrap_or_default()).map_err(broken)?;
        if let Some(conditions) = text(1) {
            details.conditions = serde_json::from_str(&conditions).map_err(broken)?;
        }
        Ok(details)
    }

    /// When it was made, and when it was changed last, in milliseconds since 1970.
    pub(crate) fn times(&self, run: RunId) -> Result<[i64; 2], LedgerError> {
        let query = "SELECT (extract(epoch FROM created_at) * 1000)::bigint, (extract(epoch FROM changed_at) * 1000)::bigint \
                     FROM jelouctl.run WHERE id = $1";
        let times = self.call(SHORT, async {
            let row = self.client.query_one(query, &[&run.0]).await?;
            Ok([row.try_get(0)?, row.try_get(1)?])
        })?;
        Ok(times)
    }

    /// What happened to the run, in order.
    pub(crate) fn events(&self, run: RunId) -> Result<Vec<RunEvent>, LedgerError> {
        let query = "SELECT kind, (extract(epoch FROM at) * 1000)::bigint, reason, problem, \
                     (extract(epoch FROM until) * 1000)::bigint FROM jelouctl.event WHERE run = $1 ORDER BY number";
        let rows = self.call(LONG, self.client.query(query, &[&run.0]))?;
        let read = |row: &Row| {
            let kind = RunEventKind::of_name(row.try_get(0)?);
            let (at, reason, problem, until) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
            Ok(kind.map(|kind| RunEvent { kind, at, reason, problem, until }))
        };
        let events: Result<Vec<_>, Error> = rows.iter().map(read).collect();
        let events = events.map_err(|error| DatabaseError::of_statement(self.shown(), &error))?;
        Ok(events.into_iter().flatten().collect())
    }

    /// Notes what happened to the run.
    pub(crate) fn note_event(&self, run: RunId, kind: RunEventKind) -> Result<(), LedgerError> {
        let query = "SELECT jelouctl.note_event($1, $2, NULL, NULL, NULL)";
        self.call(SHORT, self.client.execute(query, &[&run.0, &kind.name()]))?;
        Ok(())
    }

    /// Recipient and body of the first message: of one that is not left out, where there is one.
    pub(crate) fn first_message(&self, run: RunId) -> Result<Option<(String, String)>, LedgerError> {
        let query = "SELECT recipient, body FROM jelouctl.content JOIN jelouctl.row USING (run, n) \
                     WHERE run = $1 AND recipient IS NOT NULL ORDER BY state = 'skipped', n LIMIT 1";
        let row = self.call(LONG, self.client.query_opt(query, &[&run.0]))?;
        Ok(row.and_then(|row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?))))
    }

    /// How many rows are in each state.
    pub(crate) fn counts(&self, run: RunId) -> Result<Counts, LedgerError> {
        Ok(counts_of(&self.database, &self.client, run)?)
    }

    /// How many rows are left out for each reason.
    pub(crate) fn skip_counts(&self, run: RunId) -> Result<SkipCounts, LedgerError> {
        let query =
            "SELECT reason, count(*) FROM jelouctl.decision WHERE run = $1 AND \"to\" = 'skipped' GROUP BY reason";
        let rows = self.call(LONG, self.client.query(query, &[&run.0]))?;
        let counted: Vec<(String, i64)> =
            rows.iter().filter_map(|row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?))).collect();
        let of = |reason: &str| counted.iter().find(|(name, _)| name == reason).map_or(0, |(_, rows)| *rows);
        Ok(SkipCounts::of(|reason| u64::try_from(of(reason)).unwrap_or_default()))
    }

    /// Of the failed and unknown rows: how many for each reason, the API's own code where there is one.
    pub(crate) fn reasons(&self, run: RunId) -> Result<BTreeMap<String, u64>, LedgerError> {
        let query = "SELECT coalesce(last.api_code, last.code, row.state), count(*) FROM jelouctl.row \
                     LEFT JOIN LATERAL (SELECT api_code, code FROM jelouctl.attempt WHERE attempt.run = $1 \
                       AND attempt.n = row.n ORDER BY attempt.number DESC LIMIT 1) AS last ON true \
                     WHERE row.run = $1 AND row.state IN ('failed', 'unknown') GROUP BY 1";
        let rows = self.call(LONG, self.client.query(query, &[&run.0]))?;
        let read = |row: &Row| Some((row.try_get(0).ok()?, u64::try_from(row.try_get::<_, i64>(1).ok()?).ok()?));
        Ok(rows.iter().filter_map(read).collect())
    }

    /// The run in figures.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn overview(&self, name: &RunName) -> Result<RunOverview, LedgerError> {
        let run = self.id(name)?;
        let is_held = !self.workers(run)?.is_empty();
        let [created_at, changed_at] = self.times(run)?;
        let (details, noted) = (self.details(run)?, self.counts(run)?);
        Ok(RunOverview { name: name.clone(), copy_of: None, details, noted, created_at, changed_at, is_held })
    }

    /// Nobody takes rows of it any more until a person resumes it.
    pub(crate) fn pause(&self, run: RunId) -> Result<(), LedgerError> {
        let query = "SELECT jelouctl.pause_run($1, 'person', $2)";
        self.call(SHORT, self.client.execute(query, &[&run.0, &"jelouctl bulk stop"]))?;
        Ok(())
    }

    /// Why nobody takes rows of it, where that is so.
    pub(crate) fn paused(&self, run: RunId) -> Result<Option<PausedRun>, LedgerError> {
        let query = format!(
            "SELECT paused, paused_by, {} FROM jelouctl.run WHERE id = $1 AND paused IS NOT NULL",
            shown("paused_at")
        );
        let row = self.call(SHORT, self.client.query_opt(&query, &[&run.0]))?;
        Ok(row.and_then(|row| {
            Some(PausedRun { reason: row.try_get(0).ok()?, by: row.try_get(1).ok()?, at: row.try_get(2).ok()? })
        }))
    }

    /// The processes that send it: those that did not end in order, and of which something was heard within a day.
    pub(crate) fn workers(&self, run: RunId) -> Result<Vec<RunWorker>, LedgerError> {
        let query = format!(
            "SELECT host, pid, {}, extract(epoch FROM clock_timestamp() - seen_at)::float8, \
             (SELECT count(*) FROM jelouctl.row WHERE row.run = $1 AND lease_until IS NOT NULL AND worker = worker.id \
               AND state = 'inflight'), \
             coalesce(done.sent, 0) \
             FROM jelouctl.worker LEFT JOIN (SELECT worker, count(*) AS sent FROM jelouctl.row \
               WHERE run = $1 AND state = 'sent' GROUP BY worker) AS done ON done.worker = worker.id \
             WHERE run = $1 AND left_at IS NULL AND seen_at > clock_timestamp() - interval '1 day' ORDER BY joined_at",
            shown("joined_at")
        );
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
            self.client.query(&query, &[&run.0]).await?.iter().map(read).collect::<Result<_, _>>()
        })?;
        Ok(workers)
    }

    /// The processes that have not said what became of rows which are unknown.
    pub(crate) fn lost_workers(&self, run: RunId) -> Result<Vec<LostWorker>, LedgerError> {
        let query = format!(
            "SELECT host, pid, {}, count(*) FROM jelouctl.row JOIN jelouctl.worker ON worker.id = row.worker \
             WHERE row.run = $1 AND lease_until IS NOT NULL AND state = 'unknown' GROUP BY worker.id ORDER BY worker.id",
            shown("seen_at")
        );
        let read = |row: &Row| {
            Ok::<_, Error>(LostWorker {
                host: row.try_get(0)?,
                pid: row.try_get(1)?,
                seen_at: row.try_get(2)?,
                rows: row.try_get(3)?,
            })
        };
        let workers = self.call(LONG, async {
            self.client.query(&query, &[&run.0]).await?.iter().map(read).collect::<Result<_, _>>()
        })?;
        Ok(workers)
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
        let query = "SELECT n, line, recipient, path, body, number FROM jelouctl.row JOIN jelouctl.content USING (run, n) \
                     WHERE run = $1 AND state = 'pending' AND n > $2 AND content.n > $2 ORDER BY n LIMIT $3";
        let mut after = 0;
        loop {
            let rows =
                self.call(LONG, self.client.query(query, &[&run.0, &after, &PAGE])).map_err(LedgerError::from)?;
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
                self.client.query_one(query, &[&run.0, &numbers, &reasons, &problems, &runs]).await?.try_get(0)
            })?;
            left_out += u64::try_from(skipped).unwrap_or_default();
        }
        Ok(left_out)
    }

    /// Decides by hand: every row in the state `from` is now in the state `to`. Says how many.
    pub(crate) fn resolve(&self, run: RunId, from: RowState, to: RowState) -> Result<u64, LedgerError> {
        let why = format!("decided by hand: {} as {}", from.name(), to.name());
        let query = "SELECT jelouctl.resolve_rows($1, $2, $3, $4)";
        let changed: i64 = self.call(LONG, async {
            self.client.query_one(query, &[&run.0, &from.name(), &to.name(), &why]).await?.try_get(0)
        })?;
        Ok(u64::try_from(changed).unwrap_or_default())
    }

    /// Lifts a pause; a rate holds for all who send it.
    pub(crate) fn resume(
        &self,
        run: RunId,
        rate: Option<f64>,
        conditions: Option<&RunConditions>,
    ) -> Result<(), LedgerError> {
        let conditions = conditions.map(serde_json::to_string).transpose();
        let conditions = conditions.map_err(|error| LedgerError::Damaged { problem: error.to_string() })?;
        let query = "SELECT jelouctl.resume_run($1, $2, $3)";
        self.call(SHORT, self.client.execute(query, &[&run.0, &rate, &conditions]))?;
        Ok(())
    }

    /// Removes a run with all that is known of its rows.
    ///
    /// # Errors
    /// When a process still sends it.
    pub(crate) fn remove(&self, run: RunId, name: &RunName) -> Result<(), LedgerError> {
        let query = "SELECT jelouctl.remove_run($1)";
        let busy: Option<String> =
            self.call(LONG, async { self.client.query_one(query, &[&run.0]).await?.try_get(0) })?;
        match busy {
            None => Ok(()),
            Some(worker) => Err(LedgerError::InUse { run: format!("{name} ({worker})") }),
        }
    }

    /// Holds off every other process that would make a run, until this connection ends or [`SharedRuns::let_go`].
    pub(crate) fn hold(&self) -> Result<(), LedgerError> {
        // Whoever has it may be reading a long list in.
        self.call(SHORT, self.client.batch_execute("SET lock_timeout = '50s'"))?;
        self.call(LONG, self.client.execute("SELECT pg_advisory_lock($1)", &[&MAKING]))?;
        Ok(())
    }

    pub(crate) fn let_go(&self) -> Result<(), LedgerError> {
        self.call(SHORT, self.client.execute("SELECT pg_advisory_unlock($1)", &[&MAKING]))?;
        Ok(())
    }

    /// This process as one of those that send the run, whose requests take no longer than `timeout`.
    pub(crate) fn join(&self, run: RunId, timeout: Duration) -> Result<SharedRun, LedgerError> {
        Ok(SharedRun::join(Database::new(self.database.address.clone())?, run, timeout)?)
    }
}

/// A time as people read it, in SQL.
fn shown(column: &str) -> String {
    format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")
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

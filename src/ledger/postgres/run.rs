//! A run in a database, as one of the processes that send it. An exchange is one call of one database function; this
//! file handles a missing answer.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio_postgres::{Error, Row, Statement};

use super::database::{DatabaseAddress, SHORT, column, small, storable};
use super::error::DatabaseError;
use super::reading::pause_of;
use super::runs::{RunId, SharedRuns, SqlParameters};
use crate::api::Deadline;
use crate::ledger::{
    Delay, EndedAttempt, ExchangeReply, LedgerError, PaceNews, PauseReason, QueuedRow, RunEvent, RunLedger, SettledRow,
};
use crate::process::host_name;

/// How long to retry while the database does not answer.
const GIVES_UP_AFTER: Duration = Duration::from_secs(300);
/// The same, if everything is written and only the end of this process is left to report.
const CLOSES_WITHIN: Duration = Duration::from_secs(15);
/// The waits between retries.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How often a waiting process checks whether others have paused the run, and shows that it is alive.
const LISTENS_EVERY: Duration = Duration::from_millis(500);
/// The longest time that an exchange waits for more rows.
const LONGEST_GATHERING: Duration = Duration::from_millis(5);
/// How often the rows of all workers are counted, as long as that takes at most a fiftieth of the time.
const TIME_BETWEEN_COUNTS: Duration = Duration::from_secs(5);
const PARTS_BETWEEN_COUNTS: u32 = 50;
/// More than a year means forever: the database's times are limited.
const FOREVER: Duration = Duration::from_secs(366 * 24 * 3600);

/// This process, as one of those that send a run.
pub(crate) struct SharedRun {
    address: DatabaseAddress,
    run: RunId,
    /// A connection of its own, with the statement of an exchange.
    connection: Option<(SharedRuns, Statement)>,
    worker: i64,
    /// The number of its latest connection, whether that was answered or not.
    session: i32,
    /// The transaction of the last answered exchange: a database without it was reset to an earlier state.
    answered: Option<String>,
    /// Rows given to this process whose outcomes the database does not have yet: no one else can have sent them.
    held: HashMap<i64, i32>,
    slack: Duration,
    /// Rows that were given but must not be sent; the next exchange reports them.
    returned: Vec<SettledRow>,
    /// The reason why no process may take rows; the next exchange reports it.
    pause: Option<PauseReason>,
    is_complete: bool,
    /// Whether to stop waiting for outcomes that cannot be written at once.
    is_left: Arc<AtomicBool>,
    /// The duration of the last exchange.
    took: Duration,
    /// When to count the rows again.
    counts_at: Instant,
}

impl SharedRun {
    /// Makes this process, whose requests take at most `timeout`, a worker of `run`.
    pub(super) fn join(address: DatabaseAddress, run: RunId, timeout: Duration) -> Result<Self, DatabaseError> {
        let [lease, slack] = lease_and_slack(timeout);
        let (runs, exchange) = connect_to_exchange(&address)?;
        let lease = i32::try_from(lease.as_millis()).unwrap_or(i32::MAX);
        let query = "SELECT worker, session FROM jelouctl.join_run($1, $2, $3, $4)";
        let parameters: SqlParameters<'_> = &[&run.0, &host_name(), &i64::from(std::process::id()), &lease];
        let read = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?));
        let (worker, session) = runs.one(SHORT, query, parameters, read)?;
        Ok(Self {
            address,
            run,
            connection: Some((runs, exchange)),
            worker,
            session,
            answered: None,
            held: HashMap::new(),
            slack,
            returned: Vec::new(),
            pause: None,
            is_complete: false,
            is_left: Arc::default(),
            took: Duration::ZERO,
            counts_at: Instant::now(),
        })
    }

    /// Reconnects. Rows in an answer that never arrived were not sent, and are returned.
    fn rejoin(&mut self) -> Result<(), DatabaseError> {
        let (runs, exchange) = connect_to_exchange(&self.address)?;
        let (rows, numbers): (Vec<i64>, Vec<i32>) = self.held.iter().map(|(n, number)| (*n, *number)).unzip();
        // A try whose answer is lost may still arrive, after this one.
        self.session += 1;
        let query = "SELECT jelouctl.rejoin($1, $2, $3, $4, $5, $6)";
        let parameters: SqlParameters<'_> =
            &[&self.run.0, &self.worker, &self.session, &self.answered, &rows, &numbers];
        match runs.value(SHORT, query, parameters)? {
            Some(true) => {}
            Some(false) => return Err(self.older_connection()),
            None => return Err(DatabaseError::Failed { cause: "it no longer knows this process".to_owned() }),
        }
        self.connection = Some((runs, exchange));
        Ok(())
    }

    /// A newer connection of this process exists, so this can only be a delayed answer.
    fn older_connection(&self) -> DatabaseError {
        let cause = "an older connection was answered".to_owned();
        DatabaseError::Unreachable { at: self.address.shown.clone(), cause }
    }

    fn try_exchange(&mut self, settled: &[&SettledRow], wanted: usize) -> Result<ExchangeReply, DatabaseError> {
        if self.connection.is_none() {
            self.rejoin()?;
        }
        let deadline = Deadline::after(self.slack);
        let rows = self.ask(settled, wanted)?;
        let mut given = self.read(&rows, deadline)?;
        for row in settled {
            if self.held.get(&row.ended.n).is_some_and(|number| i64::from(*number) == row.ended.number) {
                self.held.remove(&row.ended.n);
            }
        }
        self.held.extend(given.rows.iter().map(|row| (row.n, small(row.number))));
        self.pause = None;
        self.return_changed(&mut given);
        let began = Instant::now();
        // The final figures are exact; a process that only closes shows none.
        let has_ended = self.is_complete && (wanted > 0 || !settled.is_empty());
        if began >= self.counts_at || has_ended {
            // Progress works without the counts.
            given.counts = self.connection.as_ref().and_then(|(runs, _)| runs.counts_of(self.run).ok());
            self.counts_at = Instant::now() + TIME_BETWEEN_COUNTS.max(began.elapsed() * PARTS_BETWEEN_COUNTS);
        }
        Ok(given)
    }

    /// The call of the database: hands in the outcomes, and asks for rows.
    fn ask(&self, settled: &[&SettledRow], wanted: usize) -> Result<Vec<Row>, DatabaseError> {
        let Some((runs, exchange)) = &self.connection else {
            return Err(DatabaseError::Failed { cause: "there is no connection".to_owned() });
        };
        let (now, PaceNews { is_too_much, stopped_until }) = (Instant::now(), PaceNews::of(settled.iter().copied()));
        let milliseconds = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let until = |then: Instant| milliseconds(then.saturating_duration_since(now).min(FOREVER));
        let parameters: SqlParameters<'_> = &[
            &self.worker,
            &self.session,
            &column(settled, |row| row.ended.n),
            &column(settled, |row| small(row.ended.number)),
            &column(settled, |row| row.ended.state.name()),
            &column(settled, |row| milliseconds(row.at.elapsed())),
            &column(settled, |row| row.retry.map_or(0, |(due, _)| until(due))),
            &column(settled, |row| row.ended.http_status.map(i32::from)),
            &column(settled, |row| row.ended.message_id.as_deref().map(storable)),
            &column(settled, |row| row.ended.code),
            &column(settled, |row| row.ended.api_code.as_deref().map(storable)),
            &column(settled, |row| row.ended.error.as_deref().map(storable)),
            &stopped_until.map_or(0, until),
            &is_too_much,
            &self.pause.map(PauseReason::name),
            &i32::try_from(wanted).unwrap_or(i32::MAX),
        ];
        runs.call(SHORT, runs.client.query(exchange, parameters))
    }

    /// Makes an exchange, with retries while the database does not answer.
    fn exchange_within(
        &mut self,
        patience: Duration,
        settled: &[SettledRow],
        wanted: usize,
    ) -> Result<ExchangeReply, LedgerError> {
        let began = Instant::now();
        let mut wait = FIRST_WAIT;
        let returned = std::mem::take(&mut self.returned);
        let settled: Vec<_> = settled.iter().chain(&returned).collect();
        let error = loop {
            match self.try_exchange(&settled, wanted) {
                Ok(given) => {
                    self.took = began.elapsed();
                    return Ok(given);
                }
                Err(error) if error.may_pass() && began.elapsed() < patience && !self.is_left() => {
                    self.connection = None;
                    thread::sleep(wait);
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
                Err(error) if error.may_pass() => {
                    break DatabaseError::Gone { seconds: began.elapsed().as_secs(), cause: error.to_string() };
                }
                Err(error) => break error.in_mid_run(),
            }
        };
        // The database has not received them.
        self.returned = returned;
        Err(error.into())
    }

    /// Permission for a row to be sent does not depend on this call, so it is not retried.
    fn note_events(&self, events: &[RunEvent]) {
        let Some((runs, _)) = &self.connection else { return };
        let query = "SELECT jelouctl.note_event($1, $2, $3, $4, $5, $6)";
        for RunEvent { kind, reason, problem, until, at } in events {
            let (kind, wait, is_for_all) = (kind.name(), until.map(|until| until - at), self.pause.is_some());
            let _ = runs.execute(SHORT, query, &[&self.worker, &kind, reason, problem, &wait, &is_for_all]);
        }
    }

    fn is_left(&self) -> bool {
        self.is_left.load(Ordering::SeqCst)
    }

    /// If a request differs from what was written, nothing in this answer is sent.
    fn return_changed(&mut self, given: &mut ExchangeReply) {
        if given.problem.is_none() {
            return;
        }
        for row in given.rows.drain(..) {
            let ended = EndedAttempt::not_begun(row, "a request of the run was changed");
            self.returned.push(SettledRow::new(ended));
        }
    }

    /// The rows of an answer, and its verdict.
    fn read(&mut self, rows: &[Row], deadline: Deadline) -> Result<ExchangeReply, DatabaseError> {
        let failed = |error: Error| DatabaseError::of_statement(&self.address.shown, &error);
        let mut given = ExchangeReply { rows: Vec::new(), next: None, problem: None, pause: None, counts: None };
        let mut verdict = None;
        for row in rows {
            if let Some(queued) = queued(row, deadline).map_err(failed)? {
                if !queued.is_as_written(row.try_get(8).map_err(failed)?, row.try_get(9).map_err(failed)?) {
                    let problem = format!("the request of line {} is not the one that was written", queued.line);
                    given.problem = Some(LedgerError::Damaged { problem });
                }
                given.rows.push(queued);
            } else {
                verdict = Some(row);
            }
        }
        let said = verdict.ok_or_else(|| DatabaseError::Failed { cause: "an answer without a verdict".to_owned() })?;
        let text = |column: usize| said.try_get::<_, Option<String>>(column).map_err(failed);
        let verdict = text(0)?.unwrap_or_default();
        let next: i32 = said.try_get(1).map_err(failed)?;
        let next = Instant::now() + Duration::from_millis(u64::try_from(next).unwrap_or_default());
        self.answered = text(7)?.or(self.answered.take());
        match verdict.as_str() {
            "on" => given.next = Some((next, Delay::Retry)),
            "complete" => self.is_complete = true,
            "paused" => {
                given.pause = Some(pause_of(&text(5)?.unwrap_or_default(), text(6)?.unwrap_or_default())?);
            }
            _ => return Err(self.older_connection()),
        }
        Ok(given)
    }
}

impl RunLedger for SharedRun {
    fn exchange(
        &mut self,
        settled: &[SettledRow],
        events: &[RunEvent],
        wanted: usize,
    ) -> Result<ExchangeReply, LedgerError> {
        self.note_events(events);
        self.exchange_within(GIVES_UP_AFTER, settled, wanted)
    }

    /// If the database is unavailable, assumes that there are no others.
    fn others_send(&mut self) -> bool {
        let Some((runs, _)) = &self.connection else { return false };
        let query = "SELECT jelouctl.others_send($1, $2)";
        runs.value(SHORT, query, &[&self.run.0, &self.worker]).unwrap_or_default()
    }

    fn listens_every(&self) -> Option<Duration> {
        Some(LISTENS_EVERY)
    }

    /// Most of the duration of the last exchange: if the database's disk is slow, the answers that the API gives during
    /// one exchange are sent together in the next one.
    fn gathers(&self, settled: usize) -> Duration {
        if settled < self.held.len() { (self.took * 2 / 3).min(LONGEST_GATHERING) } else { Duration::ZERO }
    }

    fn pause(&mut self, reason: PauseReason) {
        self.pause = Some(reason);
    }

    fn watch(&mut self, is_left: Arc<AtomicBool>) {
        self.is_left = is_left;
    }

    fn close(mut self: Box<Self>) -> Result<bool, LedgerError> {
        self.exchange_within(CLOSES_WITHIN, &[], 0)?;
        if let Some((runs, _)) = &self.connection {
            // Others notice without this call, only later.
            let _ = runs.execute(SHORT, "SELECT jelouctl.leave_run($1, $2)", &[&self.worker, &self.session]);
        }
        Ok(self.is_complete)
    }
}

fn connect_to_exchange(address: &DatabaseAddress) -> Result<(SharedRuns, Statement), DatabaseError> {
    let runs = SharedRuns::open(address.clone())?;
    let exchange = "SELECT verdict, next_ms, n, number, line, recipient, path, body, fingerprint, row_checksum \
                    FROM jelouctl.exchange($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    let statement = runs.call(SHORT, runs.client.prepare(exchange))?;
    Ok((runs, statement))
}

/// The row to send; None for the verdict.
fn queued(row: &Row, deadline: Deadline) -> Result<Option<QueuedRow>, Error> {
    let Some(n) = row.try_get(2)? else { return Ok(None) };
    Ok(Some(QueuedRow {
        n,
        line: u64::try_from(row.try_get::<_, i64>(4)?).unwrap_or_default(),
        recipient: row.try_get(5)?,
        path: row.try_get(6)?,
        body: row.try_get(7)?,
        follower: None,
        number: row.try_get::<_, i32>(3)?.into(),
        deadline: Some(deadline),
    }))
}

/// How long after the request for rows the first byte may be sent: half of the timeout, within these limits. It is
/// never less than the time limit for a connection to the API.
const SHORTEST_SLACK: Duration = Duration::from_secs(1);
const LONGEST_SLACK: Duration = Duration::from_secs(15);

/// For requests that take at most `timeout`: how long a row belongs to the worker, and how long after it was requested
/// its first byte may be sent.
fn lease_and_slack(timeout: Duration) -> [Duration; 2] {
    let slack = (timeout / 2).clamp(SHORTEST_SLACK, LONGEST_SLACK);
    [timeout + 2 * slack, slack]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_its_own_for_longer_than_its_request_and_its_connection_may_take() {
        for (timeout, lease, slack) in [(30, 60, 15), (4, 8, 2), (1, 3, 1), (600, 630, 15)] {
            assert_eq!(lease_and_slack(Duration::from_secs(timeout)), [lease, slack].map(Duration::from_secs));
        }
    }
}

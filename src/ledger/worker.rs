//! A process that sends a run, alone or beside others. It makes exchanges with the store: the outcomes of its rows in, the
//! next rows out, in one transaction. Once an exchange has returned, all of it is durable, and the rows are under way.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::db::{Db, SHORT, SqlRow, values};
use super::error::LedgerError;
use super::events::{PauseReason, PausedFor, RunEvent, RunEventKind};
use super::exchange::{Delay, ExchangeReply, RunLedger, SettledRow};
use super::model::{CANCELLED, Counts, RowState};
use super::pace::PaceNews;
use super::run::{Run, counts};
use super::steps::{LockedRun, lock, note_event};
use super::store::{Lost, Store};
use super::types::{EndedAttempt, QueuedRow};
use crate::api::{Deadline, PAIR_RATE_LIMIT};
use crate::once::{OnceHasher, OnceScope};
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
/// How often it looks for lost processes, in milliseconds.
const LOOKS_EVERY: Duration = Duration::from_millis(500);
/// A process that was heard of this long ago still sends, in milliseconds; it is noted half as often.
const IS_HEARD: i64 = 5_000;
/// The longest time that an exchange with a database waits for more rows.
const LONGEST_GATHERING: Duration = Duration::from_millis(5);
/// How often the rows of all processes are counted, as long as that takes at most a fiftieth of the time.
const TIME_BETWEEN_COUNTS: Duration = Duration::from_secs(5);
const PARTS_BETWEEN_COUNTS: u32 = 50;
/// How long after the request for rows of a database the first byte may be sent: half of the timeout, within these
/// limits. It is never less than the time limit for a connection to the API.
const SHORTEST_SLACK: Duration = Duration::from_secs(1);
const LONGEST_SLACK: Duration = Duration::from_secs(15);

/// The rows that may leave now: those that are due, and those that were never tried, in the order of the list. They are
/// limited before they are joined: otherwise PostgreSQL may read all that are left.
macro_rules! next_rows {
    ($condition:literal, $order:literal) => {
        concat!(
            "SELECT row.n, number, line, recipient, path, body, fingerprint, checksum \
             FROM (SELECT run, n, number, due_at FROM row WHERE run = ?1 AND state = 'pending' AND ",
            $condition,
            " ORDER BY run, ",
            $order,
            ", n LIMIT ?3) AS row CROSS JOIN message WHERE message.run = row.run AND message.n = row.n ORDER BY ",
            $order,
            ", row.n"
        )
    };
}
const DUE: &str = next_rows!("due_at > 0 AND due_at <= ?2", "due_at");
const FRESH: &str = next_rows!("n > ?2 AND due_at = 0", "due_at");
/// How an attempt ended: only for the process that made it, and while nobody has decided otherwise. It may correct that it
/// was taken for lost.
const END: &str = "UPDATE row SET state = ?5, due_at = ?6, at = ?7, ended_at = ?7, http_status = ?8, message_id = ?9, \
     code = ?10, api_code = ?11, error = ?12, decided = NULL WHERE run = ?1 AND n = ?2 AND number = ?3 AND worker = ?4 \
     AND (state = 'inflight' OR state = 'unknown' AND ended_at IS NULL)";
const GIVE: &str = "UPDATE row SET state = 'inflight', number = number + 1, worker = ?3, at = ?4, began_at = ?4, \
     ended_at = NULL, attempts = attempts + 1, decided = NULL WHERE run = ?1 AND n = ?2 AND state = 'pending'";

/// This process, as one of those that send a run.
pub(crate) struct Worker {
    store: Store,
    run: i64,
    id: i64,
    /// The number of its newest connection, whether that was answered or not.
    connection: i64,
    /// How many exchanges the store has told it of.
    exchanges: i64,
    is_connected: bool,
    lease_ms: i64,
    slack: Option<Duration>,
    /// The key of the run, under which a row that comes back must still have its person.
    key: Option<(OnceScope, OnceHasher)>,
    /// Rows given to this process whose outcomes the store does not have yet.
    held: HashMap<i64, i64>,
    /// Rows that were given but must not be sent; the next exchange reports them.
    returned: Vec<SettledRow>,
    /// The reason why no process may take rows; the next exchange reports it.
    pause: Option<PauseReason>,
    is_complete: bool,
    /// Whether to stop waiting for outcomes that cannot be written at once.
    is_left: Arc<AtomicBool>,
    /// The duration of the last exchange.
    took: Duration,
    looked_at: Option<Instant>,
    counts_at: Instant,
    others_at: Option<Instant>,
}

/// What a transaction of an exchange returns.
struct ExchangeResult {
    exchanges: i64,
    rows: Vec<(QueuedRow, i64, i64)>,
    next_in: i64,
    delay: Delay,
    is_complete: bool,
    pause: Option<super::events::RunPause>,
}

impl Run {
    /// Joins those who send the run; its requests take at most `timeout`. Returns also the number of rows in each state.
    /// If the last process did not end in order, a file is checked first.
    pub(crate) fn join(&self, timeout: Duration) -> Result<(Worker, Counts), LedgerError> {
        let slack = (timeout / 2).clamp(SHORTEST_SLACK, LONGEST_SLACK);
        let store = self.store.reopened()?;
        let lease_ms = i64::try_from((timeout + 2 * slack).as_millis()).unwrap_or(i64::MAX);
        let key = match self.details()?.scope() {
            Some(scope) => Some((scope, store.hasher()?)),
            None => None,
        };
        let now = Instant::now();
        let mut worker = Worker {
            store,
            run: self.id,
            // A store that was put back must not give out a number twice.
            id: fastrand::i64(1..),
            connection: 1,
            exchanges: 0,
            is_connected: true,
            lease_ms,
            slack: self.store.is_shared().then_some(slack),
            key,
            held: HashMap::new(),
            returned: Vec::new(),
            pause: None,
            is_complete: false,
            is_left: Arc::default(),
            took: Duration::ZERO,
            looked_at: None,
            counts_at: now + TIME_BETWEEN_COUNTS,
            others_at: None,
        };
        worker.enter()?;
        let counts = self.counts()?;
        Ok((worker, counts))
    }
}

impl Worker {
    fn enter(&mut self) -> Result<(), LedgerError> {
        let Self { store, run, id, lease_ms, .. } = self;
        let mut db = store.db();
        let now = db.0.now()?;
        if Lost::of(&mut db, now)?.processes().next().is_some() {
            db.0.check()?;
        }
        db.0.limit(SHORT);
        db.0.enter(*id)?;
        db.change(|db| {
            let mut locked = lock(db, *run)?.ok_or_else(|| removed(*run))?;
            locked.check_identity(db)?;
            let lost = Lost::of(db, locked.now)?;
            locked.under_way &= lost.is_sent(*run);
            locked.note_lost(db)?;
            locked.note_finished(db)?;
            let (host, pid) = (host_name(), i64::from(std::process::id()));
            db.run(
                "INSERT INTO worker (id, run, host, pid, connection, exchanges, lease_ms, joined_at, seen_at) \
                 VALUES (?1, ?2, ?3, ?4, 1, 0, ?5, ?6, ?6)",
                &values![*id, *run, host, pid, *lease_ms, locked.now],
            )?;
            locked.write(db)
        })
    }

    /// Comes back after an exchange whose answer was lost: that is committed by now, or gone, or will change nothing, since
    /// it names an older connection. Rows that the store has as given and that this process does not hold were in the lost
    /// answer. They have not left, and go back.
    fn rejoin(&mut self) -> Result<(), LedgerError> {
        self.store = self.store.reopened()?;
        self.connection += 1;
        let Self { store, run, id, connection, held, .. } = self;
        let mut db = store.db();
        db.0.limit(SHORT);
        db.change(|db| {
            let mut locked = lock(db, *run)?.ok_or_else(|| removed(*run))?;
            locked.check_identity(db)?;
            let query =
                "UPDATE worker SET connection = ?2, seen_at = ?3, left_at = NULL WHERE id = ?1 AND connection < ?2";
            if db.run(query, &values![*id, *connection, locked.now])? == 0 {
                // The exchange finds that it is missing.
                let is_known = db.exists("SELECT 1 FROM worker WHERE id = ?1", &values![*id])?;
                return if is_known { Err(LedgerError::Stale) } else { Ok(()) };
            }
            let query = "SELECT n, number FROM row WHERE run = ?1 AND worker = ?2 AND state = 'inflight'";
            let given = db.rows(query, &values![*run, *id], |row| Ok((row.int(0)?, row.int(1)?)))?;
            let lost: Vec<_> = given.into_iter().filter(|(n, number)| held.get(n) != Some(number)).collect();
            let back: Vec<_> = lost
                .iter()
                .map(|(n, number)| {
                    let why = "the connection to the ledger broke before it left";
                    values![*run, *n, *number, locked.now, why].to_vec()
                })
                .collect();
            db.each(
                "UPDATE row SET state = 'pending', due_at = ?4, at = ?4, ended_at = ?4, code = 'ledger', error = ?5 \
                 WHERE run = ?1 AND n = ?2 AND number = ?3 AND state = 'inflight'",
                &back,
            )?;
            let rows: Vec<_> = lost.into_iter().map(|(n, _)| n).collect();
            locked.put_in_order(db, &rows)?;
            leave_out_if_cancelled(db, &mut locked)?;
            locked.write(db)
        })?;
        drop(db);
        self.is_connected = true;
        Ok(())
    }

    fn try_exchange(
        &mut self,
        settled: &[&SettledRow],
        events: &[RunEvent],
        wanted: usize,
    ) -> Result<ExchangeReply, LedgerError> {
        if !self.is_connected {
            self.rejoin()?;
        }
        let deadline = self.slack.map(Deadline::after);
        let looks = self.looked_at.is_none_or(|at| at.elapsed() >= LOOKS_EVERY);
        let store = self.store.clone();
        let mut db = store.db();
        let exchanged = db.change(|db| self.exchange_in(db, settled, events, (wanted, looks)))?;
        self.exchanges = exchanged.exchanges;
        if looks {
            self.looked_at = Some(Instant::now());
        }
        for row in settled {
            if self.held.get(&row.ended.n) == Some(&row.ended.number) {
                self.held.remove(&row.ended.n);
            }
        }
        let mut given = ExchangeReply { pause: exchanged.pause, ..ExchangeReply::default() };
        for (mut row, fingerprint, checksum) in exchanged.rows {
            self.held.insert(row.n, row.number);
            if !row.is_as_written(fingerprint, checksum) {
                let problem = format!("the request of line {} is not the one that was written", row.line);
                given.problem = Some(LedgerError::damaged(problem));
            }
            row.deadline = deadline;
            given.rows.push(row);
        }
        if given.problem.is_some() {
            // Nothing of this answer is sent.
            for row in given.rows.drain(..) {
                let ended = EndedAttempt::not_begun(row, "a request of the run was changed");
                self.returned.push(SettledRow::new(ended));
            }
        }
        self.pause = None;
        self.is_complete = exchanged.is_complete;
        if !self.is_complete && given.pause.is_none() {
            let wait = Duration::from_millis(u64::try_from(exchanged.next_in).unwrap_or_default());
            given.next = Some((Instant::now() + wait, exchanged.delay));
        }
        // The final figures are exact; a process that only closes shows none.
        let has_ended = self.is_complete && (wanted > 0 || !settled.is_empty());
        let others = self.others_at.is_some_and(|at| at.elapsed() < 2 * TIME_BETWEEN_COUNTS);
        let began = Instant::now();
        if has_ended || others && began >= self.counts_at {
            // Progress works without the counts.
            given.counts =
                db.0.now()
                    .and_then(|now| Lost::of(&mut db, now))
                    .and_then(|lost| counts(&mut db, self.run, &lost))
                    .ok();
            self.counts_at = Instant::now() + TIME_BETWEEN_COUNTS.max(began.elapsed() * PARTS_BETWEEN_COUNTS);
        }
        Ok(given)
    }

    /// The transaction of an exchange.
    fn exchange_in(
        &mut self,
        db: &mut Db,
        settled: &[&SettledRow],
        events: &[RunEvent],
        (wanted, looks): (usize, bool),
    ) -> Result<ExchangeResult, LedgerError> {
        let mut run = lock(db, self.run)?.ok_or_else(|| removed(self.run))?;
        let worker = db.first("SELECT connection, exchanges FROM worker WHERE id = ?1", &values![self.id])?;
        let exchanges = match worker {
            Some(worker) if worker.int(0)? == self.connection => worker.int(1)?,
            Some(_) => return Err(LedgerError::Stale),
            None => -1,
        };
        if exchanges < self.exchanges {
            run.note_put_back();
        }
        let now = run.now;
        #[expect(clippy::cast_precision_loss, reason = "a time in milliseconds is exact")]
        let moment = now as f64;
        #[expect(clippy::cast_possible_truncation, reason = "it is a time in milliseconds")]
        let back = (run.pace.at - moment).max(0.0) as i64;
        if back > 0 {
            // The clock went back, by at least this much: what it dated must not be further away than it was.
            let query = "UPDATE row SET due_at = CASE WHEN due_at > ?2 THEN due_at - ?2 ELSE 1 END \
                         WHERE run = ?1 AND state = 'pending' AND due_at > 0";
            db.run(query, &values![run.id, back])?;
            db.run("UPDATE worker SET seen_at = seen_at - ?2 WHERE run = ?1", &values![run.id, back])?;
        }
        run.check_identity(db)?;
        let taken = self.take_outcomes(db, &mut run, settled)?;
        if looks {
            run.note_lost(db)?;
            self.look_for_others(db, now)?;
        }
        if let Some(reason) = self.pause {
            run.pause(PausedFor::Fault(reason), format!("{} pid {}", host_name(), std::process::id()));
        }
        for event in events {
            self.note(db, &mut run, event)?;
        }
        let slows = settled.iter().any(|row| row.slows);
        let stopped_until = settled.iter().filter_map(|row| row.stopped_until).max();
        let stopped_until = stopped_until
            .map_or(0.0, |until| moment + until.saturating_duration_since(Instant::now()).as_secs_f64() * 1000.0);
        run.pace.hear(PaceNews { is_too_much: slows, stopped_until }, moment);
        let may_leave = if run.pause.is_some() || run.cancelled_at.is_some() { 0 } else { run.pace.available(moment) };
        let (mut rows, mut next) = (Vec::new(), (0, Delay::Pace));
        let asked = wanted.min(may_leave);
        if asked > 0 {
            rows = self.give(db, &mut run, asked)?;
            run.pace.take(rows.len(), moment);
        }
        if run.pace.ready_at() > moment {
            #[expect(clippy::cast_possible_truncation, reason = "it is a time in milliseconds")]
            let wait = (run.pace.ready_at() - moment).ceil() as i64;
            // The API asked for this, or only the rate does.
            next = (wait, if run.pace.stopped_until > moment { Delay::Retry } else { Delay::Pace });
        }
        if rows.len() < asked {
            let query = "SELECT due_at, attempts, api_code FROM row WHERE run = ?1 AND state = 'pending' AND due_at > 0 \
                         ORDER BY due_at LIMIT 1";
            next = next.max(match db.first(query, &values![run.id])? {
                None => (1000, Delay::Retry),
                Some(row) => {
                    let delay = match (row.int(1)?, row.opt_text(2)?) {
                        // It waits for another row to the same person.
                        (0, _) => Delay::RecipientGap,
                        (_, Some(PAIR_RATE_LIMIT)) => Delay::PairLimit,
                        _ => Delay::Retry,
                    };
                    (row.int(0)? - now, delay)
                }
            });
        }
        if wanted == 0 || rows.len() < asked || run.pause.is_some() {
            run.note_finished(db)?;
        }
        if taken > 0 || !rows.is_empty() {
            run.changed_at = now;
        }
        run.write(db)?;
        db.run("UPDATE worker SET seen_at = ?2, exchanges = exchanges + 1 WHERE id = ?1", &values![self.id, now])?;
        let pause = run.pause.filter(|_| run.finished_at.is_none()).map(|paused| paused.pause);
        // Others may give rows back meanwhile.
        let next_in = if self.others_at.is_some() { next.0.clamp(1, 500) } else { next.0.max(1) };
        Ok(ExchangeResult {
            exchanges: exchanges + 1,
            rows,
            next_in,
            delay: next.1,
            is_complete: run.finished_at.is_some(),
            pause,
        })
    }

    /// Takes the outcomes of rows; returns how many counted.
    fn take_outcomes(&self, db: &mut Db, run: &mut LockedRun, settled: &[&SettledRow]) -> Result<u64, LedgerError> {
        if settled.is_empty() {
            return Ok(0);
        }
        let mut ends = Vec::with_capacity(settled.len());
        for row in settled {
            let SettledRow { ended, at, retry, .. } = row;
            let at = run.now - milliseconds_since(*at);
            let mut state = ended.state;
            if state == RowState::Pending && !self.has_its_person(db, ended)? {
                state = RowState::Failed;
            }
            let due = (state == RowState::Pending)
                .then(|| run.now + retry.map_or(0, |(due, _)| i64::try_from(milliseconds(due)).unwrap_or(i64::MAX)));
            ends.push(
                values![
                    run.id,
                    ended.n,
                    ended.number,
                    self.id,
                    state.name(),
                    due,
                    at,
                    ended.http_status.map(i64::from),
                    ended.message_id.as_deref(),
                    ended.code,
                    ended.api_code.as_deref(),
                    ended.error.as_deref()
                ]
                .to_vec(),
            );
        }
        let taken = db.each(END, &ends)?;
        if taken > 0 {
            if settled.iter().any(|row| row.ended.state == RowState::Pending) {
                run.finished_at = None;
            }
            let rows: Vec<_> = settled.iter().map(|row| row.ended.n).collect();
            run.put_in_order(db, &rows)?;
            leave_out_if_cancelled(db, run)?;
        }
        Ok(taken)
    }

    /// Whether a row may be sent again: a process that was taken for lost may bring it back after its person was forgotten
    /// under the key, and has another message by now.
    fn has_its_person(&self, db: &mut Db, ended: &EndedAttempt) -> Result<bool, LedgerError> {
        let Some((scope, hasher)) = &self.key else { return Ok(true) };
        let query = "SELECT 1 FROM once_key CROSS JOIN claim WHERE once_key.key = ?1 AND once_key.bot = ?2 \
                     AND once_key.address = ?3 AND claim.once_key = once_key.id AND claim.person = ?4 \
                     AND claim.run = ?5 AND claim.n = ?6";
        let OnceScope { key, bot, address } = scope;
        let person = hasher.person(&ended.recipient);
        db.exists(query, &values![key.as_str(), bot, address, person, self.run, ended.n])
    }

    /// Gives at most `wanted` rows to this process.
    fn give(&self, db: &mut Db, run: &mut LockedRun, wanted: usize) -> Result<Vec<(QueuedRow, i64, i64)>, LedgerError> {
        let mut rows = db.rows(DUE, &values![run.id, run.now, wanted as u64], queued)?;
        let left = wanted - rows.len();
        if left > 0 {
            let fresh = db.rows(FRESH, &values![run.id, run.taken, left as u64], queued)?;
            if let Some((last, ..)) = fresh.last() {
                run.taken = last.n;
            }
            rows.extend(fresh);
        }
        let given: Vec<_> = rows.iter().map(|(row, ..)| values![run.id, row.n, self.id, run.now].to_vec()).collect();
        db.each(GIVE, &given)?;
        if !rows.is_empty() && !run.under_way {
            run.under_way = true;
            let begun = values![run.id, RunEventKind::Begun.name()];
            let has_begun = db.exists("SELECT 1 FROM event WHERE run = ?1 AND kind = ?2", &begun)?;
            let kind = if has_begun { RunEventKind::Resumed } else { RunEventKind::Begun };
            note_event(db, run.id, &RunEvent { at: run.now, ..RunEvent::now(kind) })?;
        }
        Ok(rows)
    }

    /// Records an event of this process. The run is stopped once its last process takes no more rows.
    fn note(&mut self, db: &mut Db, run: &mut LockedRun, event: &RunEvent) -> Result<(), LedgerError> {
        if matches!(event.kind, RunEventKind::Stopped | RunEventKind::Paused) {
            db.run("UPDATE worker SET stopped_at = ?2 WHERE id = ?1", &values![self.id, run.now])?;
            self.look_for_others(db, run.now)?;
            if self.pause.is_none() && self.others_at.is_some() {
                return Ok(());
            }
            run.under_way = false;
        }
        let until = event.until.map(|until| run.now + (until - event.at));
        note_event(db, run.id, &RunEvent { at: run.now, until, ..event.clone() })
    }

    /// Notes whether another process takes rows of the run: one that was heard of a moment ago.
    fn look_for_others(&mut self, db: &mut Db, now: i64) -> Result<(), LedgerError> {
        let query = "SELECT 1 FROM worker WHERE run = ?1 AND id <> ?2 AND stopped_at IS NULL AND left_at IS NULL \
                     AND seen_at > ?3";
        let is_sent = db.exists(query, &values![self.run, self.id, now - IS_HEARD])?;
        self.others_at = is_sent.then(Instant::now);
        Ok(())
    }

    /// Makes an exchange, with retries while the database does not answer.
    fn exchange_within(
        &mut self,
        patience: Duration,
        settled: &[SettledRow],
        events: &[RunEvent],
        wanted: usize,
    ) -> Result<ExchangeReply, LedgerError> {
        let began = Instant::now();
        let mut wait = FIRST_WAIT;
        let returned = std::mem::take(&mut self.returned);
        let settled: Vec<_> = settled.iter().chain(&returned).collect();
        let error = loop {
            match self.try_exchange(&settled, events, wanted) {
                Ok(given) => {
                    self.took = began.elapsed();
                    return Ok(given);
                }
                Err(error)
                    if error.may_pass() && began.elapsed() < patience && !self.is_left.load(Ordering::SeqCst) =>
                {
                    self.is_connected = false;
                    thread::sleep(wait);
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
                Err(error) => break error.after(began.elapsed()),
            }
        };
        // The store has not received them.
        self.returned = returned;
        Err(error)
    }
}

#[cfg(test)]
impl Worker {
    pub(super) fn id(&self) -> i64 {
        self.id
    }

    /// An exchange that is not tried again.
    pub(super) fn exchange_once(
        &mut self,
        settled: &[SettledRow],
        wanted: usize,
    ) -> Result<ExchangeReply, LedgerError> {
        self.try_exchange(&settled.iter().collect::<Vec<_>>(), &[], wanted)
    }

    /// Runs `lost`, of which this process then knows nothing, as if its answers had been lost with the connection.
    pub(super) fn forget_answer_of(&mut self, lost: impl FnOnce(&mut Self)) {
        let held = self.held.clone();
        lost(self);
        (self.held, self.is_connected) = (held, false);
    }
}

impl RunLedger for Worker {
    fn exchange(
        &mut self,
        settled: &[SettledRow],
        events: &[RunEvent],
        wanted: usize,
    ) -> Result<ExchangeReply, LedgerError> {
        self.exchange_within(GIVES_UP_AFTER, settled, events, wanted)
    }

    fn pause(&mut self, reason: PauseReason) {
        self.pause = Some(reason);
    }

    fn listens_every(&self) -> Option<Duration> {
        Some(LISTENS_EVERY)
    }

    fn others_send(&mut self) -> bool {
        let store = self.store.clone();
        let mut db = store.db();
        let looked = db.0.now().and_then(|now| self.look_for_others(&mut db, now));
        looked.is_ok() && self.others_at.is_some()
    }

    /// Most of the duration of the last exchange: if the database's disk is slow, the answers that the API gives during
    /// one exchange are sent together in the next one. With a file, more commits make a faster run.
    fn gathers(&self, settled: usize) -> Duration {
        if self.slack.is_some() && settled < self.held.len() {
            (self.took * 2 / 3).min(LONGEST_GATHERING)
        } else {
            Duration::ZERO
        }
    }

    fn watch(&mut self, is_left: Arc<AtomicBool>) {
        self.is_left = is_left;
    }

    fn close(mut self: Box<Self>) -> Result<bool, LedgerError> {
        self.exchange_within(CLOSES_WITHIN, &[], &[], 0)?;
        let mut db = self.store.db();
        // Others notice without this, only later. One that leaves rows under way is lost, as if it had been killed.
        let _ = db.change(|db| {
            let now = db.0.now()?;
            let left_at = self.held.is_empty().then_some(now);
            let query = "UPDATE worker SET stopped_at = ?3, left_at = ?4 WHERE id = ?1 AND connection = ?2";
            db.run(query, &values![self.id, self.connection, now, left_at])
        });
        db.0.leave(self.id);
        Ok(self.is_complete)
    }
}

/// Skips the rows of a cancelled run that are pending again.
fn leave_out_if_cancelled(db: &mut Db, run: &mut LockedRun) -> Result<(), LedgerError> {
    if run.cancelled_at.is_none() {
        return Ok(());
    }
    let query = "SELECT n FROM row WHERE run = ?1 AND state = 'pending'";
    let rows = db.rows(query, &values![run.id], |row| Ok((row.int(0)?, CANCELLED)))?;
    run.skip(db, &rows)
}

/// The row to send, and what it is checked by.
fn queued(mut row: SqlRow) -> Result<(QueuedRow, i64, i64), LedgerError> {
    let (fingerprint, checksum) = (row.int(6)?, row.int(7)?);
    let queued = QueuedRow {
        n: row.int(0)?,
        number: row.int(1)? + 1,
        line: row.count(2)?,
        recipient: row.take(3)?,
        path: row.take(4)?,
        body: row.take(5)?,
        deadline: None,
    };
    Ok((queued, fingerprint, checksum))
}

fn removed(run: i64) -> LedgerError {
    LedgerError::Changed { run: run.to_string() }
}

fn milliseconds(until: Instant) -> u64 {
    let wait = until.saturating_duration_since(Instant::now());
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

fn milliseconds_since(at: Instant) -> i64 {
    i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX)
}

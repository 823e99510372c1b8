//! A process that sends a run, alone or together with others. In one transaction, an exchange writes the outcomes of its
//! rows and returns the next rows. Once it has returned, all of it is durable, and the rows are under way.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::claims::number_of;
use super::comparing::EarlierMessages;
use super::db::{Db, SHORT, SqlRow, values};
use super::error::LedgerError;
use super::events::{PauseReason, RunEvent, RunEventKind};
use super::message::{checksum_of, hash_of_person};
use super::model::{Counts, RowState};
use super::pace::{PaceNews, moment};
use super::reach::{Reach, ReachOf};
use super::run::{Run, queued};
use super::steps::{LockedRun, RECIPIENT_GAP};
use super::store::{Lost, lock_store};
use super::types::{Delay, Details, EndedAttempt, ExchangeReply, QueuedRow, SettledRow};
use crate::api::{Deadline, PAIR_RATE_LIMIT};
use crate::message::sends_template;
use crate::once::OnceHasher;
use crate::output::Sent;
use crate::process::host_name;

/// How long to retry while the database does not answer.
const GIVES_UP_AFTER: Duration = Duration::from_secs(300);
/// The same, if everything is written and only the end of this process is left to report.
const CLOSES_WITHIN: Duration = Duration::from_secs(15);
/// The waits between retries.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How often a waiting process checks whether others have paused the run, and shows that it is alive; and how often any
/// process looks for those that were lost.
pub(crate) const LISTENS_EVERY: Duration = Duration::from_millis(500);
/// A process that was heard from this recently still sends; in milliseconds.
const IS_HEARD: i64 = 5_000;
/// Rows that are due later than this are looked at again by a process that joins, in milliseconds: they may wait for the limit
/// of people.
const LONGEST_SHORT_WAIT: i64 = 60_000;
/// In milliseconds: a row that may leave sooner leaves at once, because a wait takes a whole one.
const SHORTEST_WAIT: f64 = 0.1;
/// The longest time that an exchange with a database waits for more rows.
const LONGEST_GATHERING: Duration = Duration::from_millis(5);
/// How often the rows of all processes are counted, as long as that takes at most a fiftieth of the time.
const TIME_BETWEEN_COUNTS: Duration = Duration::from_secs(5);
const PARTS_BETWEEN_COUNTS: u32 = 50;
/// How long after the request for rows of a database the first byte may be sent: half of the timeout, within these
/// limits. It is never less than the time limit for a connection to the API.
const SHORTEST_SLACK: Duration = Duration::from_secs(1);
const LONGEST_SLACK: Duration = Duration::from_secs(15);

/// The rows that may leave now: those that are due, and those that were never tried; of a run with several rows to a person
/// also when it is their turn: behind the earlier ones that are open, of which at most 100 are counted, or else some time
/// after the last. They are limited before they are joined: otherwise PostgreSQL may read all that are left.
macro_rules! next_rows {
    ($condition:literal, $order:literal) => {
        concat!(
            "SELECT row.n, number, line, recipient, path, body, fingerprint, checksum, CASE WHEN CAST(?4 AS BIGINT) = 1 THEN \
             coalesce((SELECT CASE WHEN count(*) > 0 THEN ?5 + ?6 * count(*) END FROM (SELECT 1 \
               FROM known CROSS JOIN row AS other WHERE known.person = message.person AND known.run = message.run \
               AND other.run = known.run AND other.n = known.n \
               AND (other.state = 'inflight' OR other.state = 'pending' AND other.n < row.n) LIMIT 100) AS earlier), \
             (SELECT max(other.at) + ?6 FROM known CROSS JOIN row AS other WHERE known.person = message.person \
               AND known.run = message.run AND other.run = known.run AND other.n = known.n \
               AND other.state <> 'pending' AND other.began_at IS NOT NULL AND other.at <= ?5)) END \
             FROM (SELECT run, n, number FROM row WHERE run = ?1 AND state = 'pending' AND ",
            $condition,
            " ORDER BY ",
            $order,
            " LIMIT ?3) AS row CROSS JOIN message WHERE message.run = row.run AND message.n = row.n"
        )
    };
}
const DUE: &str = next_rows!("due_at > 0 AND due_at <= ?2", "run, due_at, n");
const FRESH: &str = next_rows!("n > ?2 AND due_at = 0", "run, n");
/// A process is heard from. Once it was lost, others may have changed the run, and sent what its rows have: it takes no more
/// rows, and has to join again.
macro_rules! hear {
    () => {
        "stopped_at = CASE WHEN seen_at + lease_ms < ?2 THEN ?2 ELSE stopped_at END, seen_at = ?2"
    };
}
/// How an attempt ended. Only the process that made it may say so, and only until a person has decided the row. It also
/// corrects a row that became unknown because the process seemed lost.
const END: &str = "UPDATE row SET state = ?5, due_at = ?6, at = ?7, ended_at = ?7, http_status = ?8, message_id = ?9, \
     code = ?10, api_code = ?11, error = ?12 WHERE run = ?1 AND n = ?2 AND number = ?3 AND worker = ?4 \
     AND (state = 'inflight' OR state = 'unknown' AND ended_at IS NULL)";
/// Gives this process those rows of a range that may leave by a given time.
const GIVE: &str = "UPDATE row SET state = 'inflight', number = number + 1, worker = ?5, at = ?6, began_at = ?6, \
     ended_at = NULL, attempts = attempts + 1 \
     WHERE run = ?1 AND n > ?2 AND n <= ?3 AND state = 'pending' AND due_at <= ?4";
/// Lets a row wait until a time.
const HOLD: &str = "UPDATE row SET due_at = ?3 WHERE run = ?1 AND n = ?2 AND state = 'pending'";

/// This process, as one of the senders of a run.
pub(crate) struct Worker {
    run: Run,
    id: i64,
    /// The number of its newest connection, whether that was answered or not.
    connection: i64,
    /// How many exchanges the store has told it of.
    exchanges: i64,
    is_connected: bool,
    slack: Option<Duration>,
    /// The bot whose people are counted, and how many of them there may be in 24 hours.
    reach: Option<ReachOf>,
    limit: Option<u32>,
    /// Until when the limit holds back rows that were never tried; zero if it does not.
    held_until: i64,
    /// The key of the run, under which a row that comes back must still have its person.
    key: Option<(i64, OnceHasher)>,
    /// Rows given to this process whose outcomes the store does not have yet.
    held: HashMap<i64, i64>,
    /// The reason why no process may take rows; the next exchange reports it.
    pause: Option<PauseReason>,
    is_complete: bool,
    /// Whether to stop waiting for outcomes that cannot be written at once.
    is_left: Arc<AtomicBool>,
    /// The duration of the last exchange.
    took: Duration,
    looked_at: Option<Instant>,
    counts_at: Instant,
    /// Whether other processes send the run now. None if none ever did: then their rows need not be counted.
    others: Option<bool>,
}

impl Run {
    /// Joins the processes that send the run; a request takes at most `timeout`. Also returns the number of rows in each
    /// state. If a process that sent it was killed, a file is checked first.
    ///
    /// Rows that other runs have sent meanwhile, or are about to send, are left out if `leaves_out` says so; if it says no, this
    /// process does not join, and they are returned, by run and reason. None sends them again.
    pub(crate) fn join(
        &self,
        timeout: Duration,
        leaves_out: Option<bool>,
    ) -> Result<Result<(Worker, Counts), Vec<EarlierMessages>>, LedgerError> {
        let slack = (timeout / 2).clamp(SHORTEST_SLACK, LONGEST_SLACK);
        let run = self.on_own_connection()?;
        let details = run.details()?;
        let key = match details.scope() {
            Some(scope) => Some((number_of(&scope), run.store.hasher()?)),
            None => None,
        };
        let mut worker = Worker {
            slack: None,
            run,
            // A store that was put back must not give out a number twice.
            id: fastrand::i64(1..),
            connection: 1,
            exchanges: 0,
            is_connected: true,
            reach: ReachOf::of(&details, timeout + slack),
            limit: details.conditions.per_day,
            held_until: 0,
            key,
            held: HashMap::new(),
            pause: None,
            is_complete: false,
            is_left: Arc::default(),
            took: Duration::ZERO,
            looked_at: None,
            counts_at: Instant::now() + TIME_BETWEEN_COUNTS,
            others: None,
        };
        let found = worker.enter(timeout + 2 * slack, leaves_out)?;
        if !found.is_empty() {
            return Ok(Err(found));
        }
        // A row that leaves late is not its own any more in a database, and with a limit its person no longer counts.
        worker.slack = (worker.limit.is_some() || self.store.is_shared()).then_some(slack);
        let counts = self.counts()?;
        Ok(Ok((worker, counts)))
    }
}

impl Worker {
    /// Makes this process one that others see. If `leaves_out` is false and other runs have rows of this one, it does not, and
    /// returns them. Whoever enters holds the store, so that of two processes with the same rows the second sees the first.
    fn enter(&mut self, lease: Duration, leaves_out: Option<bool>) -> Result<Vec<EarlierMessages>, LedgerError> {
        let of = self.run.clone();
        let mut db = of.store.db();
        if Lost::of(&mut db)?.of_run(of.id).next().is_some() {
            db.0.check()?;
        }
        db.0.enter(self.id)?;
        // A process that stands still in here keeps others waiting for a moment only.
        db.0.limit(SHORT);
        let found = db.change(|db| {
            lock_store(db)?;
            of.change_in(db, |db, run| {
                run.check_identity(db)?;
                let is_alone = !Lost::of(db)?.is_sent(run.id);
                run.note_lost(db)?;
                run.note_finished(db)?;
                let kept = db.one("SELECT details, created_at FROM run WHERE id = ?1", &values![run.id])?;
                let details: Details = serde_json::from_str(kept.text(0)?).map_err(LedgerError::damaged)?;
                if let Some(leaves_out) = leaves_out.filter(|_| !details.sandbox) {
                    let found = run.compare(db, &details, leaves_out, kept.int(1)?)?;
                    if !found.is_empty() && !leaves_out {
                        return Ok(found);
                    }
                }
                if let Some(of) = &self.reach {
                    of.forget_old(db, run.now)?;
                }
                // Nobody changes the limit while a process sends the run.
                self.limit = details.conditions.per_day;
                // Rows that wait for the limit are checked again; this process has read who is excluded now.
                let query = "UPDATE row SET due_at = ?2 WHERE run = ?1 AND state = 'pending' AND due_at > ?3 \
                             AND (api_code IS NULL OR api_code <> ?4)";
                db.run(query, &values![run.id, run.now, run.now + LONGEST_SHORT_WAIT, PAIR_RATE_LIMIT])?;
                let (host, pid) = (host_name(), i64::from(std::process::id()));
                db.run(
                    "INSERT INTO worker (id, run, host, pid, connection, exchanges, lease_ms, joined_at, seen_at) \
                     VALUES (?1, ?2, ?3, ?4, 1, 0, ?5, ?6, ?6)",
                    &values![self.id, run.id, host, pid, milliseconds(lease), run.now],
                )?;
                if is_alone && run.may_leave() && run.finished_at.is_none() {
                    let begun = values![run.id, RunEventKind::Begun.name()];
                    let has_begun = db.exists("SELECT 1 FROM event WHERE run = ?1 AND kind = ?2", &begun)?;
                    run.note(db, &RunEvent::now(if has_begun { RunEventKind::Resumed } else { RunEventKind::Begun }))?;
                }
                Ok::<_, LedgerError>(Vec::new())
            })
        })?;
        if !found.is_empty() {
            db.0.leave(self.id);
            return Ok(found);
        }
        // Comparing may have set a longer one.
        db.0.limit(SHORT);
        Ok(found)
    }

    /// Reconnects after an exchange whose answer was lost. By now that exchange is committed, or it was rolled back, or it
    /// will change nothing because it names an older connection. Rows under way in the store that this process does not
    /// hold were in the lost answer: they have not left, and go back. In a store that was put back meanwhile they may have
    /// been sent.
    fn rejoin(&mut self) -> Result<(), LedgerError> {
        self.run = self.run.on_own_connection()?;
        self.run.store.db().0.limit(SHORT);
        self.connection += 1;
        self.run.change(|db, run| {
            run.check_identity(db)?;
            let query = concat!(
                "UPDATE worker SET ",
                hear!(),
                ", connection = ?3, left_at = NULL WHERE id = ?1 AND connection < ?3 RETURNING exchanges"
            );
            let Some(worker) = db.first(query, &values![self.id, run.now, self.connection])? else {
                // The exchange finds that it is missing.
                let is_known = db.exists("SELECT 1 FROM worker WHERE id = ?1", &values![self.id])?;
                return if is_known { Err(LedgerError::stale()) } else { Ok(()) };
            };
            if worker.int(0)? < self.exchanges {
                run.identity.clear();
                run.check_identity(db)?;
            }
            if run.is_elsewhere(db)? {
                // How those that this process holds end still counts.
                return run.take_for_lost(db, self.id, "what this process was told of it is missing in the store");
            }
            let query = "SELECT n, number FROM row WHERE run = ?1 AND worker = ?2 AND state = 'inflight'";
            let mut rows = db.rows(query, &values![run.id, self.id], |row| Ok((row.int(0)?, row.int(1)?)))?;
            rows.retain(|(n, number)| self.held.get(n) != Some(number));
            let why = "the connection to the ledger broke before it left";
            let back: Vec<_> =
                rows.iter().map(|(n, number)| values![run.id, *n, *number, run.now, why].to_vec()).collect();
            db.each(
                "UPDATE row SET state = 'pending', due_at = ?4, at = ?4, ended_at = ?4, code = 'ledger', error = ?5 \
                 WHERE run = ?1 AND n = ?2 AND number = ?3 AND state = 'inflight'",
                &back,
            )?;
            if let Some(of) = &self.reach {
                Reach::take_back(db, of, run.id, &rows.into_iter().map(|(n, _)| n).collect::<Vec<_>>())?;
            }
            if run.cancelled_at.is_some() {
                run.skip_rest(db)?;
            }
            Ok(())
        })?;
        self.is_connected = true;
        Ok(())
    }

    fn try_exchange(
        &mut self,
        settled: &[SettledRow],
        events: &[RunEvent],
        wanted: usize,
    ) -> Result<ExchangeReply, LedgerError> {
        if !self.is_connected {
            self.rejoin()?;
        }
        let deadline = self.slack.map(Deadline::after);
        let looks = self.looked_at.is_none_or(|at| at.elapsed() >= LISTENS_EVERY);
        let of = self.run.clone();
        let (mut reply, exchanges, is_complete) = of.change(|db, run| {
            self.held_until -= follow_clock(db, run)?;
            let (exchanges, was_lost) = self.count(db, run.now)?;
            if exchanges <= self.exchanges {
                // The store was put back to an earlier state, although its identity is the same.
                run.identity.clear();
            }
            run.check_identity(db)?;
            let taken = self.take_outcomes(db, run, settled)?;
            if looks {
                run.note_lost(db)?;
                self.look_for_others(db, run.now)?;
            }
            if let Some(reason) = self.pause {
                run.pause(reason, format!("{} pid {}", host_name(), std::process::id()));
            }
            for event in events {
                self.note(db, run, event)?;
            }
            run.pace.hear(news_of(settled, run.now), moment(run.now));
            let reply = ExchangeReply { was_lost, ..self.reply(db, run, if was_lost { 0 } else { wanted })? };
            if taken > 0 || !reply.rows.is_empty() {
                run.changed_at = run.now;
            }
            Ok::<_, LedgerError>((reply, exchanges, run.finished_at.is_some()))
        })?;
        (self.exchanges, self.is_complete, self.pause) = (exchanges, is_complete, None);
        if looks {
            self.looked_at = Some(Instant::now());
        }
        for SettledRow { ended, .. } in settled {
            if self.held.get(&ended.n) == Some(&ended.number) {
                self.held.remove(&ended.n);
            }
        }
        for row in &mut reply.rows {
            self.held.insert(row.n, row.number);
            row.deadline = deadline;
        }
        // The final figures are exact; a process that only closes shows none.
        let has_ended = is_complete && (wanted > 0 || !settled.is_empty());
        reply.counts = self.counts(has_ended);
        Ok(reply)
    }

    /// The rows in each state, if it is time to count them.
    fn counts(&mut self, has_ended: bool) -> Option<Counts> {
        let began = Instant::now();
        let is_time = has_ended || self.others.is_some() && began >= self.counts_at;
        if !is_time {
            return None;
        }
        // Progress works without the counts.
        let counts = self.run.noted_counts().ok();
        self.counts_at = Instant::now() + TIME_BETWEEN_COUNTS.max(began.elapsed() * PARTS_BETWEEN_COUNTS);
        counts
    }

    /// How many exchanges of this process the store has with this one, 0 if it does not know the process; and whether the
    /// process takes no more rows, since it was lost for some time.
    fn count(&self, db: &mut Db, now: i64) -> Result<(i64, bool), LedgerError> {
        let query = concat!(
            "UPDATE worker SET ",
            hear!(),
            ", exchanges = exchanges + 1 WHERE id = ?1 RETURNING connection, exchanges, stopped_at"
        );
        match db.first(query, &values![self.id, now])? {
            Some(worker) if worker.int(0)? != self.connection => Err(LedgerError::stale()),
            Some(worker) => Ok((worker.int(1)?, worker.opt_int(2)?.is_some())),
            None => Ok((0, false)),
        }
    }

    /// The rows that leave now, at most `wanted`, and what the next one waits for.
    fn reply(&mut self, db: &mut Db, run: &mut LockedRun, wanted: usize) -> Result<ExchangeReply, LedgerError> {
        let now = moment(run.now);
        let may_leave = if run.may_leave() { run.pace.available(now) } else { 0 };
        let asked = wanted.min(may_leave);
        let mut reply = ExchangeReply::default();
        // An exchange that finds the wait over gives no new rows: after a long wait the exclusion lists are read first.
        let is_held = self.held_until > 0;
        if self.held_until <= run.now {
            self.held_until = 0;
        }
        let early = if asked > 0 { self.give(db, run, (asked, !is_held), &mut reply)? } else { 0 };
        run.pace.take(reply.rows.len(), now);
        let is_short = reply.rows.len() + early < asked;
        let mut next = (0, Delay::Pace);
        if run.pace.ready_at() > now + SHORTEST_WAIT {
            let wait = whole_milliseconds(run.pace.ready_at() - now);
            // The API asked for this, or only the rate does.
            next = (wait, if run.pace.stopped_until > now { Delay::Retry } else { Delay::Pace });
        }
        let held = Some(self.held_until - run.now).filter(|wait| *wait > 0).map(|wait| (wait, Delay::PeopleLimit));
        let is_over = is_held && held.is_none();
        if held.is_some() || is_short && !is_over {
            let later = held.into_iter().chain(next_due(db, run)?).min_by_key(|(wait, _)| *wait);
            let (wait, delay) = later.unwrap_or((1000, Delay::Retry));
            next = next.max((wait.max(1), delay));
        }
        if wanted == 0 || is_short || run.pause.is_some() {
            run.note_finished(db)?;
        }
        if run.finished_at.is_none() {
            reply.pause = run.pause.clone();
            // Others may give rows back meanwhile.
            let may_be_sooner = self.others == Some(true) && held.is_none();
            let longest = if may_be_sooner { LISTENS_EVERY } else { Duration::MAX };
            let after = |wait: i64| Instant::now() + Duration::from_millis(wait.unsigned_abs()).min(longest);
            reply.next = reply.pause.is_none().then(|| (after(next.0), next.1));
            reply.held_until = held.map(|(wait, _)| after(wait));
        }
        Ok(reply)
    }

    /// Takes the outcomes of rows; returns how many counted.
    fn take_outcomes(&mut self, db: &mut Db, run: &mut LockedRun, settled: &[SettledRow]) -> Result<u64, LedgerError> {
        let mut ends = Vec::with_capacity(settled.len());
        for row in settled {
            let SettledRow { ended, at, retry, .. } = row;
            let at = run.now - milliseconds(at.elapsed());
            let mut state = ended.state;
            if state == RowState::Pending && !self.has_its_person(db, ended)? {
                state = RowState::Failed;
            }
            let wait = retry.map_or(0, |due| milliseconds(due.saturating_duration_since(Instant::now())));
            let due = (state == RowState::Pending).then(|| run.now.saturating_add(wait));
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
            if let Some(of) = &self.reach {
                let unsent = settled.iter().filter(|row| row.ended.state.sent() == Sent::No);
                if Reach::take_back(db, of, run.id, &unsent.map(|row| row.ended.n).collect::<Vec<_>>())? > 0 {
                    // There is room again.
                    self.held_until = self.held_until.min(run.now);
                }
            }
            if run.cancelled_at.is_some() {
                run.skip_rest(db)?;
            }
        }
        Ok(taken)
    }

    /// Whether a row may be sent again under its key. A process that seemed lost may bring it back after its person was
    /// forgotten under the key and got another message.
    fn has_its_person(&self, db: &mut Db, ended: &EndedAttempt) -> Result<bool, LedgerError> {
        let Some((key, hasher)) = &self.key else { return Ok(true) };
        let query = "SELECT 1 FROM claim WHERE once_key = ?1 AND person = ?2 AND run = ?3 AND n = ?4";
        db.exists(query, &values![*key, hasher.person(&ended.recipient), self.run.id, ended.n])
    }

    /// Gives at most `wanted` rows to this process, or none of them if the request of one was changed. Only if they
    /// `may_be_fresh`, rows are among them that were never tried. Returns how many others wait for one to the same person.
    fn give(
        &mut self,
        db: &mut Db,
        run: &mut LockedRun,
        (wanted, may_be_fresh): (usize, bool),
        reply: &mut ExchangeReply,
    ) -> Result<usize, LedgerError> {
        let (mut changed, mut early) = (None, HashMap::new());
        let mut read = |mut row: SqlRow| {
            let (fingerprint, checksum, turn) = (row.int(6)?, row.int(7)?, row.opt_int(8)?);
            let row = queued(&mut row)?;
            if checksum_of(&row.request(), fingerprint, row.n, row.line) != checksum {
                changed = Some(row.line);
            }
            if let Some(turn) = turn.filter(|turn| *turn > run.now) {
                early.insert(row.n, turn);
            }
            Ok(row)
        };
        let from_to = |from: i64, most: usize| values![run.id, from, most as u64, run.repeats, run.now, RECIPIENT_GAP];
        let mut rows = db.rows(DUE, &from_to(run.now, wanted), &mut read)?;
        let left = if may_be_fresh { wanted - rows.len() } else { 0 };
        let mut fresh = match left {
            0 => Vec::new(),
            left => db.rows(FRESH, &from_to(run.taken, left), &mut read)?,
        };
        if let Some(line) = changed {
            let problem = format!("the request of line {line} is not the one that was written");
            reply.problem = Some(LedgerError::damaged(problem));
            return Ok(0);
        }
        let read_to = fresh.iter().map(|row| row.n).max();
        rows.retain(|row| !early.contains_key(&row.n));
        fresh.retain(|row| !early.contains_key(&row.n));
        db.each(HOLD, &early.iter().map(|(n, due)| values![run.id, *n, *due].to_vec()).collect::<Vec<_>>())?;
        let all = fresh.len();
        self.hold_back(db, run.now, &mut rows, &mut fresh)?;
        let give = |after: i64, last: i64, due: i64| values![run.id, after, last, due, self.id, run.now].to_vec();
        let mut given: Vec<_> = rows.iter().map(|row| give(row.n - 1, row.n, run.now)).collect();
        // Every row of this range that was never tried has been read.
        let last = if fresh.len() < all { fresh.iter().map(|row| row.n).max() } else { read_to };
        given.extend(last.map(|last| give(run.taken, last, 0)));
        rows.extend(fresh);
        rows.sort_by_key(|row| row.n);
        run.taken = last.unwrap_or(run.taken);
        let under_way = db.each(GIVE, &given)?;
        debug_assert_eq!(under_way, rows.len() as u64, "each row under way is one that is sent");
        reply.rows = rows;
        Ok(early.len())
    }

    /// Holds back rows whose people would be more than the limit of the bot: those that were never tried from the first of
    /// them on, since they leave in the order of the list.
    fn hold_back(
        &mut self,
        db: &mut Db,
        now: i64,
        rows: &mut Vec<QueuedRow>,
        fresh: &mut Vec<QueuedRow>,
    ) -> Result<(), LedgerError> {
        let is_counted = |row: &&QueuedRow| sends_template(&row.path, &row.body);
        let Some(of) = self.reach.as_ref().filter(|_| rows.iter().chain(&*fresh).any(|row| is_counted(&row))) else {
            return Ok(());
        };
        let mut reach = Reach::lock(db, of)?;
        let all = rows.len() + fresh.len();
        if let Some(limit) = self.limit
            && let Some(mut people) = reach.people_near(db, limit, all)?
        {
            let at = now + of.lag;
            let mut fits = |row: &QueuedRow| {
                let person = hash_of_person(&row.recipient);
                let fits = !is_counted(&row) || people.admits(person, limit);
                if fits && is_counted(&row) {
                    people.0.insert(person, at);
                }
                fits
            };
            let (fitting, held): (Vec<_>, Vec<_>) = rows.drain(..).partition(&mut fits);
            *rows = fitting;
            let last = fresh.iter().position(|row| !fits(row)).unwrap_or(fresh.len());
            fresh.truncate(last);
            if rows.len() + fresh.len() < all {
                self.held_until = people.room_at(limit).max(now + 1);
            }
            let held: Vec<_> = held.iter().map(|row| values![self.run.id, row.n, self.held_until].to_vec()).collect();
            db.each(HOLD, &held)?;
        }
        reach.count(db, (of, self.run.id, now), rows.iter().chain(&*fresh).filter(is_counted))
    }

    /// Records an event of this process. The run is stopped once its last process takes no more rows.
    fn note(&mut self, db: &mut Db, run: &mut LockedRun, event: &RunEvent) -> Result<(), LedgerError> {
        if matches!(event.kind, RunEventKind::Stopped | RunEventKind::Paused) {
            db.run("UPDATE worker SET stopped_at = ?2 WHERE id = ?1", &values![self.id, run.now])?;
            self.look_for_others(db, run.now)?;
            if self.pause.is_none() && self.others == Some(true) {
                return Ok(());
            }
        }
        run.note(db, event)
    }

    /// Notes whether another process, heard from recently, takes rows of the run.
    fn look_for_others(&mut self, db: &mut Db, now: i64) -> Result<(), LedgerError> {
        let query = "SELECT 1 FROM worker WHERE run = ?1 AND id <> ?2 AND stopped_at IS NULL AND left_at IS NULL \
                     AND seen_at > ?3";
        let has_others = db.exists(query, &values![self.run.id, self.id, now - IS_HEARD])?;
        self.others = (has_others || self.others.is_some()).then_some(has_others);
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
        loop {
            match self.try_exchange(settled, events, wanted) {
                Ok(reply) => {
                    self.took = began.elapsed();
                    return Ok(reply);
                }
                Err(error)
                    if error.may_pass() && began.elapsed() < patience && !self.is_left.load(Ordering::SeqCst) =>
                {
                    self.is_connected = false;
                    thread::sleep(wait);
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
                Err(error) => return Err(error.after(began.elapsed())),
            }
        }
    }

    /// Records the outcome of rows, and returns at most `wanted` rows that may leave. Once it returns, all of it is
    /// durable, and the returned rows are under way. If the write fails, none of it may be relied on, and no row
    /// leaves. A failure to record the `events` of the run does not fail the exchange.
    pub(crate) fn exchange(
        &mut self,
        settled: &[SettledRow],
        events: &[RunEvent],
        wanted: usize,
    ) -> Result<ExchangeReply, LedgerError> {
        let reply = self.exchange_within(GIVES_UP_AFTER, settled, events, wanted)?;
        // If the database's disk is slow, the answers that the API gives during one exchange are sent together in the next
        // one. With a file, more commits make a faster run.
        let gathers = self
            .slack
            .filter(|_| self.run.store.is_shared() && !self.held.is_empty())
            .map(|_| (self.took * 2 / 3).min(LONGEST_GATHERING));
        Ok(ExchangeReply { gathers: gathers.unwrap_or_default(), ..reply })
    }

    /// Says that this process is alive, after something that took long.
    pub(crate) fn stay(&self) -> Result<(), LedgerError> {
        let mut db = self.run.store.db();
        let now = db.0.now()?;
        db.change(|db| db.run("UPDATE worker SET seen_at = ?2 WHERE id = ?1", &values![self.id, now])).map(drop)
    }

    /// Makes the next exchange tell every process that sends this run to take no more rows.
    pub(crate) fn pause(&mut self, reason: PauseReason) {
        self.pause = Some(reason);
    }

    /// `is_left` is set once no one waits for the ledger any longer. From then on, a write that fails is not retried.
    pub(crate) fn watch(&mut self, is_left: Arc<AtomicBool>) {
        self.is_left = is_left;
    }

    /// Closes the ledger cleanly. Returns whether every row is final.
    pub(crate) fn close(mut self) -> Result<bool, LedgerError> {
        self.exchange_within(CLOSES_WITHIN, &[], &[], 0)?;
        let mut db = self.run.store.db();
        // Without this, others notice later. A process that leaves rows under way counts as lost, as if it had been killed;
        // so does one whose rows are under way again because the store was put back.
        let _ = db.change(|db| {
            let now = db.0.now()?;
            let query = "UPDATE worker SET stopped_at = ?3, left_at = CASE WHEN NOT EXISTS (SELECT 1 FROM row \
                         WHERE row.run = worker.run AND row.worker = worker.id AND state = 'inflight') \
                         THEN CAST(?3 AS BIGINT) END \
                         WHERE id = ?1 AND connection = ?2";
            db.run(query, &values![self.id, self.connection, now])
        });
        db.0.leave(self.id);
        Ok(self.is_complete)
    }
}

/// If the clock of the store went back, by at least this much: what it dated must not be further away than it was. Returns
/// how far it went back.
fn follow_clock(db: &mut Db, run: &LockedRun) -> Result<i64, LedgerError> {
    let back = whole_milliseconds(run.pace.at - moment(run.now)).max(0);
    if back > 0 {
        let query = "UPDATE row SET due_at = CASE WHEN due_at > ?2 THEN due_at - ?2 ELSE 1 END \
                     WHERE run = ?1 AND state = 'pending' AND due_at > 0";
        db.run(query, &values![run.id, back])?;
        db.run("UPDATE worker SET seen_at = seen_at - ?2 WHERE run = ?1", &values![run.id, back])?;
    }
    Ok(back)
}

/// What the API has said about the pace.
fn news_of(settled: &[SettledRow], now: i64) -> PaceNews {
    let stopped_until = settled.iter().filter_map(|row| row.stopped_until).max();
    let wait = stopped_until.map(|until| milliseconds(until.saturating_duration_since(Instant::now())));
    PaceNews {
        is_too_much: settled.iter().any(|row| row.slows),
        stopped_until: wait.map_or(0.0, |wait| moment(now.saturating_add(wait))),
    }
}

/// How long the next row that was tried, or that waits for another one, has to wait, and for what: one to a person who was
/// written to a moment ago is not told of.
fn next_due(db: &mut Db, run: &LockedRun) -> Result<Option<(i64, Delay)>, LedgerError> {
    let query = "SELECT due_at, attempts, api_code FROM row WHERE run = ?1 AND state = 'pending' AND due_at > 0 \
                 ORDER BY due_at LIMIT 1";
    let Some(row) = db.first(query, &values![run.id])? else { return Ok(None) };
    let is_of_recipient = row.int(1)? == 0 || row.opt_text(2)? == Some(PAIR_RATE_LIMIT);
    Ok(Some((row.int(0)? - run.now, if is_of_recipient { Delay::Pace } else { Delay::Retry })))
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_possible_truncation, reason = "it is a time in milliseconds")]
fn whole_milliseconds(time: f64) -> i64 {
    time.ceil() as i64
}

/// What the contract does with a worker.
#[cfg(test)]
mod tests {
    use super::*;

    impl Worker {
        pub(in crate::ledger) fn id(&self) -> i64 {
            self.id
        }

        /// An exchange that is not tried again.
        pub(in crate::ledger) fn exchange_once(
            &mut self,
            settled: &[SettledRow],
            wanted: usize,
        ) -> Result<ExchangeReply, LedgerError> {
            self.try_exchange(settled, &[], wanted)
        }

        /// Makes every row due that waits for its time.
        pub(in crate::ledger) fn make_due(&self) {
            let query = "UPDATE row SET due_at = 1 WHERE run = ?1 AND state = 'pending' AND due_at > 1";
            self.run.store.db().change(|db| db.run(query, &values![self.run.id])).unwrap();
        }

        /// Runs `lost`, of which this process then knows nothing, as if its answers had been lost with the connection.
        pub(in crate::ledger) fn forget_answer_of(&mut self, lost: impl FnOnce(&mut Self)) {
            let held = self.held.clone();
            lost(self);
            (self.held, self.is_connected) = (held, false);
        }
    }
}

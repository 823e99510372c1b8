//! A process that sends a run, alone or together with others. In one transaction, an exchange
//! writes the outcomes of its rows and returns the next rows. When the exchange returns, all of it
//! is durable, and the returned rows are in flight.

pub(super) mod assign;
pub(super) mod exchange;
mod idle;
mod idle_state;
mod waits;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use self::idle_state::IdleState;
use super::db::{Db, SHORT, values};
use super::error::LedgerError;
use super::events::{RunEvent, RunEventKind};
use super::history::earlier_rows::EarlierMessages;
use super::history::reach::{Reach, ReachKey};
use super::joined_workers::JoinedWorkers;
use super::keys::claims::key_number;
use super::model::Counts;
use super::open::lock_ledger;
use super::rows::transitions::LockedRun;
use super::run::Run;
use super::types::{ExchangeOrder, ExchangeReply, RunSettings};
use crate::base::clock;
use crate::base::message::msg;
use crate::base::process::host_name;
use crate::jelou::api::PAIR_RATE_LIMIT;
use crate::runs::once::OnceHasher;

/// Records an exchange of a process. After the lease has expired, other processes may have changed
/// the run and sent its rows. Then the process gets no more rows until it joins again.
/// [`NOTE_NEW_CONNECTION`] and [`NOTE_ALIVE`] do the same.
pub(super) const NOTE_EXCHANGE: &str = "UPDATE worker \
    SET stopped_at = CASE WHEN seen_at + lease_ms <= ?2 THEN ?2 ELSE stopped_at END, \
    seen_at = ?2, exchanges = exchanges + 1 WHERE id = ?1 RETURNING connection, exchanges, \
    stopped_at";
pub(super) const NOTE_NEW_CONNECTION: &str = "UPDATE worker \
    SET stopped_at = CASE WHEN seen_at + lease_ms <= ?2 THEN ?2 ELSE stopped_at END, \
    seen_at = ?2, connection = ?3, left_at = NULL WHERE id = ?1 AND connection < ?3 \
    RETURNING exchanges";
const NOTE_ALIVE: &str = "UPDATE worker \
    SET stopped_at = CASE WHEN seen_at + lease_ms <= ?2 THEN ?2 ELSE stopped_at END, \
    seen_at = ?2 WHERE id = ?1";

/// The settings of a run that a worker joins.
pub(super) const JOINED_RUN: &str = "SELECT details, created_at FROM run WHERE id = ?1";
/// Registers a worker: `id, run, host, pid, lease_ms, joined_at, who`.
pub(super) const ADD_WORKER: &str = "INSERT INTO worker (id, run, host, pid, connection, \
    exchanges, lease_ms, joined_at, seen_at, who) VALUES (?1, ?2, ?3, ?4, 1, 0, ?5, ?6, ?6, ?7)";
/// Finds a run that was stopped or paused, and not resumed after that.
const STOPPED_LAST: &str = "SELECT 1 FROM (SELECT kind FROM event WHERE run = ?1 \
    AND kind IN ('begun', 'resumed', 'stopped', 'paused') ORDER BY number DESC LIMIT 1) AS last \
    WHERE kind IN ('stopped', 'paused')";
/// Returns a row in flight that its worker did not get.
pub(super) const RETURN_ROW: &str = "UPDATE row SET state = 'pending', due_at = ?4, at = ?4, \
    ended_at = ?4, code = 'ledger', error = ?5 WHERE run = ?1 AND n = ?2 AND number = ?3 \
    AND state = 'inflight'";

/// How long to retry while the database does not respond.
const GIVES_UP_AFTER: Duration = Duration::from_secs(300);
/// How long to retry if the ledger lacks only the end of this process.
const CLOSES_WITHIN: Duration = Duration::from_secs(15);
/// The waits between retries.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How often a waiting process checks whether others have paused the run, and shows that it is
/// alive. All processes look for lost processes this often.
pub(crate) const POLL_EVERY: Duration = Duration::from_millis(500);
/// In milliseconds. A process that joins checks rows with a longer wait again, because they may
/// wait for the messaging limit.
const LONGEST_SHORT_WAIT: i64 = 60_000;
/// The longest time that an exchange with a database waits for more outcomes.
const LONGEST_GATHERING: Duration = Duration::from_millis(5);
/// How often to count the rows of all processes, if counting takes at most 2% of the time.
const TIME_BETWEEN_COUNTS: Duration = Duration::from_secs(5);
/// The slack for sending the first byte of a row: half the timeout, between these
/// limits. It is never below the API's connection timeout.
const SHORTEST_SLACK: Duration = Duration::from_secs(1);
const LONGEST_SLACK: Duration = Duration::from_secs(15);

/// This process, as one of the senders of a run.
pub(crate) struct Worker {
    run: Run,
    id: i64,
    /// The identity of the ledger that it joined.
    identity: String,
    /// The number of its newest connection, even if the ledger has not confirmed it.
    connection: i64,
    /// The number of its exchanges that the ledger has confirmed.
    exchanges: i64,
    is_connected: bool,
    /// How long its rows belong to it after its last contact.
    lease: Duration,
    /// How long after its request for rows this process may send the first byte. A suspended process
    /// would send rows outside the sending hours, or to recipients that were excluded meanwhile.
    slack: Duration,
    /// The bot that counts its recipients; None in the sandbox.
    reach: Option<ReachKey>,
    /// The messaging limit, of the run or of this machine.
    limit: Option<u32>,
    /// Until when the limit holds back rows without an attempt; zero if it holds back none.
    held_until: i64,
    /// The key of the run. A returned row needs its recipient to be still reserved under it.
    key: Option<(i64, OnceHasher)>,
    /// Rows that are assigned to this process until the ledger has their outcomes.
    held: HashMap<i64, i64>,
    is_complete: bool,
    /// Whether to stop retrying writes, because no caller waits for them.
    is_abandoned: Arc<AtomicBool>,
    checked_others_at: Option<Instant>,
    counts_at: Instant,
    /// The result of the newest exchange, for use while there is nothing to write.
    idle_state: Option<IdleState>,
    /// Whether other processes send the run now. None if none ever did, so their rows need no
    /// count.
    others: Option<bool>,
}

/// The result of joining a run.
pub(crate) enum Joined {
    /// This process now sends the run.
    Sender {
        worker: Box<Worker>,
        /// The number of rows in each state.
        counts: Counts,
    },
    /// This process did not join, because other runs have sent these messages or will send them.
    HasEarlierMessages(Vec<EarlierMessages>),
}

impl Run {
    /// Joins the processes that send the run. A request takes at most `timeout`. If a process of
    /// the run was killed, the ledger file is checked first. Of `limit` and the run's own messaging
    /// limit, the lower one applies.
    ///
    /// Other runs may have sent some of the rows in the meantime, or may be about to. With
    /// `skips_earlier`, these rows are skipped if it is true, and this process does not join if it
    /// is false. Without it, they are sent again.
    pub(crate) fn join(
        &self,
        timeout: Duration,
        skips_earlier: Option<bool>,
        limit: Option<u32>,
    ) -> Result<Joined, LedgerError> {
        let run = self.on_own_connection()?;
        let details = run.details()?;
        let ledger = run.ledger.clone();
        let mut worker = Worker::new(&mut ledger.db(), run, &details, timeout)?;
        worker.limit = limit;
        let found = worker.enter(skips_earlier)?;
        if !found.is_empty() {
            return Ok(Joined::HasEarlierMessages(found));
        }
        let counts = self.counts()?;
        let worker = Box::new(worker);
        Ok(Joined::Sender { worker, counts })
    }
}

impl Worker {
    /// Creates a worker of `run` without registering it. A request takes at most `timeout`.
    fn new(
        db: &mut Db,
        run: Run,
        details: &RunSettings,
        timeout: Duration,
    ) -> Result<Self, LedgerError> {
        let slack = (timeout / 2).clamp(SHORTEST_SLACK, LONGEST_SLACK);
        let key = match details.scope() {
            Some(scope) => Some((key_number(&scope), OnceHasher::load(db)?)),
            None => None,
        };
        Ok(Self {
            run,
            // The number is random, because a restored ledger must not assign a number twice.
            id: fastrand::i64(1..),
            identity: db.0.identity().to_owned(),
            connection: 1,
            exchanges: 0,
            is_connected: true,
            lease: timeout + 2 * slack,
            slack,
            reach: ReachKey::for_run(details, timeout + slack),
            limit: None,
            held_until: 0,
            key,
            held: HashMap::new(),
            is_complete: false,
            is_abandoned: Arc::default(),
            checked_others_at: None,
            counts_at: clock::instant() + TIME_BETWEEN_COUNTS,
            idle_state: None,
            others: None,
        })
    }

    /// Makes this process the first sender of `run`, in the transaction that creates the run. So
    /// others never see the run without a process that sends it.
    pub(super) fn for_new_run(
        db: &mut Db,
        run: &Run,
        details: &RunSettings,
        timeout: Duration,
    ) -> Result<Self, LedgerError> {
        let mut worker = Self::new(db, run.clone(), details, timeout)?;
        db.0.enter(worker.id)?;
        run.change_in(db, |db, run| worker.register(db, run, details))?;
        Ok(worker)
    }

    /// Registers this process, so that others see it. If `skips_earlier` is false and other runs
    /// have rows of this one, it returns these and registers nothing. It locks the ledger: of two
    /// processes with the same rows, the second then sees the first.
    fn enter(&mut self, skips_earlier: Option<bool>) -> Result<Vec<EarlierMessages>, LedgerError> {
        let own_run = self.run.clone();
        let mut db = own_run.ledger.db();
        if JoinedWorkers::read(&mut db)?
            .lost_in_run(own_run.id)
            .next()
            .is_some()
        {
            db.0.check()?;
        }
        db.0.enter(self.id)?;
        // If this process is suspended in here, others wait only a moment.
        db.0.limit(SHORT);
        let found = db.change(|db| {
            lock_ledger(db)?;
            own_run.change_in(db, |db, run| {
                run.note_lost(db)?;
                run.note_finished(db)?;
                let kept = db.one(JOINED_RUN, &values![run.id])?;
                let details: RunSettings = kept.json("details")?;
                if let Some(skips_earlier) = skips_earlier.filter(|_| !details.sandbox) {
                    let found =
                        run.compare(db, &details, skips_earlier, kept.int("created_at")?)?;
                    if !found.is_empty() && !skips_earlier {
                        return Ok(found);
                    }
                }
                // Rows that wait for the limit are checked again, because this process has read the
                // exclusions now.
                let query = "UPDATE row SET due_at = ?2 WHERE run = ?1 AND state = 'pending' \
                    AND due_at > ?3 AND (api_code IS NULL OR api_code <> ?4)";
                db.run(
                    query,
                    &values![
                        run.id,
                        run.now,
                        run.now + LONGEST_SHORT_WAIT,
                        PAIR_RATE_LIMIT
                    ],
                )?;
                self.register(db, run, &details)?;
                Ok::<_, LedgerError>(Vec::new())
            })
        })?;
        if !found.is_empty() {
            db.0.leave(self.id);
            return Ok(found);
        }
        // The comparison may have set a longer limit.
        db.0.limit(SHORT);
        Ok(found)
    }

    /// Adds this process to the workers of the run. The caller has locked the ledger.
    fn register(
        &mut self,
        db: &mut Db,
        run: &LockedRun,
        details: &RunSettings,
    ) -> Result<(), LedgerError> {
        if let Some(bot) = &self.reach {
            bot.remove_old(db, run.now)?;
        }
        // The run's limit does not change while a process sends the run.
        let limits = [self.limit, details.conditions.per_day];
        self.limit = limits.into_iter().flatten().min();
        let is_alone = !JoinedWorkers::read(db)?.has_sender(run.id);
        let host = host_name();
        let pid = i64::from(std::process::id());
        let who = db.who().encode();
        let lease = clock::millis(self.lease);
        db.run(
            ADD_WORKER,
            &values![self.id, run.id, host, pid, lease, run.now, who],
        )?;
        // A process from before a stop may still wait for its rows in flight, or may not have seen the stop.
        let begins_again = is_alone || db.exists(STOPPED_LAST, &values![run.id])?;
        if begins_again && run.may_assign(db) && run.finished_at.is_none() {
            let begun = values![run.id, RunEventKind::Begun.name()];
            let has_begun =
                db.exists("SELECT 1 FROM event WHERE run = ?1 AND kind = ?2", &begun)?;
            let kind = if has_begun {
                RunEventKind::Resumed
            } else {
                RunEventKind::Begun
            };
            run.note(db, &RunEvent::new(kind))?;
        }
        Ok(())
    }

    /// Reconnects after an exchange without an answer. That exchange is committed, rolled back or
    /// without effect, because it names an older connection. The answer may have held rows that are
    /// in flight in the ledger and unknown to this process. They were not sent, and become pending
    /// again. If the ledger was restored, they may have been sent.
    fn rejoin(&mut self) -> Result<(), LedgerError> {
        self.run = self.run.on_own_connection()?;
        self.run.ledger.db().0.limit(SHORT);
        self.connection += 1;
        self.run.change(|db, run| {
            let connected = values![self.id, run.now, self.connection];
            let Some(worker) = db.first(NOTE_NEW_CONNECTION, &connected)? else {
                // The next exchange detects this.
                let is_known =
                    db.exists("SELECT 1 FROM worker WHERE id = ?1", &values![self.id])?;
                return if is_known {
                    Err(LedgerError::superseded_connection())
                } else {
                    Ok(())
                };
            };
            let is_restored =
                self.is_of_another_ledger(db) || worker.int("exchanges")? < self.exchanges;
            if is_restored || run.is_stale(db) {
                // The outcomes of the rows that this process holds still count.
                return run.mark_unknown(
                    db,
                    self.id,
                    &msg!("the ledger no longer has rows that it assigned to this process"),
                );
            }
            let query = "SELECT n, number FROM row WHERE run = ?1 AND worker = ?2 \
                AND state = 'inflight'";
            let mut rows = db.rows(query, &values![run.id, self.id], |row| {
                Ok((row.int("n")?, row.int("number")?))
            })?;
            rows.retain(|(n, number)| self.held.get(n) != Some(number));
            let why = msg!("the connection to the ledger broke before it was sent").encode();
            let back: Vec<_> = rows
                .iter()
                .map(|(n, number)| values![run.id, *n, *number, run.now, &why].to_vec())
                .collect();
            run.update_rows(db, RETURN_ROW, &back)?;
            if let Some(bot) = &self.reach {
                Reach::take_back(
                    db,
                    bot,
                    run.id,
                    &rows.into_iter().map(|(n, _)| n).collect::<Vec<_>>(),
                )?;
            }
            if run.cancellation.is_some() {
                run.skip_pending(db)?;
            }
            Ok(())
        })?;
        self.is_connected = true;
        Ok(())
    }

    /// Returns whether the ledger was restored after this process joined.
    fn is_of_another_ledger(&self, db: &Db) -> bool {
        self.identity != db.0.identity()
    }

    /// Makes an exchange, and retries while the database does not respond.
    pub(super) fn exchange_within(
        &mut self,
        patience: Duration,
        order: &ExchangeOrder,
    ) -> Result<ExchangeReply, LedgerError> {
        let began = clock::instant();
        let mut wait = FIRST_WAIT;
        loop {
            let error = match self.try_exchange(order) {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            self.is_connected &= !error.may_pass();
            let is_patient =
                clock::elapsed_since(began) < patience && !self.is_abandoned.load(Ordering::SeqCst);
            // Some errors, such as a refused login, last until you change the database.
            if !error.may_pass() || !is_patient {
                return Err(error.after(clock::elapsed_since(began)));
            }
            clock::sleep(wait);
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Records the outcomes of rows, and returns the next rows to send. When it returns, all of it
    /// is durable, and the returned rows are in flight. After an error, no row may be
    /// sent, and the outcomes may be unwritten.
    pub(crate) fn exchange(&mut self, order: &ExchangeOrder) -> Result<ExchangeReply, LedgerError> {
        let began = clock::instant();
        let reply = self.exchange_within(GIVES_UP_AFTER, order)?;
        // A commit in a database is slow, so responses that arrive close together share one. With a
        // file, frequent commits are faster: a wait of twice the last commit saves a tenth of the CPU
        // time of a row, but a run to a server on loopback takes a tenth longer.
        let took = if self.run.ledger.is_shared() {
            clock::elapsed_since(began)
        } else {
            Duration::ZERO
        };
        Ok(ExchangeReply {
            batch_delay: (took * 2 / 3).min(LONGEST_GATHERING),
            ..reply
        })
    }

    /// Records that this process is alive, after a slow step.
    pub(crate) fn note_alive(&self) -> Result<(), LedgerError> {
        let mut db = self.run.ledger.db();
        let now = db.0.now()?;
        db.change(|db| db.run(NOTE_ALIVE, &values![self.id, now]))
            .map(drop)
    }

    /// Stops retrying failed writes once `is_abandoned` is set, because no caller waits for the
    /// ledger then.
    pub(crate) fn stop_retrying_once(&mut self, is_abandoned: Arc<AtomicBool>) {
        self.is_abandoned = is_abandoned;
    }

    /// Closes the ledger. Returns whether every row is final.
    pub(crate) fn close(mut self) -> Result<bool, LedgerError> {
        // This exchange records whether the run is finished.
        self.idle_state = None;
        self.exchange_within(CLOSES_WITHIN, &ExchangeOrder::default())?;
        let mut db = self.run.ledger.db();
        // Without this, other processes detect the end later. A process with rows in flight counts
        // as lost, as if it had been killed. A restored ledger can also have rows in flight.
        let _ = db.change(|db| {
            let now = db.0.now()?;
            let query = "UPDATE worker SET stopped_at = ?3, left_at = CASE WHEN NOT EXISTS \
                (SELECT 1 FROM row WHERE row.run = worker.run AND row.worker = worker.id \
                AND state = 'inflight') THEN CAST(?3 AS BIGINT) END WHERE id = ?1 \
                AND connection = ?2";
            db.run(query, &values![self.id, self.connection, now])
        });
        db.0.leave(self.id);
        Ok(self.is_complete)
    }
}

/// Methods for the contract tests.
#[cfg(test)]
mod tests {
    use super::*;

    impl Joined {
        pub(in crate::runs::ledger) fn worker(self) -> Option<Worker> {
            match self {
                Self::Sender { worker, .. } => Some(*worker),
                Self::HasEarlierMessages(_) => None,
            }
        }
    }

    impl Worker {
        pub(in crate::runs::ledger) fn id(&self) -> i64 {
            self.id
        }

        /// Returns the number of its exchanges that were written.
        pub(in crate::runs::ledger) fn exchanges(&self) -> i64 {
            self.exchanges
        }

        /// Creates an older connection of this process. Its exchange arrives late.
        pub(in crate::runs::ledger) fn late_twin(&self) -> Result<Self, LedgerError> {
            let key = match &self.key {
                Some((key, _)) => Some((*key, self.run.ledger.hasher()?)),
                None => None,
            };
            Ok(Self {
                run: self.run.on_own_connection()?,
                key,
                identity: self.identity.clone(),
                is_connected: true,
                is_complete: false,
                is_abandoned: Arc::default(),
                held: self.held.clone(),
                reach: self.reach.clone(),
                idle_state: None,
                ..*self
            })
        }

        /// Makes it the newest connection.
        pub(in crate::runs::ledger) fn set_connection(&mut self, connection: i64) {
            self.connection = connection;
        }

        /// Makes every waiting row due.
        pub(in crate::runs::ledger) fn make_due(&self) {
            let query = "UPDATE row SET due_at = 1 WHERE run = ?1 AND state = 'pending' \
                AND due_at > 1";
            self.run
                .ledger
                .db()
                .change(|db| db.run(query, &values![self.run.id]))
                .unwrap();
        }

        /// Runs `lost`, and then forgets its rows, as if the connection had lost the answers.
        pub(in crate::runs::ledger) fn forget_answer_of(&mut self, lost: impl FnOnce(&mut Self)) {
            let held = self.held.clone();
            lost(self);
            self.held = held;
            self.is_connected = false;
        }
    }
}

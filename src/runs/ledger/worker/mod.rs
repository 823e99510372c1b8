//! A process that sends a run, alone or together with others. In one transaction, an exchange writes the outcomes of its
//! rows and returns the next rows. Once it has returned, all of it is durable, and the rows are under way.

mod assign;
mod exchange;
mod listen;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::claims::number_of;
use super::comparing::EarlierMessages;
use super::db::{SHORT, values};
use super::error::LedgerError;
use super::events::{PauseReason, RunEvent, RunEventKind};
use super::listening::Listening;
use super::lost_workers::LostWorkers;
use super::model::Counts;
use super::open::lock_ledger;
use super::reach::{Reach, ReachKey};
use super::run::Run;
use super::types::{ExchangeReply, FinishedRow, RunSettings};
use crate::base::clock;
use crate::base::process::host_name;
use crate::jelou::api::PAIR_RATE_LIMIT;
use crate::runs::once::OnceHasher;

/// Notes an exchange of a process. Once it was lost, others may have changed the run, and sent what its rows have: it takes no
/// more rows, and has to join again. The same holds for [`NOTE_NEW_CONNECTION`] and [`NOTE_ALIVE`].
const NOTE_EXCHANGE: &str = "UPDATE worker \
    SET stopped_at = CASE WHEN seen_at + lease_ms <= ?2 THEN ?2 ELSE stopped_at END, \
    seen_at = ?2, exchanges = exchanges + 1 WHERE id = ?1 RETURNING connection, exchanges, \
    stopped_at";
const NOTE_NEW_CONNECTION: &str = "UPDATE worker \
    SET stopped_at = CASE WHEN seen_at + lease_ms <= ?2 THEN ?2 ELSE stopped_at END, \
    seen_at = ?2, connection = ?3, left_at = NULL WHERE id = ?1 AND connection < ?3 \
    RETURNING exchanges";
const NOTE_ALIVE: &str = "UPDATE worker \
    SET stopped_at = CASE WHEN seen_at + lease_ms <= ?2 THEN ?2 ELSE stopped_at END, \
    seen_at = ?2 WHERE id = ?1";

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
/// Rows that are due later than this are looked at again by a process that joins, in milliseconds: they may wait for the limit
/// of people.
const LONGEST_SHORT_WAIT: i64 = 60_000;
/// The longest time that an exchange with a database waits for more rows.
const LONGEST_GATHERING: Duration = Duration::from_millis(5);
/// How often the rows of all processes are counted, as long as that takes at most a fiftieth of the time.
const TIME_BETWEEN_COUNTS: Duration = Duration::from_secs(5);
/// How long after the request for rows of a database the first byte may be sent: half of the timeout, within these
/// limits. It is never less than the time limit for a connection to the API.
const SHORTEST_SLACK: Duration = Duration::from_secs(1);
const LONGEST_SLACK: Duration = Duration::from_secs(15);

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
    reach: Option<ReachKey>,
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
    looked_at: Option<Instant>,
    counts_at: Instant,
    /// What the newest exchange has left for those that have nothing to write.
    listening: Option<Listening>,
    /// Whether other processes send the run now. None if none ever did: then their rows need not be counted.
    others: Option<bool>,
}

/// What came of joining the processes that send a run.
pub(crate) enum Joined {
    /// This process sends it now.
    Sender {
        worker: Box<Worker>,
        /// The number of rows in each state.
        counts: Counts,
    },
    /// It does not: other runs have sent these messages, or are about to send them.
    HasEarlierMessages(Vec<EarlierMessages>),
}

impl Run {
    /// Joins the processes that send the run; a request takes at most `timeout`. If a process that sent it was killed, a file is checked first.
    ///
    /// Rows that other runs have sent meanwhile, or are about to send, are left out if `leaves_out` says so; if it says no, this
    /// process does not join. With none, it sends them again.
    pub(crate) fn join(
        &self,
        timeout: Duration,
        leaves_out: Option<bool>,
    ) -> Result<Joined, LedgerError> {
        let slack = (timeout / 2).clamp(SHORTEST_SLACK, LONGEST_SLACK);
        let run = self.on_own_connection()?;
        let details = run.details()?;
        let key = match details.scope() {
            Some(scope) => Some((number_of(&scope), run.ledger.hasher()?)),
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
            reach: ReachKey::for_run(&details, timeout + slack),
            limit: details.conditions.per_day,
            held_until: 0,
            key,
            held: HashMap::new(),
            pause: None,
            is_complete: false,
            is_left: Arc::default(),
            looked_at: None,
            counts_at: clock::instant() + TIME_BETWEEN_COUNTS,
            listening: None,
            others: None,
        };
        let found = worker.enter(timeout + 2 * slack, leaves_out)?;
        if !found.is_empty() {
            return Ok(Joined::HasEarlierMessages(found));
        }
        // A row that leaves late is not its own any more in a database, and with a limit its person no longer counts.
        worker.slack = (worker.limit.is_some() || self.ledger.is_shared()).then_some(slack);
        let counts = self.counts()?;
        let worker = Box::new(worker);
        Ok(Joined::Sender { worker, counts })
    }
}

impl Worker {
    /// Makes this process one that others see. If `leaves_out` is false and other runs have rows of this one, it does not, and
    /// returns them. Whoever enters holds the store, so that of two processes with the same rows the second sees the first.
    fn enter(
        &mut self,
        lease: Duration,
        leaves_out: Option<bool>,
    ) -> Result<Vec<EarlierMessages>, LedgerError> {
        let of = self.run.clone();
        let mut db = of.ledger.db();
        if LostWorkers::read(&mut db)?.in_run(of.id).next().is_some() {
            db.0.check()?;
        }
        db.0.enter(self.id)?;
        // A process that stands still in here keeps others waiting for a moment only.
        db.0.limit(SHORT);
        let found = db.change(|db| {
            lock_ledger(db)?;
            of.change_in(db, |db, run| {
                run.check_identity(db)?;
                let is_alone = !LostWorkers::read(db)?.is_sent(run.id);
                run.note_lost(db)?;
                run.note_finished(db)?;
                let kept = db.one(
                    "SELECT details, created_at FROM run WHERE id = ?1",
                    &values![run.id],
                )?;
                let details: RunSettings =
                    serde_json::from_str(kept.text("details")?).map_err(LedgerError::damaged)?;
                if let Some(leaves_out) = leaves_out.filter(|_| !details.sandbox) {
                    let found = run.compare(db, &details, leaves_out, kept.int("created_at")?)?;
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
                let host = host_name();
                let pid = i64::from(std::process::id());
                db.run(
                    "INSERT INTO worker (id, run, host, pid, connection, exchanges, \
                        lease_ms, joined_at, seen_at) VALUES (?1, ?2, ?3, ?4, 1, 0, ?5, ?6, \
                        ?6)",
                    &values![self.id, run.id, host, pid, milliseconds(lease), run.now],
                )?;
                if is_alone && run.may_leave() && run.finished_at.is_none() {
                    let begun = values![run.id, RunEventKind::Begun.name()];
                    let has_begun =
                        db.exists("SELECT 1 FROM event WHERE run = ?1 AND kind = ?2", &begun)?;
                    run.note(
                        db,
                        &RunEvent::now(if has_begun {
                            RunEventKind::Resumed
                        } else {
                            RunEventKind::Begun
                        }),
                    )?;
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
        self.run.ledger.db().0.limit(SHORT);
        self.connection += 1;
        self.run.change(|db, run| {
            run.check_identity(db)?;
            let connected = values![self.id, run.now, self.connection];
            let Some(worker) = db.first(NOTE_NEW_CONNECTION, &connected)? else {
                // The exchange finds that it is missing.
                let is_known =
                    db.exists("SELECT 1 FROM worker WHERE id = ?1", &values![self.id])?;
                return if is_known {
                    Err(LedgerError::superseded_connection())
                } else {
                    Ok(())
                };
            };
            if worker.int("exchanges")? < self.exchanges {
                run.identity.clear();
                run.check_identity(db)?;
            }
            if run.is_elsewhere(db)? {
                // How those that this process holds end still counts.
                return run.take_for_lost(
                    db,
                    self.id,
                    "what this process was told of it is missing in the store",
                );
            }
            let query = "SELECT n, number FROM row WHERE run = ?1 AND worker = ?2 \
                AND state = 'inflight'";
            let mut rows = db.rows(query, &values![run.id, self.id], |row| {
                Ok((row.int("n")?, row.int("number")?))
            })?;
            rows.retain(|(n, number)| self.held.get(n) != Some(number));
            let why = "the connection to the ledger broke before it left";
            let back: Vec<_> = rows
                .iter()
                .map(|(n, number)| values![run.id, *n, *number, run.now, why].to_vec())
                .collect();
            db.each(
                "UPDATE row SET state = 'pending', due_at = ?4, at = ?4, ended_at = ?4, \
                    code = 'ledger', error = ?5 WHERE run = ?1 AND n = ?2 AND number = ?3 \
                    AND state = 'inflight'",
                &back,
            )?;
            if let Some(of) = &self.reach {
                Reach::take_back(
                    db,
                    of,
                    run.id,
                    &rows.into_iter().map(|(n, _)| n).collect::<Vec<_>>(),
                )?;
            }
            if run.cancelled_at.is_some() {
                run.skip_rest(db)?;
            }
            Ok(())
        })?;
        self.is_connected = true;
        Ok(())
    }

    /// Makes an exchange, with retries while the database does not answer.
    pub(super) fn exchange_within(
        &mut self,
        patience: Duration,
        settled: &[FinishedRow],
        events: &[RunEvent],
        wanted: usize,
    ) -> Result<ExchangeReply, LedgerError> {
        let began = clock::instant();
        let mut wait = FIRST_WAIT;
        loop {
            let error = match self.try_exchange(settled, events, wanted) {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            self.is_connected &= !error.may_pass();
            let is_patient =
                clock::elapsed_since(began) < patience && !self.is_left.load(Ordering::SeqCst);
            // Some errors, such as a refused login, last until you change the database.
            if !error.may_pass() || !is_patient {
                return Err(error.after(clock::elapsed_since(began)));
            }
            clock::sleep(wait);
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Records the outcome of rows, and returns at most `wanted` rows that may leave. Once it returns, all of it is
    /// durable, and the returned rows are under way. If the write fails, none of it may be relied on, and no row
    /// leaves.
    pub(crate) fn exchange(
        &mut self,
        settled: &[FinishedRow],
        events: &[RunEvent],
        wanted: usize,
    ) -> Result<ExchangeReply, LedgerError> {
        let began = clock::instant();
        let reply = self.exchange_within(GIVES_UP_AFTER, settled, events, wanted)?;
        // Each commit of a database costs much: the answers that the API gives soon after are written together. With a file, more
        // commits make a faster run.
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

    /// Says that this process is alive, after something that took long.
    pub(crate) fn stay(&self) -> Result<(), LedgerError> {
        let mut db = self.run.ledger.db();
        let now = db.0.now()?;
        db.change(|db| db.run(NOTE_ALIVE, &values![self.id, now]))
            .map(drop)
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
        // It notes whether the run is finished.
        self.listening = None;
        self.exchange_within(CLOSES_WITHIN, &[], &[], 0)?;
        let mut db = self.run.ledger.db();
        // Without this, others notice later. A process that leaves rows under way counts as lost, as if it had been killed;
        // so does one whose rows are under way again because the store was put back.
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

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// What the contract does with a worker.
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

        /// An exchange that is not tried again.
        pub(in crate::runs::ledger) fn exchange_once(
            &mut self,
            settled: &[FinishedRow],
            wanted: usize,
        ) -> Result<ExchangeReply, LedgerError> {
            self.try_exchange(settled, &[], wanted)
        }

        /// How many of its exchanges have written.
        pub(in crate::runs::ledger) fn exchanges(&self) -> i64 {
            self.exchanges
        }

        pub(in crate::runs::ledger) fn is_complete(&self) -> bool {
            self.is_complete
        }

        /// An older connection of this process, whose exchange arrives late.
        pub(in crate::runs::ledger) fn late_twin(&self) -> Result<Self, LedgerError> {
            let key = match &self.key {
                Some((key, _)) => Some((*key, self.run.ledger.hasher()?)),
                None => None,
            };
            Ok(Self {
                run: self.run.on_own_connection()?,
                key,
                is_connected: true,
                is_complete: false,
                is_left: Arc::default(),
                held: self.held.clone(),
                reach: self.reach.clone(),
                listening: None,
                ..*self
            })
        }

        /// Makes it the newest connection.
        pub(in crate::runs::ledger) fn set_connection(&mut self, connection: i64) {
            self.connection = connection;
        }

        /// Makes every row due that waits for its time.
        pub(in crate::runs::ledger) fn make_due(&self) {
            let query = "UPDATE row SET due_at = 1 WHERE run = ?1 AND state = 'pending' \
                AND due_at > 1";
            self.run
                .ledger
                .db()
                .change(|db| db.run(query, &values![self.run.id]))
                .unwrap();
        }

        /// Runs `lost`, of which this process then knows nothing, as if its answers had been lost with the connection.
        pub(in crate::runs::ledger) fn forget_answer_of(&mut self, lost: impl FnOnce(&mut Self)) {
            let held = self.held.clone();
            lost(self);
            self.held = held;
            self.is_connected = false;
        }
    }
}

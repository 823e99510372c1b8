//! An exchange with the ledger. One transaction writes the outcomes of rows and returns the next
//! rows.

use super::idle_state::IdleState;
use super::waits::{RowWait, pace_wait, row_wait, whole_milliseconds};
use super::{NOTE_EXCHANGE, POLL_EVERY, TIME_BETWEEN_COUNTS, Worker};
use crate::base::clock;
use crate::base::message::{Message, msg};
use crate::base::output::Sent;
use crate::jelou::api::Deadline;
use crate::runs::ledger::db::{Db, SqlValue, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::events::{RunEvent, RunEventKind};
use crate::runs::ledger::history::reach::Reach;
use crate::runs::ledger::model::{Counts, RowState};
use crate::runs::ledger::pace::{PaceUpdate, moment};
use crate::runs::ledger::rows::transitions::LockedRun;
use crate::runs::ledger::types::{Delay, ExchangeOrder, ExchangeReply, FinishedRow, RowToSend};

/// How long, in addition to half of the lease, a silent process still counts as sending. The time is
/// long because an idle process writes rarely.
const CONTACT_TIMEOUT_MS: i64 = 5_000;
const PARTS_BETWEEN_COUNTS: u32 = 50;
/// Ends an attempt. Only the process that made it may do this, and only until you decide the row.
/// It also corrects a row that became unknown because the process seemed lost.
pub(crate) const END: &str = "UPDATE row SET state = ?5, due_at = ?6, at = ?7, ended_at = ?7, \
    http_status = ?8, message_id = ?9, code = ?10, api_code = ?11, error = ?12 \
    WHERE run = ?1 AND n = ?2 AND number = ?3 AND worker = ?4 AND (state = 'inflight' \
    OR state = 'unknown' AND ended_at IS NULL)";

/// Finds a worker that gets no more rows.
pub(crate) const STOPPED_WORKER: &str =
    "SELECT 1 FROM worker WHERE id = ?1 AND stopped_at IS NOT NULL";
/// Finds the claim of a row: `once_key, person, run, n`.
pub(crate) const CLAIM_OF_ROW: &str =
    "SELECT 1 FROM claim WHERE once_key = ?1 AND person = ?2 AND run = ?3 AND n = ?4";

/// Why an exchange changed nothing.
enum ExchangeError {
    /// The ledger lacks exchanges of this process, so it was restored to an earlier state.
    LacksRecords,
    Ledger(LedgerError),
}

impl From<LedgerError> for ExchangeError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// The result of the transaction of an exchange.
struct Exchanged {
    reply: ExchangeReply,
    /// The ledger's number of exchanges of this process. If it does not rise, the ledger was restored.
    exchanges: i64,
    is_complete: bool,
    idle_state: Option<IdleState>,
}

impl Worker {
    /// Makes one exchange without retries, or returns what the last one read if nothing has
    /// changed since.
    pub(crate) fn try_exchange(
        &mut self,
        order: &ExchangeOrder,
    ) -> Result<ExchangeReply, LedgerError> {
        if !self.is_connected {
            self.rejoin()?;
        }
        if order.is_empty()
            && let Some(reply) = self.idle_reply()?
        {
            return Ok(reply);
        }
        self.idle_state = None;
        let deadline = Deadline::after(self.slack);
        let looks_for_others = self
            .checked_others_at
            .is_none_or(|at| clock::elapsed_since(at) >= POLL_EVERY);
        let run = self.run.clone();
        let exchanged = loop {
            match run.change(|db, run| self.exchange_in(db, run, order, looks_for_others)) {
                Ok(exchanged) => break exchanged,
                // After that the run is stale, so the next exchange ends.
                Err(ExchangeError::LacksRecords) => run.ledger.mark_restored()?,
                Err(ExchangeError::Ledger(error)) => return Err(error),
            }
        };
        self.exchanges = exchanged.exchanges;
        // The first exchange after the end has exact counts, also if another process ended the run, and so has each late
        // outcome.
        let is_new_end = !self.is_complete || !order.finished.is_empty();
        let has_ended = exchanged.is_complete && is_new_end;
        self.is_complete = exchanged.is_complete;
        self.idle_state = exchanged.idle_state;
        if looks_for_others {
            self.checked_others_at = Some(clock::instant());
        }
        let mut reply = exchanged.reply;
        self.update_held(&order.finished, &mut reply.rows, deadline);
        reply.counts = self.counts(has_ended);
        Ok(reply)
    }

    /// Makes the changes of an exchange in its transaction. `looks_for_others` is whether it is time to look for lost
    /// processes and for other senders.
    fn exchange_in(
        &mut self,
        db: &mut Db,
        run: &mut LockedRun,
        order: &ExchangeOrder,
        looks_for_others: bool,
    ) -> Result<Exchanged, ExchangeError> {
        let back = follow_clock(db, run)?;
        let (exchanges, was_stopped) = self.count_exchange(db, run.now)?;
        let is_of_another_ledger = self.is_of_another_ledger(db);
        // The identity of the ledger may be the same.
        let is_unnoticed = run.finished_at.is_none() && !run.is_stale(db) && !is_of_another_ledger;
        if is_unnoticed && exchanges <= self.exchanges {
            return Err(ExchangeError::LacksRecords);
        }
        // After a restore that you accepted, this process joins again.
        let mut was_lost = was_stopped || is_of_another_ledger;
        self.held_until -= back;
        let recorded = self.record_outcomes(db, run, &order.finished)?;
        if looks_for_others {
            run.note_lost(db)?;
            // With a file, a process counts as lost if its lock was removed.
            was_lost |= self.has_stopped(db)?;
            self.look_for_others(db, run.now)?;
        }
        if let Some(reason) = order.pause {
            let by = msg!("{who} pid {pid}", who = db.who(), pid = std::process::id());
            run.pause(reason, by);
        }
        for event in &order.events {
            self.note(db, run, event, order.pause.is_some())?;
        }
        run.pace
            .apply(pace_update(&order.finished, run.now), moment(run.now));
        let wanted = if was_lost { 0 } else { order.wanted };
        let reply = ExchangeReply {
            was_lost,
            ..self.reply(db, run, wanted)?
        };
        if recorded > 0 || !reply.rows.is_empty() {
            run.changed_at = run.now;
        }
        Ok(Exchanged {
            idle_state: IdleState::after(run, &reply),
            is_complete: run.finished_at.is_some(),
            exchanges,
            reply,
        })
    }

    /// Forgets the finished rows, and notes the new ones with the deadline of their first byte.
    fn update_held(&mut self, finished: &[FinishedRow], new: &mut [RowToSend], deadline: Deadline) {
        for row in finished {
            if self.held.get(&row.index) == Some(&row.number) {
                self.held.remove(&row.index);
            }
        }
        for row in new {
            self.held.insert(row.index, row.number);
            row.deadline = Some(deadline);
        }
    }

    /// Counts the rows in each state, if it is time to count them.
    pub(super) fn counts(&mut self, has_ended: bool) -> Option<Counts> {
        let began = clock::instant();
        let is_time = has_ended || self.others.is_some() && began >= self.counts_at;
        if !is_time {
            return None;
        }
        // Progress works without the counts.
        let counts = self.run.noted_counts().ok();
        self.counts_at = clock::instant()
            + TIME_BETWEEN_COUNTS.max(clock::elapsed_since(began) * PARTS_BETWEEN_COUNTS);
        counts
    }

    /// Counts this exchange, and returns the number of exchanges of this process in the ledger. It
    /// is 0 for an unknown process. Also returns whether the process gets no more rows, because its
    /// lease had expired.
    fn count_exchange(&self, db: &mut Db, now: i64) -> Result<(i64, bool), LedgerError> {
        match db.first(NOTE_EXCHANGE, &values![self.id, now])? {
            Some(worker) if worker.int("connection")? != self.connection => {
                Err(LedgerError::superseded_connection())
            }
            Some(worker) => Ok((
                worker.int("exchanges")?,
                worker.opt_int("stopped_at")?.is_some(),
            )),
            None => Ok((0, false)),
        }
    }

    /// Returns whether this process gets no more rows.
    fn has_stopped(&self, db: &mut Db) -> Result<bool, LedgerError> {
        db.exists(STOPPED_WORKER, &values![self.id])
    }

    /// Returns at most `wanted` rows to send now, and what the next row waits for.
    fn reply(
        &mut self,
        db: &mut Db,
        run: &mut LockedRun,
        wanted: usize,
    ) -> Result<ExchangeReply, LedgerError> {
        let now = moment(run.now);
        let may_assign = run.may_assign(db);
        let allowed = if may_assign {
            run.pace.available(now)
        } else {
            0
        };
        let asked = wanted.min(allowed);
        let mut reply = ExchangeReply::default();
        // If the limit's wait has just ended, this exchange returns no new rows, because the caller
        // first reads the exclusion lists again.
        let was_held = self.held_until > 0;
        if self.held_until <= run.now {
            self.held_until = 0;
        }
        let others = if asked > 0 {
            self.assign_rows(db, run, asked, !was_held, &mut reply)?
        } else {
            0
        };
        run.pace.count_rows(reply.rows.len(), now);
        let is_short = reply.rows.len() + others < asked;
        let mut next = pace_wait(run);
        let limit_wait = self.limit_wait(run.now);
        let limit_wait_ended = was_held && limit_wait.is_none();
        if limit_wait.is_some() || is_short && !limit_wait_ended {
            next = next.max(row_wait(db, run, limit_wait)?);
        }
        let is_cancelled = run.cancellation.is_some();
        if is_cancelled {
            // A cancelled run sends no rows. The rows in flight in other processes are checked from
            // time to time until they end.
            next = next.max(RowWait {
                millis: clock::millis(POLL_EVERY),
                delay: Delay::Pace,
            });
        }
        if wanted == 0 || is_short || !may_assign {
            run.note_finished(db)?;
        }
        if run.is_stale(db) {
            reply.problem = Some(LedgerError::stale_run(self.run.name()));
        }
        if run.finished_at.is_none() {
            reply.pause = run.pause.clone();
            self.add_waits(&mut reply, next, limit_wait);
        }
        Ok(reply)
    }

    /// Writes the outcomes of rows, and returns how many changed a row.
    fn record_outcomes(
        &mut self,
        db: &mut Db,
        run: &mut LockedRun,
        finished: &[FinishedRow],
    ) -> Result<u64, LedgerError> {
        let mut ends = Vec::with_capacity(finished.len());
        for row in finished {
            let state = self.state_to_record(db, row)?;
            ends.push(self.end_values(run, row, state));
        }
        let recorded = run.update_rows(db, END, &ends)?;
        if recorded == 0 {
            return Ok(0);
        }
        if finished.iter().any(|row| row.state == RowState::Pending) {
            run.finished_at = None;
        }
        self.uncount_unsent(db, run, finished)?;
        if run.cancellation.is_some() {
            run.skip_pending(db)?;
        }
        Ok(recorded)
    }

    /// Returns the state of a row after its attempt. A row that cannot be sent again under its key
    /// has failed.
    fn state_to_record(&self, db: &mut Db, row: &FinishedRow) -> Result<RowState, LedgerError> {
        let state = if row.state == RowState::Pending && !self.still_holds_claim(db, row)? {
            RowState::Failed
        } else {
            row.state
        };
        if RowState::Inflight.can_become(state) {
            Ok(state)
        } else {
            Err(LedgerError::no_step(
                RowState::Inflight.name(),
                state.name(),
            ))
        }
    }

    /// Returns the values of [`END`] for a row.
    fn end_values<'a>(
        &self,
        run: &LockedRun,
        row: &'a FinishedRow,
        state: RowState,
    ) -> Vec<SqlValue<'a>> {
        let at = run.now - clock::millis(clock::elapsed_since(row.at));
        let wait = row.retry.map_or(0, |due| {
            clock::millis(due.saturating_duration_since(clock::instant()))
        });
        let due_at = (state == RowState::Pending).then(|| run.now.saturating_add(wait));
        values![
            run.id,
            row.index,
            row.number,
            self.id,
            state.name(),
            due_at,
            at,
            row.http_status.map(i64::from),
            row.message_id.as_deref(),
            row.code,
            row.api_code.as_deref(),
            row.error.as_ref().map(Message::encode)
        ]
        .to_vec()
    }

    /// Removes recipients that certainly got nothing from the count of the messaging limit.
    fn uncount_unsent(
        &mut self,
        db: &mut Db,
        run: &LockedRun,
        finished: &[FinishedRow],
    ) -> Result<(), LedgerError> {
        let Some(bot) = &self.reach else {
            return Ok(());
        };
        let unsent: Vec<_> = finished
            .iter()
            .filter(|row| row.state.sent() == Sent::No)
            .map(|row| row.index)
            .collect();
        if Reach::take_back(db, bot, run.id, &unsent)? > 0 {
            // The limit has room again.
            self.held_until = self.held_until.min(run.now);
        }
        Ok(())
    }

    /// Returns whether a row may be sent again under its key. A process that seemed lost may return
    /// the row late. By then the key may be removed, and the recipient may have another message.
    fn still_holds_claim(&self, db: &mut Db, row: &FinishedRow) -> Result<bool, LedgerError> {
        let Some((key, hasher)) = &self.key else {
            return Ok(true);
        };
        db.exists(
            CLAIM_OF_ROW,
            &values![*key, hasher.person(&row.recipient), self.run.id, row.index],
        )
    }

    /// Records an event of this process. The run is stopped when its last process takes no more
    /// rows, or when this process pauses it.
    fn note(
        &mut self,
        db: &mut Db,
        run: &mut LockedRun,
        event: &RunEvent,
        is_paused: bool,
    ) -> Result<(), LedgerError> {
        if matches!(event.kind, RunEventKind::Stopped | RunEventKind::Paused) {
            db.run(
                "UPDATE worker SET stopped_at = ?2 WHERE id = ?1",
                &values![self.id, run.now],
            )?;
            self.look_for_others(db, run.now)?;
            if !is_paused && self.others == Some(true) {
                return Ok(());
            }
        }
        run.note(db, event)
    }

    /// Records whether another process with recent contact takes rows of the run.
    pub(super) fn look_for_others(&mut self, db: &mut Db, now: i64) -> Result<(), LedgerError> {
        let query = "SELECT 1 FROM worker WHERE run = ?1 AND id <> ?2 AND stopped_at IS NULL \
            AND left_at IS NULL AND seen_at + lease_ms / 2 > ?3";
        let has_others = db.exists(
            query,
            &values![self.run.id, self.id, now - CONTACT_TIMEOUT_MS],
        )?;
        self.others = (has_others || self.others.is_some()).then_some(has_others);
        Ok(())
    }
}

/// Corrects the times in the ledger if its clock went back, so that no wait becomes longer. Returns
/// how far the clock went back, at least, in milliseconds.
fn follow_clock(db: &mut Db, run: &LockedRun) -> Result<i64, LedgerError> {
    let back = whole_milliseconds(run.pace.at - moment(run.now)).max(0);
    if back > 0 {
        let query = "UPDATE row SET due_at = CASE WHEN due_at > ?2 THEN due_at - ?2 ELSE 1 \
            END WHERE run = ?1 AND state = 'pending' AND due_at > 0";
        db.run(query, &values![run.id, back])?;
        db.run(
            "UPDATE worker SET seen_at = seen_at - ?2 WHERE run = ?1",
            &values![run.id, back],
        )?;
    }
    Ok(back)
}

/// Returns what the API's responses mean for the pace.
fn pace_update(finished: &[FinishedRow], now: i64) -> PaceUpdate {
    let stopped_until = finished.iter().filter_map(|row| row.stopped_until).max();
    let wait =
        stopped_until.map(|until| clock::millis(until.saturating_duration_since(clock::instant())));
    PaceUpdate {
        is_rate_limited: finished.iter().any(|row| row.slows),
        stopped_until: wait.map_or(0.0, |wait| moment(now.saturating_add(wait))),
    }
}

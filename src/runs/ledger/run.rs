//! Reads a run: its settings, its counts, its events and its pending rows. A row in flight in a lost
//! process counts as unknown, as do the rows of a stale run.

use std::collections::BTreeMap;

use super::db::{Db, SqlRow, values};
use super::error::{LedgerError, LedgerErrorKind};
use super::events::{Cancellation, PauseReason, RunEvent, RunEventKind, RunPause, RunWorker};
use super::joined_workers::{JoinedWorkers, process};
use super::model::{Counts, RowState, SkipCounts, SkipReason};
use super::name::RunName;
use super::open::Ledger;
use super::types::{RowToSend, RunSettings, STALE};
use crate::base::message::{Message, msg};
use crate::base::timestamps::from_millis;

/// The number of pending rows in one read.
const ROWS_AT_ONCE: usize = 1000;
/// In milliseconds: a process starts to send a run of `--hold` within this time after it was
/// created.
const STARTS_WITHIN: i64 = 10_000;

const PENDING: &str = "SELECT row.n, number, line, recipient, path, body FROM row \
    CROSS JOIN message WHERE row.run = ?1 AND state = 'pending' AND row.n > ?2 \
    AND message.run = row.run AND message.n = row.n ORDER BY row.n LIMIT ?3";

/// A run, by its number in the ledger.
#[derive(Clone)]
pub(crate) struct Run {
    pub(super) ledger: Ledger,
    pub(super) id: i64,
    name: RunName,
}

/// Returns whether a run may lack messages here: it is unfinished, and it began or was last resumed
/// in another ledger than `here`. Reads the columns `identity, finished_at`.
pub(super) fn is_stale(row: &SqlRow, here: &str) -> Result<bool, LedgerError> {
    Ok(row
        .opt_text("identity")?
        .is_some_and(|identity| identity != here)
        && row.opt_int("finished_at")?.is_none())
}

impl Run {
    pub(super) fn new(ledger: Ledger, id: i64, name: RunName) -> Self {
        Self { ledger, id, name }
    }

    pub(crate) fn name(&self) -> &RunName {
        &self.name
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Opens a new connection to a database, as [`Ledger::reconnected`] does.
    pub(crate) fn reconnected(&self) -> Result<Self, LedgerError> {
        Ok(Self {
            ledger: self.ledger.reconnected()?,
            ..self.clone()
        })
    }

    pub(super) fn on_own_connection(&self) -> Result<Self, LedgerError> {
        Ok(Self {
            ledger: self.ledger.reopened()?,
            ..self.clone()
        })
    }

    /// Returns the row of a query about this run, or an error if the run was removed.
    pub(super) fn one(&self, query: &'static str) -> Result<SqlRow, LedgerError> {
        let found = self.ledger.db().first(query, &values![self.id])?;
        found.ok_or_else(|| LedgerError::changed(&self.name))
    }

    /// Returns the settings of the run.
    pub(crate) fn details(&self) -> Result<RunSettings, LedgerError> {
        self.one("SELECT details FROM run WHERE id = ?1")?
            .json("details")
    }

    /// Returns who created the run.
    pub(crate) fn created_by(&self) -> Result<Message, LedgerError> {
        self.one("SELECT created_by FROM run WHERE id = ?1")?
            .message("created_by")
    }

    /// Returns when the list was read, in milliseconds since 1970.
    pub(crate) fn created_at(&self) -> Result<i64, LedgerError> {
        self.one("SELECT created_at FROM run WHERE id = ?1")?
            .int("created_at")
    }

    /// Returns the time of the last outcome or decision, or else of the creation.
    pub(crate) fn changed_at(&self) -> Result<i64, LedgerError> {
        self.one("SELECT changed_at FROM run WHERE id = ?1")?
            .int("changed_at")
    }

    /// Returns who cancelled the run, so that its remaining rows are not sent, and when.
    pub(crate) fn cancellation(&self) -> Result<Option<Cancellation>, LedgerError> {
        cancellation(&mut self.one("SELECT cancelled_at, cancelled_by FROM run WHERE id = ?1")?)
    }

    /// Returns the reason if the run is stale, so that unsent rows may have been sent.
    pub(crate) fn stale_reason(&self) -> Result<Option<LedgerError>, LedgerError> {
        self.stale_reason_in(&self.one("SELECT identity, finished_at FROM run WHERE id = ?1")?)
    }

    /// Does the same as [`Self::stale_reason`], from a row with these two columns.
    pub(super) fn stale_reason_in(&self, row: &SqlRow) -> Result<Option<LedgerError>, LedgerError> {
        let is_stale = is_stale(row, self.ledger.db().0.identity())?;
        Ok(is_stale.then(|| LedgerError::stale_ledger(&self.name.to_string())))
    }

    /// Checks that you may change the run: the ledger is writable, and the sandbox does not change
    /// a real run.
    pub(crate) fn require_change(&self) -> Result<(), LedgerError> {
        if self.ledger.in_sandbox && !self.details()?.sandbox {
            return Err(LedgerError::new(
                LedgerErrorKind::Choice,
                msg!(
                    "run {run} sends to real recipients, so the sandbox does not change it",
                    run = self.name
                ),
                msg!("run the command outside the sandbox"),
            ));
        }
        self.ledger.ensure_writable()
    }

    /// Returns the run itself, or an error if it is stale.
    pub(crate) fn require_not_stale(self) -> Result<Self, LedgerError> {
        self.stale_reason()?.map_or(Ok(self), Err)
    }

    /// Returns an error if a process sends the run.
    pub(super) fn require_no_sender(&self, db: &mut Db) -> Result<(), LedgerError> {
        match JoinedWorkers::read(db)?.sender(self.id) {
            Some(process) => {
                let lock = db.0.unreadable_lock(process.id);
                Err(LedgerError::in_use(&self.name, Some(&process.describe())).with_lock(lock))
            }
            None => Ok(()),
        }
    }

    /// Returns whether a process sends the run now.
    pub(crate) fn is_running(&self) -> Result<bool, LedgerError> {
        Ok(self.ledger.joined_workers()?.has_sender(self.id))
    }

    /// Returns whether the run waits for you to resume it, because no process sends it. After
    /// `--hold`, another process is about to send a new run.
    pub(crate) fn is_abandoned(&self) -> Result<bool, LedgerError> {
        let query = "SELECT created_at, finished_at, (SELECT count(*) FROM event \
            WHERE event.run = run.id) AS events FROM run WHERE id = ?1";
        let now = self.ledger.now()?;
        self.ledger.db().read_transaction(|db| {
            let row = db.one(query, &values![self.id])?;
            let is_finished = row.is_set("finished_at")?;
            let has_begun = row.is_set("events")?;
            let is_new = now.saturating_sub(row.int("created_at")?) < STARTS_WITHIN;
            let is_awaited = !is_finished && (has_begun || !is_new);
            Ok(is_awaited && !JoinedWorkers::read(db)?.has_sender(self.id))
        })
    }

    /// Returns why no process takes its rows, unless the run is stale.
    pub(crate) fn pause(&self) -> Result<Option<RunPause>, LedgerError> {
        let mut row = self.one("SELECT paused, paused_by, paused_at FROM run WHERE id = ?1")?;
        paused(&mut row)
    }

    /// Returns the number of rows in each state.
    pub(crate) fn counts(&self) -> Result<Counts, LedgerError> {
        let counts = self.noted_counts()?;
        Ok(if self.stale_reason()?.is_some() {
            counts.with_lost_records()
        } else {
            counts
        })
    }

    /// Returns the counts without the correction of [`Self::counts`] for a stale run.
    pub(crate) fn noted_counts(&self) -> Result<Counts, LedgerError> {
        let mut db = self.ledger.db();
        let kept = db.first("SELECT counts FROM run WHERE id = ?1", &values![self.id])?;
        if let Some(row) = kept
            && row.opt_text("counts")?.is_some()
        {
            return row.json("counts");
        }
        count_rows(&mut db, self.id)
    }

    /// Counts the rows in flight, except in lost processes.
    pub(crate) fn inflight(&self) -> Result<u64, LedgerError> {
        let mut db = self.ledger.db();
        let joined = JoinedWorkers::read(&mut db)?;
        let query = "SELECT worker, count(*) AS rows FROM row WHERE run = ?1 \
            AND state = 'inflight' GROUP BY worker";
        let mut inflight = 0;
        db.for_each_row(query, &values![self.id], |row| {
            if joined.lost_reason(row.opt_int("worker")?).is_none() {
                inflight += row.count("rows")?;
            }
            Ok(())
        })?;
        Ok(inflight)
    }

    /// Counts the pending rows, even if the run is stale.
    pub(crate) fn pending(&self) -> Result<u64, LedgerError> {
        self.one("SELECT count(*) AS rows FROM row WHERE run = ?1 AND state = 'pending'")?
            .count("rows")
    }

    /// Counts the skipped rows for each reason, and the failed and unknown rows for each code. The
    /// code is the API's own code, else the row's code, else `resolved` for your decision.
    pub(crate) fn reasons(&self) -> Result<(SkipCounts, BTreeMap<String, u64>), LedgerError> {
        let query = "SELECT state, CASE WHEN state = 'inflight' THEN 'unknown' \
            WHEN code = 'resolved' THEN code ELSE coalesce(api_code, code, state) \
            END AS reason, CASE WHEN state = 'inflight' THEN worker END AS worker, \
            count(*) AS rows FROM row WHERE run = ?1 AND state <> 'pending' \
            AND state <> 'sent' GROUP BY 1, 2, 3";
        let mut skips = SkipCounts::default();
        let mut reasons = BTreeMap::new();
        let mut db = self.ledger.db();
        let joined = JoinedWorkers::read(&mut db)?;
        db.for_each_row(query, &values![self.id], |mut row| {
            let state = row.parse("state", RowState::from_name)?;
            let worker = row.opt_int("worker")?;
            let rows = row.count("rows")?;
            if state == RowState::Skipped {
                skips.add(row.parse("reason", SkipReason::from_name)?, rows);
            } else if worker.is_none() || joined.lost_reason(worker).is_some() {
                *reasons.entry(row.take_text("reason")?).or_default() += rows;
            }
            Ok(())
        })?;
        drop(db);
        if self.stale_reason()?.is_some() {
            reasons = BTreeMap::from([(STALE.to_owned(), self.counts()?.unknown)]);
        }
        Ok((skips, reasons))
    }

    /// Returns the events that began, held or ended the sending of the run, in order.
    pub(crate) fn events(&self) -> Result<Vec<RunEvent>, LedgerError> {
        let mut events = self.history()?;
        events.retain(|event| !event.kind.is_decision());
        Ok(events)
    }

    /// Returns who sends the run or has sent it.
    pub(crate) fn senders(&self) -> Result<Vec<Message>, LedgerError> {
        let query = "SELECT DISTINCT who FROM worker WHERE run = ?1 ORDER BY who";
        let mut db = self.ledger.db();
        db.rows(query, &values![self.id], |row| row.message("who"))
    }

    /// Returns all events of the run, in order.
    pub(crate) fn history(&self) -> Result<Vec<RunEvent>, LedgerError> {
        let query = "SELECT kind, at, who, reason, problem, until FROM event WHERE run = ?1 \
            ORDER BY number";
        self.ledger.db().rows(query, &values![self.id], |mut row| {
            Ok(RunEvent {
                kind: row.parse("kind", RunEventKind::from_name)?,
                at: row.int("at")?,
                by: row.message("who")?,
                reason: row.opt_take_text("reason")?,
                problem: row.opt_text("problem")?.map(Message::decode),
                until: row.opt_int("until")?,
            })
        })
    }

    /// Returns the processes that send the run, and the lost ones of the last day.
    pub(crate) fn workers(&self) -> Result<Vec<RunWorker>, LedgerError> {
        const A_DAY_S: f64 = 24.0 * 60.0 * 60.0;
        let query = "SELECT id, who, host, pid, seen_at, lease_ms, joined_at, coalesce(inflight, \
            0) AS rows_inflight, coalesce(sent, 0) AS rows_sent FROM worker \
            LEFT JOIN (SELECT worker, count(CASE WHEN state = 'inflight' THEN 1 \
            END) AS inflight, count(CASE WHEN state = 'sent' THEN 1 END) AS sent FROM row \
            WHERE run = ?1 GROUP BY worker) AS held ON held.worker = worker.id \
            WHERE worker.run = ?1 AND left_at IS NULL ORDER BY joined_at, id";
        let mut db = self.ledger.db();
        let now = db.0.now()?;
        let mut workers = db.rows(query, &values![self.id], |mut row| {
            let by = row.message("who")?;
            let process = process(&mut row)?;
            let inflight = row.count("rows_inflight")?;
            #[expect(clippy::cast_precision_loss, reason = "the time is shown in seconds")]
            let seen_s = ((now - process.seen_at) as f64 / 100.0).round() / 10.0;
            Ok(RunWorker {
                joined_at: format!("{:.3}", from_millis(row.int("joined_at")?)),
                seen_s,
                inflight,
                sent: row.count("rows_sent")?,
                by,
                host: process.host,
                pid: process.pid,
            })
        })?;
        workers.retain(|worker| worker.seen_s < A_DAY_S || worker.inflight > 0);
        Ok(workers)
    }

    /// Returns the recipient and the body of the first message, if possible of a row that is not
    /// skipped.
    pub(crate) fn first_message(&self) -> Result<Option<(String, String)>, LedgerError> {
        let query = "SELECT recipient, body FROM row CROSS JOIN message WHERE row.run = ?1 \
            AND message.run = row.run AND message.n = row.n AND recipient IS NOT NULL \
            ORDER BY CASE WHEN state = 'skipped' THEN 1 ELSE 0 END, row.n LIMIT 1";
        let found = self.ledger.db().first(query, &values![self.id])?;
        found
            .map(|mut row| Ok((row.take_text("recipient")?, row.take_text("body")?)))
            .transpose()
    }

    /// Returns the next pending rows after row `after`, at most `max`.
    pub(crate) fn pending_after(
        &self,
        after: i64,
        max: usize,
    ) -> Result<Vec<RowToSend>, LedgerError> {
        self.ledger
            .db()
            .rows(PENDING, &values![self.id, after, max as u64], |mut row| {
                row_to_send(&mut row)
            })
    }

    /// Returns whether rows that you made pending are not yet assigned to a process.
    pub(crate) fn has_decided_rows(&self) -> Result<bool, LedgerError> {
        let query = "SELECT 1 FROM row WHERE run = ?1 AND state = 'pending' AND due_at > 0 \
            AND code = 'resolved'";
        self.ledger.db().exists(query, &values![self.id])
    }

    /// Passes the pending rows to `check` in batches, so that memory use does not grow with them.
    pub(crate) fn pending_requests<E: From<LedgerError>>(
        &self,
        mut check: impl FnMut(&RowToSend) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after = 0;
        loop {
            let rows = self.pending_after(after, ROWS_AT_ONCE)?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.index;
            rows.iter().try_for_each(&mut check)?;
        }
    }
}

/// Counts the rows of a run in each state. Rows in flight in a lost process are unknown.
pub(super) fn count_rows(db: &mut Db, run: i64) -> Result<Counts, LedgerError> {
    let joined = JoinedWorkers::read(db)?;
    let mut counts = Counts::default();
    // The rows in flight have an index. A query that groups all rows by process takes twice as
    // long.
    let query = "SELECT state, CAST(NULL AS BIGINT) AS worker, count(*) AS rows FROM row \
        WHERE run = ?1 AND state <> 'inflight' GROUP BY state UNION ALL SELECT state, \
        worker, count(*) FROM row WHERE run = ?1 AND state = 'inflight' \
        GROUP BY state, worker";
    db.for_each_row(query, &values![run], |row| {
        let state = joined.shown_state(
            row.parse("state", RowState::from_name)?,
            row.opt_int("worker")?,
        );
        *counts.count_mut(state) += row.count("rows")?;
        Ok(())
    })?;
    Ok(counts)
}

/// Reads the columns `n, number, line, recipient, path, body`.
pub(super) fn row_to_send(row: &mut SqlRow) -> Result<RowToSend, LedgerError> {
    Ok(RowToSend {
        index: row.int("n")?,
        number: row.int("number")? + 1,
        line: row.count("line")?,
        recipient: row.take_text("recipient")?,
        path: row.take_text("path")?,
        body: row.take_text("body")?,
        deadline: None,
    })
}

/// Reads the columns `cancelled_at, cancelled_by`.
pub(super) fn cancellation(row: &mut SqlRow) -> Result<Option<Cancellation>, LedgerError> {
    let Some(at) = row.opt_int("cancelled_at")? else {
        return Ok(None);
    };
    let by = row.message("cancelled_by")?;
    Ok(Some(Cancellation { by, at }))
}

/// Reads the columns `paused, paused_by, paused_at`.
pub(super) fn paused(row: &mut SqlRow) -> Result<Option<RunPause>, LedgerError> {
    if row.opt_text("paused")?.is_none() {
        return Ok(None);
    }
    Ok(Some(RunPause {
        reason: row.parse("paused", PauseReason::from_name)?,
        by: row.message("paused_by")?,
        at: row.int("paused_at")?,
    }))
}

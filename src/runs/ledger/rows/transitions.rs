//! The changes of a row that both a sending process and your commands make. Each is part of a
//! transaction that has locked the run, so two changes never meet. A statement names the state that
//! it changes, as in the table of `RowState::can_become`. A row in another state does not change.

use std::sync::LazyLock;

use super::delivery::count_deliveries;
use crate::base::message::{Message, msg};
use crate::runs::ledger::db::{Db, LONG, SqlValue, json, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::events::{Cancellation, PauseReason, RunEvent, RunEventKind, RunPause};
use crate::runs::ledger::joined_workers::JoinedWorkers;
use crate::runs::ledger::model::{CANCELLED, RowState, SkipDetail};
use crate::runs::ledger::pace::Pace;
use crate::runs::ledger::run::{Run, cancellation, count_rows, paused};

/// In milliseconds: the shortest time between two messages to one recipient (WhatsApp's error
/// 131056).
pub(crate) const RECIPIENT_GAP: i64 = 6_000;

/// Locks a run.
pub(crate) const LOCK_RUN: &str = "SELECT paused, paused_by, paused_at, identity, pace, taken, \
    repeats, changed_at, finished_at, cancelled_at, cancelled_by, counts, sandbox \
    FROM run WHERE id = ?1";
/// Writes the changes of a locked run.
pub(crate) const WRITE_RUN: &str = "UPDATE run SET identity = ?2, pace = ?3, taken = ?4, \
    changed_at = ?5, finished_at = ?6, cancelled_at = ?7, paused = ?8, paused_by = ?9, \
    paused_at = ?10, cancelled_by = ?11 WHERE id = ?1";
pub(crate) const WRITE_COUNTS: &str = "UPDATE run SET counts = ?2, deliveries = ?3 WHERE id = ?1";
/// Finds a row that is not final. Each part uses an index. Fresh rows are read from the last
/// assigned row on.
pub(crate) const OPEN_ROW: &str = "SELECT 1 WHERE EXISTS (SELECT 1 FROM row WHERE run = ?1 \
    AND state = 'inflight') OR EXISTS (SELECT 1 FROM row WHERE run = ?1 AND state = 'pending' \
    AND due_at > 0) OR EXISTS (SELECT 1 FROM row WHERE run = ?1 AND n > ?2 \
    AND state = 'pending' AND due_at = 0)";
/// Makes the rows unknown that are in flight in a worker.
pub(crate) const MARK_UNKNOWN: &str = "UPDATE row SET state = 'unknown', at = ?3, \
    code = 'unknown', api_code = NULL, error = ?4, http_status = NULL WHERE run = ?1 \
    AND worker = ?2 AND state = 'inflight'";
/// Skips rows of a run.
const SKIP: &str = "UPDATE row SET state = ?2, number = number + 1, at = ?5, code = ?3, \
    api_code = NULL, http_status = NULL, error = ?4 || coalesce('\n' || error, '') WHERE run = ?1";
static SKIP_PENDING_ROW: LazyLock<String> =
    LazyLock::new(|| format!("{SKIP} AND state = 'pending' AND n = ?6"));
pub(crate) static SKIP_PENDING: LazyLock<String> =
    LazyLock::new(|| format!("{SKIP} AND state = 'pending'"));
static SKIP_FAILED: LazyLock<String> = LazyLock::new(|| format!("{SKIP} AND state = 'failed'"));

/// A run that is locked for the rest of a transaction.
#[derive(Debug)]
pub(crate) struct LockedRun {
    pub(crate) id: i64,
    pub(crate) sandbox: bool,
    pub(crate) identity: String,
    pub(crate) pace: Pace,
    pub(crate) taken: i64,
    pub(crate) repeats: bool,
    pub(crate) changed_at: i64,
    pub(crate) finished_at: Option<i64>,
    pub(crate) cancellation: Option<Cancellation>,
    pub(crate) pause: Option<RunPause>,
    pub(crate) counts_cache: CountsCache,
    /// The time of the lock, by the clock of the ledger.
    pub(crate) now: i64,
}

/// Whether the ledger keeps the counts of a run, so that a list of runs need not count all rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CountsCache {
    Missing,
    Current,
    /// Rows, or their delivery status, have changed in this transaction.
    Outdated,
}

/// Locks a run; None if it was removed.
pub(crate) fn lock(db: &mut Db, id: i64) -> Result<Option<LockedRun>, LedgerError> {
    let (Some(mut row), now) = db.0.lock(LOCK_RUN, &values![id])? else {
        return Ok(None);
    };
    Ok(Some(LockedRun {
        id,
        pause: paused(&mut row)?,
        identity: row.take_text("identity")?,
        pace: row.json("pace")?,
        taken: row.int("taken")?,
        repeats: row.is_set("repeats")?,
        changed_at: row.int("changed_at")?,
        finished_at: row.opt_int("finished_at")?,
        cancellation: cancellation(&mut row)?,
        counts_cache: match row.opt_text("counts")? {
            Some(_) => CountsCache::Current,
            None => CountsCache::Missing,
        },
        sandbox: row.is_set("sandbox")?,
        now,
    }))
}

impl Run {
    /// Runs `work` in one transaction on the locked run, and writes the changes of the run.
    pub(crate) fn change<T, E: From<LedgerError>>(
        &self,
        work: impl FnOnce(&mut Db, &mut LockedRun) -> Result<T, E>,
    ) -> Result<T, E> {
        self.ledger.db().change(|db| self.change_in(db, work))
    }

    /// Does the same as [`Run::change`], within a transaction.
    pub(crate) fn change_in<T, E: From<LedgerError>>(
        &self,
        db: &mut Db,
        work: impl FnOnce(&mut Db, &mut LockedRun) -> Result<T, E>,
    ) -> Result<T, E> {
        let run = lock(db, self.id)?;
        let mut run = run.ok_or_else(|| LedgerError::changed(self.name()))?;
        let done = work(db, &mut run)?;
        run.write(db)?;
        Ok(done)
    }
}

impl LockedRun {
    /// Writes the changes of the run.
    pub(crate) fn write(&self, db: &mut Db) -> Result<(), LedgerError> {
        let pause = self.pause.as_ref();
        let cancellation = self.cancellation.as_ref();
        db.run(
            WRITE_RUN,
            &values![
                self.id,
                &self.identity,
                json(&self.pace)?,
                self.taken,
                self.changed_at,
                self.finished_at,
                cancellation.map(|cancelled| cancelled.at),
                pause.map(|paused| paused.reason.name()),
                pause.map(|paused| paused.by.encode()),
                pause.map(|paused| paused.at),
                cancellation.map(|cancelled| cancelled.by.encode())
            ],
        )?;
        match (self.finished_at, self.counts_cache) {
            (Some(_), CountsCache::Current) | (None, CountsCache::Missing) => Ok(()),
            (Some(_), CountsCache::Missing | CountsCache::Outdated) => self.keep_counts(db),
            (None, CountsCache::Current | CountsCache::Outdated) => {
                self.write_counts(db, None, None)
            }
        }
    }

    /// Counts the rows of the finished run, and keeps the counts.
    fn keep_counts(&self, db: &mut Db) -> Result<(), LedgerError> {
        // An exchange has little time, but the number of rows has no limit.
        let limit = db.0.limit(LONG);
        let counts = count_rows(db, self.id);
        let deliveries = count_deliveries(db, self.id, i64::MIN);
        db.0.limit(limit);
        let counts = json(&counts?)?;
        // A list of runs shows them only after a delivery check.
        let deliveries = deliveries?.filter(|counts| counts.asked_at.is_some());
        let deliveries = deliveries.as_ref().map(json).transpose()?;
        self.write_counts(db, Some(counts), deliveries)
    }

    fn write_counts(
        &self,
        db: &mut Db,
        counts: Option<String>,
        deliveries: Option<String>,
    ) -> Result<(), LedgerError> {
        db.run(WRITE_COUNTS, &values![self.id, counts, deliveries])?;
        Ok(())
    }

    /// Runs a statement that changes rows of the run, once for each of `all`. Returns how many rows
    /// changed.
    pub(crate) fn update_rows(
        &mut self,
        db: &mut Db,
        sql: &'static str,
        all: &[Vec<SqlValue<'_>>],
    ) -> Result<u64, LedgerError> {
        let changed = db.each(sql, all)?;
        if changed > 0 {
            self.note_changed_counts();
        }
        Ok(changed)
    }

    /// Notes that the kept counts are no longer true. They are counted again when the run is
    /// written.
    pub(crate) fn note_changed_counts(&mut self) {
        if self.counts_cache == CountsCache::Current {
            self.counts_cache = CountsCache::Outdated;
        }
    }

    /// Pauses the run, unless it is paused already.
    pub(crate) fn pause(&mut self, reason: PauseReason, by: Message) {
        if self.pause.is_none() {
            self.pause = Some(RunPause {
                reason,
                by,
                at: self.now,
            });
        }
    }

    /// Returns whether the run is stale: it is unfinished, and it began or was accepted in another
    /// ledger.
    pub(crate) fn is_stale(&self, db: &Db) -> bool {
        self.finished_at.is_none() && self.identity != db.0.identity()
    }

    /// Returns whether processes may take rows of the run.
    pub(crate) fn may_assign(&self, db: &Db) -> bool {
        !self.is_stale(db) && self.pause.is_none() && self.cancellation.is_none()
    }

    /// Records the time if every row is final.
    pub(crate) fn note_finished(&mut self, db: &mut Db) -> Result<(), LedgerError> {
        if self.finished_at.is_some() {
            return Ok(());
        }
        if !db.exists(OPEN_ROW, &values![self.id, self.taken])? {
            self.finished_at = Some(self.now);
            self.pause = None;
            if self.cancellation.is_none() {
                self.note(db, &RunEvent::new(RunEventKind::Ended))?;
            }
        }
        Ok(())
    }

    /// Makes the rows of lost processes unknown.
    pub(crate) fn note_lost(&mut self, db: &mut Db) -> Result<(), LedgerError> {
        let joined = JoinedWorkers::read(db)?;
        let query = "SELECT DISTINCT worker FROM row WHERE run = ?1 AND state = 'inflight'";
        for worker in db.rows(query, &values![self.id], |row| row.int("worker"))? {
            if let Some(words) = joined.lost_reason(Some(worker)) {
                self.mark_unknown(db, worker, &words)?;
            }
        }
        // In a database, a process may return and report the outcomes of its rows. With a file, a
        // process joins again after its lock was removed.
        if !db.0.is_shared() {
            for process in joined.lost_in_run(self.id) {
                db.run(
                    "UPDATE worker SET stopped_at = ?2, left_at = ?2 WHERE id = ?1",
                    &values![process, self.now],
                )?;
            }
        }
        Ok(())
    }

    /// Makes the rows unknown that are in flight in this process.
    pub(crate) fn mark_unknown(
        &mut self,
        db: &mut Db,
        worker: i64,
        why: &Message,
    ) -> Result<(), LedgerError> {
        let changed = self.update_rows(
            db,
            MARK_UNKNOWN,
            &[values![self.id, worker, self.now, why.encode()].to_vec()],
        )?;
        if changed > 0 {
            self.changed_at = self.now;
        }
        Ok(())
    }

    /// Skips the pending ones of `rows`.
    pub(crate) fn skip(
        &mut self,
        db: &mut Db,
        rows: &[(i64, SkipDetail)],
    ) -> Result<(), LedgerError> {
        let skips: Vec<_> = rows
            .iter()
            .map(|(n, skip)| {
                let [state, code, problem] = self.skipped(db, skip);
                values![self.id, state, code, problem, self.now, *n].to_vec()
            })
            .collect();
        if self.update_rows(db, &SKIP_PENDING_ROW, &skips)? > 0 {
            self.changed_at = self.now;
        }
        self.note_finished(db)
    }

    /// Skips every pending row, so that no row waits for another one.
    pub(crate) fn skip_pending(&mut self, db: &mut Db) -> Result<(), LedgerError> {
        let [state, code, problem] = self.skipped(db, &CANCELLED);
        let skipped = [values![self.id, state, code, problem, self.now].to_vec()];
        // Failed rows of a stale run may have been sent again in the meantime.
        let failed = if self.is_stale(db) {
            self.update_rows(db, &SKIP_FAILED, &skipped)?
        } else {
            0
        };
        if failed + self.update_rows(db, &SKIP_PENDING, &skipped)? > 0 {
            self.changed_at = self.now;
        }
        self.note_finished(db)
    }

    /// Returns the state, code and problem of a skipped row. In a stale run, pending rows may have
    /// been sent, so they become unknown instead.
    fn skipped(&self, db: &Db, SkipDetail { reason, problem }: &SkipDetail) -> [String; 3] {
        if self.is_stale(db) {
            let unknown = RowState::Unknown.name().to_owned();
            return [
                unknown.clone(),
                unknown,
                msg!("{problem}; it may have been sent before", problem).encode(),
            ];
        }
        [
            RowState::Skipped.name().to_owned(),
            reason.name().to_owned(),
            problem.encode(),
        ]
    }

    /// Decides rows by their numbers of the last attempt or decision. Returns how many were in the
    /// expected state.
    pub(crate) fn decide(
        &mut self,
        db: &mut Db,
        rows: &[(i64, i64)],
        [from, to]: [RowState; 2],
        why: &Message,
    ) -> Result<u64, LedgerError> {
        if !from.can_become(to) {
            return Err(LedgerError::no_step(from.name(), to.name()));
        }
        if from == RowState::Unknown && to != RowState::Sent {
            let kept: Vec<_> = rows
                .iter()
                .map(|(n, number)| values![self.id, *n, *number].to_vec())
                .collect();
            db.each(
                "INSERT INTO tried (run, n, number, began_at, message_id) SELECT run, n, \
                    number, began_at, message_id FROM row WHERE run = ?1 AND n = ?2 \
                    AND number = ?3 AND state = 'unknown' AND began_at IS NOT NULL \
                    ON CONFLICT DO NOTHING",
                &kept,
            )?;
        }
        let why = why.encode();
        let decided: Vec<_> = rows
            .iter()
            .map(|(n, number)| {
                values![
                    self.id,
                    *n,
                    *number,
                    from.name(),
                    to.name(),
                    self.now,
                    &why,
                    RECIPIENT_GAP
                ]
                .to_vec()
            })
            .collect();
        let changed = self.update_rows(
            db,
            "UPDATE row SET state = ?5, number = number + 1, \
                due_at = CASE WHEN ?5 = 'pending' THEN at + ?8 END, at = ?6, \
                code = 'resolved', error = ?7 || coalesce('\n' || error, '') \
                WHERE run = ?1 AND n = ?2 AND number = ?3 AND state = ?4",
            &decided,
        )?;
        if changed > 0 {
            self.changed_at = self.now;
            if to == RowState::Pending {
                self.finished_at = None;
            }
        }
        self.note_finished(db)?;
        Ok(changed)
    }

    /// Adds an event of this process, with its times by the clock of the ledger.
    pub(crate) fn note(&self, db: &mut Db, event: &RunEvent) -> Result<(), LedgerError> {
        let RunEvent {
            kind,
            at,
            reason,
            problem,
            until,
            by: _,
        } = event;
        let until = until.map(|until| self.now + (until - at));
        db.run(
            "INSERT INTO event (run, number, kind, at, reason, problem, until, who) SELECT ?1, \
                coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7 FROM event WHERE run = ?1",
            &values![
                self.id,
                kind.name(),
                self.now,
                reason.as_deref(),
                problem.as_ref().map(Message::encode),
                until,
                db.who().encode()
            ],
        )?;
        Ok(())
    }
}

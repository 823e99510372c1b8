//! Changes of a run by you, or by a check before it is sent: skip rows, resume, stop, cancel or
//! remove the run. Others may send it at the same time, so each change is one transaction.

use std::collections::HashSet;

use super::db::{Db, LONG, LONGEST, SqlScript, SqlValue, json, values};
use super::error::LedgerError;
use super::events::{Cancellation, PauseReason, RunEvent, RunEventKind, RunPause};
use super::history::comparing::{EarlierQuery, EarlierRuns, counted_by_run};
use super::history::earlier_rows::EarlierMessages;
use super::joined_workers::JoinedWorkers;
use super::model::{RowState, SkipDetail};
use super::open::lock_ledger;
use super::pace::moment;
use super::rows::delivery::{DeliveryUpdate, DeliveryUpdates};
use super::rows::transitions::{LockedRun, lock};
use super::run::Run;
use super::types::{ResumeOptions, RunSettings};
use crate::base::message::Message;
use crate::jelou::api::DeliveryState;

/// Keeps the recipients under the key of the removed run that got a message, or may have got one.
pub(super) const KEEP_RECIPIENTS: &str = "UPDATE claim SET run = NULL, n = NULL, \
    message_id = row.message_id, state = CASE WHEN row.state = 'sent' THEN 'sent' \
    ELSE 'unknown' END, at = coalesce(row.at, ?3), counts_from = coalesce(row.ended_at, \
    row.began_at, row.at, ?3) FROM row WHERE claim.run = ?1 AND row.run = claim.run \
    AND row.n = claim.n AND (row.state = 'sent' OR row.state = 'unknown' \
    OR row.state = 'inflight' OR row.run = ?2 AND row.state <> 'skipped')";
/// Frees disk space after rows are removed. A database does so by itself.
const FREE_SPACE: SqlScript = SqlScript {
    sqlite: "PRAGMA incremental_vacuum",
    postgres: "",
};
/// The number of rows that one statement or transaction changes.
const ROWS_AT_ONCE: usize = 10_000;

/// What [`Run::stop`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StopResult {
    /// Processes send the run, and take no more of its rows.
    Stopping,
    /// The run is paused. No process was sending it.
    Paused,
    /// The run was paused before, and still is. No process was sending it.
    AlreadyPaused(RunPause),
    Cancelled(Cancellation),
    Complete,
}

impl StopResult {
    /// Returns whether the run has rows that you could still send.
    pub(crate) fn has_rows_left(&self) -> bool {
        match self {
            Self::Stopping | Self::Paused | Self::AlreadyPaused(_) => true,
            Self::Cancelled(_) | Self::Complete => false,
        }
    }
}

impl Run {
    /// Records the rows of lost processes, which others must know before the run is sent. Returns why
    /// no process takes its rows.
    pub(crate) fn prepare(&self) -> Result<Option<RunPause>, LedgerError> {
        self.change(|db, run| {
            run.note_lost(db)?;
            run.note_finished(db)?;
            Ok::<_, LedgerError>(run.pause.clone())
        })
    }

    /// Skips the pending ones of `rows`, by their numbers. If a write fails, rows skipped before it
    /// stay skipped.
    pub(crate) fn skip(
        &self,
        rows: &mut dyn Iterator<Item = (i64, SkipDetail)>,
    ) -> Result<(), LedgerError> {
        let mut rows = rows.peekable();
        while rows.peek().is_some() {
            let rows: Vec<_> = rows.by_ref().take(ROWS_AT_ONCE).collect();
            self.change(|db, run| run.skip(db, &rows))?;
        }
        Ok(())
    }

    /// Compares the remaining rows with other runs. Returns the counts of rows that these have sent
    /// in the meantime or will send, by run and reason, largest first. With `skips_earlier`, those
    /// rows are skipped.
    pub(crate) fn compare(
        &self,
        details: &RunSettings,
        skips_earlier: bool,
    ) -> Result<Vec<EarlierMessages>, LedgerError> {
        self.change(|db, run| run.compare(db, details, skips_earlier, i64::MIN))
    }

    /// Resumes the run after you have seen the pause `seen`. A newer pause stays. A stale run is
    /// refused unless you accept it. A process that sends the run would not read new conditions, so
    /// they are refused then.
    pub(crate) fn resume(
        &self,
        seen: Option<&RunPause>,
        resumed: &ResumeOptions<'_>,
    ) -> Result<(), LedgerError> {
        self.change(|db, run| {
            if resumed.conditions.is_some() {
                self.require_no_sender(db)?;
            }
            run.accept(db, self.name(), resumed.accepted)?;
            if run.pause.is_some() && run.pause.as_ref() != seen {
                return Ok(());
            }
            run.pause = None;
            let kept = db.one("SELECT details FROM run WHERE id = ?1", &values![self.id])?;
            let mut details: RunSettings = kept.json("details")?;
            if let Some(rate) = resumed.rate {
                run.pace = run.pace.with_rate(rate, moment(run.now));
                details.rate = rate;
            }
            if let Some(conditions) = resumed.conditions {
                details.conditions = conditions.clone();
            }
            db.run(
                "UPDATE run SET details = ?2 WHERE id = ?1",
                &values![self.id, json(&details)?],
            )?;
            run.note_finished(db)
        })
    }

    /// Records the flags with which you set aside rules of the run.
    pub(crate) fn note_overrides(&self, flags: &[&str]) -> Result<(), LedgerError> {
        self.change(|db, run| {
            flags.iter().try_for_each(|flag| {
                run.note(db, &RunEvent::new(RunEventKind::Overridden).because(flag))
            })
        })
    }

    /// Stops the run, for you or because of undelivered messages: no process takes its rows until
    /// you resume it.
    pub(crate) fn stop(&self, problem: Option<Message>) -> Result<StopResult, LedgerError> {
        self.change(|db, run| {
            run.note_lost(db)?;
            run.note_finished(db)?;
            if let Some(cancellation) = run.cancellation.clone() {
                return Ok(StopResult::Cancelled(cancellation));
            }
            if run.finished_at.is_some() {
                return Ok(StopResult::Complete);
            }
            let earlier = run.pause.clone();
            let reason = if problem.is_none() {
                PauseReason::Person
            } else {
                PauseReason::Undelivered
            };
            // Any other pause is replaced, so that an open prompt to resume does not lift this one.
            let kept = earlier.filter(|paused| paused.reason == reason);
            if kept.is_none() {
                let because = if reason == PauseReason::Person {
                    "bulk stop"
                } else {
                    reason.name()
                };
                run.pause = None;
                run.pause(reason, db.who());
                run.note(
                    db,
                    &RunEvent {
                        problem,
                        ..RunEvent::new(RunEventKind::Stopped).because(because)
                    },
                )?;
            }
            let is_sent = JoinedWorkers::read(db)?.has_sender(run.id);
            Ok::<_, LedgerError>(match kept {
                _ if is_sent => StopResult::Stopping,
                Some(earlier) => StopResult::AlreadyPaused(earlier),
                None => StopResult::Paused,
            })
        })
    }

    /// Skips every pending row, also the rows that are returned later, so that no other message is
    /// sent. Rows in flight in other processes end first. A second call records the rows of
    /// processes that were lost in the meantime. In a stale run, rows that may have been sent
    /// become unknown. False if the run is complete.
    pub(crate) fn cancel(&self) -> Result<bool, LedgerError> {
        self.ledger.db().0.limit(LONGEST);
        let cancelled = self.change(|db, run| {
            run.note_lost(db)?;
            if run.cancellation.is_none() {
                run.note_finished(db)?;
                if run.finished_at.is_some() {
                    return Ok(false);
                }
                run.cancellation = Some(Cancellation {
                    by: db.who(),
                    at: run.now,
                });
                run.changed_at = run.now;
                run.note(db, &RunEvent::new(RunEventKind::Cancelled))?;
            }
            run.skip_pending(db)?;
            run.pause = None;
            Ok::<_, LedgerError>(true)
        });
        self.ledger.db().0.limit(LONG);
        cancelled
    }

    /// Saves new delivery facts. Returns how many unknown rows are now sent. Only those change the
    /// time of the last change. If the write fails, nothing is saved.
    pub(crate) fn save_deliveries(&self, news: &DeliveryUpdates) -> Result<u64, LedgerError> {
        self.change(|db, run| {
            let mut proven = 0;
            let mut refuted = HashSet::new();
            for row in &news.proven {
                let change = [RowState::Unknown, RowState::Sent];
                let decided = run.decide(db, &[(row.index, row.number)], change, &row.evidence)?;
                proven += decided;
                if decided == 0 {
                    refuted.insert(row.index);
                }
            }
            let updates = news
                .updates
                .iter()
                .filter(|update| !refuted.contains(&update.index));
            let updates: Vec<_> = updates
                .filter_map(|update| update_values(run, update))
                .collect();
            run.update_rows(db, UPDATE_DELIVERY, &updates)?;
            if let Some((at, rows)) = news.asked {
                db.run(
                    "UPDATE run SET asked_at = ?2, asked = ?3 WHERE id = ?1",
                    &values![self.id, at, rows],
                )?;
                run.note_changed_counts();
            }
            Ok::<_, LedgerError>(proven)
        })
    }

    /// Removes the run and its records, if it has not changed since `seen` and no process sends it.
    /// Its recipients stay recorded under its key.
    pub(crate) fn remove(&self, seen: i64) -> Result<(), LedgerError> {
        let mut db = self.ledger.db();
        db.0.limit(LONGEST);
        let is_removed = db.change(|db| {
            lock_ledger(db)?;
            let Some(run) = lock(db, self.id)?.filter(|run| run.changed_at == seen) else {
                return Ok(false);
            };
            self.require_no_sender(db)?;
            // With `?2`, other rows of the run may have been sent, too.
            let stale_run = if run.is_stale(db) { run.id } else { 0 };
            db.run(KEEP_RECIPIENTS, &values![run.id, stale_run, run.changed_at])?;
            for delete in [
                "DELETE FROM claim WHERE run = ?1",
                "DELETE FROM row WHERE run = ?1",
                "DELETE FROM message WHERE run = ?1",
                "DELETE FROM tried WHERE run = ?1",
                "DELETE FROM known WHERE run = ?1",
                "DELETE FROM event WHERE run = ?1",
                "DELETE FROM worker WHERE run = ?1",
                "DELETE FROM run WHERE id = ?1",
            ] {
                db.run(delete, &values![self.id])?;
            }
            Ok::<_, LedgerError>(true)
        });
        db.0.limit(LONG);
        let is_removed = is_removed?;
        if !is_removed {
            return Err(LedgerError::changed(self.name()));
        }
        // Space that is not freed is used again.
        let _ = db.change(|db| db.0.script(&FREE_SPACE));
        Ok(())
    }
}

impl LockedRun {
    /// Does the same as [`Run::compare`], but inside a transaction. Compares with unfinished runs
    /// and with runs that changed after `changed_since`.
    pub(super) fn compare(
        &mut self,
        db: &mut Db,
        details: &RunSettings,
        skips_earlier: bool,
        changed_since: i64,
    ) -> Result<Vec<EarlierMessages>, LedgerError> {
        let of = EarlierQuery {
            bot: details.bot.clone(),
            address: details.api_url.clone(),
            remember: details.remember,
        };
        let found =
            EarlierRuns::new(&mut *db, &of, self.now).compare_run(self.id, changed_since)?;
        if skips_earlier {
            let skips = found.iter().map(|(n, run, row)| {
                let skip = SkipDetail {
                    reason: row.reason,
                    problem: row.problem(run),
                };
                (*n, skip)
            });
            let skips: Vec<_> = skips.collect();
            self.skip(db, &skips)?;
        }
        Ok(counted_by_run(&found))
    }
}

/// Saves the delivery status of a message, unless another process has saved a newer one.
const UPDATE_DELIVERY: &str = "UPDATE row \
    SET delivery_since = CASE WHEN delivery = ?4 THEN delivery_since ELSE ?5 END, delivery = ?4, \
    delivery_reports = delivery_reports + ?6, delivery_at = ?7, delivery_code = ?8, delivery_reason = ?9, \
    delivered_at = coalesce(?10, delivered_at), read_at = coalesce(?11, read_at), \
    message_id = coalesce(message_id, ?12) WHERE run = ?1 AND n = ?2 AND delivery_reports = ?3";

/// Returns the values of [`UPDATE_DELIVERY`].
fn update_values<'a>(run: &LockedRun, update: &'a DeliveryUpdate) -> Option<Vec<SqlValue<'a>>> {
    let last = update.steps.last()?;
    let at = |state: DeliveryState| {
        let step = update.steps.iter().rfind(|step| step.state == state);
        step.and_then(|step| step.at)
            .map(jiff::Timestamp::as_millisecond)
    };
    let values = values![
        run.id,
        update.index,
        update.after,
        last.state.status(),
        run.now,
        update.steps.len() as u64,
        last.at.map(jiff::Timestamp::as_millisecond),
        last.code.as_deref(),
        last.reason.as_deref(),
        at(DeliveryState::Delivered),
        at(DeliveryState::Read),
        update.message_id.as_deref()
    ];
    Some(values.to_vec())
}

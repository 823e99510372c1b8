//! Writes to the ledger of a run: which rows are under way, the outcomes, and which rows are skipped.

use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Transaction, params};

use super::integrity::conditions_checksum;
use super::record::{RecordKind, text};
use super::{Ledger, record};
use crate::api::DeliveryFacts;
use crate::ledger::{
    BegunAttempt, CANCELLED, EndedAttempt, LearntDelivery, LedgerError, RecordSummary, RowState, Run, RunConditions,
    RunEvent, RunEventKind, Skip, now,
};

/// A commit in progress. Every record that is added to the ledger of a run goes through it.
pub(super) struct Batch<'a> {
    db: Transaction<'a>,
    records: RecordSummary,
}

impl Batch<'_> {
    /// Adds a record of time `at` that moves a row from one state to another.
    pub(super) fn add(
        &mut self,
        kind: RecordKind,
        fields: &[ValueRef<'_>],
        [from, to]: [RowState; 2],
        at: i64,
    ) -> rusqlite::Result<()> {
        self.records.sum = self.records.sum.wrapping_add(record::insert(&self.db, kind, fields)?);
        self.records.counts.change(from, to);
        if to != RowState::Inflight {
            self.records.changed_at = self.records.changed_at.max(at);
        }
        Ok(())
    }

    /// Skips row `n` if it is still to be sent; any other row does not change. Returns whether it was skipped.
    pub(super) fn skip(&mut self, n: i64, skip: Skip<'_>) -> rusqlite::Result<bool> {
        let query = "SELECT number FROM standing WHERE n = ?1 AND state = 'pending'";
        let number: Option<i64> = self.db.prepare_cached(query)?.query_row([n], |row| row.get(0)).optional()?;
        let Some(number) = number else { return Ok(false) };
        let at = now();
        let change = [RowState::Pending, RowState::Skipped];
        self.add(RecordKind::Decision, &skipped(n, number + 1, skip, at), change, at)?;
        Ok(true)
    }

    /// Whether this is the last record of row `n`, and the row is in this state.
    pub(super) fn is_standing(&self, n: i64, number: i64, state: RowState) -> rusqlite::Result<bool> {
        let query = "SELECT EXISTS (SELECT 1 FROM standing WHERE n = ?1 AND number = ?2 AND state = ?3)";
        self.db.prepare_cached(query)?.query_row(params![n, number, state], |row| row.get(0))
    }

    /// Adds how far a message came, unless another process has learned something about it meanwhile.
    pub(super) fn add_delivery(&self, learnt: &LearntDelivery, at: i64) -> rusqlite::Result<()> {
        let mut statement = self.db.prepare_cached(
            "INSERT INTO delivery (n, number, learnt_at, status, at, code, reason, message_id) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 \
             WHERE ?2 = 1 + (SELECT coalesce(max(number), 0) FROM delivery WHERE n = ?1)",
        )?;
        let mut message_id = learnt.message_id.as_deref();
        for (number, facts) in (learnt.after + 1..).zip(&learnt.steps) {
            let since = facts.at.map(jiff::Timestamp::as_millisecond);
            let DeliveryFacts { state, code, reason, .. } = facts;
            statement.execute(params![learnt.n, number, at, state.status(), since, code, reason, message_id.take()])?;
        }
        Ok(())
    }

    /// Records that Jelou was asked for all messages.
    pub(super) fn add_inquiry(&self, at: i64, rows: u64) -> rusqlite::Result<()> {
        self.db.execute("INSERT INTO inquiry (at, rows) VALUES (?1, ?2)", params![at, rows]).map(|_| ())
    }

    /// Adds an event of the run.
    pub(super) fn event(&self, event: &RunEvent) -> rusqlite::Result<()> {
        let RunEvent { kind, at, reason, problem, until } = event;
        let query = "INSERT INTO event (kind, at, reason, problem, until) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.db.execute(query, params![kind, at, reason, problem, until]).map(|_| ())
    }
}

impl Ledger {
    /// Commits that the rows `begun` are under way, the outcomes of the rows `ended`, all or nothing, and the events of
    /// the run if they can be written. Once it returns, the commit survives a power cut. If the write fails, none of it
    /// may be relied on.
    pub(crate) fn commit<'a>(
        &mut self,
        begun: impl Iterator<Item = BegunAttempt>,
        ended: impl Iterator<Item = &'a EndedAttempt>,
        events: &[RunEvent],
    ) -> Result<(), LedgerError> {
        self.write(|batch| {
            for row in ended {
                let at = row.ended_at.max(row.began_at);
                let fields = [
                    ValueRef::Integer(row.n),
                    ValueRef::Integer(row.number),
                    ValueRef::Integer(at),
                    text(Some(row.state.name())),
                    row.http_status.map_or(ValueRef::Null, |status| ValueRef::Integer(status.into())),
                    text(row.message_id.as_deref()),
                    text(row.code),
                    text(row.error.as_deref()),
                    text(row.api_code.as_deref()),
                ];
                batch.add(RecordKind::Outcome, &fields, [RowState::Inflight, row.state], at)?;
            }
            let at = now();
            for row in begun {
                let fields = [row.n, row.number, at].map(ValueRef::Integer);
                batch.add(RecordKind::Attempt, &fields, [RowState::Pending, RowState::Inflight], at)?;
            }
            for event in events {
                // The report then lacks the event, but no row depends on it.
                let _ = batch.event(event);
            }
            Ok(())
        })?;
        self.files.check()
    }

    /// Stores new conditions.
    pub(crate) fn keep_conditions(&mut self, conditions: &RunConditions) -> Result<(), LedgerError> {
        let text = serde_json::to_string(conditions);
        let text = text.map_err(|error| LedgerError::Damaged { problem: error.to_string() })?;
        let checksum = conditions_checksum(&text);
        self.write(|batch| {
            let query = "UPDATE progress SET conditions = ?1, conditions_checksum = ?2";
            batch.db.execute(query, params![text, checksum]).map(|_| ())
        })
    }

    /// Records an event of the run.
    pub(crate) fn note_events(&mut self, events: &[RunEvent]) -> Result<(), LedgerError> {
        self.write(|batch| events.iter().try_for_each(|event| batch.event(event)))
    }

    /// Records that the run has ended, unless that is its last event.
    pub(super) fn end(&self) -> Result<Option<RunEvent>, LedgerError> {
        let query = "SELECT kind FROM event ORDER BY number DESC LIMIT 1";
        let last: Option<RunEventKind> = self.db.query_row(query, [], |row| row.get(0)).optional()?;
        Ok((last != Some(RunEventKind::Ended)).then(|| RunEvent::now(RunEventKind::Ended)))
    }

    /// Skips those of `rows`, each by its number, that are still to be sent; any other row does not change. Returns the
    /// number of skipped rows. If the write fails, none is skipped.
    pub(crate) fn skip(&mut self, rows: &[(i64, Skip<'_>)]) -> Result<usize, LedgerError> {
        let mut left_out = 0;
        self.write(|batch| {
            for (n, skip) in rows {
                left_out += usize::from(batch.skip(*n, *skip)?);
            }
            Ok(())
        })?;
        Ok(left_out)
    }

    /// Skips every row that is still to be sent: nothing more of the run is sent. A second call changes nothing. If the
    /// write fails, nothing changes.
    pub(super) fn cancel(&mut self) -> Result<(), LedgerError> {
        if self.is_cancelled()? {
            return Ok(());
        }
        let rows = self.numbers_in_state(RowState::Pending)?;
        let (at, change) = (now(), [RowState::Pending, RowState::Skipped]);
        self.write(|batch| {
            for (n, number) in rows {
                batch.add(RecordKind::Decision, &skipped(n, number + 1, CANCELLED, at), change, at)?;
            }
            batch.event(&RunEvent::now(RunEventKind::Cancelled))
        })
    }

    /// Makes one commit of what `add` adds. When it returns, the commit is on the disk and its number is in the lock
    /// file.
    pub(super) fn write(
        &mut self,
        add: impl FnOnce(&mut Batch<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), LedgerError> {
        let Some(mark) = &self.mark else { return Err(LedgerError::WriterGone) };
        let mut progress = self.progress;
        let mut batch = Batch { db: self.db.transaction()?, records: progress.records };
        add(&mut batch)?;
        progress.records = batch.records;
        progress.commits += 1;
        let RecordSummary { sum, counts, changed_at } = progress.records;
        let changed = batch
            .db
            .prepare_cached(
                "UPDATE progress SET opened = ?1, began = ?2, closed = ?3, commits = ?4, records = ?5, pending = ?6, \
                 inflight = ?7, sent = ?8, failed = ?9, unknown = ?10, skipped = ?11, changed_at = ?12",
            )?
            .execute(params![
                progress.opened,
                progress.began,
                progress.closed,
                progress.commits,
                sum,
                counts.pending,
                counts.inflight,
                counts.sent,
                counts.failed,
                counts.unknown,
                counts.skipped,
                changed_at,
            ])?;
        if changed != 1 {
            return Err(LedgerError::Damaged { problem: "it does not say how far it has come".to_owned() });
        }
        batch.db.commit()?;
        self.progress = progress;
        Ok(mark.count(progress.commits)?)
    }
}

/// The fields of the decision that skips a row.
pub(super) fn skipped(n: i64, number: i64, skip: Skip<'_>, at: i64) -> [ValueRef<'_>; 8] {
    let change = [RowState::Pending, RowState::Skipped];
    let mut fields = decision(n, number, change, skip.reason.name(), skip.problem, at);
    let [.., run, _] = &mut fields;
    *run = text(skip.run);
    fields
}

/// The fields of a decision.
pub(super) fn decision<'a>(
    n: i64,
    number: i64,
    [from, to]: [RowState; 2],
    reason: &'a str,
    problem: &'a str,
    at: i64,
) -> [ValueRef<'a>; 8] {
    [
        ValueRef::Integer(n),
        ValueRef::Integer(number),
        text(Some(from.name())),
        text(Some(to.name())),
        text(Some(reason)),
        text(Some(problem)),
        ValueRef::Null,
        ValueRef::Integer(at),
    ]
}

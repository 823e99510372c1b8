//! Writes to the ledger of a run: which rows are under way, the outcomes, which rows are skipped, and what a person decided.

use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Transaction, params};

use super::integrity::conditions_checksum;
use super::record::{RecordKind, RecordSummary, text};
use super::{Ledger, record};
use crate::ledger::{
    CANCELLED, Counts, DecidedRow, EndedAttempt, LedgerError, QueuedRow, Resolution, ResolveError, RowState, Run,
    RunConditions, RunEvent, RunEventKind, SettledRow, Skip, decided_by_hand, now,
};

/// A commit in progress. Every record that is added to the ledger of a run goes through it.
pub(super) struct Batch<'a> {
    pub(super) db: Transaction<'a>,
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

    /// Skips row `n` if it is still to be sent; any other row does not change.
    pub(super) fn skip(&mut self, n: i64, skip: Skip<'_>) -> rusqlite::Result<()> {
        let query = "SELECT number FROM standing WHERE n = ?1 AND state = 'pending'";
        let number: Option<i64> = self.db.prepare_cached(query)?.query_row([n], |row| row.get(0)).optional()?;
        number.map_or(Ok(()), |number| self.add_skip(n, number, skip, now()))
    }

    /// Skips row `n`, which is still to be sent and whose last record has this number.
    fn add_skip(&mut self, n: i64, number: i64, skip: Skip<'_>, at: i64) -> rusqlite::Result<()> {
        let change = [RowState::Pending, RowState::Skipped];
        self.add(RecordKind::Decision, &skipped(n, number + 1, skip, at), change, at)
    }

    /// Adds the outcome of an attempt.
    pub(super) fn end(&mut self, row: &EndedAttempt) -> rusqlite::Result<()> {
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
        self.add(RecordKind::Outcome, &fields, [RowState::Inflight, row.state], at)
    }

    /// Moves a row to the state that was decided, by a person or because it is proven.
    pub(super) fn decide(&mut self, row: DecidedRow, problem: &str, at: i64) -> rusqlite::Result<()> {
        let DecidedRow { n, number, change } = row;
        self.add(RecordKind::Decision, &decision(n, number + 1, change, "resolved", problem, at), change, at)
    }

    fn decide_by_hand(&mut self, row: DecidedRow) -> rusqlite::Result<()> {
        self.decide(row, &decided_by_hand(row.change), now())
    }

    /// Makes a row unknown. A failed row first becomes pending, as if it was sent again.
    pub(super) fn doubt(&mut self, row: DecidedRow) -> rusqlite::Result<()> {
        let DecidedRow { n, mut number, change: [from, _] } = row;
        if from == RowState::Failed {
            self.decide_by_hand(DecidedRow { n, number, change: [from, RowState::Pending] })?;
            number += 1;
        }
        self.decide_by_hand(DecidedRow { n, number, change: [RowState::Pending, RowState::Unknown] })
    }

    /// Adds an event of the run.
    pub(super) fn event(&self, event: &RunEvent) -> rusqlite::Result<()> {
        let RunEvent { kind, at, reason, problem, until } = event;
        let query = "INSERT INTO event (kind, at, reason, problem, until) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.db.execute(query, params![kind.name(), at, reason, problem, until]).map(|_| ())
    }
}

impl Ledger {
    /// Commits that the rows `begun` are under way, the outcomes of `settled` rows, all or nothing, and the events of the
    /// run if they can be written. Once it returns, the commit survives a power cut. If the write fails, none of it may be
    /// relied on.
    pub(crate) fn commit(
        &mut self,
        begun: &[QueuedRow],
        settled: &[SettledRow],
        events: &[RunEvent],
    ) -> Result<(), LedgerError> {
        self.write(|batch| {
            settled.iter().try_for_each(|row| batch.end(&row.ended))?;
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
        let text = text.map_err(LedgerError::damaged)?;
        let checksum = conditions_checksum(&text);
        self.write(|batch| {
            let query = "UPDATE progress SET conditions = ?1, conditions_checksum = ?2";
            batch.db.execute(query, params![text, checksum]).map(|_| ())
        })
    }

    /// Records that the run has ended, unless that is its last event.
    pub(super) fn end(&self) -> Result<Option<RunEvent>, LedgerError> {
        let query = "SELECT kind FROM event ORDER BY number DESC LIMIT 1";
        let last: Option<RunEventKind> = self.db.query_row(query, [], |row| row.get(0)).optional()?;
        Ok((last != Some(RunEventKind::Ended)).then(|| RunEvent::now(RunEventKind::Ended)))
    }

    /// Skips those of `rows`, each by its number, that are still to be sent; any other row does not change. If the write
    /// fails, none is skipped.
    pub(crate) fn skip(&mut self, rows: &[(i64, Skip<'_>)]) -> Result<(), LedgerError> {
        self.write(|batch| rows.iter().try_for_each(|(n, skip)| batch.skip(*n, *skip)))
    }

    /// Skips every row that is still to be sent: nothing more of the run is sent. A second call changes nothing. If the
    /// write fails, nothing changes.
    pub(super) fn cancel(&mut self) -> Result<(), LedgerError> {
        if self.is_cancelled()? {
            return Ok(());
        }
        let (at, rows) = (now(), self.all_to_change([RowState::Pending, RowState::Skipped])?);
        self.write(|batch| {
            rows.iter().try_for_each(|row| batch.add_skip(row.n, row.number, CANCELLED, at))?;
            batch.event(&RunEvent::now(RunEventKind::Cancelled))
        })
    }

    /// The rows that `resolution` selects. If one does not exist, or is not in the expected state, that is an error.
    pub(super) fn rows_of(&self, resolution: &Resolution) -> Result<Vec<DecidedRow>, ResolveError> {
        match resolution {
            Resolution::All(change) => Ok(self.all_to_change(*change)?),
            Resolution::Some { change, lines, people } => (self as &dyn Run).chosen_rows(*change, lines, people),
        }
    }

    /// Decides rows by hand. Returns the number of changed rows in each state. If the write fails, nothing changes.
    pub(super) fn decide_rows(&mut self, rows: Vec<DecidedRow>) -> Result<Counts, LedgerError> {
        self.write(|batch| {
            let mut changed = Counts::default();
            for row in rows {
                batch.decide_by_hand(row)?;
                *changed.of_mut(row.change[1]) += 1;
            }
            Ok(changed)
        })
    }

    /// The rows that may have been sent although the ledger has them as still to be sent. If it `has_lost` records,
    /// this includes failed rows, since they may have been sent again.
    pub(super) fn rows_in_doubt(&self, has_lost: bool) -> Result<Vec<DecidedRow>, LedgerError> {
        let mut rows = self.all_to_change([RowState::Pending, RowState::Unknown])?;
        if has_lost {
            rows.extend(self.all_to_change([RowState::Failed, RowState::Unknown])?);
        }
        Ok(rows)
    }

    /// Every row in the first state.
    pub(super) fn all_to_change(&self, change: [RowState; 2]) -> Result<Vec<DecidedRow>, LedgerError> {
        let mut statement = self.db.prepare("SELECT n, number FROM standing WHERE state = ?1 ORDER BY n")?;
        let rows = statement
            .query_map([change[0].name()], |row| Ok(DecidedRow { n: row.get(0)?, number: row.get(1)?, change }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Makes one commit of what `add` adds. When it returns, the commit is on the disk and its number is in the lock
    /// file.
    pub(super) fn write<T>(
        &mut self,
        add: impl FnOnce(&mut Batch<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, LedgerError> {
        let Some(mark) = &self.mark else { return Err(LedgerError::WriterGone) };
        let mut progress = self.progress;
        let mut batch = Batch { db: self.db.transaction()?, records: progress.records };
        let added = add(&mut batch)?;
        progress.records = batch.records;
        progress.commits += 1;
        let RecordSummary { sum, counts, changed_at } = progress.records;
        let changed = batch
            .db
            .prepare_cached(
                "UPDATE progress SET opened = ?1, began = ?2, closed = ?3, commits = ?4, records = ?5, pending = ?6, \
                 inflight = ?7, sent = ?8, failed = ?9, unknown = ?10, skipped = ?11, changed_at = ?12 WHERE id = 1",
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
            return Err(LedgerError::damaged("it does not say how far it has come"));
        }
        batch.db.commit()?;
        self.progress = progress;
        mark.count(progress.commits)?;
        Ok(added)
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
fn decision<'a>(
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

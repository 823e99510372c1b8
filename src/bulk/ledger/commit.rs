//! What is written into the ledger of a run: that rows are under way, what became of them, and what a person decides.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::record::{self, RecordKind, text};
use super::seal::seal_of_conditions;
use super::types::RecordSummary;
use super::{BegunAttempt, EndedAttempt, Ledger, LedgerError, RowState, RunConditions, Skip, now};

/// A commit that is being made: whatever is added to the ledger of a run goes through it.
pub(super) struct Batch<'a> {
    db: Transaction<'a>,
    records: RecordSummary,
}

impl Batch<'_> {
    pub(super) fn connection(&self) -> &Connection {
        &self.db
    }

    /// Adds a record of `at`, by which a row goes from one state to another.
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

    /// Leaves row `n` out where it is still to be sent; any other stays as it is. Says whether it is so now.
    pub(super) fn skip(&mut self, n: i64, skip: Skip<'_>) -> rusqlite::Result<bool> {
        let query = "SELECT number FROM standing WHERE n = ?1 AND state = 'pending'";
        let number: Option<i64> = self.db.prepare_cached(query)?.query_row([n], |row| row.get(0)).optional()?;
        let Some(number) = number else { return Ok(false) };
        let at = now();
        let change = [RowState::Pending, RowState::Skipped];
        self.add(RecordKind::Decision, &skipped(n, number + 1, skip, at), change, at)?;
        Ok(true)
    }
}

impl Ledger {
    /// Commits that the rows `begun` are under way and what became of the rows `ended`, all or nothing. Once it returns,
    /// a power cut cannot take it back.
    ///
    /// # Errors
    /// When it cannot be written; then nothing of it may be relied on.
    pub(crate) fn commit<'a>(
        &mut self,
        begun: impl Iterator<Item = BegunAttempt>,
        ended: impl Iterator<Item = &'a EndedAttempt>,
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
            Ok(())
        })?;
        self.identity.check()
    }

    /// Decides by hand: every row in the state `from` is now in the state `to`. Says how many.
    ///
    /// # Errors
    /// When it cannot be written, or the schema forbids that change.
    pub(crate) fn resolve(&mut self, from: RowState, to: RowState) -> Result<usize, LedgerError> {
        let rows: Vec<(i64, i64)> = {
            let mut statement = self.db.prepare("SELECT n, number FROM standing WHERE state = ?1 ORDER BY n")?;
            let rows = statement.query_map([from], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<Result<_, _>>()?
        };
        let problem = format!("decided by hand: {} as {}", from.name(), to.name());
        self.write(|batch| {
            for (n, number) in &rows {
                let at = now();
                let fields = decision(*n, number + 1, [from, to], "resolved", &problem, at);
                batch.add(RecordKind::Decision, &fields, [from, to], at)?;
            }
            Ok(())
        })?;
        Ok(rows.len())
    }

    /// Keeps conditions that were given anew.
    pub(crate) fn keep_conditions(&mut self, conditions: &RunConditions) -> Result<(), LedgerError> {
        let text = serde_json::to_string(conditions);
        let text = text.map_err(|error| LedgerError::Damaged { problem: error.to_string() })?;
        let seal = seal_of_conditions(&text);
        self.write(|batch| {
            let query = "UPDATE progress SET conditions = ?1, conditions_seal = ?2";
            batch.db.execute(query, params![text, seal]).map(|_| ())
        })
    }

    /// Leaves out those of `rows`, each by its number, that are still to be sent: any other stays as it is. Says how many.
    ///
    /// # Errors
    /// When it cannot be written; then none is left out.
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

    /// One commit of what `add` adds. When it returns it is on the disk, and the lock file has its number.
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

/// The fields of the decision that leaves a row out.
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

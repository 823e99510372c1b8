//! What is written into the ledger of a run: that rows are under way, what became of them, and what a person decides.

use rusqlite::types::ValueRef;
use rusqlite::{Transaction, params};

use super::record::{self, RecordKind, text};
use super::seal::seal_of_conditions;
use super::{BegunAttempt, EndedAttempt, Ledger, LedgerError, RowState, RunConditions, Skip, now};

impl Ledger {
    /// Commits that the rows `begun` are under way and what became of the rows `ended`, all or nothing. Once it returns,
    /// a power cut cannot take it back.
    ///
    /// # Errors
    /// When it cannot be written; then nothing of it may be relied on.
    pub(crate) fn commit(&mut self, begun: &[BegunAttempt], ended: &[EndedAttempt]) -> Result<(), LedgerError> {
        self.write(|batch| {
            let mut sum = 0_i64;
            for row in ended {
                let fields = [
                    ValueRef::Integer(row.n),
                    ValueRef::Integer(row.number),
                    ValueRef::Integer(row.ended_at.max(row.began_at)),
                    text(Some(row.state.name())),
                    row.http_status.map_or(ValueRef::Null, |status| ValueRef::Integer(status.into())),
                    text(row.message_id.as_deref()),
                    text(row.code),
                    text(row.error.as_deref()),
                ];
                sum = sum.wrapping_add(record::insert(batch, RecordKind::Outcome, &fields)?);
            }
            let at = now();
            for row in begun {
                let fields = [row.n, row.number, at].map(ValueRef::Integer);
                sum = sum.wrapping_add(record::insert(batch, RecordKind::Attempt, &fields)?);
            }
            Ok(sum)
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
            let mut sum = 0_i64;
            for (n, number) in &rows {
                let fields = decision(*n, number + 1, [from, to], "resolved", &problem);
                sum = sum.wrapping_add(record::insert(batch, RecordKind::Decision, &fields)?);
            }
            Ok(sum)
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
            batch.execute(query, params![text, seal]).map(|_| 0)
        })
    }

    /// One commit: `add` adds records and gives the sum of their hashes. When it returns it is on the disk, and the lock
    /// file has its number.
    pub(super) fn write(
        &mut self,
        add: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<i64>,
    ) -> Result<(), LedgerError> {
        let Some(mark) = &self.mark else { return Err(LedgerError::WriterGone) };
        let mut progress = self.progress;
        let batch = self.db.transaction()?;
        progress.records = progress.records.wrapping_add(add(&batch)?);
        progress.commits += 1;
        let changed = batch
            .prepare_cached("UPDATE progress SET opened = ?1, began = ?2, closed = ?3, commits = ?4, records = ?5")?
            .execute(params![progress.opened, progress.began, progress.closed, progress.commits, progress.records])?;
        if changed != 1 {
            return Err(LedgerError::Damaged { problem: "it does not say how far it has come".to_owned() });
        }
        batch.commit()?;
        self.progress = progress;
        Ok(mark.count(progress.commits)?)
    }
}

/// The fields of the decision that leaves a row out.
pub(super) fn skipped(n: i64, number: i64, skip: Skip<'_>) -> [ValueRef<'_>; 8] {
    let mut fields = decision(n, number, [RowState::Pending, RowState::Skipped], skip.reason.name(), skip.problem);
    let [.., run, _] = &mut fields;
    *run = text(skip.run);
    fields
}

/// The fields of a decision now.
fn decision<'a>(
    n: i64,
    number: i64,
    [from, to]: [RowState; 2],
    reason: &'a str,
    problem: &'a str,
) -> [ValueRef<'a>; 8] {
    [
        ValueRef::Integer(n),
        ValueRef::Integer(number),
        text(Some(from.name())),
        text(Some(to.name())),
        text(Some(reason)),
        text(Some(problem)),
        ValueRef::Null,
        ValueRef::Integer(now()),
    ]
}

//! Writes and reads the records of a ledger: attempts, outcomes and decisions. Each has a hash over all of its fields.
//! The sum of the hashes, updated by every commit, shows whether a record was changed or lost. Before a ledger is
//! written, a scan reads every record once, checks that no row is missing, and finds everything that must be known before
//! a row may leave.

use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Rows, params_from_iter};
use twox_hash::XxHash3_64;

use crate::ledger::{Counts, RowState};

/// The append-only tables, with the tags of their hashes.
#[derive(Clone, Copy, Debug)]
pub(super) enum RecordKind {
    Attempt = 1,
    Outcome = 2,
    Decision = 3,
}

impl RecordKind {
    /// The number of columns in the widest table.
    const MOST_COLUMNS: usize = 9;

    /// Takes all columns, as the schema orders them.
    fn insert(self) -> &'static str {
        match self {
            // A refusal undoes the whole commit: to undo one statement alone, SQLite keeps a journal for each.
            Self::Attempt => "INSERT OR ROLLBACK INTO attempt VALUES (?1, ?2, ?3)",
            Self::Outcome => "INSERT INTO outcome VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            Self::Decision => "INSERT INTO decision VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        }
    }

    /// Selects all of its records, in the order of their rows.
    pub(super) fn select(self) -> &'static str {
        match self {
            Self::Attempt => "SELECT * FROM attempt ORDER BY n, number",
            Self::Outcome => "SELECT * FROM outcome ORDER BY n, number",
            Self::Decision => "SELECT * FROM decision ORDER BY n, number",
        }
    }
}

/// Adds a record, and returns its hash.
pub(super) fn insert(db: &Connection, kind: RecordKind, fields: &[ValueRef<'_>]) -> rusqlite::Result<i64> {
    let values = fields.iter().map(|field| ToSqlOutput::Borrowed(*field));
    db.prepare_cached(kind.insert())?.execute(params_from_iter(values))?;
    Ok(hash_of_fields(kind as u8, fields.iter().copied()))
}

/// The hash of a record with these fields. It finds damage, not forgery.
fn hash_of_fields<'a>(tag: u8, fields: impl Iterator<Item = ValueRef<'a>>) -> i64 {
    XxHash3_64::oneshot(&bytes_of_fields(tag, fields)).cast_signed()
}

/// What is hashed of a row with these fields; `tag` distinguishes the tables.
pub(super) fn bytes_of_fields<'a>(tag: u8, fields: impl Iterator<Item = ValueRef<'a>>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    bytes.push(tag);
    for field in fields {
        match field {
            ValueRef::Null => bytes.push(0),
            ValueRef::Integer(number) => {
                bytes.push(1);
                bytes.extend(number.to_be_bytes());
            }
            ValueRef::Real(number) => {
                bytes.push(2);
                bytes.extend(number.to_be_bytes());
            }
            ValueRef::Text(text) | ValueRef::Blob(text) => {
                bytes.push(3);
                bytes.extend((text.len() as u64).to_be_bytes());
                bytes.extend(text);
            }
        }
    }
    bytes
}

/// Optional text, as a field.
pub(super) fn text(text: Option<&str>) -> ValueRef<'_> {
    text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))
}

/// The totals over the records of a ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RecordSummary {
    /// The sum of the hashes of all records.
    pub(super) sum: i64,
    pub(super) counts: Counts,
    /// The last outcome or decision, in milliseconds since 1970, or the time when the run was made if there is none.
    pub(super) changed_at: i64,
}

/// The totals over the records and rows of a ledger.
#[derive(Debug)]
pub(super) struct IntegrityScan {
    pub(super) records: RecordSummary,
    /// Attempts without an outcome: row, number, and when it began.
    pub(super) inflight: Vec<(i64, i64, i64)>,
    /// No row before this one is pending.
    pub(super) first_pending: i64,
    /// No row from this one on has a record, unless it is skipped.
    pub(super) untouched: i64,
    /// The records do not follow from each other, or rows are missing.
    is_broken: bool,
}

/// A record, reduced to what determines the state of its row.
pub(super) struct Step {
    /// Row and number.
    key: (i64, i64),
    state: RowState,
    at: i64,
}

/// The records of one table, in the order of their rows, and the sum of the hashes of those read so far.
pub(super) struct Records<'a> {
    kind: RecordKind,
    rows: Rows<'a>,
    next: Option<Step>,
    pub(super) sum: i64,
    is_broken: bool,
}

impl<'a> Records<'a> {
    /// `rows` are those of [`RecordKind::select`].
    pub(super) fn new(kind: RecordKind, rows: Rows<'a>) -> rusqlite::Result<Self> {
        let mut records = Self { kind, rows, next: None, sum: 0, is_broken: false };
        records.pass()?;
        Ok(records)
    }

    fn key(&self) -> Option<(i64, i64)> {
        self.next.as_ref().map(|step| step.key)
    }

    /// Returns the current record, and reads the next one.
    pub(super) fn pass(&mut self) -> rusqlite::Result<Option<Step>> {
        let before = self.next.take();
        if let Some(row) = self.rows.next()? {
            let mut fields = [ValueRef::Null; RecordKind::MOST_COLUMNS];
            let columns = row.as_ref().column_count();
            for (column, field) in fields.iter_mut().enumerate().take(columns) {
                *field = row.get_ref(column)?;
            }
            let step = step(self.kind, fields)?;
            let fields = fields.into_iter().take(columns);
            self.sum = self.sum.wrapping_add(hash_of_fields(self.kind as u8, fields));
            self.is_broken |= before.as_ref().is_some_and(|before| before.key >= step.key);
            self.next = Some(step);
        }
        Ok(before)
    }
}

fn step(kind: RecordKind, fields: [ValueRef<'_>; RecordKind::MOST_COLUMNS]) -> FromSqlResult<Step> {
    // The columns of the schema.
    let [n, number, third, fourth, _, _, _, eighth, _] = fields;
    let (state, at) = match kind {
        RecordKind::Attempt => (RowState::Inflight, third),
        RecordKind::Outcome => (RowState::column_result(fourth)?, third),
        RecordKind::Decision => (RowState::column_result(fourth)?, eighth),
    };
    Ok(Step { key: (n.as_i64()?, number.as_i64()?), state, at: at.as_i64()? })
}

impl IntegrityScan {
    /// Scans the ledger, whose run has `rows` rows and was made at `created_at`.
    pub(super) fn of(db: &Connection, rows: i64, created_at: i64) -> rusqlite::Result<Self> {
        let mut statements = [
            db.prepare(RecordKind::Attempt.select())?,
            db.prepare(RecordKind::Outcome.select())?,
            db.prepare(RecordKind::Decision.select())?,
        ];
        let [attempts, outcomes, decisions] = &mut statements;
        let mut attempts = Records::new(RecordKind::Attempt, attempts.query([])?)?;
        let mut outcomes = Records::new(RecordKind::Outcome, outcomes.query([])?)?;
        let mut decisions = Records::new(RecordKind::Decision, decisions.query([])?)?;
        let mut scan = Self {
            records: RecordSummary { changed_at: created_at, ..RecordSummary::default() },
            inflight: Vec::new(),
            first_pending: i64::MAX,
            untouched: 1,
            is_broken: is_a_row_missing(db, rows)?,
        };
        // The row being read, and the first one that was not reached yet.
        let (mut row, mut unseen) = (None, 1);
        loop {
            let is_attempt = match (attempts.key(), decisions.key()) {
                (None, None) => break,
                (Some(attempt), decision) => decision.is_none_or(|decision| attempt < decision),
                (None, Some(_)) => false,
            };
            let source = if is_attempt { &mut attempts } else { &mut decisions };
            let Some(mut last) = source.pass()? else { break };
            if is_attempt {
                if outcomes.key() == Some(last.key)
                    && let Some(outcome) = outcomes.pass()?
                {
                    last = outcome;
                } else {
                    scan.inflight.push((last.key.0, last.key.1, last.at));
                }
            }
            if last.state != RowState::Inflight {
                scan.records.changed_at = scan.records.changed_at.max(last.at);
            }
            let is_first = row.as_ref().is_none_or(|(row, _): &(Step, _)| row.key.0 != last.key.0);
            if is_first && let Some((row, is_only_skipped)) = &row {
                scan.count_row(row, *is_only_skipped, &mut unseen);
            }
            // A row that was skipped when the list was read has only this record.
            let is_only_skipped = is_first && last.state == RowState::Skipped;
            row = Some((last, is_only_skipped));
        }
        if let Some((row, is_only_skipped)) = &row {
            scan.count_row(row, *is_only_skipped, &mut unseen);
        }
        scan.first_pending = scan.first_pending.min(unseen);
        let seen = scan.records.counts.all();
        scan.records.counts.pending += rows.cast_unsigned().saturating_sub(seen);
        scan.is_broken |= outcomes.next.is_some() || seen > rows.cast_unsigned() || unseen > rows + 1;
        for records in [attempts, outcomes, decisions] {
            scan.records.sum = scan.records.sum.wrapping_add(records.sum);
            scan.is_broken |= records.is_broken;
        }
        Ok(scan)
    }

    /// Counts a row by the state after its last record.
    fn count_row(&mut self, row: &Step, is_only_skipped: bool, unseen: &mut i64) {
        let Step { key: (n, _), state, .. } = *row;
        *self.records.counts.of_mut(state) += 1;
        if n > *unseen {
            self.first_pending = self.first_pending.min(*unseen);
        }
        if state == RowState::Pending {
            self.first_pending = self.first_pending.min(n);
        }
        *unseen = n + 1;
        if !is_only_skipped {
            self.untouched = n + 1;
        }
    }

    /// The difference from what the ledger says about itself; none if it is as written.
    pub(super) fn problem(&self, written: &RecordSummary) -> Option<&'static str> {
        if self.is_broken {
            Some("rows or records are missing")
        } else if self.records != *written {
            Some("the outcomes of rows are not what was written")
        } else {
            None
        }
    }
}

/// Whether the tables of the list do not hold exactly the rows 1 to `rows`, or the index on recipients does not match
/// their order.
fn is_a_row_missing(db: &Connection, rows: i64) -> rusqlite::Result<bool> {
    let three = |query: &str| -> rusqlite::Result<[i64; 3]> {
        db.query_row(query, [], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))
    };
    // If there are this many distinct numbers from the first to the last, none is missing. SQLite counts them page by
    // page, while a sum would read every row.
    let numbers = |table: &str| {
        three(&format!(
            "SELECT (SELECT count(*) FROM {table}), (SELECT coalesce(min(n), 1) FROM {table}), \
             (SELECT coalesce(max(n), 0) FROM {table})"
        ))
    };
    let followers = |table: &str| {
        three(&format!(
            "SELECT count(*), coalesce(sum(before), 0), coalesce(sum(n), 0) FROM {table} WHERE before IS NOT NULL"
        ))
    };
    let all = [rows, 1, rows];
    Ok(numbers("row NOT INDEXED")? != all
        || numbers("content")? != all
        || followers("row NOT INDEXED")? != followers("row INDEXED BY row_before")?)
}

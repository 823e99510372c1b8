//! Writes and reads the records of a ledger: attempts, outcomes and decisions. Each has a hash over all of its fields.
//! The sum of the hashes, updated by every commit, shows whether a record was changed or lost.

use ring::digest::{SHA256, digest};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params_from_iter};

use crate::ledger::eight_bytes;

/// The append-only tables.
#[derive(Clone, Copy, Debug)]
pub(super) enum RecordKind {
    Attempt,
    Outcome,
    Decision,
}

impl RecordKind {
    /// The number of columns in the widest table.
    pub(super) const MOST_COLUMNS: usize = 9;

    fn insert(self) -> &'static str {
        match self {
            Self::Attempt => "INSERT INTO attempt (n, number, began_at) VALUES (?1, ?2, ?3)",
            Self::Outcome => {
                "INSERT INTO outcome (n, number, ended_at, state, http_status, message_id, code, error, api_code) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
            }
            Self::Decision => {
                "INSERT INTO decision (n, number, \"from\", \"to\", reason, problem, other_run, at) VALUES \
                 (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
            }
        }
    }

    /// Selects all of its records, in the order of their rows.
    pub(super) fn select(self) -> &'static str {
        match self {
            Self::Attempt => "SELECT n, number, began_at FROM attempt ORDER BY n, number",
            Self::Outcome => {
                "SELECT n, number, ended_at, state, http_status, message_id, code, error, api_code FROM outcome \
                 ORDER BY n, number"
            }
            Self::Decision => {
                "SELECT n, number, \"from\", \"to\", reason, problem, other_run, at FROM decision ORDER BY n, number"
            }
        }
    }

    /// The number of columns that this selects.
    pub(super) fn columns(self) -> usize {
        match self {
            Self::Attempt => 3,
            Self::Outcome => Self::MOST_COLUMNS,
            Self::Decision => 8,
        }
    }

    fn tag(self) -> u8 {
        match self {
            Self::Attempt => 1,
            Self::Outcome => 2,
            Self::Decision => 3,
        }
    }
}

/// Adds a record, and returns its hash.
pub(super) fn insert(db: &Connection, kind: RecordKind, fields: &[ValueRef<'_>]) -> rusqlite::Result<i64> {
    let values = fields.iter().map(|field| ToSqlOutput::Borrowed(*field));
    db.prepare_cached(kind.insert())?.execute(params_from_iter(values))?;
    Ok(hash(kind, fields.iter().copied()))
}

/// The hash of a record with these fields.
pub(super) fn hash<'a>(kind: RecordKind, fields: impl Iterator<Item = ValueRef<'a>>) -> i64 {
    hash_of_fields(kind.tag(), fields)
}

/// The hash of any row with these fields; `tag` distinguishes the tables.
pub(super) fn hash_of_fields<'a>(tag: u8, fields: impl Iterator<Item = ValueRef<'a>>) -> i64 {
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
    eight_bytes(digest(&SHA256, &bytes).as_ref(), 0)
}

/// Optional text, as a field.
pub(super) fn text(text: Option<&str>) -> ValueRef<'_> {
    text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))
}

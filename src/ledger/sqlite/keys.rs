//! What the rows of ledgers are compared by, in order and many to a record: those of a million rows are read in some ten
//! milliseconds, where an index takes that for each step's overhead alone. They are written when the list is complete.

use std::cmp::Ordering;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row as SqlRow, Rows, Statement, params};

use super::seal::rest_of_request;
use crate::ledger::LedgerError;

/// Entries of one record.
const ENTRIES: usize = 256;

/// What two rows may have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// The same message to the same person.
    Message,
    Person,
}

/// A row, by its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyEntry {
    pub(super) key: i64,
    /// Of a message, a second half of the request's hash: two rows with both in common are the same byte for byte.
    pub(super) rest: i64,
    pub(super) n: u32,
}

impl KeyKind {
    fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Person => "person",
        }
    }

    fn in_order(self) -> &'static str {
        match self {
            Self::Message => {
                "SELECT fingerprint, n, seal, line FROM row WHERE fingerprint IS NOT NULL ORDER BY fingerprint, n"
            }
            Self::Person => "SELECT person, n FROM row WHERE person IS NOT NULL ORDER BY person, n",
        }
    }

    /// Bytes of an entry: two numbers of eight bytes, or one, and the row's of four.
    fn entry_size(self) -> usize {
        match self {
            Self::Message => 20,
            Self::Person => 12,
        }
    }

    fn entry_of(self, row: &SqlRow<'_>) -> rusqlite::Result<KeyEntry> {
        let rest = match self {
            Self::Message => rest_of_request(row.get(2)?, row.get(1)?, row.get(3)?),
            Self::Person => 0,
        };
        Ok(KeyEntry { key: row.get(0)?, rest, n: row.get(1)? })
    }

    fn write(self, entry: &KeyEntry, bytes: &mut Vec<u8>) {
        bytes.extend(entry.key.to_le_bytes());
        if self == Self::Message {
            bytes.extend(entry.rest.to_le_bytes());
        }
        bytes.extend(entry.n.to_le_bytes());
    }

    fn read(self, bytes: &[u8]) -> Option<KeyEntry> {
        let (key, bytes) = bytes.split_first_chunk()?;
        let (rest, bytes) = match self {
            Self::Message => bytes.split_first_chunk()?,
            Self::Person => (&[0; 8], bytes),
        };
        let [key, rest] = [key, rest].map(|bytes| i64::from_le_bytes(*bytes));
        Some(KeyEntry { key, rest, n: u32::from_le_bytes(*bytes.first_chunk()?) })
    }
}

/// Writes the keys of the rows, unless it was done.
pub(super) fn write(db: &Connection, kind: KeyKind) -> Result<(), LedgerError> {
    if db.prepare_cached("SELECT 1 FROM keys WHERE kind = ?1 LIMIT 1")?.exists([kind.name()])? {
        return Ok(());
    }
    let mut insert = db.prepare("INSERT INTO keys (kind, last, number, entries) VALUES (?1, ?2, ?3, ?4)")?;
    let mut statement = db.prepare(kind.in_order())?;
    let mut rows = statement.query([])?;
    let mut bytes = Vec::with_capacity(ENTRIES * kind.entry_size());
    let (mut number, mut last) = (0, 0);
    while let Some(row) = rows.next()? {
        let entry = kind.entry_of(row)?;
        if bytes.len() == ENTRIES * kind.entry_size() {
            insert.execute(params![kind.name(), last, number, bytes])?;
            number += 1;
            bytes.clear();
        }
        kind.write(&entry, &mut bytes);
        last = entry.key;
    }
    if !bytes.is_empty() {
        insert.execute(params![kind.name(), last, number, bytes])?;
    }
    Ok(())
}

/// Gives each key that several rows have.
pub(super) fn repeated(
    db: &Connection,
    kind: KeyKind,
    mut each: impl FnMut(i64) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let mut statement = select(db)?;
    let mut keys = Keys::from(&mut statement, kind, i64::MIN)?;
    let mut rows = Vec::new();
    while let Some(key) = keys.key()? {
        keys.take(key, &mut rows)?;
        if rows.len() > 1 {
            each(key)?;
        }
    }
    Ok(())
}

/// The rows with this key.
pub(super) fn look_up(db: &Connection, kind: KeyKind, key: i64) -> Result<Vec<KeyEntry>, LedgerError> {
    let mut statement = db.prepare_cached(SELECT)?;
    let mut keys = Keys::from(&mut statement, kind, key)?;
    let mut rows = Vec::new();
    keys.pass(key)?;
    keys.take(key, &mut rows)?;
    Ok(rows)
}

/// Gives `each` the rows of both ledgers that have the same key, in the order of the keys.
pub(super) fn join(
    (ours, theirs): (&Connection, &Connection),
    kind: KeyKind,
    mut each: impl FnMut(&[KeyEntry], &[KeyEntry]) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let (mut our_statement, mut their_statement) = (select(ours)?, select(theirs)?);
    let mut our_keys = Keys::from(&mut our_statement, kind, i64::MIN)?;
    let mut their_keys = Keys::from(&mut their_statement, kind, i64::MIN)?;
    let (mut our_rows, mut their_rows) = (Vec::new(), Vec::new());
    while let (Some(our), Some(their)) = (our_keys.key()?, their_keys.key()?) {
        match our.cmp(&their) {
            Ordering::Less => our_keys.pass(their)?,
            Ordering::Greater => their_keys.pass(our)?,
            Ordering::Equal => {
                our_keys.take(our, &mut our_rows)?;
                their_keys.take(our, &mut their_rows)?;
                each(&our_rows, &their_rows)?;
            }
        }
    }
    Ok(())
}

const SELECT: &str = "SELECT last, entries FROM keys WHERE kind = ?1 AND last >= ?2 ORDER BY last, number";

fn select(db: &Connection) -> rusqlite::Result<Statement<'_>> {
    db.prepare(SELECT)
}

/// The keys of a ledger in order.
struct Keys<'a> {
    records: Rows<'a>,
    kind: KeyKind,
    entries: Vec<KeyEntry>,
    at: usize,
}

impl<'a> Keys<'a> {
    /// From the record on in which `key` may be.
    fn from(statement: &'a mut Statement<'_>, kind: KeyKind, key: i64) -> Result<Self, LedgerError> {
        let records = statement.query(params![kind.name(), key])?;
        Ok(Self { records, kind, entries: Vec::new(), at: 0 })
    }

    /// The next key.
    fn key(&mut self) -> Result<Option<i64>, LedgerError> {
        if self.at == self.entries.len() {
            self.read_record(i64::MIN)?;
        }
        Ok(self.entries.get(self.at).map(|entry| entry.key))
    }

    /// Passes over all keys before `key`.
    fn pass(&mut self, key: i64) -> Result<(), LedgerError> {
        if self.entries.last().is_none_or(|last| last.key < key) {
            self.read_record(key)?;
        }
        while self.entries.get(self.at).is_some_and(|entry| entry.key < key) {
            self.at += 1;
        }
        Ok(())
    }

    /// Takes the rows with this key, which is the next one.
    fn take(&mut self, key: i64, rows: &mut Vec<KeyEntry>) -> Result<(), LedgerError> {
        rows.clear();
        while self.key()? == Some(key) {
            rows.extend(self.entries.get(self.at));
            self.at += 1;
        }
        Ok(())
    }

    /// Reads the next record whose last key is not before `key`.
    fn read_record(&mut self, key: i64) -> Result<(), LedgerError> {
        self.entries.clear();
        self.at = 0;
        while let Some(record) = self.records.next()? {
            if record.get::<_, i64>(0)? < key {
                continue;
            }
            let damaged =
                || LedgerError::Damaged { problem: "the keys of its rows are not what was written".to_owned() };
            let ValueRef::Blob(bytes) = record.get_ref(1)? else { return Err(damaged()) };
            for entry in bytes.chunks(self.kind.entry_size()) {
                self.entries.push(self.kind.read(entry).ok_or_else(damaged)?);
            }
            return Ok(());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys as a list has them, in a database of their own.
    fn database(keys: impl Iterator<Item = i64>) -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(include_str!("schema.sql")).unwrap();
        for key in keys {
            db.execute(
                "INSERT INTO row (line, recipient, person, fingerprint, seal) VALUES (1, 'x', ?1, ?1, 1)",
                [key],
            )
            .unwrap();
        }
        write(&db, KeyKind::Message).unwrap();
        write(&db, KeyKind::Person).unwrap();
        db
    }

    fn joined(ours: &Connection, theirs: &Connection, kind: KeyKind) -> Vec<(i64, usize, usize)> {
        let mut found = Vec::new();
        join((ours, theirs), kind, |our, their| {
            found.push((our[0].key, our.len(), their.len()));
            Ok(())
        })
        .unwrap();
        found
    }

    #[test]
    fn a_key_that_fills_several_records_is_one() {
        // Out of order; 0 is in several records.
        let many = database((0..2000).map(|row| if row % 2 == 0 { 0 } else { 1000 - row }));
        let few = database([i64::MIN, -1, 0, 2, 999, i64::MAX].into_iter());
        for kind in [KeyKind::Message, KeyKind::Person] {
            let repeats = many.query_row("SELECT count(*) FROM keys WHERE kind = ?1", [kind.name()], |row| row.get(0));
            assert_eq!(repeats, Ok(8));
            let rows = look_up(&many, kind, 0).unwrap();
            assert_eq!((rows.len(), rows[0].n, rows[999].n), (1000, 1, 1999));
            assert_eq!([1, -1, i64::MAX].map(|key| look_up(&many, kind, key).unwrap().len()), [1, 1, 0]);
            assert_eq!(joined(&few, &many, kind), [(-1, 1, 1), (0, 1, 1000), (999, 1, 1)]);
            assert_eq!(joined(&many, &few, kind), [(-1, 1, 1), (0, 1000, 1), (999, 1, 1)]);
            assert_eq!(joined(&many, &database(std::iter::empty()), kind), []);
            let mut repeated_keys = Vec::new();
            repeated(&many, kind, |key| {
                repeated_keys.push(key);
                Ok(())
            })
            .unwrap();
            assert_eq!(repeated_keys, [0]);
        }
        // What was changed is no key.
        many.execute("UPDATE keys SET entries = x'00'", []).unwrap();
        assert!(matches!(look_up(&many, KeyKind::Person, 0), Err(LedgerError::Damaged { .. })));
    }
}

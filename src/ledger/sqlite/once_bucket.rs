//! The claims in `once.db`, in buckets. Each bucket has the sum of the hashes of its claims, so that reading one bucket
//! reveals a claim that was lost or changed. No person counts as free because a claim is missing.

use ring::digest::{SHA256, digest};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};

use super::record::{bytes_of_fields, text};
use crate::ledger::claims::scope_of;
use crate::ledger::eight_bytes;
use crate::once::{OnceEntry, OnceHash, OnceScope, OnceState};

/// The number of buckets. With ten thousand claims, a lookup of one person reads ten.
pub(super) const BUCKETS: i64 = 1024;

/// The tags of the hashes, which continue those of a ledger's records.
const CLAIM: u8 = 4;
const EMPTY: u8 = 5;
const PLACE: u8 = 6;

/// The state of a person under a key, with the number of the sender's lock until the send has ended.
#[derive(Clone, Debug)]
pub(super) struct ClaimRow {
    pub(super) scope: OnceScope,
    pub(super) person: OnceHash,
    pub(super) entry: OnceEntry,
    pub(super) holder: Option<i64>,
}

/// The present contents of a bucket.
pub(super) struct Bucket {
    id: i64,
    sum: i64,
    pub(super) rows: Vec<ClaimRow>,
}

impl Bucket {
    /// Creates all buckets, empty, in a store with this secret.
    pub(super) fn make_all(db: &Connection, secret: &[u8]) -> rusqlite::Result<()> {
        let mut insert = db.prepare("INSERT INTO bucket (id, sum) VALUES (?1, ?2)")?;
        (0..BUCKETS).try_for_each(|id| insert.execute([id, sum_of_empty(secret, id)]).map(drop))
    }

    /// The number of the bucket of a person under a key.
    pub(super) fn of(OnceScope { key, bot, address }: &OnceScope, person: &OnceHash) -> i64 {
        let parts = [key.as_str(), bot, address].map(|part| text(Some(part)));
        hash_of_fields(PLACE, parts.into_iter().chain([ValueRef::Blob(&person.0)])).rem_euclid(BUCKETS)
    }

    /// Reads a bucket. None if its claims are not those that were written.
    pub(super) fn read(db: &Connection, secret: &[u8], id: i64) -> rusqlite::Result<Option<Self>> {
        let mut sum = sum_of_empty(secret, id);
        let mut statement = db.prepare_cached(
            "SELECT name, bot, address, person, state, at, holder, message_id, run, words FROM claim WHERE \
             bucket = ?1",
        )?;
        let (mut found, mut rows) = (statement.query([id])?, Vec::new());
        while let Some(row) = found.next()? {
            let Some(row) = ClaimRow::read(row)? else { return Ok(None) };
            sum = sum.wrapping_add(row.hash(id));
            rows.push(row);
        }
        let mut noted = db.prepare_cached("SELECT sum FROM bucket WHERE id = ?1")?;
        let mut noted = noted.query([id])?;
        let is_whole = noted.next()?.map(|row| row.get::<_, i64>(0)).transpose()? == Some(sum);
        Ok(is_whole.then_some(Self { id, sum, rows }))
    }

    pub(super) fn find(&self, scope: &OnceScope, person: &OnceHash) -> Option<&ClaimRow> {
        self.rows.iter().find(|row| row.person == *person && row.scope == *scope)
    }

    /// Replaces the person's claim under the key with `row`. [`Bucket::save`] writes the sum.
    pub(super) fn put(&mut self, db: &Connection, row: ClaimRow) -> rusqlite::Result<()> {
        let ClaimRow { scope: OnceScope { key, bot, address }, person, entry, holder } = &row;
        let OnceEntry { at, message_id, run, .. } = entry;
        let words = entry.words.map(|hash| hash.0);
        let mut insert = db.prepare_cached(
            "REPLACE INTO claim (bucket, name, bot, address, person, state, at, holder, message_id, run, words) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?;
        let (key, state) = (key.as_str(), entry.state.name());
        insert.execute(params![self.id, key, bot, address, person.0, state, at, holder, message_id, run, words])?;
        self.take(&row.scope, &row.person);
        self.sum = self.sum.wrapping_add(row.hash(self.id));
        self.rows.push(row);
        Ok(())
    }

    /// Removes the person's claim under the key. [`Bucket::save`] writes the sum.
    pub(super) fn remove(&mut self, db: &Connection, scope: &OnceScope, person: &OnceHash) -> rusqlite::Result<()> {
        let OnceScope { key, bot, address } = scope;
        let mut delete = db.prepare_cached(
            "DELETE FROM claim WHERE bucket = ?1 AND name = ?2 AND bot = ?3 AND address = ?4 AND person = ?5",
        )?;
        delete.execute(params![self.id, key.as_str(), bot, address, person.0])?;
        self.take(scope, person);
        Ok(())
    }

    pub(super) fn save(&self, db: &Connection) -> rusqlite::Result<()> {
        db.prepare_cached("UPDATE bucket SET sum = ?2 WHERE id = ?1")?.execute([self.id, self.sum])?;
        Ok(())
    }

    fn take(&mut self, scope: &OnceScope, person: &OnceHash) {
        if let Some(at) = self.rows.iter().position(|row| row.person == *person && row.scope == *scope) {
            self.sum = self.sum.wrapping_sub(self.rows.swap_remove(at).hash(self.id));
        }
    }
}

impl ClaimRow {
    /// Reads a row of the table. None if no version could have written it.
    fn read(row: &Row<'_>) -> rusqlite::Result<Option<Self>> {
        let hash = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<[u8; 16]>>(column)?.map(OnceHash));
        let scope = scope_of(&row.get::<_, String>(0)?, row.get(1)?, row.get(2)?);
        let state = OnceState::of_name(&row.get::<_, String>(4)?);
        let (Some(scope), Some(person), Some(state)) = (scope, hash(3)?, state) else { return Ok(None) };
        let entry = OnceEntry {
            state,
            at: row.get(5)?,
            message_id: row.get(7)?,
            run: row.get(8)?,
            is_row: false,
            words: hash(9)?,
        };
        Ok(Some(Self { scope, person, entry, holder: row.get(6)? }))
    }

    fn hash(&self, bucket: i64) -> i64 {
        let Self { scope: OnceScope { key, bot, address }, person, entry, holder } = self;
        let fields = [
            ValueRef::Integer(bucket),
            text(Some(key.as_str())),
            text(Some(bot)),
            text(Some(address)),
            ValueRef::Blob(&person.0),
            text(Some(entry.state.name())),
            ValueRef::Integer(entry.at),
            holder.map_or(ValueRef::Null, ValueRef::Integer),
            text(entry.message_id.as_deref()),
            text(entry.run.as_deref()),
            blob(entry.words.as_ref()),
        ];
        hash_of_fields(CLAIM, fields.into_iter())
    }
}

fn blob(hash: Option<&OnceHash>) -> ValueRef<'_> {
    hash.map_or(ValueRef::Null, |hash| ValueRef::Blob(&hash.0))
}

/// The sum of a bucket without claims. It depends on the secret, so that a bucket does not fit another store.
fn sum_of_empty(secret: &[u8], id: i64) -> i64 {
    hash_of_fields(EMPTY, [ValueRef::Blob(secret), ValueRef::Integer(id)].into_iter())
}

/// The hash of these fields; `tag` distinguishes what is hashed. It stays as it is: a store keeps its claims for ever.
fn hash_of_fields<'a>(tag: u8, fields: impl Iterator<Item = ValueRef<'a>>) -> i64 {
    eight_bytes(digest(&SHA256, &bytes_of_fields(tag, fields)).as_ref(), 0)
}

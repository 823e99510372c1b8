//! What tells that a run or a request is still what was written when the list was read.

use ring::digest::{Context, Digest, SHA256, digest};
use rusqlite::Connection;

use super::record::eight_bytes;
use crate::ledger::{QueuedRow, SameMessage};
use crate::phone::person_key;

/// Spreads the number of a row over all bits.
const SPREAD: i64 = 0x9e37_79b9_7f4a_7c15_u64.cast_signed();

/// The hash of a request: its path, recipient and body.
pub(super) struct RequestHash {
    request: Digest,
    fingerprint: i64,
}

impl RequestHash {
    pub(super) fn of(path: &str, recipient: &str, body: &str) -> Self {
        let request = hash_of([path, recipient, body]);
        let message = SameMessage::of(path, recipient, body);
        let folded = if message.is_as_written() { None } else { Some(hash_of(message.parts())) };
        let fingerprint = eight_bytes(folded.as_ref().unwrap_or(&request).as_ref(), 16);
        Self { request, fingerprint }
    }

    /// The same for the same message to the same person, in every row and run.
    pub(super) fn fingerprint(&self) -> i64 {
        self.fingerprint
    }

    /// Of the request byte for byte; the fingerprint of one that is written in one form only is the half before it.
    pub(super) fn rest(&self) -> i64 {
        eight_bytes(self.request.as_ref(), 24)
    }

    /// Of the request as row `n`, which the list has at `line`.
    pub(super) fn seal(&self, n: i64, line: u64) -> i64 {
        self.rest() ^ place(n, line)
    }
}

/// Whether `row` has the request whose fingerprint and rest these are.
pub(crate) fn is_request_whole(row: &QueuedRow, (fingerprint, rest): (i64, i64)) -> bool {
    let hash = RequestHash::of(&row.path, &row.recipient, &row.body);
    (hash.fingerprint(), hash.rest()) == (fingerprint, rest)
}

/// The same as [`RequestHash::rest`], of a row with this seal.
pub(super) fn rest_of_request(seal: i64, n: i64, line: u64) -> i64 {
    seal ^ place(n, line)
}

fn place(n: i64, line: u64) -> i64 {
    n.wrapping_mul(SPREAD) ^ line.cast_signed().wrapping_mul(SPREAD).rotate_left(32)
}

fn hash_of([path, recipient, body]: [&str; 3]) -> Digest {
    let mut context = Context::new(&SHA256);
    // Neither a path nor a recipient has a line break.
    for part in [path, "\n", recipient, "\n", body] {
        context.update(part.as_bytes());
    }
    context.finish()
}

/// What tells whether rows, of this run or another, go to one person.
pub(crate) fn hash_of_person(recipient: &str) -> i64 {
    eight_bytes(digest(&SHA256, person_key(recipient).as_bytes()).as_ref(), 0)
}

/// Of conditions that were given anew.
pub(super) fn seal_of_conditions(conditions: &str) -> i64 {
    eight_bytes(digest(&SHA256, conditions.as_bytes()).as_ref(), 0)
}

/// The seal of the run itself, over its record and the whole schema.
pub(super) fn seal_of_run(db: &Connection, fields: &RunFields) -> rusqlite::Result<[u8; 32]> {
    let mut bytes = Vec::new();
    let mut add = |part: &[u8]| {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part);
    };
    add(&fields.identity);
    add(fields.name.as_bytes());
    add(fields.details.as_bytes());
    add(&fields.rows.to_be_bytes());
    add(&fields.created_at.to_be_bytes());
    let mut statement = db.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        add(row.get_ref(0)?.as_bytes().unwrap_or_default());
    }
    let mut seal = [0; 32];
    seal.copy_from_slice(digest(&SHA256, &bytes).as_ref());
    Ok(seal)
}

/// The record of the run, but for its seal.
pub(super) struct RunFields {
    pub(super) identity: [u8; 16],
    pub(super) name: String,
    pub(super) details: String,
    pub(super) rows: i64,
    pub(super) created_at: i64,
}

//! Which messages, or people, came before while a list is read: in a file of the system's, so that it does not grow in memory.

use rusqlite::Connection;

use super::draft::DraftRequest;
use super::keys::KeyKind;
use super::seal::{RequestHash, hash_of_person};
use crate::ledger::LedgerError;

/// The keys that were asked for so far.
pub(crate) struct SeenKeys {
    db: Connection,
    kind: KeyKind,
}

impl SeenKeys {
    pub(crate) fn new(kind: KeyKind) -> Result<Self, LedgerError> {
        let db = Connection::open("")?;
        db.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN; CREATE TABLE seen (key INTEGER PRIMARY KEY)",
        )?;
        Ok(Self { db, kind })
    }

    pub(crate) fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Whether none of the requests that were asked for so far is to this person, or is this message to them.
    pub(crate) fn is_first(&self, request: &DraftRequest<'_>) -> Result<bool, LedgerError> {
        let key = match self.kind {
            KeyKind::Message => RequestHash::of(request.path, request.recipient, request.body).fingerprint(),
            KeyKind::Person => hash_of_person(request.recipient),
        };
        Ok(self.db.prepare_cached("INSERT OR IGNORE INTO seen VALUES (?1)")?.execute([key])? == 1)
    }
}

//! Under a key each person gets at most one message of a bot, whatever its words, for ever: the key, what a person has under
//! it, and the hashes by which that is kept. Nothing here reads or writes a store.
//!
//! A row of a run claims its person by being in the run's ledger. Single sends, and the people whom removed runs reached, have
//! claims of their own (`ledger/claims.rs`): in `once.db` beside the runs, or in a table of the database, which also has the
//! rows' claims. A lock covers looking and claiming.

mod entry;
mod error;
mod hasher;
mod key;

pub(crate) use self::entry::{NewClaim, OnceEntry, OncePeople, OnceRows, OnceScope, OnceState};
pub(crate) use self::error::OnceError;
pub(crate) use self::hasher::{OnceHash, OnceHasher};
pub(crate) use self::key::OnceKey;

//! Under a key each person gets at most one message of a bot, whatever its words, for ever: the key, what a person has under
//! it, and the hashes by which that is kept. Nothing here reads or writes a store.
//!
//! Who claims what: a row of a run claims its person by being in the ledger of the run. Single sends, and the people whom
//! removed runs reached, are claims of their own (`ledger/claims.rs`): in files they are in `once.db` beside the runs, in a
//! database in one table that has the rows' claims too. Whoever looks and then claims holds off the others meanwhile.

mod entry;
mod error;
mod hasher;
mod key;

pub(crate) use self::entry::{NewClaim, OnceEntry, OncePeople, OnceRows, OnceScope, OnceState};
pub(crate) use self::error::OnceError;
pub(crate) use self::hasher::{OnceHash, OnceHasher};
pub(crate) use self::key::OnceKey;

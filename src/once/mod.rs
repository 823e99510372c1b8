//! Under a key, each person gets at most one message of a bot, whatever its words, forever. This module holds the key,
//! the state of a person under it, and the hashes that record it. It does not read or write a store.
//!
//! A row of a run claims its person by being in the run's ledger. Single sends, and the people that removed runs
//! reached, have claims of their own (`ledger/claims.rs`): in `once.db` beside the runs, or in a table of the database,
//! which also holds the claims of rows. A lock covers reading and claiming.

mod entry;
mod error;
mod hasher;
mod key;

pub(crate) use self::entry::{NewClaim, OnceEntry, OncePeople, OnceRows, OnceScope, OnceState};
pub(crate) use self::error::OnceError;
pub(crate) use self::hasher::{OnceHash, OnceHasher};
pub(crate) use self::key::OnceKey;

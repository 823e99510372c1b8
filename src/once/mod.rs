//! Under a key, each person gets at most one message of a bot, whatever its words, forever. This module holds the key,
//! the state of a person under it, and the hashes that record it. It does not read or write a store.
//!
//! The claims are in the store of the runs (`ledger/claims.rs`): of rows, of single sends, and of people whom removed
//! runs reached.

mod hasher;
mod key;

pub(crate) use self::hasher::OnceHasher;
pub(crate) use self::key::{OnceEntry, OnceKey, OnceScope, OnceState};

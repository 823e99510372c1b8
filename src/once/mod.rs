//! Under a key, each person gets at most one message of a bot, whatever its words, forever. This module holds the key
//! and the hashes of people under it. It does not read or write a store.
//!
//! The claims are in the store of the runs (`ledger/claims.rs`): of rows, of single sends, and of people whom removed
//! runs reached.

mod hasher;
mod key;

pub(crate) use self::hasher::OnceHasher;
pub(crate) use self::key::{OnceKey, OnceScope};

//! The ledger as files of this machine, in SQLite.

mod backup;
mod commit_count;
mod engine;
mod file_and_log;
mod file_id;
mod folder_access;
mod moved_away;
mod opening;
mod process_locks;
mod sqlite;
mod turn;

pub(super) use self::engine::FileEngine;
pub(crate) use self::folder_access::{AccessWarning, make_private};
pub(super) use self::opening::file_in;
pub(crate) use self::turn::TurnPatience;

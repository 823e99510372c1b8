//! The runs of a user: one ledger a run, its lock beside it, in a directory of ours alone.

mod directory;
mod earlier;
mod error;
mod files;
mod lock;
mod name;
mod reserved;

pub(crate) use self::directory::Runs;
pub(crate) use self::earlier::{EarlierError, EarlierRuns, OpenRuns};
pub(crate) use self::error::RunError;
pub(crate) use self::lock::RunLock;
pub(crate) use self::name::RunName;
pub(crate) use self::reserved::ReservedRun;

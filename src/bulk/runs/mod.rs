//! The runs of a user: one ledger a run, its lock beside it, in a directory of ours alone.

mod age;
mod choice;
mod directory;
mod earlier;
mod error;
mod files;
mod lock;
mod name;
mod overview;
mod removal;
mod reserved;
mod stop_mark;

pub(crate) use self::age::RunAge;
pub(crate) use self::directory::Runs;
pub(crate) use self::earlier::{EarlierError, EarlierRuns, OpenRuns};
pub(crate) use self::error::RunError;
pub(crate) use self::lock::RunLock;
pub(crate) use self::name::RunName;
pub(crate) use self::overview::{RunOverview, RunOverviews, UnreadableRun};
pub(crate) use self::reserved::ReservedRun;
pub(crate) use self::stop_mark::StopWatch;

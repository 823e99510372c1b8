//! The runs of a user: one ledger a run, its lock beside it, in a directory of ours alone.

mod campaign;
mod directory;
mod error;
mod files;
mod lock;
mod name;
mod reserved;

pub use self::campaign::SameCampaign;
pub use self::directory::Runs;
pub use self::error::RunError;
pub use self::lock::RunLock;
pub use self::name::RunName;
pub use self::reserved::ReservedRun;

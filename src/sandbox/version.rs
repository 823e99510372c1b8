//! What has changed in a sandbox. Subscribers wait for it.

use tokio::sync::watch;

/// Counts the changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Version {
    /// The number of the newest message.
    pub(crate) number: u64,
    /// How often the store was cleared.
    pub(crate) cleared: u64,
    /// How often a chat was deleted.
    pub(crate) deleted: u64,
    /// How often a person read something or replied.
    pub(crate) read: u64,
    /// The number of the newest refused request.
    pub(crate) refused: u64,
    /// How often the faults were replaced.
    pub(crate) faults: u64,
}

/// The version, for all who change or read it.
pub(super) type Changes = watch::Sender<Version>;

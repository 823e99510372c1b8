//! The mark that asks a run to stop: a file beside its ledger that says who set it and when. It is not in the ledger,
//! because the ledger has one writer, whose commits are counted in the lock file. A second writer would interfere, and
//! delay rows that are about to leave.

use std::future::pending;
use std::path::{Path, PathBuf};
use std::process;
use std::time::{Duration, SystemTime};

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::private_file::{self, FileError};
use crate::timestamps::rfc_3339_millis;

/// The mark is seen within a second, also on a busy machine.
const TIME_BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// Watches for the mark while the run goes on.
pub(crate) struct StopWatch {
    mark: PathBuf,
    looks: Interval,
    is_seen: bool,
}

/// Sets the mark at once and for good. Setting it again changes nothing.
pub(super) fn set(mark: &Path) -> Result<(), FileError> {
    let text = format!("process {} at {}\n", process::id(), rfc_3339_millis(SystemTime::now()));
    private_file::write(mark, text.as_bytes())
}

pub(super) fn is_set(mark: &Path) -> bool {
    mark.symlink_metadata().is_ok()
}

impl StopWatch {
    /// Needs a runtime.
    pub(super) fn new(mark: PathBuf) -> Self {
        let mut looks = interval(TIME_BETWEEN_LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { mark, looks, is_seen: false }
    }

    /// Resolves once the mark is set, and never a second time. A waiting caller may drop it and start again.
    pub(crate) async fn seen(&mut self) {
        if self.is_seen {
            pending::<()>().await;
        }
        while !is_set(&self.mark) {
            self.looks.tick().await;
        }
        self.is_seen = true;
    }
}

//! The mark that a run is to stop: an empty file beside its ledger. The ledger itself has one writer, whose commits are
//! counted in the lock file; a second one would come between them, and hold up rows that are about to leave.

use std::fs;
use std::future::pending;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::private_file::{self, FileError};

/// The mark is seen within a second, also on a busy machine.
const TIME_BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// The mark of one run, set or not.
#[derive(Clone, Debug)]
pub(crate) struct StopMark {
    path: PathBuf,
}

/// Looks for the mark while the run goes on.
pub(crate) struct StopWatch {
    mark: StopMark,
    looks: Interval,
    is_seen: bool,
}

impl StopMark {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Sets it, at once and for good; twice is no more than once.
    pub(crate) fn set(&self) -> Result<(), FileError> {
        private_file::write(&self.path, b"")
    }

    pub(crate) fn is_set(&self) -> bool {
        self.path.symlink_metadata().is_ok()
    }

    /// Takes it away, where it is set.
    pub(crate) fn lift(&self) -> Result<(), FileError> {
        match fs::remove_file(&self.path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(FileError::of("remove", &self.path)(cause)),
            _ => Ok(()),
        }
    }

    /// Watches for it; needs a runtime.
    pub(crate) fn watch(&self) -> StopWatch {
        let mut looks = interval(TIME_BETWEEN_LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        StopWatch { mark: self.clone(), looks, is_seen: false }
    }
}

impl StopWatch {
    /// Ends once the mark is set; a second time it never does. What waits for it may be dropped, and begun again.
    pub(crate) async fn seen(&mut self) {
        if self.is_seen {
            pending::<()>().await;
        }
        while !self.mark.is_set() {
            self.looks.tick().await;
        }
        self.is_seen = true;
    }
}

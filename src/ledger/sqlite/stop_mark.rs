//! The mark that asks a run to stop: a file beside its ledger that says who set it and when. It is not in the ledger,
//! because the ledger has one writer, whose commits are counted in the lock file. A second writer would interfere, and
//! delay rows that are about to leave.

use std::fs;
use std::future::pending;
use std::io;
use std::path::PathBuf;
use std::process;
use std::time::{Duration, SystemTime};

use tokio::time::{Interval, MissedTickBehavior, interval};

use super::run_files::remove;
use crate::private_file::{self, FileError};
use crate::timestamps::rfc_3339_millis;

/// The mark is seen within a second, also on a busy machine.
const TIME_BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// The mark of one run, whether it is set or not.
#[derive(Clone, Debug)]
pub(crate) struct StopMark {
    path: PathBuf,
}

/// Watches for the mark while the run goes on.
pub(crate) struct StopWatch {
    mark: StopMark,
    looks: Interval,
    is_seen: bool,
}

impl StopMark {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Sets it at once and for good. Setting it again changes nothing.
    pub(crate) fn set(&self) -> Result<(), FileError> {
        let text = format!("process {} at {}\n", process::id(), rfc_3339_millis(SystemTime::now()));
        private_file::write(&self.path, text.as_bytes())
    }

    pub(crate) fn is_set(&self) -> bool {
        self.path.symlink_metadata().is_ok()
    }

    /// The contents of the mark, if it is set. No two marks have the same contents.
    pub(super) fn read(&self) -> Option<Vec<u8>> {
        fs::read(&self.path).ok()
    }

    /// Removes it, if it is set, and one that a killed process had put aside.
    pub(crate) fn lift(&self) -> Result<(), FileError> {
        remove(&self.path)?;
        remove(&self.aside())
    }

    /// Removes it if it still says `that`. It is put aside to be read, so that one that is set meanwhile stays.
    pub(super) fn lift_that(&self, that: &[u8]) -> Result<(), FileError> {
        let aside = self.aside();
        match fs::rename(&self.path, &aside) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
            moved => moved.map_err(FileError::of("remove", &self.path))?,
        }
        if fs::read(&aside).is_ok_and(|found| found == that) {
            return remove(&aside);
        }
        // A rename keeps its contents, and works even if the disk is full.
        fs::rename(&aside, &self.path).map_err(FileError::of("write", &self.path))
    }

    fn aside(&self) -> PathBuf {
        self.path.with_extension("stop.old")
    }

    /// Watches for it; needs a runtime.
    pub(crate) fn watch(&self) -> StopWatch {
        let mut looks = interval(TIME_BETWEEN_LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        StopWatch { mark: self.clone(), looks, is_seen: false }
    }
}

impl StopWatch {
    /// Resolves once the mark is set, and never a second time. A waiting caller may drop it and start again.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_that_is_set_while_an_older_one_is_lifted_stays() {
        let home = tempfile::TempDir::new().unwrap();
        let mark = StopMark::new(home.path().join("r.stop"));
        mark.set().unwrap();
        let before = mark.read().unwrap();
        mark.lift_that(&before).unwrap();
        assert!(!mark.is_set());
        // A person stops the run again after the older mark was read.
        fs::write(home.path().join("r.stop"), "process 1 at another time\n").unwrap();
        mark.lift_that(&before).unwrap();
        assert_eq!(mark.read().unwrap(), b"process 1 at another time\n");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
        // A process that was killed in between has left a mark aside.
        fs::write(home.path().join("r.stop.old"), before).unwrap();
        mark.lift().unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }
}

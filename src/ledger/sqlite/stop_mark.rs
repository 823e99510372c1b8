//! The mark that a run is to stop: a file beside its ledger, with who set it and when. The ledger itself has one writer, whose
//! commits are counted in the lock file; a second one would come between them, and hold up rows that are about to leave.

use std::fs;
use std::future::pending;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::time::{Duration, SystemTime};

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::private_file::{self, FileError};
use crate::timestamps::rfc_3339_millis;

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
        let text = format!("process {} at {}\n", process::id(), rfc_3339_millis(SystemTime::now()));
        private_file::write(&self.path, text.as_bytes())
    }

    pub(crate) fn is_set(&self) -> bool {
        self.path.symlink_metadata().is_ok()
    }

    /// What it says, where it is set: no two marks say the same.
    pub(super) fn read(&self) -> Option<Vec<u8>> {
        fs::read(&self.path).ok()
    }

    /// Takes it away, where it is set, with one that a process has put aside which was killed then.
    pub(crate) fn lift(&self) -> Result<(), FileError> {
        remove(&self.path)?;
        remove(&self.aside())
    }

    /// Takes it away where it still says `that`. It is put aside to look at it, so that one which is set meanwhile stays.
    pub(super) fn lift_that(&self, that: &[u8]) -> Result<(), FileError> {
        let aside = self.aside();
        match fs::rename(&self.path, &aside) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
            moved => moved.map_err(FileError::of("remove", &self.path))?,
        }
        if fs::read(&aside).is_ok_and(|found| found == that) {
            return remove(&aside);
        }
        // As it was: it says who has set it and when, and a full disk does not keep it from its place.
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

fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(FileError::of("remove", path)(cause)),
        _ => Ok(()),
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
        // A person stops the run again, after the older mark was looked at.
        fs::write(home.path().join("r.stop"), "process 1 at another time\n").unwrap();
        mark.lift_that(&before).unwrap();
        assert_eq!(mark.read().unwrap(), b"process 1 at another time\n");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
        // A process that was killed in between has left one aside.
        fs::write(home.path().join("r.stop.old"), before).unwrap();
        mark.lift().unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }
}

//! The turns of the processes that write a ledger in a file. SQLite's own waiting is unfair, and may
//! never end next to a process that commits in a loop.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{process, thread};

use super::opening::write_at_start;
use crate::base::message::msg;
use crate::base::output::duration_value;
use crate::base::private_file::{FileAction, FileError};
use crate::base::process::overdue_signal;
use crate::runs::ledger::db::LONGEST;
use crate::runs::ledger::error::LedgerError;

/// How long a process waits for its turn before it reports that.
const REPORTED_AFTER: Duration = Duration::from_secs(1);
/// How long a process waits before it tries to lock again.
const BETWEEN_TRIES: Duration = Duration::from_millis(1);

/// Called once while a process waits for its turn, with the id of the process that has the turn, if
/// known.
pub(crate) type OnWait = Arc<dyn Fn(Option<u32>) + Send + Sync>;

/// How a command waits for other processes that change a ledger in a file.
#[derive(Clone)]
pub(crate) struct TurnPatience {
    pub(crate) on_wait: OnWait,
    /// The longest wait for a turn. The process before may have been suspended.
    pub(crate) longest: Duration,
}

impl TurnPatience {
    /// Waits without a note.
    pub(crate) fn quiet() -> Self {
        Self::new(Arc::new(|_| {}))
    }

    /// Waits as long as the longest change of a run may take.
    pub(crate) fn new(on_wait: OnWait) -> Self {
        Self {
            on_wait,
            longest: LONGEST,
        }
    }
}

/// The two locks of a ledger. A process locks the turn while it waits for the lock for writing, so
/// the processes that wait get it in order.
pub(crate) struct WriteTurn {
    /// The file of the ledger.
    ledger: PathBuf,
    turn: File,
    write: File,
    patience: TurnPatience,
}

/// How long this process has waited for its turn, and whether it has reported that.
struct TurnWait {
    began: Instant,
    was_reported: bool,
}

impl WriteTurn {
    pub(crate) fn new(ledger: &Path, turn: File, write: File, patience: TurnPatience) -> Self {
        Self {
            ledger: ledger.to_owned(),
            turn,
            write,
            patience,
        }
    }

    /// Locks the ledger for writing, after the processes that waited before. No process holds the
    /// lock while it reads a list, prompts or sends.
    pub(crate) fn wait(&self) -> Result<(), LedgerError> {
        let mut wait = TurnWait {
            began: Instant::now(),
            was_reported: false,
        };
        let locked = self
            .lock(&self.turn, &mut wait)
            .and_then(|()| self.lock(&self.write, &mut wait));
        let _ = self.turn.unlock();
        locked?;
        // Only a waiting process reads it.
        let _ = write_at_start(&self.write, &format!("{:<20}", process::id()));
        Ok(())
    }

    /// Locks one of the two files, unless that takes too long or a signal ends this process.
    fn lock(&self, file: &File, wait: &mut TurnWait) -> Result<(), LedgerError> {
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => thread::sleep(BETWEEN_TRIES),
                Err(TryLockError::Error(cause)) => return Err(self.not_locked(cause)),
            }
            if let Some(signal) = overdue_signal(wait.began) {
                return Err(LedgerError::interrupted(signal));
            }
            if !wait.was_reported && wait.began.elapsed() >= REPORTED_AFTER {
                wait.was_reported = true;
                (self.patience.on_wait)(self.writing());
            }
            if wait.began.elapsed() >= self.patience.longest {
                return Err(self.kept_lock(self.patience.longest));
            }
        }
    }

    fn not_locked(&self, cause: std::io::Error) -> LedgerError {
        FileError {
            action: FileAction::Lock,
            path: self.ledger.clone(),
            cause,
        }
        .into()
    }

    /// Returns the error if this process has waited for its turn too long. It names the lock and, if known, the process
    /// that keeps it.
    pub(crate) fn kept_lock(&self, waited: Duration) -> LedgerError {
        let is_writing = !self.is_free().unwrap_or(false);
        let extension = if is_writing { "db-write" } else { "db-turn" };
        let lock = self.ledger.with_extension(extension);
        let waited = duration_value(waited);
        match self.writing().filter(|_| is_writing) {
            Some(process) => LedgerError::unusable(
                msg!(
                    "process {process} has kept the lock {lock} for {waited}",
                    process,
                    lock,
                    waited
                ),
                msg!(
                    "to continue it: kill -CONT {process}; to end it: kill {process}",
                    process
                ),
            ),
            None => LedgerError::unusable(
                msg!(
                    "another process has kept the lock {lock} for {waited}",
                    lock,
                    waited
                ),
                msg!("to find it: fuser {lock}", lock),
            ),
        }
    }

    /// Returns the id of the process that writes the ledger, or wrote it last, if known.
    pub(crate) fn writing(&self) -> Option<u32> {
        let lock = self.ledger.with_extension("db-write");
        fs::read_to_string(lock).ok()?.trim().parse().ok()
    }

    /// Returns whether no other process has locked the ledger now.
    pub(crate) fn is_free(&self) -> Result<bool, LedgerError> {
        match self.write.try_lock() {
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(cause)) => Err(self.not_locked(cause)),
            Ok(()) => {
                let _ = self.write.unlock();
                Ok(true)
            }
        }
    }

    /// Locks the ledger for writing if no other process has locked it.
    pub(crate) fn try_take(&self) -> bool {
        self.write.try_lock().is_ok()
    }

    /// Releases the lock for writing. If that fails, it opens the file again, because a lock ends
    /// when its file is closed.
    pub(crate) fn release(&mut self) {
        let released = self.write.unlock();
        if released.is_ok() {
            return;
        }
        let reopened = File::options()
            .read(true)
            .write(true)
            .open(self.ledger.with_extension("db-write"));
        if let Ok(reopened) = reopened {
            self.write = reopened;
        }
    }
}

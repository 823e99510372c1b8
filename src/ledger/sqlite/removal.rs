//! A finished run of some age is removed, unless somebody goes on with it.

use super::directory::Runs;
use crate::ledger::{LedgerError, RunAge, RunName, now};

impl Runs {
    /// Removes the run, unless another process has it, or has gone on with it meanwhile. Says whether it was removed.
    ///
    /// # Errors
    /// When it cannot be read or removed.
    pub(crate) fn remove_finished(&self, name: &RunName, age: RunAge) -> Result<bool, LedgerError> {
        let lock = match self.lock(name) {
            Err(LedgerError::InUse { .. }) => return Ok(false),
            lock => lock?,
        };
        let ledger = match self.read_locked(name, &lock) {
            Err(_) if self.is_removed(name) => return Ok(false),
            ledger => ledger?,
        };
        let is_old = ledger.finished_at()?.is_some_and(|at| age.has_passed(at, now()));
        drop(ledger);
        if is_old {
            self.remove(name, lock)?;
        }
        Ok(is_old)
    }
}

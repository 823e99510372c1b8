//! The earlier runs that a new list is compared with, wherever they are.

use super::duplicate_window::EarlierError;
use super::name::RunName;
use crate::ledger::sqlite::LedgerDraft;

/// Those that count for a list.
pub(crate) trait KnownRuns {
    /// Notes in `draft` what they have too.
    ///
    /// # Errors
    /// When one that counts cannot be read, or the draft not be written.
    fn compare(&mut self, draft: &LedgerDraft) -> Result<(), EarlierError>;

    /// How many people of `draft` one of them has written to in the last 24 hours.
    ///
    /// # Errors
    /// As of [`KnownRuns::compare`].
    fn people_written_to(&mut self, draft: &LedgerDraft) -> Result<u64, EarlierError>;

    /// Those that are unfinished and have messages for people of `draft`, each with how many people that is.
    ///
    /// # Errors
    /// As of [`KnownRuns::compare`].
    fn unfinished(&mut self, draft: &LedgerDraft) -> Result<Vec<(RunName, u64)>, EarlierError>;

    /// Checks only that they can be read.
    ///
    /// # Errors
    /// When one that counts cannot be.
    fn check(&mut self) -> Result<(), EarlierError> {
        Ok(())
    }
}

//! What a run on its way is to whoever sends its rows, wherever its ledger is.

use super::summary::RunSummary;
use crate::commands::CommandError;
use crate::context::Context;
use crate::ledger::{Counts, Details, LedgerError, RunLedger, RunName, StopWatch};
use crate::people::Exclusions;

/// A run on its way, wherever its ledger is.
pub(crate) trait RunningRun {
    fn name(&self) -> &RunName;

    fn details(&self) -> &Details;

    /// Its ledger, with how many rows are in each state; asked for once more where the run goes on after its hours opened.
    ///
    /// # Errors
    /// When it cannot be written.
    fn open(&mut self) -> Result<(Box<dyn RunLedger>, Counts), LedgerError>;

    /// Leaves out people who are not to be written to by now.
    ///
    /// # Errors
    /// When that cannot be written.
    fn leave_out(&self, context: &Context, exclusions: &Exclusions) -> Result<(), CommandError>;

    /// How it stands.
    ///
    /// # Errors
    /// When it cannot be read.
    fn look(&self) -> Result<RunSummary, LedgerError>;

    /// What tells that somebody asks it to stop, where its ledger does not.
    fn stop_watch(&self) -> Option<StopWatch>;

    /// Every row is final.
    fn end(&self);
}

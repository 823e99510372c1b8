//! A run whose ledger is in a database, as this process sends rows of it beside others.

use std::time::Duration;

use super::arguments::RunOptions;
use super::carry_out::send_rows;
use super::excluded_since::leave_out_excluded;
use super::running_run::RunningRun;
use super::summary::RunSummary;
use crate::commands::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::ledger::{
    Counts, DatabaseError, Details, LedgerError, RunId, RunLedger, RunName, SharedRuns, StopWatch, StoredRun,
};
use crate::people::Exclusions;
use crate::sending::{Connection, Sender};

/// A run of which this process sends rows.
pub(crate) struct JoinedRun<'a> {
    pub(crate) runs: &'a SharedRuns,
    pub(crate) run: RunId,
    pub(crate) name: &'a RunName,
    pub(crate) details: &'a Details,
    /// Of one request.
    pub(crate) timeout: Duration,
}

impl JoinedRun<'_> {
    /// The ledger on a new connection, where messages were sent before.
    fn reopened(&self) -> Result<SharedRuns, LedgerError> {
        Ok(self.runs.reopened().map_err(DatabaseError::in_mid_run)?)
    }

    /// Sends rows of it until it is complete, or paused.
    pub(crate) async fn send(
        self,
        context: &Context,
        sender: &Sender,
        connection: Connection,
        options: RunOptions,
    ) -> Result<ExitCode, CommandError> {
        // All who send it share one rate, and the database keeps it.
        let ended = send_rows(context, sender, connection, self, options, f64::from(u32::MAX)).await;
        ended.map_err(CommandError::after_sending)
    }
}

impl RunningRun for JoinedRun<'_> {
    fn name(&self) -> &RunName {
        self.name
    }

    fn details(&self) -> &Details {
        self.details
    }

    fn open(&mut self) -> Result<(Box<dyn RunLedger>, Counts), LedgerError> {
        let joined = self.runs.join(self.run, self.timeout)?;
        Ok((Box::new(joined), self.runs.reopened()?.counts(self.run)?))
    }

    fn leave_out(&self, context: &Context, exclusions: &Exclusions) -> Result<(), CommandError> {
        // The connection may have been lost meanwhile.
        let runs = self.reopened()?;
        Ok(leave_out_excluded(context, &runs, self.run, exclusions).map_err(LedgerError::in_mid_run)?)
    }

    fn look(&self) -> Result<RunSummary, LedgerError> {
        let runs = self.reopened()?;
        RunSummary::of(StoredRun::Shared(&runs, self.run, None), self.details.written_to)
    }

    /// Every exchange with the database tells it.
    fn stop_watch(&self) -> Option<StopWatch> {
        None
    }

    fn end(&self) {}
}

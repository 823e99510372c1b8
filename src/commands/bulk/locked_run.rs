//! A run whose ledger is a file, as this process, which has it alone, sends what is left of it.

use super::arguments::RunOptions;
use super::carry_out::send_rows;
use super::excluded_since::leave_out_of_file;
use super::running_run::RunningRun;
use super::summary::{RunSummary, without_end};
use crate::commands::CommandError;
use crate::config::Rate;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::ledger::{
    Counts, Details, FileRun, Ledger, LedgerError, RunEvent, RunEventKind, RunLedger, RunLock, RunName, Runs,
    StopWatch, StoredRun,
};
use crate::output::counted;
use crate::people::Exclusions;
use crate::sending::{Connection, Sender};

/// A run that no other process has.
pub(crate) struct LockedRun<'a> {
    pub(crate) runs: &'a Runs,
    pub(crate) name: RunName,
    pub(crate) details: Details,
    /// Whether its conditions were given anew.
    pub(crate) is_changed: bool,
    /// How a run that goes on was found; said once its ledger is known to be whole.
    pub(crate) found: Option<Counts>,
    /// Kept to the end.
    pub(crate) lock: RunLock,
}

impl LockedRun<'_> {
    /// Sends what the run has left, and says what became of it.
    pub(crate) async fn send(
        &self,
        context: &Context,
        sender: &Sender,
        connection: Connection,
        options: RunOptions,
    ) -> Result<ExitCode, CommandError> {
        let path = self.runs.path(&self.name);
        let mut ledger = Ledger::resume(&path, self.lock.mark()?)?;
        if self.is_changed {
            ledger.keep_conditions(&self.details.conditions)?;
        }
        if let Some(found) = &self.found {
            report_found(context, &self.name, found, false);
        }
        // Of one that is complete nothing is left.
        if !self.found.is_some_and(|found| found.is_finished()) {
            let has_begun = ledger.events()?.iter().any(|event| event.kind == RunEventKind::Begun);
            let kind = if has_begun { RunEventKind::Resumed } else { RunEventKind::Begun };
            ledger.note_events(&[RunEvent::now(kind)])?;
        }
        let rate = options.rate.map_or(self.details.rate, Rate::per_second);
        let run = FileOnItsWay { run: self, ledger: Some(ledger) };
        send_rows(context, sender, connection, run, options, rate).await.map_err(CommandError::after_sending)
    }
}

/// A run in a file.
struct FileOnItsWay<'a> {
    run: &'a LockedRun<'a>,
    /// As it was opened first.
    ledger: Option<Ledger>,
}

impl RunningRun for FileOnItsWay<'_> {
    fn name(&self) -> &RunName {
        &self.run.name
    }

    fn details(&self) -> &Details {
        &self.run.details
    }

    fn open(&mut self) -> Result<(Box<dyn RunLedger>, Counts), LedgerError> {
        let LockedRun { runs, name, lock, .. } = self.run;
        let ledger = match self.ledger.take() {
            Some(ledger) => ledger,
            None => Ledger::resume(&runs.path(name), lock.mark()?)?,
        };
        let counts = ledger.counts()?;
        Ok((Box::new(FileRun::new(ledger)?), counts))
    }

    fn leave_out(&self, context: &Context, exclusions: &Exclusions) -> Result<(), CommandError> {
        let LockedRun { runs, name, lock, .. } = self.run;
        leave_out_of_file(context, &runs.path(name), lock, exclusions)
    }

    fn look(&self) -> Result<RunSummary, LedgerError> {
        let LockedRun { runs, name, lock, .. } = self.run;
        let ledger = runs.read_locked(name, lock)?;
        RunSummary::of(StoredRun::File(Box::new(ledger)), self.run.details.written_to)
    }

    fn stop_watch(&self) -> Option<StopWatch> {
        Some(self.run.runs.stop_mark(&self.run.name).watch())
    }

    fn end(&self) {
        // Nothing is left that it could stop.
        let _ = self.run.runs.stop_mark(&self.run.name).lift();
    }
}

/// What is left of a run that goes on, and what is left alone.
pub(crate) fn report_found(context: &Context, name: &RunName, counts: &Counts, is_joined: bool) {
    let all = counted(counts.all(), "message");
    context.stderr.note(&format!("run {name}: {} of {all} left to send", counts.pending));
    for told in without_end(name, counts, is_joined) {
        context.stderr.note(&told);
    }
}

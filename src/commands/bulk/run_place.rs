//! Where a new run will be and how it is called: both are held until it is there.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::arguments::BulkSendArguments;
use crate::commands::CommandError;
use crate::context::Context;
use crate::input::Source;
use crate::ledger::{LedgerDraft, LedgerError, ReservedRun, RunError, RunLock, RunName, RunStore, Runs, SharedRuns};
use crate::process::Signals;
use crate::sending::Interrupted;

/// The time between two attempts to hold off the others, and the time after which the user reads that one of them is in the
/// way.
const BETWEEN_TRIES: Duration = Duration::from_millis(50);
const TOLD_AFTER: Duration = Duration::from_secs(1);

/// Where the run will be.
pub(crate) enum RunPlace<'a> {
    File { runs: &'a Runs, reserved: ReservedRun },
    Shared { runs: &'a SharedRuns, name: RunName },
}

/// What holds off every other process that would make a run.
pub(super) enum MakingHold<'a> {
    File(#[expect(dead_code, reason = "it holds as long as it is there")] RunLock),
    Shared(&'a SharedRuns),
}

impl<'a> RunPlace<'a> {
    /// A place for the run that was typed, and the draft that will become it.
    pub(super) fn of_new_run(
        store: &'a RunStore,
        arguments: &BulkSendArguments,
    ) -> Result<(Self, LedgerDraft), LedgerError> {
        Ok(match store {
            RunStore::Files(runs) => {
                let reserved = reserve(runs, arguments)?;
                let draft = LedgerDraft::create(Some(&reserved.draft_path()))?;
                (Self::File { runs, reserved }, draft)
            }
            RunStore::Shared(runs) => {
                (Self::Shared { runs, name: free_name(runs, arguments)? }, LedgerDraft::create(None)?)
            }
        })
    }

    pub(super) fn name(&self) -> RunName {
        match self {
            Self::File { reserved, .. } => reserved.name().clone(),
            Self::Shared { name, .. } => name.clone(),
        }
    }

    /// Holds off every other process that would make a run, as soon as none is at it. One that reads a long list in may
    /// take minutes: what is waited for is told, and a signal ends the wait.
    pub(super) async fn hold(&self, context: &Context, signals: &mut Signals) -> Result<MakingHold<'a>, CommandError> {
        let (began, mut is_told) = (Instant::now(), false);
        loop {
            if let Some(held) = self.try_hold()? {
                return Ok(held);
            }
            tokio::select! {
                biased;
                signal = signals.next() => return Err(Interrupted(signal).into()),
                () = sleep(BETWEEN_TRIES) => {}
            }
            if !is_told && began.elapsed() >= TOLD_AFTER {
                is_told = true;
                let place = match self {
                    Self::File { runs, .. } => format!("{} is locked", runs.making_lock().display()),
                    Self::Shared { runs, .. } => format!("the ledger is {}", runs.shown()),
                };
                context.stderr.note(&format!("waiting for another process that is making a run ({place})"));
            }
        }
    }

    fn try_hold(&self) -> Result<Option<MakingHold<'a>>, LedgerError> {
        Ok(match self {
            Self::File { runs, .. } => runs.try_hold()?.map(MakingHold::File),
            Self::Shared { runs, .. } => runs.try_hold()?.then_some(MakingHold::Shared(runs)),
        })
    }
}

impl MakingHold<'_> {
    pub(super) fn let_go(self) -> Result<(), LedgerError> {
        match self {
            Self::File(_) => Ok(()),
            Self::Shared(runs) => runs.let_go(),
        }
    }
}

/// The name that was typed, or one of the input's that is free.
fn reserve(runs: &Runs, arguments: &BulkSendArguments) -> Result<ReservedRun, LedgerError> {
    if let Some(name) = &arguments.run {
        return runs.reserve(name);
    }
    let first = name_of_source(arguments);
    for name in numbered(&first) {
        match runs.reserve(&name) {
            Err(LedgerError::Run(_) | LedgerError::InUse { .. }) => {}
            reserved => return reserved,
        }
    }
    Err(RunError::Exists { name: first }.into())
}

/// As [`reserve`], in a database.
fn free_name(runs: &SharedRuns, arguments: &BulkSendArguments) -> Result<RunName, LedgerError> {
    let known = runs.names()?;
    let is_free = |name: &RunName| !known.contains(name);
    if let Some(name) = &arguments.run {
        return if is_free(name) { Ok(name.clone()) } else { Err(RunError::Exists { name: name.clone() }.into()) };
    }
    let first = name_of_source(arguments);
    let free = numbered(&first).find(is_free);
    free.ok_or_else(|| RunError::Exists { name: first }.into())
}

fn name_of_source(arguments: &BulkSendArguments) -> RunName {
    RunName::of_source(match &arguments.source {
        Source::Stdin => Path::new(""),
        Source::File(path) => path,
    })
}

/// The name as it is, then with a number behind it.
fn numbered(first: &RunName) -> impl Iterator<Item = RunName> {
    let others = (2..100).filter_map(move |number| format!("{first}-{number}").parse().ok());
    std::iter::once(first.clone()).chain(others)
}

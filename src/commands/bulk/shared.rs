//! `bulk resolve` and `stop` of runs whose ledger is in a database.

use super::summary::to_continue;
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::ledger::{Counts, LostWorker, Resolution, RowState, RunName, SharedRuns};
use crate::output::counted;
use crate::timestamps::{local_second, of_milliseconds};

/// Every process that sends the run takes no more rows, and ends once those under way have ended.
pub(crate) fn stop(context: &Context, runs: &SharedRuns, asked: Option<&RunName>) -> Result<ExitCode, CommandError> {
    let Some(name) = runs.named_or_unfinished(asked)? else {
        context.stderr.note("no run is unfinished: there is nothing to stop");
        return Ok(ExitCode::Success);
    };
    let run = runs.id(&name)?;
    if runs.counts(run)?.is_finished() {
        context.stderr.note(&format!("run {name} is complete: there is nothing to stop"));
        return Ok(ExitCode::Success);
    }
    runs.stop(run)?;
    context.stderr.note(&format!(
        "run {name} takes no more messages, whoever sends it, and those under way end first; {}",
        to_continue(&name)
    ));
    Ok(ExitCode::Success)
}

/// What a person says became of rows.
pub(crate) fn resolve(
    context: &Context,
    runs: &SharedRuns,
    name: &RunName,
    resolution: &Resolution,
) -> Result<Counts, CommandError> {
    if matches!(resolution, Resolution::All([RowState::Pending, _])) {
        let message = "--pending-as is for a damaged ledger file, and this run is in a database";
        return Err(UsageError::new(message, "leave it out").into());
    }
    let run = runs.id(name)?;
    runs.note_lost_rows(run)?;
    let decision = runs.decide(run, resolution)?;
    let lost = runs.lost_workers(run, &decision)?;
    confirm_lost_workers(context, &lost)?;
    Ok(runs.resolve(run, &decision, &lost)?)
}

/// A process that was only stopped may still send what it was given.
fn confirm_lost_workers(context: &Context, workers: &[LostWorker]) -> Result<(), CommandError> {
    if workers.is_empty() {
        return Ok(());
    }
    let told: Vec<_> = workers
        .iter()
        .map(|worker| {
            let rows = counted(worker.rows.len() as u64, "row");
            format!(
                "{rows} at {} pid {}, not heard of since {}",
                worker.host,
                worker.pid,
                local_second(of_milliseconds(worker.seen_at))
            )
        })
        .collect();
    context.stderr.warning(&format!("under way when a process was last heard of: {}", told.join("; ")));
    match context.confirms("If that process is only stopped it may still send them. Has it ended?")? {
        Some(true) => Ok(()),
        _ => Err(UsageError::new(
            "a process that was not heard of again may still send these rows",
            "end it first, then add --yes",
        )
        .into()),
    }
}

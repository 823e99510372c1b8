//! `bulk resolve`, `stop` and `remove` of runs whose ledger is in a database.

use super::run_log::log_resolved;
use super::summary::{RunSummary, print_summary, to_continue};
use crate::bulk::{BulkError, LostWorker, Resolution, RowState, RunError, RunName, SharedRuns, StoredRun};
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::output::counted;

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
    runs.pause(run)?;
    context.stderr.note(&format!(
        "nobody takes messages of run {name} any more, and those under way end first; {}",
        to_continue(&name)
    ));
    Ok(ExitCode::Success)
}

/// What a person says became of rows.
pub(crate) fn resolve(
    context: &mut Context,
    runs: &SharedRuns,
    asked: Option<&RunName>,
    resolution: &Resolution,
) -> Result<ExitCode, CommandError> {
    let Resolution::All([from, to]) = *resolution else {
        let message = "--line, --to and --from decide rows of a run in a file, not yet of one in a database";
        return Err(UsageError::new(message, "decide all unknown or failed rows at once; nothing was changed").into());
    };
    if from == RowState::Pending {
        let message = "--pending-as is for a damaged ledger file; a database knows which rows were sent";
        return Err(UsageError::new(message, "leave it out; nothing was changed").into());
    }
    let Some(name) = runs.named_or_unfinished(asked)? else {
        return Err(BulkError::from(RunError::NoneUnfinished { known: runs.names()? }).into());
    };
    let run = runs.id(&name)?;
    if from == RowState::Unknown && to == RowState::Pending {
        confirm_lost_workers(context, &runs.lost_workers(run)?)?;
    }
    let changed = runs.resolve(run, from, to)?;
    let stored = StoredRun::Shared(runs, run);
    let summary = RunSummary::of(&stored, stored.details()?.written_to)?;
    let rows = counted(changed, &format!("{} row", from.name()));
    let count = if changed == 1 { "counts" } else { "count" };
    context.stderr.note(&format!("run {name}: {rows} {count} as {} from now on", to.name()));
    print_summary(context, &summary.to_json(Some(&name)), &summary.words(None, false), Some(&name))?;
    log_resolved(context, &name, &stored.details()?, &summary.counts);
    Ok(ExitCode::Success)
}

/// A process that was only stopped may still send what it was given.
fn confirm_lost_workers(context: &Context, workers: &[LostWorker]) -> Result<(), CommandError> {
    if workers.is_empty() {
        return Ok(());
    }
    let told: Vec<_> = workers
        .iter()
        .map(|worker| {
            let rows = counted(u64::try_from(worker.rows).unwrap_or_default(), "row");
            format!("{rows} at {} pid {}, not heard of since {}", worker.host, worker.pid, worker.seen_at)
        })
        .collect();
    context.stderr.warning(&format!("under way when a process was last heard of: {}", told.join("; ")));
    match context.confirms("If that process is only stopped it may still send them. Has it ended?")? {
        Some(true) => Ok(()),
        _ => Err(UsageError::new(
            "a process that was not heard of again may still send these rows",
            "end it first, then add --yes; nothing was changed",
        )
        .into()),
    }
}

/// Removes a run with all that is known of its rows.
pub(crate) fn remove(context: &Context, runs: &SharedRuns, asked: &RunName) -> Result<ExitCode, CommandError> {
    let name = runs.named(asked)?;
    let run = runs.id(&name)?;
    let counts = runs.counts(run)?;
    let what = if counts.is_finished() {
        "which is complete".to_owned()
    } else {
        format!("of which {} left to send", counted(counts.pending, "message"))
    };
    if context.confirms(&format!("Remove run {name}, {what}?"))? != Some(true) {
        return Err(UsageError::new(format!("run {name}, {what}, was not removed"), "add --yes to remove it").into());
    }
    runs.remove(run, &name)?;
    context.stderr.note(&format!("run {name} is removed"));
    Ok(ExitCode::Success)
}

/// What is not there for runs in a database.
pub(crate) fn only_in_files(what: &str) -> UsageError {
    UsageError::new(
        format!("{what} looks at runs in files of this machine, not yet at those in a database"),
        "leave --ledger and JELOUCTL_LEDGER out for them; nothing was changed",
    )
}

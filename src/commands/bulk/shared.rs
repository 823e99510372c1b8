//! `bulk status`, `list`, `resolve`, `stop` and `remove` of runs whose ledger is in a database.

use serde_json::{Value, json};

use super::summary::{RunSummary, print_summary, to_continue};
use super::times::utc;
use crate::bulk::{LostWorker, Resolution, RowState, RunName, SharedRuns, StoredRun};
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::output::counted;

/// The run in figures, with the processes that send it.
pub(crate) fn status(context: &Context, runs: &SharedRuns, name: &RunName) -> Result<ExitCode, CommandError> {
    let run = runs.id(name)?;
    let details = runs.details(run)?;
    let summary = RunSummary::of_stored(&StoredRun::Shared(runs, run), details.written_to)?;
    let (paused, workers, times) = (runs.paused(run)?, runs.workers(run)?, runs.times(run)?);
    let mut json = summary.to_json(Some(name));
    if let Value::Object(json) = &mut json {
        json.insert("kind".to_owned(), json!(details.kind));
        json.insert("profile".to_owned(), json!(details.profile));
        json.insert("bot_id".to_owned(), json!(details.bot));
        json.insert("api_url".to_owned(), json!(details.api_url));
        json.insert("created_at".to_owned(), json!(utc(times[0])));
        json.insert("changed_at".to_owned(), json!(utc(times[1])));
        json.insert("running".to_owned(), json!(!workers.is_empty()));
        json.insert("hours".to_owned(), json!(details.conditions.hours));
        json.insert("paused".to_owned(), json!(paused));
        json.insert("workers".to_owned(), json!(workers));
    }
    let mut words = vec![format!("run {name}: {}", details.description())];
    words.extend(summary.words(None, !workers.is_empty()));
    for worker in &workers {
        words.push(format!(
            "{} pid {}, heard of {} s ago: {} under way, {} sent",
            worker.host, worker.pid, worker.seen_s, worker.inflight, worker.sent
        ));
    }
    words.extend(paused.map(|paused| format!("paused ({}) by {} at {}", paused.reason, paused.by, paused.at)));
    print_summary(context, &json, &words, Some(name))?;
    Ok(ExitCode::Success)
}

/// Every run, a line each.
pub(crate) fn list(context: &Context, runs: &SharedRuns) -> Result<ExitCode, CommandError> {
    let names = runs.names()?;
    if names.is_empty() {
        context.stderr.note("there are no runs");
    }
    for name in names {
        let run = runs.id(&name)?;
        let (counts, details, times) = (runs.counts(run)?, runs.details(run)?, runs.times(run)?);
        let state = if counts.is_finished() { "complete" } else { "unfinished" };
        let figures = [counts.all(), counts.sent, counts.failed, counts.unknown, counts.left(), counts.skipped];
        let figures = figures.map(|count| count.to_string());
        let (name, created_at) = (name.to_string(), utc(times[0]).unwrap_or_default());
        let from = if details.sandbox { "sandbox" } else { &details.bot };
        let fields = [name.as_str(), state].into_iter().chain(figures.iter().map(String::as_str));
        let fields = fields.chain([created_at.as_str(), details.kind.as_str(), from]);
        context.stdout.fields(&fields.collect::<Vec<_>>())?;
    }
    Ok(ExitCode::Success)
}

/// Every process that sends the run takes no more rows, and ends once those under way have ended.
pub(crate) fn stop(context: &Context, runs: &SharedRuns, asked: Option<&RunName>) -> Result<ExitCode, CommandError> {
    let Some(name) = asked.map_or_else(|| runs.only_unfinished(), |asked| runs.named(asked).map(Some))? else {
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
    context: &Context,
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
    let name = runs.find(asked)?;
    let run = runs.id(&name)?;
    if from == RowState::Unknown && to == RowState::Pending {
        confirm_lost_workers(context, &runs.lost_workers(run)?)?;
    }
    let changed = runs.resolve(run, from, to)?;
    let stored = StoredRun::Shared(runs, run);
    let summary = RunSummary::of_stored(&stored, stored.details()?.written_to)?;
    let rows = counted(changed, &format!("{} row", from.name()));
    let count = if changed == 1 { "counts" } else { "count" };
    context.stderr.note(&format!("run {name}: {rows} {count} as {} from now on", to.name()));
    print_summary(context, &summary.to_json(Some(&name)), &summary.words(None, false), Some(&name))?;
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

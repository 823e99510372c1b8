//! `bulk status`, `list`, `resolve` and `remove`.

use serde_json::{Value, json};

use super::hours::waiting;
use super::store::open_store;
use super::summary::{print_summary, summary};
use crate::bulk::{Counts, Ledger, LostWorker, RowState, RunName, RunStore, SharedRuns, StoredRun};
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::output::counted;

/// The run in figures, also while it is going on.
pub(crate) fn status(context: &Context, asked: Option<&RunName>) -> Result<ExitCode, CommandError> {
    let store = open_store(context)?;
    let name = store.find(asked)?;
    let ledger = store.read(&name)?;
    let details = ledger.details()?;
    let counts = ledger.counts()?;
    let mut json = summary(Some(&name), &counts, &ledger.skip_counts()?, details.written_to);
    if let Value::Object(json) = &mut json {
        json.insert("kind".to_owned(), json!(details.kind));
        json.insert("profile".to_owned(), json!(details.profile));
        json.insert("bot_id".to_owned(), json!(details.bot));
        json.insert("api_url".to_owned(), json!(details.api_url));
        json.insert("hours".to_owned(), json!(details.conditions.hours));
        json.insert("waiting".to_owned(), json!(waiting(&store, &name, &details, &counts)));
        if let StoredRun::Shared(runs, run) = ledger {
            json.insert("paused".to_owned(), json!(runs.paused(run)?));
            json.insert("workers".to_owned(), json!(runs.workers(run)?));
        }
    }
    print_summary(context, &json, Some(&name))?;
    Ok(ExitCode::Success)
}

/// One line a run: name, whether it is complete, rows, sent, failed, unknown, remaining.
pub(crate) fn list(context: &Context) -> Result<ExitCode, CommandError> {
    let store = open_store(context)?;
    let names = store.names()?;
    if names.is_empty() {
        context.stderr.note("there are no runs");
    }
    for name in names {
        let looked = store.read(&name).and_then(|run| Ok((run.name_in_file()?, run.counts()?)));
        let counts = match looked {
            Ok((run, counts)) => {
                if let Some(run) = run.filter(|run| *run != name.to_string()) {
                    context
                        .stderr
                        .warning(&format!("{name}: it is a copy of run {run}, or its file under another name"));
                }
                counts
            }
            Err(error) => {
                context.stderr.warning(&format!("{name}: {error}"));
                continue;
            }
        };
        let state = if counts.is_finished() { "complete" } else { "unfinished" };
        let figures = [counts.all(), counts.sent, counts.failed, counts.unknown, counts.left()].map(|n| n.to_string());
        let name = name.to_string();
        let fields: Vec<_> = [name.as_str(), state].into_iter().chain(figures.iter().map(String::as_str)).collect();
        context.stdout.fields(&fields)?;
    }
    Ok(ExitCode::Success)
}

/// Decides rows by hand.
pub(crate) fn resolve(
    context: &Context,
    asked: Option<&RunName>,
    from: RowState,
    to: RowState,
) -> Result<ExitCode, CommandError> {
    let runs = match open_store(context)? {
        RunStore::Files(runs) => runs,
        RunStore::Shared(runs) => return resolve_shared(context, &runs, asked, [from, to]),
    };
    let name = runs.find(asked)?;
    let lock = runs.lock(&name)?;
    // Where nothing is left to be sent, a ledger that has lost records can be taken as it is.
    let open = if from == RowState::Pending { Ledger::accept_loss } else { Ledger::resume };
    let mut ledger = open(&runs.path(&name), lock.mark()?)?;
    let changed = ledger.resolve(from, to)?;
    let summary = summary(Some(&name), &ledger.counts()?, &ledger.skip_counts()?, ledger.details()?.written_to);
    ledger.close()?;
    let (rows, count) =
        (counted(changed as u64, &format!("{} row", from.name())), if changed == 1 { "counts" } else { "count" });
    context.stderr.note(&format!("run {name}: {rows} {count} as {} from now on", to.name()));
    print_summary(context, &summary, Some(&name))?;
    drop(lock);
    Ok(ExitCode::Success)
}

/// Decides rows of a run that other machines may be sending.
fn resolve_shared(
    context: &Context,
    runs: &SharedRuns,
    asked: Option<&RunName>,
    [from, to]: [RowState; 2],
) -> Result<ExitCode, CommandError> {
    let name = runs.find(asked)?;
    let run = runs.id(&name)?;
    if from == RowState::Pending {
        let message = "--pending-as is for a damaged ledger file; a database knows which rows were sent";
        return Err(UsageError::new(message, "leave it out; nothing was changed").into());
    }
    if from == RowState::Unknown && to == RowState::Pending {
        confirm_lost_workers(context, &runs.lost_workers(run)?)?;
    }
    let changed = runs.resolve(run, from, to)?;
    let stored = StoredRun::Shared(runs, run);
    let summary = summary(Some(&name), &stored.counts()?, &stored.skip_counts()?, stored.details()?.written_to);
    context.stderr.note(&format!("run {name}: {changed} {} rows count as {} from now on", from.name(), to.name()));
    print_summary(context, &summary, Some(&name))?;
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
    let message = format!("under way when a process was last heard of: {}", told.join("; "));
    context.stderr.warning(&message);
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
pub(crate) fn remove(context: &Context, name: &RunName) -> Result<ExitCode, CommandError> {
    let store = open_store(context)?;
    let name = store.find(Some(name))?;
    let lock = match &store {
        RunStore::Files(runs) => Some(runs.lock(&name)?),
        RunStore::Shared(_) => None,
    };
    let counts = store.read(&name).and_then(|run| run.counts());
    let what = match counts {
        Ok(Counts { pending: 0, inflight: 0, .. }) => "which is complete".to_owned(),
        Ok(Counts { pending, inflight: 0, unknown: 0, .. }) => {
            format!("of which {pending} messages are still to be sent")
        }
        Ok(Counts { pending, inflight, unknown, .. }) => {
            let unknown = unknown + inflight;
            format!("of which {pending} messages are still to be sent and {unknown} may have been sent")
        }
        Err(error) => format!("whose ledger cannot be read ({error})"),
    };
    if context.confirms(&format!("Remove run {name}, {what}?"))? != Some(true) {
        return Err(UsageError::new(format!("run {name}, {what}, was not removed"), "add --yes to remove it").into());
    }
    match (&store, lock) {
        (RunStore::Files(runs), Some(lock)) => runs.remove(&name, lock)?,
        (RunStore::Files(_), None) => {}
        (RunStore::Shared(runs), _) => runs.remove(runs.id(&name)?, &name)?,
    }
    context.stderr.note(&format!("run {name} is removed"));
    Ok(ExitCode::Success)
}

//! `bulk list`: every run, the newest first.

use serde_json::{Value, json};

use super::store::open_store;
use super::times::{local_time, utc};
use crate::bulk::RunOverview;
use crate::commands::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::output::{Format, Stdout, StreamError, compact};

const HEADER: [&str; 10] = ["RUN", "BEGUN", "KIND", "FROM", "ROWS", "SENT", "FAILED", "UNKNOWN", "SKIPPED", "LEFT"];

pub(crate) fn run(context: &Context) -> Result<ExitCode, CommandError> {
    let overviews = open_store(context)?
        .overviews(|name, error| context.stderr.warning(&format!("{name}: {error}; {}", error.hint())))?;
    if overviews.is_empty() {
        context.stderr.note("there are no runs");
    }
    for run in &overviews {
        if let Some(original) = &run.copy_of {
            let warning = format!("{}: it is a copy of run {original}, or its file under another name", run.name);
            context.stderr.warning(&warning);
        }
    }
    print(context, &overviews)?;
    Ok(ExitCode::Success)
}

fn print(context: &Context, runs: &[RunOverview]) -> Result<(), StreamError> {
    let stdout = &context.stdout;
    match stdout.format {
        Format::Id => runs.iter().try_for_each(|run| stdout.value(&run.name.to_string())),
        Format::Record => runs.iter().try_for_each(|run| stdout.line(&compact(&of_machine(run)))),
        Format::Response if runs.is_empty() => Ok(()),
        Format::Response if stdout.wants_words() => stdout.table(&HEADER, runs.iter().map(of_person)),
        Format::Response => runs.iter().try_for_each(|run| of_script(stdout, run)),
        Format::None => Ok(()),
    }
}

/// Whose run it is: a rehearsal has no bot that anybody knows.
fn from(run: &RunOverview) -> &str {
    if run.details.sandbox { "sandbox" } else { &run.details.bot }
}

fn of_person(run: &RunOverview) -> Vec<String> {
    let counts = run.counts();
    let left = match (counts.left(), run.is_held) {
        (0, _) => "-".to_owned(),
        (left, true) => format!("{left}, running"),
        (left, false) => left.to_string(),
    };
    let words = [run.name.to_string(), local_time(run.created_at), run.details.kind.clone(), from(run).to_owned()];
    let figures = [counts.all(), counts.sent, counts.failed, counts.unknown, counts.skipped];
    words.into_iter().chain(figures.map(|count| count.to_string())).chain([left]).collect()
}

/// The fields between tabs: what comes to be known later stands behind the others.
fn of_script(stdout: &Stdout, run: &RunOverview) -> Result<(), StreamError> {
    let counts = run.counts();
    let state = if run.is_finished() { "complete" } else { "unfinished" };
    let figures =
        [counts.all(), counts.sent, counts.failed, counts.unknown, counts.left()].map(|count| count.to_string());
    let [name, skipped, created_at] = [run.name.to_string(), counts.skipped.to_string(), utc(run.created_at)];
    let fields = [name.as_str(), state].into_iter().chain(figures.iter().map(String::as_str)).chain([
        skipped.as_str(),
        &created_at,
        &run.details.kind,
        from(run),
    ]);
    stdout.fields(&fields.collect::<Vec<_>>())
}

fn of_machine(run: &RunOverview) -> Value {
    let (counts, details) = (run.counts(), &run.details);
    json!({
        "schema_version": 1,
        "run": run.name.to_string(),
        "complete": run.is_finished(),
        "running": run.is_held,
        "created_at": utc(run.created_at),
        "changed_at": utc(run.changed_at),
        "kind": details.kind,
        "profile": details.profile,
        "bot_id": details.bot,
        "sandbox": details.sandbox,
        "rows": counts.all(),
        "sent": counts.sent,
        "failed": counts.failed,
        "unknown": counts.unknown,
        "skipped": counts.skipped,
        "pending": counts.pending,
        "inflight": counts.inflight,
    })
}

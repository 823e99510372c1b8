//! `bulk list`: all runs, newest first.

use clap::Args;
use serde_json::{Value, json};

use super::hours::waiting;
use super::words::{deliveries_as_json, local_time, report_doubt, utc};
use crate::commands::CommandError;
use crate::commands::store::open_store;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::ledger::{Details, LedgerError, RunOverview};
use crate::output::{Format, StreamError, Waiting, compact};

const HEADER: [&str; 10] = ["RUN", "BEGUN", "KIND", "FROM", "ROWS", "SENT", "FAILED", "UNKNOWN", "SKIPPED", "LEFT"];

/// List the runs, the newest first
///
/// If standard output is not a terminal, it prints, separated by tabs: name, state (complete,
/// cancelled, unfinished or doubtful), rows, sent, failed, unknown, left, skipped, when it
/// was made (UTC), kind, and the bot or `sandbox`. With -o record it prints one JSON object a line.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct BulkListArgs {}

/// A run, and what it waits for if a process is sending it.
type ListedRun<'a> = (&'a RunOverview, Option<Waiting>);

pub(crate) fn run(context: &Context, _: &BulkListArgs) -> Result<ExitCode, CommandError> {
    let store = open_store(context)?;
    let runs = store.overviews()?;
    if runs.is_empty() {
        context.stderr.note("there are no runs");
    }
    let waits = |run: &RunOverview| {
        if run.is_held { waiting(&store.run(&run.name)?, &run.details) } else { Ok(None) }
    };
    let runs: Vec<_> = runs.iter().map(|run| Ok((run, waits(run)?))).collect::<Result<_, LedgerError>>()?;
    print(context, &runs)?;
    if let Err(error) = store.refuse_older_layout() {
        context.stderr.warning(&format!("{error}; {}", error.hint));
    }
    let mut code = ExitCode::Success;
    for (run, _) in runs.iter().filter(|(run, _)| run.doubt.is_some()) {
        code = report_doubt(context, &run.name, run.doubt.as_ref());
    }
    Ok(code)
}

fn print(context: &Context, runs: &[ListedRun<'_>]) -> Result<(), StreamError> {
    let stdout = &context.stdout;
    match stdout.format {
        Format::Id => runs.iter().try_for_each(|(run, _)| stdout.value(&run.name.to_string())),
        Format::Record => runs.iter().try_for_each(|run| stdout.line(&compact(&of_machine(run)))),
        Format::Response if runs.is_empty() => Ok(()),
        Format::Response if stdout.wants_words() => stdout.table(&HEADER, runs.iter().map(of_person)),
        Format::Response => runs.iter().try_for_each(|(run, _)| stdout.fields(&of_script(run))),
        Format::None | Format::To => Ok(()),
    }
}

/// The sender in words: the bot of a rehearsal is meaningless.
fn from(Details { bot, sandbox, .. }: &Details) -> String {
    if *sandbox { "sandbox".to_owned() } else { bot.clone() }
}

fn of_person((run, waiting): &ListedRun<'_>) -> Vec<String> {
    let counts = run.counts;
    let left = match (counts.left(), run.is_held) {
        _ if run.doubt.is_some() => "doubtful".to_owned(),
        (0, _) if run.is_cancelled => "cancelled".to_owned(),
        (0, _) => "-".to_owned(),
        (left, true) => match waiting {
            Some(waiting) => format!("{left}, waits {}", waiting.shown),
            None => format!("{left}, running"),
        },
        (left, false) => left.to_string(),
    };
    let figures = [counts.all(), counts.sent, counts.failed, counts.unknown, counts.skipped];
    let words = [run.name.to_string(), local_time(run.created_at), run.details.kind.clone(), from(&run.details)];
    words.into_iter().chain(figures.map(|count| count.to_string())).chain([left]).collect()
}

/// The tab-separated fields; new ones are added at the end.
fn of_script(run: &RunOverview) -> Vec<String> {
    let counts = run.counts;
    let state = match &run.doubt {
        Some(_) => "doubtful",
        None if run.is_cancelled => "cancelled",
        None if run.is_finished => "complete",
        None => "unfinished",
    };
    let figures = [counts.all(), counts.sent, counts.failed, counts.unknown, counts.left(), counts.skipped];
    let figures = figures.map(|count| count.to_string());
    let rest = [utc(run.created_at), run.details.kind.clone(), from(&run.details)];
    [run.name.to_string(), state.to_owned()].into_iter().chain(figures).chain(rest).collect()
}

fn of_machine((run, waiting): &ListedRun<'_>) -> Value {
    let (details, counts) = (&run.details, run.counts);
    json!({
        "schema_version": 1,
        "run": run.name.to_string(),
        "complete": run.is_finished,
        "cancelled": run.is_cancelled,
        "doubt": run.doubt.as_ref().map(ToString::to_string),
        "running": run.is_held,
        "waiting": waiting,
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
        "deliveries": run.deliveries.as_ref().map(deliveries_as_json),
    })
}

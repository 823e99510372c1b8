//! `bulk list`: all runs, newest first.

use clap::Args;
use serde_json::{Value, json};

use super::store::open_store;
use super::words::{deliveries_as_json, local_time, report_damage, report_unreadable, utc};
use crate::commands::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::ledger::{Counts, RunOverview, RunOverviews, UnreadableRun};
use crate::output::{Format, Stdout, StreamError, compact};

const HEADER: [&str; 10] = ["RUN", "BEGUN", "KIND", "FROM", "ROWS", "SENT", "FAILED", "UNKNOWN", "SKIPPED", "LEFT"];

/// List the runs, the newest first
///
/// If standard output is not a terminal, it prints, separated by tabs: name, state (complete,
/// cancelled, unfinished, damaged or unreadable), rows, sent, failed, unknown, left, skipped, when it
/// was made (UTC), kind, and the bot or `sandbox`. With -o record it prints one JSON object a line.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct BulkListArgs {}

pub(crate) fn run(context: &Context, _: &BulkListArgs) -> Result<ExitCode, CommandError> {
    let all = open_store(context)?.overviews()?;
    if all.runs.is_empty() && all.unreadable.is_empty() {
        context.stderr.note("there are no runs");
    }
    print(context, &all)?;
    let mut code = ExitCode::Success;
    for run in all.runs.iter().filter(|run| run.damage.is_some()) {
        code = report_damage(context, &run.name, run.damage.as_ref());
    }
    for run in &all.unreadable {
        code = report_unreadable(context, run);
    }
    Ok(code)
}

fn print(context: &Context, RunOverviews { runs, unreadable }: &RunOverviews) -> Result<(), StreamError> {
    let stdout = &context.stdout;
    let is_empty = runs.is_empty() && unreadable.is_empty();
    match stdout.format {
        Format::Id => {
            let names = runs.iter().map(|run| &run.name).chain(unreadable.iter().map(|run| &run.name));
            names.map(ToString::to_string).try_for_each(|name| stdout.value(&name))
        }
        Format::Record => {
            let mut all = runs.iter().map(Ok).chain(unreadable.iter().map(Err));
            all.try_for_each(|run| stdout.line(&compact(&of_machine(run))))
        }
        Format::Response if is_empty => Ok(()),
        Format::Response if stdout.wants_words() => {
            stdout.table(&HEADER, runs.iter().map(of_person).chain(unreadable.iter().map(unreadable_of_person)))
        }
        Format::Response => {
            runs.iter().try_for_each(|run| of_script(stdout, run))?;
            unreadable.iter().try_for_each(|run| unreadable_of_script(stdout, run))
        }
        Format::None | Format::To => Ok(()),
    }
}

/// The sender of the run: the bot of a rehearsal is meaningless.
fn from(run: &RunOverview) -> &str {
    if run.details.sandbox { "sandbox" } else { &run.details.bot }
}

fn of_person(run: &RunOverview) -> Vec<String> {
    let counts = run.counts();
    let left = match (counts.left(), run.is_held) {
        _ if run.damage.is_some() => "damaged".to_owned(),
        (0, _) if run.is_cancelled => "cancelled".to_owned(),
        (0, _) => "-".to_owned(),
        (left, true) => format!("{left}, running"),
        (left, false) => left.to_string(),
    };
    let words = [run.name.to_string(), local_time(run.created_at), run.details.kind.clone(), from(run).to_owned()];
    let figures = [counts.all(), counts.sent, counts.failed, counts.unknown, counts.skipped];
    words.into_iter().chain(figures.map(|count| count.to_string())).chain([left]).collect()
}

/// Prints tab-separated fields; new fields are added at the end.
fn of_script(stdout: &Stdout, run: &RunOverview) -> Result<(), StreamError> {
    let counts = run.counts();
    let state = match &run.damage {
        Some(_) => "damaged",
        None if run.is_cancelled => "cancelled",
        None if run.is_finished() => "complete",
        None => "unfinished",
    };
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

/// The record of a run. Of one that cannot be read, nearly all is null.
fn of_machine(run: Result<&RunOverview, &UnreadableRun>) -> Value {
    let (known, unreadable) = (run.ok(), run.err());
    let (details, counts) = (known.map(|run| &run.details), known.map(RunOverview::counts));
    let note = unreadable.and_then(|run| run.note.as_ref());
    let of = |part: fn(&Counts) -> u64| counts.as_ref().map(part);
    json!({
        "schema_version": 1,
        "run": run.map_or_else(|run| run.name.to_string(), |run| run.name.to_string()),
        "complete": known.map(RunOverview::is_finished),
        "cancelled": known.map(|run| run.is_cancelled),
        "unreadable": unreadable.map(|run| run.error.to_string()),
        "damaged": known.and_then(|run| run.damage.as_ref()).map(ToString::to_string),
        "running": run.map_or_else(|run| run.is_held, |run| run.is_held),
        "created_at": known.map(|run| utc(run.created_at)),
        "changed_at": known.map(|run| utc(run.changed_at)),
        "kind": details.map(|details| &details.kind),
        "profile": details.and_then(|details| details.profile.as_ref()),
        "bot_id": details.map(|details| &details.bot).or(note.map(|note| &note.bot)),
        "sandbox": details.map(|details| details.sandbox).or(note.map(|note| note.sandbox)),
        "rows": of(Counts::all),
        "sent": of(|counts| counts.sent),
        "failed": of(|counts| counts.failed),
        "unknown": of(|counts| counts.unknown),
        "skipped": of(|counts| counts.skipped),
        "pending": of(|counts| counts.pending),
        "inflight": of(|counts| counts.inflight),
        "deliveries": known.and_then(|run| run.deliveries.as_ref()).map(deliveries_as_json),
    })
}

/// The owner, if the lock file has it.
fn from_note(run: &UnreadableRun) -> &str {
    match &run.note {
        Some(note) if note.sandbox => "sandbox",
        Some(note) => &note.bot,
        None => "-",
    }
}

fn unreadable_of_person(run: &UnreadableRun) -> Vec<String> {
    let name = run.name.to_string();
    let [begun, kind, figures @ ..] = ["-"; 7];
    let cells = [&name, begun, kind, from_note(run)].into_iter().chain(figures).chain(["unreadable"]);
    cells.map(str::to_owned).collect()
}

/// Prints as many fields as the other lines have.
fn unreadable_of_script(stdout: &Stdout, run: &UnreadableRun) -> Result<(), StreamError> {
    let name = run.name.to_string();
    let fields = [name.as_str(), "unreadable"].into_iter().chain(["-"; 8]).chain([from_note(run)]);
    stdout.fields(&fields.collect::<Vec<_>>())
}

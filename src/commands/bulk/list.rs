//! `bulk list`: all runs, newest first.

use clap::Args;
use serde_json::{Value, json};

use super::store::open_store;
use super::words::{deliveries_as_json, local_time, report_damage, report_unreadable, utc};
use crate::commands::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::ledger::{Counts, RunOverview, RunOverviews, UnreadableRun};
use crate::output::{Format, StreamError, compact};

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

/// A run in the list; Err if it cannot be read.
type ListedRun<'a> = Result<&'a RunOverview, &'a UnreadableRun>;

fn print(context: &Context, RunOverviews { runs, unreadable }: &RunOverviews) -> Result<(), StreamError> {
    let stdout = &context.stdout;
    let mut all = runs.iter().map(ListedRun::Ok).chain(unreadable.iter().map(ListedRun::Err));
    match stdout.format {
        Format::Id => all.try_for_each(|run| stdout.value(&name(run))),
        Format::Record => all.try_for_each(|run| stdout.line(&compact(&of_machine(run)))),
        Format::Response if runs.is_empty() && unreadable.is_empty() => Ok(()),
        Format::Response if stdout.wants_words() => stdout.table(&HEADER, all.map(of_person)),
        Format::Response => all.try_for_each(|run| stdout.fields(&of_script(run))),
        Format::None | Format::To => Ok(()),
    }
}

fn name(run: ListedRun<'_>) -> String {
    run.map_or_else(|run| &run.name, |run| &run.name).to_string()
}

/// The bot of a run, and whether it is on the sandbox; of one that cannot be read, if the lock file has it.
fn sender(run: ListedRun<'_>) -> Option<(&str, bool)> {
    match run {
        Ok(run) => Some((&run.details.bot, run.details.sandbox)),
        Err(run) => run.note.as_ref().map(|note| (note.bot.as_str(), note.sandbox)),
    }
}

/// The sender in words: the bot of a rehearsal is meaningless.
fn from(run: ListedRun<'_>) -> String {
    let from = sender(run).map(|(bot, is_rehearsal)| if is_rehearsal { "sandbox" } else { bot });
    from.unwrap_or("-").to_owned()
}

fn of_person(run: ListedRun<'_>) -> Vec<String> {
    let (name, from) = (name(run), from(run));
    let Ok(run) = run else {
        return [&name, "-", "-", &from, "-", "-", "-", "-", "-", "unreadable"].map(str::to_owned).into();
    };
    let counts = run.counts;
    let left = match (counts.left(), run.is_held) {
        _ if run.damage.is_some() => "damaged".to_owned(),
        (0, _) if run.is_cancelled => "cancelled".to_owned(),
        (0, _) => "-".to_owned(),
        (left, true) => format!("{left}, running"),
        (left, false) => left.to_string(),
    };
    let figures = [counts.all(), counts.sent, counts.failed, counts.unknown, counts.skipped];
    let words = [name, local_time(run.created_at), run.details.kind.clone(), from];
    words.into_iter().chain(figures.map(|count| count.to_string())).chain([left]).collect()
}

/// The tab-separated fields; new ones are added at the end. A run that cannot be read has as many.
fn of_script(run: ListedRun<'_>) -> Vec<String> {
    let (name, from) = (name(run), from(run));
    let Ok(run) = run else {
        let unknown = ["-"; 8].map(str::to_owned);
        return [name, "unreadable".to_owned()].into_iter().chain(unknown).chain([from]).collect();
    };
    let counts = run.counts;
    let state = match &run.damage {
        Some(_) => "damaged",
        None if run.is_cancelled => "cancelled",
        None if run.is_finished => "complete",
        None => "unfinished",
    };
    let figures = [counts.all(), counts.sent, counts.failed, counts.unknown, counts.left(), counts.skipped];
    let figures = figures.map(|count| count.to_string());
    let rest = [utc(run.created_at), run.details.kind.clone(), from];
    [name, state.to_owned()].into_iter().chain(figures).chain(rest).collect()
}

/// The record of a run. Of one that cannot be read, nearly all is null.
fn of_machine(run: ListedRun<'_>) -> Value {
    let (known, unreadable, sender) = (run.ok(), run.err(), sender(run));
    let (details, counts) = (known.map(|run| &run.details), known.map(|run| run.counts));
    let of = |part: fn(&Counts) -> u64| counts.as_ref().map(part);
    json!({
        "schema_version": 1,
        "run": name(run),
        "complete": known.map(|run| run.is_finished),
        "cancelled": known.map(|run| run.is_cancelled),
        "unreadable": unreadable.map(|run| run.error.to_string()),
        "damaged": known.and_then(|run| run.damage.as_ref()).map(ToString::to_string),
        "running": run.map_or_else(|run| run.is_held, |run| run.is_held),
        "created_at": known.map(|run| utc(run.created_at)),
        "changed_at": known.map(|run| utc(run.changed_at)),
        "kind": details.map(|details| &details.kind),
        "profile": details.and_then(|details| details.profile.as_ref()),
        "bot_id": sender.map(|(bot, _)| bot),
        "sandbox": sender.map(|(_, is_rehearsal)| is_rehearsal),
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

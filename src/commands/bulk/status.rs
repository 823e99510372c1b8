//! `bulk status`: what there is to see of one run, also while it goes on.

use serde_json::{Value, json};

use super::hours::waiting;
use super::named_run::find_or_newest;
use super::shared;
use super::store::open_store;
use super::summary::{RunSummary, print_summary, to_continue};
use super::times::{local_time, utc};
use crate::bulk::{Ledger, RunName, RunStore};
use crate::commands::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;

/// The run in figures, also while it is going on.
pub(crate) fn run(context: &Context, asked: Option<&RunName>) -> Result<ExitCode, CommandError> {
    let store = open_store(context)?;
    let name = find_or_newest(context, &store, asked)?;
    let runs = match &store {
        RunStore::Files(runs) => runs,
        RunStore::Shared(runs) => return shared::status(context, runs, &name),
    };
    let run = runs.overview(&name)?;
    let details = &run.details;
    let summary = RunSummary::of(&Ledger::read(&runs.path(&name))?, details.written_to)?;
    let waiting = waiting(&store, &name, details, &summary.counts);
    let is_stopping = run.is_held && runs.stop_mark(&name).is_set();
    let mut json = summary.to_json(Some(&name));
    if let Value::Object(json) = &mut json {
        json.insert("kind".to_owned(), json!(details.kind));
        json.insert("profile".to_owned(), json!(details.profile));
        json.insert("bot_id".to_owned(), json!(details.bot));
        json.insert("api_url".to_owned(), json!(details.api_url));
        json.insert("created_at".to_owned(), json!(utc(run.created_at)));
        json.insert("changed_at".to_owned(), json!(utc(run.changed_at)));
        json.insert("running".to_owned(), json!(run.is_held));
        json.insert("stopping".to_owned(), json!(is_stopping));
        json.insert("hours".to_owned(), json!(details.conditions.hours));
        json.insert("waiting".to_owned(), json!(waiting));
    }
    let mut words = vec![format!("run {name}: {}, begun {}", details.description(), local_time(run.created_at))];
    words.extend(summary.words(None, run.is_held));
    words.push(match (run.is_held, &waiting) {
        _ if run.is_finished() => format!("complete, last changed {}", local_time(run.changed_at)),
        (true, _) if is_stopping => "it is stopping, as `jelouctl bulk stop` asks".to_owned(),
        (true, Some(waiting)) => format!("it waits {}", waiting.shown),
        (true, None) => "a process has it".to_owned(),
        (false, _) => "no process sends it".to_owned(),
    });
    print_summary(context, &json, &words, Some(&name))?;
    if context.stdout.wants_words() && !run.is_held {
        let to_continue = (!run.is_finished()).then(|| to_continue(&name));
        to_continue.into_iter().chain(summary.ways_on(&name)).for_each(|way| context.stderr.note(&way));
    }
    Ok(ExitCode::Success)
}

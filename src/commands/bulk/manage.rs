//! `bulk status`, `list`, `resolve` and `remove`.

use serde_json::{Value, json};

use super::hours::waiting;
use super::summary::{print_summary, summary};
use crate::bulk::{Counts, Ledger, RowState, RunName, Runs};
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::output::counted;

/// The run in figures, also while it is going on.
pub(crate) fn status(context: &Context, asked: Option<&RunName>) -> Result<ExitCode, CommandError> {
    let runs = Runs::open()?;
    let name = runs.find(asked)?;
    let ledger = Ledger::read(&runs.path(&name))?;
    let details = ledger.details()?;
    let counts = ledger.counts()?;
    let mut json = summary(Some(&name), &counts, &ledger.skip_counts()?, details.written_to);
    if let Value::Object(json) = &mut json {
        json.insert("kind".to_owned(), json!(details.kind));
        json.insert("profile".to_owned(), json!(details.profile));
        json.insert("bot_id".to_owned(), json!(details.bot));
        json.insert("api_url".to_owned(), json!(details.api_url));
        json.insert("hours".to_owned(), json!(details.conditions.hours));
        json.insert("waiting".to_owned(), json!(waiting(&runs, &name, &details, &counts)));
    }
    print_summary(context, &json, Some(&name))?;
    Ok(ExitCode::Success)
}

/// One line a run: name, whether it is complete, rows, sent, failed, unknown, remaining.
pub(crate) fn list(context: &Context) -> Result<ExitCode, CommandError> {
    let runs = Runs::open()?;
    let names = runs.names()?;
    if names.is_empty() {
        context.stderr.note("there are no runs");
    }
    for name in names {
        let looked = Ledger::read(&runs.path(&name)).and_then(|ledger| Ok((ledger.name()?, ledger.counts()?)));
        let counts = match looked {
            Ok((run, counts)) => {
                if run != name.to_string() {
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
    let runs = Runs::open()?;
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

/// Removes a run with all that is known of its rows.
pub(crate) fn remove(context: &Context, name: &RunName) -> Result<ExitCode, CommandError> {
    let runs = Runs::open()?;
    let name = runs.find(Some(name))?;
    let lock = runs.lock(&name)?;
    let counts = Ledger::read(&runs.path(&name)).and_then(|ledger| ledger.counts());
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
    runs.remove(&name, lock)?;
    context.stderr.note(&format!("run {name} is removed"));
    Ok(ExitCode::Success)
}

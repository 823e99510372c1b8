//! `bulk resolve`: what a person says became of rows.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::arguments::Decided;
use super::import::open;
use super::run_countries::country_of_run;
use super::run_log::log_resolved;
use super::shared;
use super::store::open_store;
use super::summary::{RunSummary, print_what_stays, to_continue};
use crate::bulk::{BulkError, Counts, Ledger, Resolution, RowState, RunError, RunName, RunStore, Runs};
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::input::Source;
use crate::list::{ListError, ListOptions, ReportedOutcome, ReportedSent};
use crate::message::{InvalidMessage, TypedRecipient};
use crate::output::{Sent, counted};

pub(crate) fn run(context: &mut Context, asked: Option<&RunName>, decided: &Decided) -> Result<ExitCode, CommandError> {
    let (resolution, of_report) = match decided {
        Decided::Rows { change, lines, people, .. } if lines.is_empty() && people.is_empty() => {
            (Resolution::All(*change), None)
        }
        Decided::Rows { change, lines, people, country } => {
            let country = match country {
                None if !people.is_empty() => country_of_run(context, asked)?,
                typed => *typed,
            };
            let read =
                |typed: &String| TypedRecipient::read(typed, country).map(|typed| typed.recipient.as_str().to_owned());
            let people = people.iter().map(read).collect::<Result<_, _>>();
            let people = people.map_err(|error| InvalidMessage::Recipient { origin: "--to", error })?;
            (Resolution::Some { change: *change, lines: lines.clone(), people }, None)
        }
        Decided::Reported(source) => {
            let Reported { run, rows } = read_report(context, source, asked)?;
            (Resolution::Reported(rows), Some(run))
        }
    };
    let store = open_store(context)?;
    let Some(name) = store.named_or_unfinished(asked.or(of_report.as_ref()))? else {
        return Err(BulkError::from(RunError::NoneUnfinished { known: store.names()? }).into());
    };
    let changed = match &store {
        RunStore::Files(runs) => resolve_in_file(runs, &name, &resolution)?,
        RunStore::Shared(runs) => shared::resolve(context, runs, &name, &resolution)?,
    };
    let stored = store.read(&name)?;
    let details = stored.details()?;
    let summary = RunSummary::of(&stored, details.written_to)?;
    log_resolved(context, &name, &details, &summary.counts);
    context.stderr.note(&format!("run {name}: {}", in_words(&changed, &resolution)));
    print_what_stays(context, &summary.to_json(Some(&name)), &summary.words(None, false), &name);
    // Where a process sends the run it takes them by itself.
    if changed.pending > 0 && !store.is_on_its_way(&name) {
        context.stderr.note(&to_continue(&name));
    }
    Ok(ExitCode::Success)
}

fn resolve_in_file(runs: &Runs, name: &RunName, resolution: &Resolution) -> Result<Counts, CommandError> {
    let lock = runs.lock(name)?;
    // Where nothing is left to be sent, a ledger that has lost records can be taken as it is.
    let open = if matches!(resolution, Resolution::All([RowState::Pending, _])) {
        Ledger::accept_loss
    } else {
        Ledger::resume
    };
    let mut ledger = open(&runs.path(name), lock.mark()?)?;
    let changed = ledger.resolve(resolution);
    ledger.close()?;
    Ok(changed?)
}

/// `2 unknown rows count as sent, 1 unknown row counts as failed from now on`
fn in_words(changed: &Counts, resolution: &Resolution) -> String {
    let row = match resolution {
        Resolution::All([from, _]) | Resolution::Some { change: [from, _], .. } => format!("{} row", from.name()),
        Resolution::Reported(_) => format!("{} row", RowState::Unknown.name()),
    };
    let said = RowState::ALL.into_iter().map(|state| (state, changed.of(state))).filter(|(_, rows)| *rows > 0);
    let said: Vec<_> = said
        .map(|(state, rows)| {
            let count = if rows == 1 { "counts" } else { "count" };
            format!("{} {count} as {}", counted(rows, &row), state.name())
        })
        .collect();
    if said.is_empty() { "no row is changed".to_owned() } else { format!("{} from now on", said.join(", ")) }
}

/// What a report says of the rows of a run, by their lines.
struct Reported {
    run: RunName,
    rows: BTreeMap<u64, Sent>,
}

/// Reads the report of the run `asked`, or of the run that it names.
fn read_report(context: &mut Context, source: &Source, asked: Option<&RunName>) -> Result<Reported, CommandError> {
    if *source == Source::Stdin {
        context.input.claim_stdin("--from")?;
    }
    let mut list = open(source, &ListOptions::default()).map_err(no_report)?;
    let name = list.name().to_owned();
    let mut run = asked.cloned();
    let mut rows = BTreeMap::new();
    while let Some(row) = list.read().map_err(no_report)? {
        let refuse = |problem: String| {
            let hint = "correct it, or write the report anew with `jelouctl bulk report RUN --file FILE`; nothing was \
                        changed";
            UsageError::new(format!("--from: {name}, line {}: {problem}", row.line), hint)
        };
        if let Err(problem) = row.row {
            return Err(refuse(problem).into());
        }
        let Some(outcome) = row.outcome else {
            return Err(no_report(format!(
                "{name} is no report of a run: its last columns are not run, line, sent, …"
            ))
            .into());
        };
        let (of_run, line, sent) = of_row(&outcome).map_err(&refuse)?;
        let run = run.get_or_insert_with(|| of_run.clone());
        if of_run != *run {
            return Err(refuse(format!("is of run {of_run}, not of {run}")).into());
        }
        if rows.insert(line, sent).is_some_and(|before| before != sent) {
            return Err(refuse(format!("says otherwise of line {line} than a row before it")).into());
        }
    }
    let run = run.filter(|_| !rows.is_empty()).ok_or_else(|| no_report(ListError::NoRows { name }))?;
    Ok(Reported { run, rows })
}

fn no_report(problem: impl Display) -> UsageError {
    let hint = "take the file that `jelouctl bulk report RUN --file FILE` writes, with its columns as they are; nothing was \
                changed";
    UsageError::new(format!("--from: {problem}"), hint)
}

/// The run, the line of its list, and what is said of it.
fn of_row(outcome: &ReportedOutcome) -> Result<(RunName, u64, Sent), String> {
    let run = outcome.run.trim().parse().map_err(|problem| format!("run: {problem}"))?;
    let line = outcome.line.trim();
    let line = line.parse().map_err(|_| format!("line: `{}` is no line of a list", line.escape_debug()))?;
    let sent = match outcome.is_sent()? {
        ReportedSent::Yes => Sent::Yes,
        ReportedSent::No => Sent::No,
        ReportedSent::Unknown => Sent::Unknown,
    };
    Ok((run, line, sent))
}

//! `bulk resolve`: what a person says became of rows.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::arguments::Decided;
use super::import::open;
use super::plan::recipient_rule;
use super::run_log::log_resolved;
use super::store::open_store;
use super::summary::{RunSummary, print_what_stays, to_continue};
use super::words::warn_of_left_alone;
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::input::Source;
use crate::ledger::{
    Counts, HeldFor, LedgerStore, LostWorker, RecipientFlags, Resolution, RowOfReport, RowState, RunError, RunName,
};
use crate::list::{ListError, ListOptions, ListRow, ReportedSent, Row};
use crate::message::{InvalidMessage, TypedRecipient};
use crate::output::{Sent, StreamError, counted};
use crate::template::language;
use crate::timestamps::{local_second, of_milliseconds};

pub(crate) fn run(context: &mut Context, asked: Option<&RunName>, decided: &Decided) -> Result<ExitCode, CommandError> {
    let (resolution, (store, name)) = match decided {
        Decided::Rows { change, lines, people, .. } if lines.is_empty() && people.is_empty() => {
            (Resolution::All(*change), open_run(context, asked)?)
        }
        Decided::Rows { change, lines, people, country } => {
            let (store, name) = open_run(context, asked)?;
            let country = match country {
                // A number that is typed means what it means in the list.
                None if !people.is_empty() => store.read(&name)?.details()?.recipient_flags.country,
                typed => *typed,
            };
            let read =
                |typed: &String| TypedRecipient::read(typed, country).map(|typed| typed.recipient.as_str().to_owned());
            let people = people.iter().map(read).collect::<Result<_, _>>();
            let people = people.map_err(|error| InvalidMessage::Recipient { origin: "--to", error })?;
            (Resolution::Some { change: *change, lines: lines.clone(), people }, (store, name))
        }
        Decided::Reported(source) => read_report(context, source, asked)?,
    };
    let changed = decide(context, &*store, &name, &resolution)?;
    let stored = store.read(&name)?;
    let details = stored.details()?;
    let summary = RunSummary::of(stored, details.written_to)?;
    log_resolved(context, &name, &details, &summary.counts);
    context.stderr.note(&format!("run {name}: {}", in_words(&changed, &resolution)));
    print_what_stays(context, &summary.to_json(Some(&name)), &summary.words(None, false), &name);
    // Where a process sends the run it takes them by itself.
    if changed.pending > 0 && !store.is_held(&name) {
        context.stderr.note(&to_continue(&name));
    }
    summary.ways_on(&name, &details).iter().for_each(|way| context.stderr.note(way));
    Ok(ExitCode::Success)
}

fn decide(
    context: &Context,
    store: &dyn LedgerStore,
    name: &RunName,
    resolution: &Resolution,
) -> Result<Counts, CommandError> {
    if store.is_shared() && matches!(resolution, Resolution::All([RowState::Pending, _])) {
        let message = "--pending-as is for a damaged ledger file, and this run is in a database";
        return Err(UsageError::new(message, "leave it out").into());
    }
    let mut asked = Ok(None);
    let changed = store.hold(name, HeldFor::Deciding)?.resolve(resolution, &mut |workers| {
        asked = confirm_lost_workers(context, workers);
        matches!(asked, Ok(Some(true)))
    });
    asked?;
    Ok(changed?)
}

/// Asks about processes that were only stopped, perhaps: such a one may still send what it was given.
fn confirm_lost_workers(context: &Context, workers: &[LostWorker]) -> Result<Option<bool>, StreamError> {
    let in_words = |worker: &LostWorker| {
        let (rows, seen) = (counted(worker.rows.len() as u64, "row"), local_second(of_milliseconds(worker.seen_at)));
        format!("{rows} at {} pid {}, not heard of since {seen}", worker.host, worker.pid)
    };
    let told: Vec<_> = workers.iter().map(in_words).collect();
    context.stderr.warning(&format!("under way when a process was last heard of: {}", told.join("; ")));
    context.confirms("If that process is only stopped it may still send them. Has it ended?")
}

/// `2 unknown rows count as sent, 1 unknown row counts as failed from now on`
fn in_words(changed: &Counts, resolution: &Resolution) -> String {
    let row = match resolution {
        // Of a damaged ledger those that failed are among them.
        Resolution::All([RowState::Pending, _]) => "row".to_owned(),
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

/// The run that is meant, where it is.
fn open_run(context: &Context, asked: Option<&RunName>) -> Result<(Box<dyn LedgerStore>, RunName), CommandError> {
    let store = open_store(context)?;
    match store.named_or_unfinished(asked, false, &mut warn_of_left_alone(context))? {
        Some(name) => Ok((store, name)),
        None => Err(RunError::NoneUnfinished { known: store.names()? }.into()),
    }
}

/// Reads the report of the run `asked`, or of the run that it names: what it says of the rows, by their lines in the list.
fn read_report(
    context: &mut Context,
    source: &Source,
    asked: Option<&RunName>,
) -> Result<(Resolution, (Box<dyn LedgerStore>, RunName)), CommandError> {
    if *source == Source::Stdin {
        context.input.claim_stdin("--from")?;
    }
    let mut list = open(source, &ListOptions::default()).map_err(no_report)?;
    let name = list.name().to_owned();
    let mut next = list.read().map_err(no_report)?;
    let Some(first) = &next else { return Err(no_report(ListError::NoRows { name }).into()) };
    let (of_run, ..) = of_row(&name, first)?;
    let (store, run) = open_run(context, Some(asked.unwrap_or(&of_run)))?;
    let details = store.read(&run)?.details()?;
    let RecipientFlags { country, to, to_column } = &details.recipient_flags;
    let language = language();
    let rule = recipient_rule(&language, to.as_deref(), to_column.as_deref())?;
    let columns = first.row.as_ref().map(Row::names).unwrap_or_default();
    let column = rule.column(&columns).map_err(no_report)?;
    let mut rows = BTreeMap::new();
    while let Some(row) = next {
        let (of_run, line, sent, at) = of_row(&name, &row)?;
        if of_run != run {
            return Err(refused(&name, row.line, &format!("is of run {of_run}, not of {run}")).into());
        }
        let recipient = row.row.and_then(|cells| {
            let read = rule.read(&cells, &column, *country).map_err(|error| error.to_string())?;
            Ok(read.1.recipient.as_str().to_owned())
        });
        let said = RowOfReport { line: row.line, sent, recipient, at };
        let before = rows.insert(line, said.clone());
        if before.is_some_and(|before| RowOfReport { line: said.line, ..before } != said) {
            let problem = format!("says otherwise of line {line} than a row before it");
            return Err(refused(&name, row.line, &problem).into());
        }
        next = list.read().map_err(no_report)?;
    }
    Ok((Resolution::Reported(rows), (store, run)))
}

fn no_report(problem: impl Display) -> UsageError {
    let hint = "take the file that `jelouctl bulk report RUN --file FILE` writes, with its columns as they are";
    UsageError::new(format!("--from: {problem}"), hint)
}

fn refused(name: &str, line: u64, problem: &str) -> UsageError {
    let hint = "correct it, or write the report anew with `jelouctl bulk report RUN --file FILE`";
    UsageError::new(format!("--from: {name}, line {line}: {problem}"), hint)
}

/// The run of a row, the line of its list, whether it was sent, and since when.
fn of_row(name: &str, row: &ListRow) -> Result<(RunName, u64, Sent, String), UsageError> {
    let refuse = |problem: String| refused(name, row.line, &problem);
    if let Err(problem) = &row.row {
        return Err(refuse(problem.clone()));
    }
    let Some(outcome) = &row.outcome else {
        return Err(no_report(format!("{name} is not a report: its last columns are not run, line, sent, …")));
    };
    let run = outcome.run.trim().parse().map_err(|problem| refuse(format!("run: {problem}")))?;
    let line = outcome.line.trim();
    let line = line.parse().map_err(|_| refuse(format!("line: `{}` is not a line number", line.escape_debug())))?;
    let sent = match outcome.is_sent().map_err(refuse)? {
        ReportedSent::Yes => Sent::Yes,
        ReportedSent::No => Sent::No,
        ReportedSent::Unknown => Sent::Unknown,
    };
    Ok((run, line, sent, outcome.at.clone()))
}

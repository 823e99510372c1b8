//! `bulk resolve`: a person decides the outcome of rows.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum, ValueHint};

use super::deliveries::{settle_by_asking, up_to};
use super::ending::log_decided;
use super::import::open;
use super::send::recipient_rule;
use super::store::{hold_claims, open_store};
use super::summary::{RunSummary, to_continue};
use super::words::warn_of_left_alone;
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::input::Source;
use crate::ledger::{
    Counts, HeldFor, LedgerStore, LostWorker, RecipientFlags, Resolution, RowOfReport, RowState, RunError, RunName,
};
use crate::list::{ListEncoding, ListError, ListOptions, ListRow, ReportedSent, Row};
use crate::message::{InvalidMessage, TypedRecipient};
use crate::once::OnceScope;
use crate::output::{Sent, StreamError, counted, counted_are};
use crate::people::CountryRule;
use crate::phone::Country;
use crate::template::language;
use crate::timestamps::{local_second, of_milliseconds};

/// Set the state of unknown rows by hand, or send failed rows again
///
/// Examples:
///   jelouctl bulk resolve people-20261120-101500 --ask
///   jelouctl bulk resolve people-20261120-101500 --unknown-as sent
///   jelouctl bulk resolve people-20261120-101500 --to 593987654321 --line 7 --unknown-as failed
///   jelouctl bulk resolve people-20261120-101500 --failed-as pending
///   jelouctl bulk report people-20261120-101500 --state unknown --file unknown.csv
///   jelouctl bulk resolve --from unknown.csv
///
/// Unknown rows may have been sent: ask the recipients, or check in Jelou, before you say `pending`.
/// A report says it row by row: in its column `sent`, write yes or no in place of unknown.
/// All rows are decided or none.
/// `--pending-as unknown` is for a ledger that is damaged: it does not know which rows were sent.
/// Its failed rows become unknown too, since they may have been sent again.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct BulkResolveArgs {
    /// Name of the run [default: the only unfinished one; with --from, the report's]
    run: Option<RunName>,

    #[command(flatten)]
    decision: Decision,

    /// With --ask: rows that left this long ago or less, at most 30d [default: 72h]
    #[arg(long, value_name = "DURATION", value_parser = up_to, requires = "ask")]
    up_to: Option<Duration>,

    /// With --from: encoding of the report, such as windows-1252 [default: UTF-8]
    #[arg(long, value_name = "LABEL", requires = "from")]
    encoding: Option<ListEncoding>,

    #[command(flatten)]
    rows: DecidedRows,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Decision {
    /// What the unknown rows are from now on
    #[arg(long, value_name = "STATE", value_parser = state_of([
        (RowState::Sent, None), (RowState::Failed, None), (RowState::Pending, Some("To be sent (again)")),
    ]))]
    unknown_as: Option<RowState>,

    /// What the failed rows are from now on
    #[arg(long, value_name = "STATE", value_parser = state_of([(RowState::Pending, Some("To be sent again"))]))]
    failed_as: Option<RowState>,

    /// What the pending rows are from now on; a damaged ledger is then taken as it is
    #[arg(long, value_name = "STATE", value_parser = state_of([
        (RowState::Unknown, Some("They may have been sent: the ledger has lost what it knew of them")),
    ]))]
    pending_as: Option<RowState>,

    /// What became of unknown rows, as a report of the run has it in its column `sent`: yes, no or unknown
    #[arg(long, value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    from: Option<Source>,

    /// Ask Jelou which unknown rows were sent, as `bulk deliveries` does; the others stay unknown
    #[arg(long)]
    ask: bool,
}

/// The rows to decide; all rows in the state if none is named.
#[derive(Args, Debug)]
#[command(next_help_heading = "Which rows")]
struct DecidedRows {
    /// Only the row at this line of the list, as the report has it (repeatable)
    #[arg(long, value_name = "N", conflicts_with_all = ["from", "pending_as", "ask"])]
    line: Vec<u64>,

    /// Only the rows to this user (repeatable)
    #[arg(long, value_name = "USER", allow_hyphen_values = true, conflicts_with_all = ["from", "pending_as", "ask"])]
    to: Vec<String>,

    /// Country whose national number --to is, in two letters: EC
    #[arg(long, value_name = "CODE", requires = "to")]
    country: Option<Country>,
}

/// Reads one of these states, each with its help.
fn state_of<const N: usize>(states: [(RowState, Option<&'static str>); N]) -> impl TypedValueParser<Value = RowState> {
    let named = states.map(|(state, help)| PossibleValue::new(state.name()).help(help));
    PossibleValuesParser::new(named).try_map(|name| RowState::from_str(&name, false))
}

impl Decision {
    /// The states before and after, unless a report decides.
    fn change(&self) -> [RowState; 2] {
        match (self.unknown_as, self.pending_as) {
            (Some(to), _) => [RowState::Unknown, to],
            (None, Some(to)) => [RowState::Pending, to],
            (None, None) => [RowState::Failed, self.failed_as.unwrap_or(RowState::Pending)],
        }
    }
}

pub(crate) fn run(context: &mut Context, args: &BulkResolveArgs) -> Result<ExitCode, CommandError> {
    resolve(context, args).map_err(CommandError::of_resolve)
}

fn resolve(context: &mut Context, args: &BulkResolveArgs) -> Result<ExitCode, CommandError> {
    if args.decision.ask {
        let (store, name) = open_run(context, args.run.as_ref())?;
        return settle_by_asking(context, &*store, &name, args.up_to);
    }
    let (store, name, resolution) = if let Some(report) = &args.decision.from {
        read_report(context, (report, args.encoding), args.run.as_ref())?
    } else {
        let (store, name) = open_run(context, args.run.as_ref())?;
        let resolution = args.rows.resolution(args.decision.change(), &*store, &name)?;
        (store, name, resolution)
    };
    let changed = decide(context, &*store, &name, &resolution)?;
    let stored = store.read(&name)?;
    let details = stored.details()?;
    let summary = RunSummary::of(stored, details.written_to, false)?;
    log_decided(context, "bulk resolve", &name, &details, Some(&summary.counts), Ok(ExitCode::Success));
    context.stderr.note(&format!("run {name}: {}", in_words(&changed, &resolution)));
    summary.print_what_stays(context, &name, None);
    // A process that sends the run can send them itself.
    if changed.pending > 0 && !store.is_held(&name) {
        context.stderr.note(&to_continue(&name));
    }
    summary.ways_on(&name, &details).iter().for_each(|way| context.stderr.note(way));
    Ok(ExitCode::Success)
}

impl DecidedRows {
    /// The resolution that `change` makes of these rows of the run `name`.
    fn resolution(
        &self,
        change: [RowState; 2],
        store: &dyn LedgerStore,
        name: &RunName,
    ) -> Result<Resolution, CommandError> {
        let Self { line, to, country } = self;
        if line.is_empty() && to.is_empty() {
            return Ok(Resolution::All(change));
        }
        let country = match country {
            // A typed number means what it means in the list.
            None if !to.is_empty() => store.read(name)?.details()?.recipient_flags.country,
            typed => *typed,
        };
        let read =
            |typed: &String| TypedRecipient::read(typed, country).map(|typed| typed.recipient.as_str().to_owned());
        let people = to.iter().map(read).collect::<Result<_, _>>();
        let people = people.map_err(|error| InvalidMessage::Recipient { origin: "--to", error })?;
        Ok(Resolution::Some { change, lines: line.clone(), people })
    }
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
    let scope = if resolution.sends_again() { store.read(name)?.details()?.scope() } else { None };
    let mut others_held_off = scope.as_ref().map(|_| hold_claims(context, store)).transpose()?;
    let (mut asked, mut held_again) = (Ok(None), Ok(()));
    let changed = store.hold(name, HeldFor::Deciding)?.resolve(resolution, &mut |workers| {
        // Other processes must not wait while the user is asked.
        drop(others_held_off.take());
        asked = confirm_lost_workers(context, workers);
        if scope.is_some() {
            held_again = hold_claims(context, store).map(|held| others_held_off = Some(held));
        }
        held_again.is_ok() && matches!(asked, Ok(Some(true)))
    });
    asked?;
    held_again?;
    drop(others_held_off);
    let changed = changed?;
    if let (Some(OnceScope { key, .. }), Resolution::All([from, _])) = (scope, resolution) {
        let left = store.read(name)?.counts()?.of(*from);
        if left > 0 {
            let rows = counted_are(left, &format!("{} row", from.name()));
            context.stderr.note(&format!(
                "{rows} left as before: these people are not free under the key {key}, or a process may still report them"
            ));
        }
    }
    Ok(changed)
}

/// Asks about processes that may only be suspended: such a process may still send its rows.
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
        // In a damaged ledger, failed rows are among them.
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

/// The run, if it exists.
fn open_run(context: &Context, asked: Option<&RunName>) -> Result<(Box<dyn LedgerStore>, RunName), CommandError> {
    let store = open_store(context)?;
    match store.named_or_unfinished(asked, false, &mut warn_of_left_alone(context))? {
        Some(name) => Ok((store, name)),
        None => Err(RunError::NoneUnfinished { known: store.names()? }.into()),
    }
}

/// Reads the report of the run `asked`, or of the run named in the report: the outcomes of rows by their lines in the
/// list.
fn read_report(
    context: &mut Context,
    (source, encoding): (&Source, Option<ListEncoding>),
    asked: Option<&RunName>,
) -> Result<(Box<dyn LedgerStore>, RunName, Resolution), CommandError> {
    if *source == Source::Stdin {
        context.input.claim_stdin("--from")?;
    }
    let options = ListOptions { encoding, ..ListOptions::default() };
    let mut list = open(source, &options).map_err(unreadable)?;
    let name = list.name().to_owned();
    let mut next = list.read().map_err(unreadable)?;
    let Some(first) = &next else { return Err(no_report(ListError::NoRows { name }).into()) };
    let (of_run, ..) = of_row(&name, first)?;
    let (store, run) = open_run(context, Some(asked.unwrap_or(&of_run)))?;
    let details = store.read(&run)?.details()?;
    let RecipientFlags { country, country_column, to, to_column } = &details.recipient_flags;
    let countries = CountryRule { otherwise: *country, by_column: *country_column };
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
            let read = rule.read(&cells, &column, countries).map_err(|error| error.to_string())?;
            Ok(read.1.recipient.as_str().to_owned())
        });
        let said = RowOfReport { line: row.line, sent, recipient, at };
        let before = rows.insert(line, said.clone());
        if before.is_some_and(|before| RowOfReport { line: said.line, ..before } != said) {
            let problem = format!("says otherwise of line {line} than a row before it");
            return Err(refused(&name, row.line, &problem).into());
        }
        next = list.read().map_err(unreadable)?;
    }
    Ok((store, run, Resolution::Reported(rows)))
}

fn no_report(problem: impl Display) -> UsageError {
    let hint = "take the file that `jelouctl bulk report RUN --file FILE` writes, with its columns as they are";
    UsageError::new(format!("--from: {problem}"), hint)
}

/// A report that cannot be read, perhaps because a spreadsheet saved it in another encoding.
fn unreadable(error: ListError) -> UsageError {
    match error {
        ListError::NotUtf8 { .. } => {
            let hint = "if that is right, add --encoding windows-1252, or save it as \"CSV UTF-8\"";
            UsageError::new(format!("--from: {error}"), hint)
        }
        error => no_report(error),
    }
}

fn refused(name: &str, line: u64, problem: &str) -> UsageError {
    let hint = "correct it, or write the report anew with `jelouctl bulk report RUN --file FILE`";
    UsageError::new(format!("--from: {name}, line {line}: {problem}"), hint)
}

/// A row's run, its line in the list, whether it was sent, and since when.
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

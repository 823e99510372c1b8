//! `bulk resolve`: you decide the outcome of rows.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::run_log::log_row_decision;
use super::summary::RunSummary;
use super::summary::to_continue;
use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::command_error::CommandError;
use crate::commands::open_ledger::open_ledger_to_show;
use crate::commands::{confirm, read_recipient};
use crate::jelou::message::InvalidMessage;
use crate::phone::Country;
use crate::runs::ledger::{LedgerError, Resolution, RowState, Run, RunName};
use crate::sender::context::Context;

/// Record the outcome of unknown rows, or mark failed rows to be sent again
///
/// Examples:
///   jelouctl bulk resolve people-20261120-101500 --unknown-as sent
///   jelouctl bulk resolve --to 593987654321 --line 7 --unknown-as failed
///   jelouctl bulk resolve people-20261120-101500 --failed-as pending
///
/// An unknown row may have been sent. Run `bulk deliveries` first. `pending` sends the row again: ask
/// the recipient before you use it. `bulk report RUN --state unknown` lists these rows and their lines.
/// If any row is not found, nothing changes.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct BulkResolveArgs {
    /// Name of the run [default: the only unfinished one]
    run: Option<RunName>,

    #[command(flatten)]
    decision: Decision,

    #[command(flatten)]
    rows: RowSelection,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Decision {
    /// Set unknown rows to this state
    #[arg(long, value_name = "STATE", value_parser = state_values([
        (RowState::Sent, None), (RowState::Failed, None), (RowState::Pending, Some("Send the row again")),
    ]))]
    unknown_as: Option<RowState>,

    /// Set failed rows to this state
    #[arg(long, value_name = "STATE", value_parser = state_values([(RowState::Pending, Some("Send the row again"))]))]
    failed_as: Option<RowState>,
}

/// The rows to decide. Without these flags, all rows in the state.
#[derive(Args, Debug)]
#[command(next_help_heading = "Which rows")]
struct RowSelection {
    /// Only the row with this `line` in the report (repeatable)
    #[arg(long, value_name = "N")]
    line: Vec<u64>,

    /// Only the rows to this recipient (repeatable)
    #[arg(long, value_name = "RECIPIENT", allow_hyphen_values = true)]
    to: Vec<String>,

    /// Country of local numbers in --to, such as EC [default: the run's]
    #[arg(long, value_name = "CODE", requires = "to")]
    country: Option<Country>,
}

/// Reads one of these states, each with its help.
fn state_values<const N: usize>(
    states: [(RowState, Option<&'static str>); N],
) -> impl TypedValueParser<Value = RowState> {
    let named = states.map(|(state, help)| PossibleValue::new(state.name()).help(help));
    PossibleValuesParser::new(named).try_map(|name| RowState::from_str(&name, false))
}

impl Decision {
    /// Returns the states before and after the change.
    fn change(&self) -> [RowState; 2] {
        match self.unknown_as {
            Some(to) => [RowState::Unknown, to],
            None => [
                RowState::Failed,
                self.failed_as.unwrap_or(RowState::Pending),
            ],
        }
    }
}

pub(crate) fn run(context: &mut Context, args: &BulkResolveArgs) -> Result<ExitCode, CommandError> {
    let ledger = open_ledger_to_show(context)?;
    let Some(run) = ledger.named_or_unfinished(args.run.as_ref())? else {
        return Err(LedgerError::from_choice(msg!("no unfinished runs")).into());
    };
    run.require_change()?;
    let name = run.name();
    let details = run.details()?;
    let RowSelection { line, to, country } = &args.rows;
    // A typed number is read as in the list.
    let country = country.or(details.country);
    let read = |to: &String| {
        Ok(read_recipient(context, "--to", to, country)?
            .recipient
            .to_string())
    };
    let people = to.iter().map(read).collect::<Result<_, InvalidMessage>>()?;
    let resolution = Resolution {
        change: args.decision.change(),
        lines: line.clone(),
        people,
    };
    let changed = decide(context, &run, &resolution)?;
    let summary = RunSummary::new(&run, &details)?;
    log_row_decision(
        context,
        "bulk resolve",
        name,
        &details,
        Some(&summary.counts),
        Ok(ExitCode::Success),
    );
    context.stderr.note(msg!(
        "run {run}: {change}",
        run = name,
        change = describe_change(changed, &resolution)
    ));
    summary.print_totals(context, name, None, ExitCode::Success, None);
    if changed > 0 && resolution.sends_again() {
        context.stderr.note(to_continue(name));
    }
    summary.print_next_steps(context, name);
    Ok(ExitCode::Success)
}

/// Returns how many rows were changed.
fn decide(context: &Context, run: &Run, resolution: &Resolution) -> Result<u64, CommandError> {
    let asked = if resolution.sends_again() {
        ask_about_lost_workers(context, run, resolution)?
    } else {
        Vec::new()
    };
    let (changed, left) = run.resolve(resolution, &asked)?;
    if left > 0 {
        context.stderr.note(msg!(
            "{rows} {state} {rows|row is|rows are} unchanged: these recipients have another message with the run's key",
            rows = left,
            state = resolution.change[0].describe()
        ));
    }
    Ok(changed)
}

/// Asks about processes that may only be suspended, because they may still send their rows; returns their ids.
fn ask_about_lost_workers(
    context: &Context,
    run: &Run,
    resolution: &Resolution,
) -> Result<Vec<i64>, CommandError> {
    let mut asked = Vec::new();
    loop {
        let lost = run.lost_processes(resolution, &asked)?;
        if lost.is_empty() {
            return Ok(asked);
        }
        let rows = lost.iter().map(|process| process.rows.clone());
        context.stderr.warning(msg!(
            "in flight when a process stopped responding: {rows}",
            rows = Message::joined(rows.collect(), "; ")
        ));
        let refusal = LedgerError::may_still_send();
        let question =
            msg!("If that process is only suspended, it may still send them. Has it exited?");
        confirm(context, question, refusal.message).map_err(|error| CommandError {
            hint: Some(refusal.hint),
            ..error
        })?;
        asked.extend(lost.iter().map(|process| process.id));
    }
}

/// Describes the change: `2 unknown rows now count as sent`
fn describe_change(
    changed: u64,
    Resolution {
        change: [from, to], ..
    }: &Resolution,
) -> Message {
    if changed == 0 {
        return msg!("no row has changed");
    }
    msg!(
        "{rows} {from} {rows|row|rows} now {rows|counts|count} as {to}",
        rows = changed,
        from = from.describe(),
        to = to.describe()
    )
}

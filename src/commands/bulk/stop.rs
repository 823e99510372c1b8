//! `bulk stop`: no process takes more rows of a run, until you resume it.

use clap::Args;
use jiff::tz::TimeZone;
use serde_json::json;

use super::run_log::{change_fields, log_of_run};
use super::summary::{describe_cancellation, report_stale, since_when, to_continue};
use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::base::output::{Format, RecordError, Retry};
use crate::command_error::CommandError;
use crate::commands::open_ledger::open_ledger;
use crate::commands::zone::run_zone;
use crate::jelou::message::merge;
use crate::runs::ledger::{Run, RunEventKind, RunName, RunSettings, StopResult};
use crate::sender::context::Context;

/// Stop a run for now (bulk resume continues it)
///
/// Examples:
///   jelouctl bulk stop
///   jelouctl bulk stop people-20261120-101500
///   jelouctl bulk stop --all
///
/// Every process that sends the run finishes its requests in flight and exits with 11. No process sends
/// the run until you run `bulk resume`, not even a timer with `bulk work`. A run that no process sends is
/// paused. Each account and each database has its own ledger; --ledger selects a database.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct BulkStopArgs {
    /// Name of the run [default: the one that is being sent]
    ///
    /// Without --sandbox, sandbox runs are not the default.
    run: Option<RunName>,

    /// Stop or pause every unfinished run of the ledger; with --sandbox, every sandbox run
    #[arg(long, conflicts_with = "run")]
    all: bool,
}

pub(crate) fn run(context: &mut Context, args: &BulkStopArgs) -> Result<ExitCode, CommandError> {
    let ledger = open_ledger(context)?;
    if args.all {
        let mut code = ExitCode::Success;
        for run in ledger.all_unfinished()? {
            let stopped = stop(context, &run)?;
            if stopped != ExitCode::Success {
                code = stopped;
            }
        }
        return Ok(code);
    }
    let run = match &args.run {
        Some(name) => ledger.run(name)?,
        None => ledger.in_progress()?,
    };
    stop(context, &run)
}

fn stop(context: &mut Context, run: &Run) -> Result<ExitCode, CommandError> {
    run.require_change()?;
    let stopped = run.stop(None)?;
    let details = run.details()?;
    context
        .stderr
        .note(describe(context, run, &details, &stopped));
    if matches!(stopped, StopResult::Stopping | StopResult::Paused) {
        let name = RunEventKind::Stopped.name();
        let change = change_fields(run.ledger(), run.name(), &details, name, None);
        let log = log_of_run(context, &details);
        log.add(&context.stderr, "change", "bulk stop", change);
    }
    let stale = run.stale_reason()?;
    let code = report_stale(context, run.name(), stale.as_ref());
    print_record(
        context,
        run,
        &stopped,
        stale.map(CommandError::from).as_ref(),
    );
    Ok(code)
}

/// Prints the record. If printing fails, the exit code still shows the outcome.
fn print_record(context: &Context, run: &Run, stopped: &StopResult, stale: Option<&CommandError>) {
    if context.stdout.format != Format::Record {
        return;
    }
    let code = stale.map_or(ExitCode::Success, |error| error.code);
    let error = stale.map(RecordError::from);
    let mut head = context.stdout.head(code, error.as_ref());
    if stale.is_none() && stopped.has_rows_left() {
        head.retry = Retry::Resume;
    }
    let mut record = json!(head);
    merge(&mut record, json!({ "run": run.name().to_string() }));
    let _ = context.stdout.json(&record);
}

/// Describes what was done, and in which ledger: you may have meant the run of another one.
fn describe(context: &Context, run: &Run, details: &RunSettings, stopped: &StopResult) -> Message {
    let name = run.name();
    let ledger = run.ledger().location().to_string();
    let to_continue = to_continue(name);
    // The run is stopped already, so a wrong zone in the configuration is not an error.
    let zone = || run_zone(context, None, details).unwrap_or_else(|_| TimeZone::system());
    match stopped {
        StopResult::Stopping => msg!(
            "run {run} (ledger {ledger}) is stopping: it sends no more messages after those in flight; {to_continue}",
            run = name,
            ledger,
            to_continue
        ),
        StopResult::Paused => msg!(
            "run {run} (ledger {ledger}) is paused: no process was sending it, and `bulk work` does not send it now; {to_continue}",
            run = name,
            ledger,
            to_continue
        ),
        StopResult::AlreadyPaused(pause) => msg!(
            "run {run} (ledger {ledger}) was already {since_when}; {to_continue}",
            run = name,
            ledger,
            since_when = since_when(pause, &zone()),
            to_continue
        ),
        StopResult::Cancelled(cancellation) => msg!(
            "nothing to stop: run {run} (ledger {ledger}) was {cancelled}",
            run = name,
            ledger,
            cancelled = describe_cancellation(cancellation, &zone())
        ),
        StopResult::Complete => msg!(
            "nothing to stop: run {run} (ledger {ledger}) is complete",
            run = name,
            ledger
        ),
    }
}

//! `bulk cancel`: ends a run permanently. The ledger keeps its sent messages; the rest is never sent.

use std::time::Duration;

use clap::Args;
use tokio::time::sleep;

use crate::base::exit::ExitCode;
use crate::base::output::counted;
use crate::base::process::{Signals, block_on};
use crate::command_error::CommandError;
use crate::commands::bulk::pauses::report_stale;
use crate::commands::bulk::run_log::log_row_decision;
use crate::commands::bulk::summary::RunSummary;
use crate::commands::confirm;
use crate::commands::open_ledger::open_ledger;
use crate::runs::ledger::{Run, RunName};
use crate::sender::context::Context;

/// The time between two checks for rows in flight. Each check also marks the rows of lost processes as unknown.
const BETWEEN_CHECKS: Duration = Duration::from_millis(200);

/// Cancel a run: its unsent messages are never sent (asks first)
///
/// Examples:
///   jelouctl bulk cancel people-20261120-101500
///   jelouctl bulk report people-20261120-101500 --reason cancelled --file left.csv
///
/// Marks unsent rows as skipped (reason: cancelled). Duplicate checks still include this run. You
/// cannot undo this. In a stale run (from a copied or restored ledger), rows that may have been sent
/// become `unknown`.
/// Stops every process that sends the run, and waits for requests in flight. These processes exit with 11.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct BulkCancelArgs {
    /// Name of the run
    run: RunName,
}

pub(crate) fn run(context: &mut Context, args: &BulkCancelArgs) -> Result<ExitCode, CommandError> {
    let ledger = open_ledger(context)?;
    let run = ledger.run(&args.run)?;
    let name = run.name();
    // In a stale run, these rows are also unsent.
    let details = run.details()?;
    let counts = run.noted_counts()?;
    let is_cancelled = run.cancellation()?.is_some();
    run.require_change()?;
    report_stale(context, name, run.stale_reason()?.as_ref());
    let left = counted(counts.pending, "message");
    // An earlier `bulk cancel` may have been killed while it waited for the rows in flight.
    if !counts.is_finished() && !is_cancelled {
        let question = format!("Cancel run {name}? Its unsent rows ({left}) will never be sent.");
        confirm(context, &question, &format!("run {name} was not cancelled"))?;
    }
    // The run may have ended while the command waited for the answer.
    if !run.cancel()? {
        context
            .stderr
            .note(&format!("nothing to cancel: run {name} is complete"));
        return Ok(ExitCode::Success);
    }
    context.stderr.note(&format!(
        "run {name} is cancelled: its unsent rows will never be sent"
    ));
    let waited = block_on(wait_for_inflight(context, &run));
    let summary = RunSummary::new(&run, &details);
    let counts = summary.as_ref().ok().map(|summary| summary.counts);
    let ended = waited
        .and_then(|()| Ok(summary?))
        .map_err(|mut error: CommandError| {
            error.hint = Some(
                format!("run {name} is cancelled; to see its state: jelouctl bulk status {name}")
                    .into(),
            );
            error
        });
    log_row_decision(
        context,
        "bulk cancel",
        name,
        &details,
        counts.as_ref(),
        ended.as_ref().map(|_| ExitCode::Success),
    );
    let summary = ended?;
    summary.print_totals(context, name, None);
    summary.print_next_steps(context, name);
    Ok(ExitCode::Success)
}

/// Waits until other processes have no rows in flight, so that nothing is sent after the command exits.
async fn wait_for_inflight(context: &Context, run: &Run) -> Result<(), CommandError> {
    let signals = Signals::catch()?;
    let mut is_told = false;
    loop {
        let in_flight = run.inflight()?;
        if in_flight == 0 {
            // Lost processes may have changed rows during the wait.
            run.cancel()?;
            return Ok(());
        }
        if !std::mem::replace(&mut is_told, true) {
            let name = run.name();
            let messages = counted(in_flight, "message");
            let processes = run
                .workers()?
                .into_iter()
                .filter(|process| process.inflight > 0);
            let processes: Vec<_> = processes
                .map(|process| format!("{} pid {}", process.host, process.pid))
                .collect();
            context.stderr.note(&format!(
"run {name} is stopping; waiting for {messages} in flight in {}; if a process is suspended: kill -CONT PID",
                processes.join(", ")
            ));
        }
        tokio::select! {
            biased;
            signal = signals.next() => return Err(CommandError::interrupted(signal)),
            () = sleep(BETWEEN_CHECKS) => {}
        }
    }
}

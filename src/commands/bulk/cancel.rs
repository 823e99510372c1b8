//! `bulk cancel`: ends a run permanently. The ledger keeps its sent messages; the rest is never sent.

use std::time::Duration;

use clap::Args;
use tokio::time::sleep;

use super::run_log::log_row_decision;
use super::summary::RunSummary;
use super::summary::report_stale;
use crate::base::exit::ExitCode;
use crate::base::message::msg;
use crate::base::process::{Signals, block_on};
use crate::command_error::CommandError;
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
///   jelouctl bulk report --reason cancelled --file left.csv
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
    // An earlier `bulk cancel` may have been killed while it waited for the rows in flight.
    if !counts.is_finished() && !is_cancelled {
        let question = msg!(
            "Cancel run {run}? Its unsent rows ({left} {left|message|messages}) will never be sent.",
            run = name,
            left = counts.pending
        );
        let refusal = msg!("run {run} was not cancelled", run = name);
        confirm(context, question, refusal)?;
    }
    // The run may have ended while the command waited for the answer.
    if !run.cancel()? {
        context
            .stderr
            .note(msg!("nothing to cancel: run {run} is complete", run = name));
        return Ok(ExitCode::Success);
    }
    context.stderr.note(msg!(
        "run {run} is cancelled: its unsent rows will never be sent",
        run = name
    ));
    let waited = block_on(wait_for_inflight(context, &run));
    let summary = RunSummary::new(&run, &details);
    let counts = summary.as_ref().ok().map(|summary| summary.counts);
    let ended = waited
        .and_then(|()| Ok(summary?))
        .map_err(|mut error: CommandError| {
            error.hint = Some(msg!(
                "run {run} is cancelled; to see its state: jelouctl bulk status {run}",
                run = name
            ));
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
    summary.print_totals(context, name, None, ExitCode::Success, None);
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
            let processes = run
                .workers()?
                .into_iter()
                .filter(|process| process.inflight > 0);
            let processes: Vec<_> = processes
                .map(|process| format!("{} pid {}", process.host, process.pid))
                .collect();
            context.stderr.note(msg!(
                "run {run} is stopping; waiting for {messages} {messages|message|messages} in flight in {processes}; \
                 if a process is suspended: kill -CONT PID",
                run = run.name(),
                messages = in_flight,
                processes = processes.join(", ")
            ));
        }
        tokio::select! {
            biased;
            signal = signals.next() => return Err(CommandError::interrupted(signal)),
            () = sleep(BETWEEN_CHECKS) => {}
        }
    }
}

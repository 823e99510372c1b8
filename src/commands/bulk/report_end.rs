//! Reports a run that has ended or paused: its state, why it ended, and how to continue.

use std::time::Duration;

use serde_json::json;

use super::active_run::{ActiveRun, SendingEnd};
use super::run_log::run_fields;
use super::summary::RunSummary;
use super::summary::{
    cancellation_as_json, describe_cancellation, hint_after_pause, next_check, report_stale,
    to_continue, why,
};
use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::base::output::{ProgressFormat, Record, RecordError, Retry, Sent, compact, count_value};
use crate::base::process::Signal;
use crate::command_error::{CommandError, Phase};
use crate::commands::error::{pause_exit_code, signal_exit_code};
use crate::jelou::api::Problem;
use crate::jelou::message::merge;
use crate::runs::ledger::{FinishedRow, LedgerError, PauseReason, SkipReason, Worker};
use crate::runs::sending::{RunEnd, StopReason};
use crate::sender::context::Context;
use crate::sender::{Connection, panicked};

/// Sends the unsent rows of a run, and reports its end and its state. With a `worker`, this process has joined the run
/// already.
///
/// # Errors
/// If this process cannot join the run, or cannot write or read its end. Messages may have been sent.
pub(super) async fn send_run(
    context: &Context,
    active: &ActiveRun,
    worker: Option<Worker>,
    connection: Connection,
    progress: ProgressFormat,
) -> Result<ExitCode, CommandError> {
    let sent = active
        .send_rows(context, worker, connection, progress)
        .await;
    sent.and_then(|ended| report_end(context, active, ended))
        .map_err(|error| error.in_phase(Phase::Sending))
}

/// Reports the state of a run, in words on stderr, as JSON on stdout and in the audit log; returns the exit code.
pub(super) fn report_end(
    context: &Context,
    active: &ActiveRun,
    ended: SendingEnd,
) -> Result<ExitCode, CommandError> {
    let stderr = &context.stderr;
    if let Some(note) = active.sender.settings.sandbox_note() {
        stderr.note(note);
    }
    let printed = print_end(context, active, ended);
    let ended = match &printed.cancelled {
        Some(cancelled) => Err(cancelled),
        None => printed.code.as_ref().map(|code| *code),
    };
    let summary = printed.summary.as_ref();
    // Counts that cannot be read stay null.
    let mut fields = run_fields(
        Some(active.run.name()),
        Some(&active.settings),
        summary.map(|summary| &summary.counts),
        ended,
    );
    if let Some(cancellation) = summary.and_then(|summary| summary.cancellation.as_ref()) {
        merge(&mut fields, cancellation_as_json(cancellation));
    }
    active.log().add(stderr, "run", "bulk", fields);
    printed.code
}

/// The printed text about the end of a run.
struct PrintedEnd {
    code: Result<ExitCode, CommandError>,
    /// The state of the run; None if it cannot be read.
    summary: Option<RunSummary>,
    /// The printed error of a cancelled run.
    cancelled: Option<CommandError>,
}

/// Prints why the run ended, and its state.
fn print_end(context: &Context, active: &ActiveRun, ended: SendingEnd) -> PrintedEnd {
    // None: the exit code follows from its rows.
    let stopped = match ended.end {
        // Another connection would wait for the same database. In a ledger that was restored during the run,
        // sent rows are pending.
        Ok(RunEnd::Stopped {
            reason: StopReason::LedgerFailed { error, outcomes },
            ..
        }) if error.may_pass() || error.has_lost_states() => {
            let reason = StopReason::LedgerFailed { error, outcomes };
            return print_without_state(context, report_stop(context, active, reason));
        }
        Ok(RunEnd::Complete) => Ok(None),
        Ok(RunEnd::Stopped {
            reason,
            unwritten: None,
        }) => report_stop(context, active, reason),
        Ok(RunEnd::Stopped {
            reason,
            unwritten: Some(outcomes),
        }) => {
            let stopped = report_stop(context, active, reason);
            report_open_write(context, active, &outcomes);
            return print_without_state(context, stopped);
        }
        Err(error) => Ok(Some(report_failed_join(context, active, error))),
    };
    let summary = active
        .run
        .reconnected()
        .and_then(|found| RunSummary::new(&found, &active.settings));
    match summary.map_err(LedgerError::in_mid_run) {
        Ok(summary) => print_state(context, active, stopped, summary, ended.took),
        Err(error) => {
            // The error that ended the run is printed separately.
            if matches!(stopped, Ok(Some(_))) {
                let watch = next_check(active.run.name());
                let error = &error.message;
                context
                    .stderr
                    .warning_with_hint(msg!("cannot read the ledger: {error}", error), watch);
            }
            let stopped = stopped.and_then(|printed| printed.ok_or_else(|| error.into()));
            print_without_state(context, stopped.map(Some))
        }
    }
}

/// Prints only the outcome, because the state of the run cannot be read. An error that is not printed yet is printed later.
fn print_without_state(
    context: &Context,
    stopped: Result<Option<CommandError>, CommandError>,
) -> PrintedEnd {
    let code = stopped.map(|printed| {
        let code = printed
            .as_ref()
            .map_or(ExitCode::Success, |error| error.code);
        let error = printed.as_ref().map(RecordError::from);
        context.stdout.outcome(code, error.as_ref());
        code
    });
    PrintedEnd {
        code,
        summary: None,
        cancelled: None,
    }
}

/// Prints the state of the run. If nothing stopped it, the code follows from its rows, or from a cancellation. An error of
/// standard output is only printed: as the error of the command, it could make a script start a second run.
fn print_state(
    context: &Context,
    active: &ActiveRun,
    stopped: Result<Option<CommandError>, CommandError>,
    summary: RunSummary,
    took: Option<Duration>,
) -> PrintedEnd {
    let cancelled = match stopped {
        Ok(None) => cancelled_error(active, &summary),
        _ => None,
    };
    let error = match &stopped {
        Ok(printed) => printed.as_ref().or(cancelled.as_ref()),
        Err(error) => Some(error),
    };
    let code = error.map_or_else(|| summary.exit_code(), |error| error.code);
    let error = error.map(RecordError::from);
    let name = active.run.name();
    summary.print_totals(context, name, took, code, error.as_ref());
    report_stale(context, name, summary.stale.as_ref());
    summary.print_next_steps(context, name);
    if let Some(cancelled) = &cancelled {
        cancelled.print(&context.stderr);
    }
    PrintedEnd {
        code: stopped.map(|_| code),
        summary: Some(summary),
        cancelled,
    }
}

/// Returns the error of a run that somebody cancelled, before or during this process.
fn cancelled_error(active: &ActiveRun, summary: &RunSummary) -> Option<CommandError> {
    let cancellation = summary.cancellation.as_ref()?;
    let name = active.run.name();
    let zone = active.zone();
    let message = msg!(
        "run {run} was {cancelled}: {sent} of {all} sent",
        run = name,
        cancelled = describe_cancellation(cancellation, &zone),
        sent = count_value(summary.counts.sent),
        all = count_value(summary.counts.all())
    );
    let unsent = summary.skips.rows(SkipReason::Cancelled);
    let hint = msg!(
        "to list the others: jelouctl bulk report {run} --reason cancelled",
        run = name
    );
    let hint = Some(hint).filter(|_| unsent > 0);
    let code = ExitCode::Guard;
    let error = CommandError::new(code, "cancelled", message, hint);
    Some(error.with_retry(Retry::Never))
}

/// Reports that the process had to exit immediately while it was writing the outcomes of rows.
fn report_open_write(context: &Context, active: &ActiveRun, outcomes: &[FinishedRow]) {
    report_unwritten(context, active, outcomes);
    let message = if outcomes.is_empty() {
        msg!("a write to the ledger did not finish before the exit")
    } else {
        msg!(
            "the outcomes listed above may be missing in the ledger: a write did not finish before the exit"
        )
    };
    context
        .stderr
        .warning_with_hint(message, next_check(active.run.name()));
}

/// Prints that the run could not continue after a wait.
fn report_failed_join(context: &Context, active: &ActiveRun, error: CommandError) -> CommandError {
    let message = msg!("the run did not continue: {error}", error = error.message);
    let resume = to_continue(active.run.name());
    let hints = error.hint.iter().cloned().chain([resume]);
    let hint = Message::joined(hints.collect(), "; ");
    context.stderr.error(&message, &[], Some(&hint));
    CommandError {
        message,
        hint: Some(hint),
        ..error
    }
    .with_retry(Retry::Resume)
}

/// Prints why rows were not sent, and returns the error. None if the rows decide. An error that is not printed ends the
/// command.
fn report_stop(
    context: &Context,
    active: &ActiveRun,
    reason: StopReason,
) -> Result<Option<CommandError>, CommandError> {
    let name = active.run.name();
    match reason {
        StopReason::Paused(reason, problem) => {
            Ok(Some(report_pause(context, active, reason, &problem)))
        }
        StopReason::PausedByOthers(pause) => {
            let message = msg!("run paused: {reason}", reason = why(&pause));
            let hint = hint_after_pause(pause.reason, name, &active.settings);
            Ok(Some(print_pause(context, pause.reason, message, hint)))
        }
        StopReason::Signal(signal) => {
            let code = signal_exit_code(signal);
            let (message, hint) = stopped_by(signal, active);
            let error = CommandError::new(code, "interrupted", message, Some(hint));
            error.print(&context.stderr);
            Ok(Some(error.with_retry(Retry::Resume)))
        }
        StopReason::LedgerFailed { error, outcomes } => {
            report_unwritten(context, active, &outcomes);
            let mut error = CommandError::from(error);
            if !outcomes.is_empty() {
                error.hint = error.hint.map(|hint| {
                    msg!(
                        "the ledger does not have the outcomes listed above; {hint}",
                        hint
                    )
                });
            }
            Err(error)
        }
        // The run continues.
        StopReason::MustRejoin => Ok(None),
        StopReason::Panicked => Err(panicked(true)),
    }
}

/// Returns what the signal means for a run that it has ended in this process, and the way on.
fn stopped_by(signal: Signal, active: &ActiveRun) -> (Message, Message) {
    let name = active.run.name();
    let stopped = match signal {
        Signal::Interrupt => msg!("stopped with Ctrl-C"),
        _ => msg!("stopped by {signal}", signal = signal.name()),
    };
    if others_continue(active) {
        return (
            msg!(
                "this process stopped; others continue the run: {problem}",
                problem = stopped
            ),
            msg!("to stop the others: jelouctl bulk stop {run}", run = name),
        );
    }
    (stopped, to_continue(name))
}

fn report_pause(
    context: &Context,
    active: &ActiveRun,
    reason: PauseReason,
    problem: &Problem,
) -> CommandError {
    let name = active.run.name();
    let after_pause = hint_after_pause(reason, name, &active.settings);
    let hint = match reason {
        PauseReason::AllRejected | PauseReason::Unknown | PauseReason::Configuration => after_pause,
        PauseReason::RateLimit if problem.retry_after.is_none() => after_pause,
        _ => Message::joined(vec![problem.hint.clone(), after_pause], "; "),
    };
    let problem = &problem.message;
    let message = if reason == PauseReason::AllRejected {
        msg!(
            "run paused: Jelou has not accepted any message: {problem}",
            problem
        )
    } else if !reason.affects_all_senders() && others_continue(active) {
        msg!(
            "this process stopped; others continue the run: {problem}",
            problem
        )
    } else {
        msg!("run paused: {problem}", problem)
    };
    print_pause(context, reason, message, hint)
}

/// Prints the error of a paused run. Its name is the reason of the pause.
fn print_pause(
    context: &Context,
    reason: PauseReason,
    message: Message,
    hint: Message,
) -> CommandError {
    let code = pause_exit_code(reason);
    let error = CommandError::new(code, reason.name(), message, Some(hint));
    error.print(&context.stderr);
    // A resume without a change would have more rows rejected.
    error.with_retry(match reason {
        PauseReason::AllRejected => Retry::AfterFix,
        _ => Retry::Resume,
    })
}

/// Returns whether other processes continue a run after this process has stopped.
fn others_continue(active: &ActiveRun) -> bool {
    active.count_others().is_ok_and(|others| others > 0)
}

/// Prints the outcomes of rows that the ledger does not have.
fn report_unwritten(context: &Context, active: &ActiveRun, outcomes: &[FinishedRow]) {
    let settings = &active.settings;
    for row in outcomes {
        let sent = row.state.sent();
        let mut record = Record {
            command: context.stdout.command.clone().unwrap_or_default().into(),
            sent,
            kind: Some(settings.kind.clone().into()),
            to: Some(row.recipient.clone()),
            profile: settings.profile.clone(),
            bot_id: Some(settings.bot.clone()),
            api_url: Some(settings.api_url.clone()),
            message_id: row.message_id.clone(),
            http_status: row.http_status,
            attempts: 1,
            duration_ms: u64::try_from(row.took.as_millis()).unwrap_or_default(),
            error: row.error.clone().map(|message| RecordError {
                code: row.code.unwrap_or("unknown"),
                api_code: row.api_code.clone(),
                message,
                ..RecordError::default()
            }),
            ..Record::default()
        };
        record.end(match sent {
            Sent::Yes => ExitCode::Success,
            Sent::No => ExitCode::Rejected,
            Sent::Unknown => ExitCode::Unknown,
        });
        context.stderr.progress_line(&compact(&json!(record)));
    }
}

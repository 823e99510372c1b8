//! Reports a run that has ended or paused: its state, why it ended, and how to continue.

use std::time::Duration;

use serde_json::{Value, json};

use super::summary::{Elapsed, RunSummary, to_continue};
use super::words::{report_doubt, what_to_look_at, why};
use crate::commands::CommandError;
use crate::commands::error::{of_pause, of_signal};
use crate::config::knows_profile;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::ledger::{Counts, Details, EndedAttempt, LedgerError, PauseReason, PausedFor, Run, RunName, RunPause};
use crate::output::{Record, RecordError, compact};
use crate::people::Exclusions;
use crate::run::{RunEnd, StopReason};
use crate::sending::{AuditLog, Panicked, Sender};

/// A run that this process sends.
#[derive(Clone, Copy)]
pub(super) struct RunOnItsWay<'a> {
    pub(super) held: &'a Run,
    /// With the options that it continues with.
    pub(super) details: &'a Details,
    /// The people who were excluded when it began.
    pub(super) exclusions: &'a Exclusions,
}

impl RunOnItsWay<'_> {
    /// Reads the state of the run.
    fn look(&self) -> Result<RunSummary, LedgerError> {
        let run = self.held.reconnected().map_err(LedgerError::in_mid_run)?;
        RunSummary::of(&run, self.details)
    }
}

/// Reports the state of the run, in words on stderr, as JSON on stdout and in the audit log; returns the exit code.
pub(super) fn report(
    context: &Context,
    sender: &Sender,
    run: RunOnItsWay<'_>,
    end: Result<RunEnd, CommandError>,
    stretch: Elapsed,
) -> Result<ExitCode, CommandError> {
    if let Some(note) = sender.settings.sandbox_note() {
        context.stderr.note(note);
    }
    let (ended, counts) = print(context, &run, end, stretch);
    // Counts that cannot be read stay null.
    let ended_as = ended.as_ref().map(|code| *code);
    let fields = run_fields(Some(run.held.name()), Some(run.details), counts.as_ref(), ended_as);
    AuditLog::of(&sender.settings).with(run.exclusions).run(&context.stderr, "bulk", &fields);
    ended
}

/// Prints it; returns also the number of rows in each state if it can be read.
fn print(
    context: &Context,
    run: &RunOnItsWay<'_>,
    end: Result<RunEnd, CommandError>,
    stretch: Elapsed,
) -> (Result<ExitCode, CommandError>, Option<Counts>) {
    let stderr = &context.stderr;
    let to_continue = to_continue(run.held.name());
    let (ended, unwritten) = match end {
        Ok(RunEnd::Complete { was_stopped }) => (report_complete(context, run, was_stopped), None),
        Ok(RunEnd::Stopped { reason, unwritten }) => (report_stop(context, run, reason, &to_continue), unwritten),
        Err(error) => {
            let hint = error.hint.as_ref().map(|hint| format!("{hint}; ")).unwrap_or_default();
            stderr.error(
                &format!("the run stopped at the opening of its hours: {}", error.message()),
                &[],
                Some(&format!("{hint}{to_continue}")),
            );
            (Ok(error.code), None)
        }
    };
    let watch = format!("jelouctl bulk status {}", run.held.name());
    if let Some(outcomes) = unwritten {
        report_unwritten(context, run, &outcomes);
        let above = if outcomes.is_empty() { "" } else { ", and may not get the outcomes listed above" };
        stderr.warning(&format!("the ledger is still being written{above}; how the run stands: {watch}"));
        return (ended, None);
    }
    let summary = match run.look() {
        Ok(summary) => summary,
        Err(error) => {
            // The error that ended the run is printed by itself.
            if ended.is_ok() {
                stderr.warning(&format!("the ledger could not be read: {error}; how the run stands: {watch}"));
            }
            return (ended, None);
        }
    };
    // An error would invite a second run.
    summary.print_what_stays(context, run.held.name(), Some(stretch));
    report_doubt(context, run.held.name(), summary.doubt.as_ref());
    summary.tell_ways_on(context, run.held.name(), run.details);
    (ended, Some(summary.counts))
}

/// Reports a run that is paused for all, of which this process sends nothing.
pub(super) fn report_paused(
    context: &Context,
    sender: &Sender,
    run: RunOnItsWay<'_>,
    pause: RunPause,
) -> Result<ExitCode, CommandError> {
    let stretch = Elapsed { took: Duration::ZERO, sent_before: run.held.counts()?.sent };
    let end = RunEnd::Stopped { reason: StopReason::PausedByOthers(pause), unwritten: None };
    report(context, sender, run, Ok(end), stretch)
}

/// Notes that every row of the run is final; returns the exit code of its rows.
fn report_complete(context: &Context, run: &RunOnItsWay<'_>, was_stopped: bool) -> Result<ExitCode, CommandError> {
    if was_stopped {
        context.stderr.note(&format!("run {} is complete: its last rows have ended", run.held.name()));
    }
    Ok(run.look()?.exit_code())
}

/// Prints why rows are left.
fn report_stop(
    context: &Context,
    run: &RunOnItsWay<'_>,
    reason: StopReason,
    to_continue: &str,
) -> Result<ExitCode, CommandError> {
    let stderr = &context.stderr;
    match reason {
        StopReason::Paused(reason, problem) => {
            let (name, hint) = (run.held.name(), without_again(&problem.hint));
            let (paused, hint) = if reason == PauseReason::AllRefused {
                // All rows have the same fault.
                let again = format!("jelouctl bulk resolve {name} --failed-as pending; jelouctl bulk resume {name}");
                let hint = format!(
                    "{hint}; to send all of them then: {again}; to send the rest in any case: add --keep-going to resume"
                );
                ("the run paused, as no message was accepted", hint)
            } else {
                ("the run paused", format!("{hint}; {to_continue}"))
            };
            stderr.error(&format!("{paused}: {}", problem.told()), &[], Some(&hint));
            Ok(of_pause(reason))
        }
        StopReason::PausedByOthers(pause) => Ok(report_pause(context, run.held.name(), &pause)),
        StopReason::Signal(signal) => {
            stderr.error(&format!("stopped by {}", signal.name()), &[], Some(to_continue));
            Ok(of_signal(signal))
        }
        StopReason::LedgerFailed(failure) => {
            report_unwritten(context, run, &failure.outcomes);
            let mut error = CommandError::from(failure.error);
            if !failure.outcomes.is_empty() {
                let hint = error.hint.unwrap_or_default();
                error.hint = Some(format!("the outcomes of rows that are not in the ledger are listed above; {hint}"));
            }
            Err(error)
        }
        // This is not an end: the run continues.
        StopReason::HoursOpened => Ok(ExitCode::Success),
        StopReason::Panicked => Err(Panicked::UnderWay.into()),
    }
}

/// Reports a pause by another process; returns its exit code.
fn report_pause(context: &Context, name: &RunName, pause: &RunPause) -> ExitCode {
    // A run that may lack messages is not cancelled.
    let then =
        if pause.reason.is_doubt() { format!("to continue: jelouctl bulk resume {name}") } else { to_continue(name) };
    let hint = format!("{}; {then}", what_to_look_at(pause.reason, name));
    context.stderr.error(&format!("the run is paused: {}", why(pause)), &[], Some(&hint));
    match pause.reason {
        PausedFor::Person | PausedFor::Failover | PausedFor::Restored => ExitCode::Guard,
        PausedFor::Fault(reason) => of_pause(reason),
    }
}

/// The hint for one message without its last words, which the command replaces.
fn without_again(hint: &str) -> &str {
    let ends = [", then try again", "; try again after that"];
    ends.iter().find_map(|end| hint.strip_suffix(end)).unwrap_or(hint)
}

/// The outcomes of rows that are known only here.
fn report_unwritten(context: &Context, run: &RunOnItsWay<'_>, outcomes: &[EndedAttempt]) {
    let details = run.details;
    for row in outcomes {
        let record = Record {
            sent: row.state.sent(),
            kind: Some(details.kind.clone().into()),
            to: Some(row.recipient.clone()),
            profile: details.profile.clone(),
            bot_id: Some(details.bot.clone()),
            api_url: Some(details.api_url.clone()),
            message_id: row.message_id.clone(),
            http_status: row.http_status,
            attempts: 1,
            duration_ms: u64::try_from(row.ended_at - row.began_at).unwrap_or_default(),
            error: row.error.clone().map(|message| RecordError {
                code: row.code.unwrap_or("unknown"),
                api_code: row.api_code.clone(),
                message,
                ..RecordError::default()
            }),
            ..Record::default()
        };
        context.stderr.progress_line(&compact(&record.to_json()));
    }
}

/// The fields of a run that ended or was refused; unknown values are null.
fn run_fields(
    name: Option<&RunName>,
    details: Option<&Details>,
    counts: Option<&Counts>,
    ended: Result<ExitCode, &CommandError>,
) -> Value {
    let (code, fault) = match ended {
        Ok(code) => (code, None),
        Err(error) => (error.code, Some(error.name)),
    };
    let of = |part: fn(&Counts) -> u64| counts.map(part);
    json!({
        "run": name.map(ToString::to_string),
        "complete": counts.map(Counts::is_finished),
        "exit_code": code.code(),
        "code": fault,
        "kind": details.map(|details| &details.kind),
        "rows": of(Counts::all),
        "rows_sent": of(|counts| counts.sent),
        "rows_failed": of(|counts| counts.failed),
        "rows_unknown": of(|counts| counts.unknown),
        "rows_skipped": of(|counts| counts.skipped),
        "rows_under_way": of(|counts| counts.inflight),
        "rows_left": of(|counts| counts.pending),
        "api_url": details.map(|details| &details.api_url),
    })
}

/// Logs a run that a guard refused before it began, with the name that was typed. Other errors are not logged here.
pub(crate) fn log_refused_run(context: &Context, name: Option<&RunName>, ended: &Result<ExitCode, CommandError>) {
    let Err(error) = ended else { return };
    if error.code != ExitCode::Guard {
        return;
    }
    // A guard needs a readable configuration.
    if let Ok(log) = AuditLog::of_flags(&context.flags) {
        log.run(&context.stderr, "bulk", &run_fields(name, None, None, Err(error)));
    }
}

/// Logs rows whose state was decided with this command, and how it ended; `counts` is None if they cannot be read any
/// more.
pub(crate) fn log_decided(
    context: &mut Context,
    command: &str,
    name: &RunName,
    details: &Details,
    counts: Option<&Counts>,
    ended: Result<ExitCode, &CommandError>,
) {
    let flags = &mut context.flags;
    flags.sandbox |= details.sandbox;
    if let Some(profile) = &details.profile
        && knows_profile(flags, profile).unwrap_or(false)
    {
        flags.default_profile = Some(profile.clone());
    }
    match AuditLog::of_flags(flags) {
        Ok(log) => {
            let fields = run_fields(Some(name), Some(details), counts, ended);
            log.of_run(details.bot.clone(), details.client_id.clone()).run(&context.stderr, command, &fields);
        }
        Err(error) => context.stderr.warning(&format!("whether there is an audit log is not known: {error}")),
    }
}

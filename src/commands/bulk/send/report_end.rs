//! Reports a run that has ended or paused: its state, why it ended, and how to continue.

use std::process::id;
use std::time::Duration;

use serde_json::{Value, json};

use crate::base::exit::ExitCode;
use crate::base::output::{Record, RecordError, compact};
use crate::base::process::host_name;
use crate::command_error::CommandError;
use crate::commands::bulk::pauses::{report_stale, what_to_look_at, why};
use crate::commands::bulk::summary::{RunSummary, to_continue};
use crate::commands::error::{pause_exit_code, signal_exit_code};
use crate::lists::exclusions::Exclusions;
use crate::runs::ledger::{
    AttemptResult, Counts, LedgerError, PauseReason, Run, RunName, RunSettings, RunWorker,
};
use crate::runs::sending::{RunEnd, StopReason};
use crate::sender::config::knows_profile;
use crate::sender::context::Context;
use crate::sender::{AuditLog, Sender, panicked};

/// A run that this process sends.
pub(crate) struct ActiveRun<'a> {
    pub(crate) context: &'a Context,
    pub(crate) sender: &'a Sender,
    pub(crate) run: Run,
    /// The settings, with the options that it continues with.
    pub(crate) details: &'a RunSettings,
    /// The recipients that were excluded when it began.
    pub(crate) exclusions: &'a Exclusions,
}

impl ActiveRun<'_> {
    /// Reports its state, in words on stderr, as JSON on stdout and in the audit log; returns the exit code.
    pub(crate) fn report(
        &self,
        end: Result<RunEnd, CommandError>,
        took: Option<Duration>,
    ) -> Result<ExitCode, CommandError> {
        let stderr = &self.context.stderr;
        let settings = &self.sender.settings;
        if let Some(note) = settings.sandbox_note() {
            stderr.note(note);
        }
        let (ended, counts) = self.print(end, took);
        // Counts that cannot be read stay null.
        let ended_as = ended.as_ref().map(|code| *code);
        let fields = run_fields(
            Some(self.run.name()),
            Some(self.details),
            counts.as_ref(),
            ended_as,
        );
        AuditLog::from_settings(settings)
            .with(self.exclusions)
            .run(stderr, "bulk", fields);
        ended
    }

    /// Prints why it ended, and its state; also returns the number of rows in each state if the ledger can be read.
    fn print(
        &self,
        end: Result<RunEnd, CommandError>,
        took: Option<Duration>,
    ) -> (Result<ExitCode, CommandError>, Option<Counts>) {
        let stderr = &self.context.stderr;
        let name = self.run.name();
        let watch = format!("to see its state: jelouctl bulk status {name}");
        // None: the exit code follows from its rows.
        let ended = match end {
            Ok(RunEnd::Complete) => Ok(None),
            Ok(RunEnd::Stopped {
                reason,
                unwritten: None,
            }) => self.report_stop(reason).map(Some),
            Ok(RunEnd::Stopped {
                reason,
                unwritten: Some(outcomes),
            }) => {
                let ended = self.report_stop(reason);
                self.report_unwritten(&outcomes);
                let above = if outcomes.is_empty() {
                    ""
                } else {
                    ", and may not get the outcomes listed above"
                };
                stderr.warning(&format!(
                    "the run is still writing to the ledger{above}; {watch}"
                ));
                return (ended, None);
            }
            Err(error) => {
                let hint = error
                    .hint
                    .as_ref()
                    .map(|hint| format!("{hint}; "))
                    .unwrap_or_default();
                let message = format!("the run did not continue: {}", error.message);
                stderr.error(&message, &[], Some(&format!("{hint}{}", to_continue(name))));
                Ok(Some(error.code))
            }
        };
        let summary = self
            .run
            .reconnected()
            .and_then(|run| RunSummary::new(&run, self.details));
        let summary = match summary.map_err(LedgerError::in_mid_run) {
            Ok(summary) => summary,
            Err(error) => {
                // The error that ended the run is printed separately.
                if matches!(ended, Ok(Some(_))) {
                    stderr.warning(&format!("cannot read the ledger: {error}; {watch}"));
                }
                return (
                    ended.and_then(|code| code.ok_or_else(|| error.into())),
                    None,
                );
            }
        };
        // An error here could make a script start a second run.
        summary.print_what_stays(self.context, name, took);
        report_stale(self.context, name, summary.stale.as_ref());
        summary.tell_ways_on(self.context, name);
        (
            ended.map(|code| code.unwrap_or_else(|| summary.exit_code())),
            Some(summary.counts),
        )
    }

    /// Prints why rows were not sent.
    fn report_stop(&self, reason: StopReason) -> Result<ExitCode, CommandError> {
        let stderr = &self.context.stderr;
        let name = self.run.name();
        let to_continue = to_continue(name);
        match reason {
            StopReason::Paused(reason, problem) => {
                let hint = &problem.hint;
                let (paused, hint) = if reason == PauseReason::AllRejected {
                    // All rows have the same fault.
                    let again = format!(
                        "jelouctl bulk resolve {name} --failed-as pending; jelouctl bulk resume {name}"
                    );
                    let hint = format!(
                        "{hint}; to send them again: {again}; to send only the rest: jelouctl bulk resume {name} --keep-going"
                    );
                    ("run paused: Jelou has not accepted any message", hint)
                } else {
                    // A process that sends updates its record more often than every five seconds.
                    let is_own = |process: &RunWorker| {
                        process.pid == i64::from(id()) && process.host == host_name()
                    };
                    let is_other = |process: &RunWorker| !is_own(process) && process.seen_s < 5.0;
                    let has_others = self
                        .run
                        .workers()
                        .is_ok_and(|processes| processes.iter().any(is_other));
                    let others_go_on = has_others && !reason.is_of_run();
                    let who = if others_go_on {
                        "this process stopped; others continue the run"
                    } else {
                        "run paused"
                    };
                    (who, format!("{hint}; {to_continue}"))
                };
                stderr.error(&format!("{paused}: {}", problem.message), &[], Some(&hint));
                Ok(pause_exit_code(reason))
            }
            StopReason::PausedByOthers(pause) => {
                let hint = format!("{}; {to_continue}", what_to_look_at(pause.reason, name));
                stderr.error(&format!("run paused: {}", why(&pause)), &[], Some(&hint));
                Ok(pause_exit_code(pause.reason))
            }
            StopReason::Signal(signal) => {
                stderr.error(
                    &format!("stopped by {}", signal.name()),
                    &[],
                    Some(&to_continue),
                );
                Ok(signal_exit_code(signal))
            }
            StopReason::LedgerFailed { error, outcomes } => {
                self.report_unwritten(&outcomes);
                let mut error = CommandError::from(error);
                if !outcomes.is_empty() {
                    let hint = error.hint.unwrap_or_default();
                    error.hint = Some(format!(
                        "the ledger does not have the outcomes listed above; {hint}"
                    ));
                }
                Err(error)
            }
            // This is not an end: the run continues.
            StopReason::WaitOver => Ok(ExitCode::Success),
            StopReason::Panicked => Err(panicked(true)),
        }
    }

    /// Prints the outcomes of rows that the ledger does not have.
    fn report_unwritten(&self, outcomes: &[AttemptResult]) {
        let details = self.details;
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
            self.context.stderr.progress_line(&compact(&json!(record)));
        }
    }
}

/// The fields of a run that ended or was refused; unknown values are null.
fn run_fields(
    name: Option<&RunName>,
    details: Option<&RunSettings>,
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
        "rows_inflight": of(|counts| counts.inflight),
        "rows_left": of(|counts| counts.pending),
        "api_url": details.map(|details| &details.api_url),
    })
}

/// Logs a run that a guard refused before it began, with the name that was typed. Other errors are not logged here.
pub(crate) fn log_refused_run(
    context: &Context,
    name: Option<&RunName>,
    ended: &Result<ExitCode, CommandError>,
) {
    let Err(error) = ended else { return };
    if error.code != ExitCode::Guard {
        return;
    }
    // A guard needs a readable configuration.
    if let Ok(log) = AuditLog::from_flags(&context.flags) {
        log.run(
            &context.stderr,
            "bulk",
            run_fields(name, None, None, Err(error)),
        );
    }
}

/// Logs that this command changed the state of rows, and its exit code; `counts` is None if the ledger can no longer be
/// read.
pub(crate) fn log_decided(
    context: &mut Context,
    command: &str,
    name: &RunName,
    details: &RunSettings,
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
    match AuditLog::from_flags(flags) {
        Ok(log) => {
            let fields = run_fields(Some(name), Some(details), counts, ended);
            log.for_run(&details.bot, &details.client_id)
                .run(&context.stderr, command, fields);
        }
        Err(error) => context.stderr.warning(&format!(
            "the audit log may be incomplete: {}",
            error.message
        )),
    }
}

//! The audit log of runs: their changes, their end or refusal, and decisions about their rows.

use serde_json::{Value, json};

use crate::base::exit::ExitCode;
use crate::command_error::CommandError;
use crate::runs::ledger::{Counts, Ledger, RunName, RunSettings};
use crate::sender::AuditLog;
use crate::sender::config::knows_profile;
use crate::sender::context::Context;

/// Returns the fields of a run that ended or was refused; unknown values are null.
pub(super) fn run_fields(
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

/// Logs a run that a safety check blocked before it began, with the typed name. Does not log other errors.
pub(super) fn log_refused_run(
    context: &Context,
    name: Option<&RunName>,
    ended: &Result<ExitCode, CommandError>,
) {
    let Err(error) = ended else { return };
    if error.code != ExitCode::Guard {
        return;
    }
    // A safety check needs a readable configuration.
    if let Ok(log) = AuditLog::from_flags(&context.flags) {
        log.add(
            &context.stderr,
            "run",
            "bulk",
            run_fields(name, None, None, Err(error)),
        );
    }
}

/// Logs that this command changed the state of rows, and its exit code; `counts` is None if the ledger can no longer be
/// read.
pub(super) fn log_row_decision(
    context: &mut Context,
    command: &str,
    name: &RunName,
    details: &RunSettings,
    counts: Option<&Counts>,
    ended: Result<ExitCode, &CommandError>,
) {
    let fields = run_fields(Some(name), Some(details), counts, ended);
    log_of_run(context, details).add(&context.stderr, "run", command, fields);
}

/// Returns the log for a change of a run that this command does not send.
pub(super) fn log_of_run(context: &mut Context, details: &RunSettings) -> AuditLog {
    let flags = &mut context.flags;
    flags.sandbox |= details.sandbox;
    if let Some(profile) = &details.profile
        && knows_profile(flags, profile).unwrap_or(false)
    {
        flags.default_profile = Some(profile.clone());
    }
    AuditLog::after_change(flags, &context.stderr).for_run(&details.bot, &details.client_id)
}

/// Returns the fields of a change of a run, such as `started`. The `reason` is one word or a flag.
pub(super) fn change_fields(
    ledger: &Ledger,
    name: &RunName,
    details: &RunSettings,
    change: &str,
    reason: Option<&str>,
) -> Value {
    json!({
        "run": name.to_string(),
        "change": change,
        "reason": reason,
        "by": ledger.who(),
        "kind": details.kind,
        "api_url": details.api_url,
    })
}

//! The audit log of runs: the end or the refusal of a run, and decisions about its rows.

use serde_json::{Value, json};

use crate::base::exit::ExitCode;
use crate::command_error::CommandError;
use crate::runs::ledger::{Counts, RunName, RunSettings};
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
        log.run(
            &context.stderr,
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
    let flags = &mut context.flags;
    flags.sandbox |= details.sandbox;
    if let Some(profile) = &details.profile
        && knows_profile(flags, profile).unwrap_or(false)
    {
        flags.default_profile = Some(profile.clone());
    }
    let fields = run_fields(Some(name), Some(details), counts, ended);
    AuditLog::after_change(flags, &context.stderr)
        .for_run(&details.bot, &details.client_id)
        .run(&context.stderr, command, fields);
}

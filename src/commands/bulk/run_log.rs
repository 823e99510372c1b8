//! What the audit log says of runs: how one ended, that a guard refused one, and that a person decided rows of one.

use serde_json::{Value, json};

use crate::commands::CommandError;
use crate::config::knows_profile;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::ledger::{Counts, Details, RunName};
use crate::sending::AuditLog;

/// A run that ended so, or was refused; what is not known of it is null.
pub(crate) fn run_fields(
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

/// A run that a guard refused before it was on its way, by the name that was typed; all else is not logged here.
pub(crate) fn log_refused_run(context: &Context, name: Option<&RunName>, ended: &Result<ExitCode, CommandError>) {
    let Err(error) = ended else { return };
    if error.code != ExitCode::Guard {
        return;
    }
    // Without a configuration that can be read there would have been no guard.
    if let Ok(log) = AuditLog::of_flags(&context.flags) {
        log.run(&context.stderr, "bulk", &run_fields(name, None, None, Err(error)));
    }
}

/// Rows of a run that count otherwise from now on, because a person said so with this command.
pub(crate) fn log_decided(context: &mut Context, command: &str, name: &RunName, details: &Details, counts: &Counts) {
    let flags = &mut context.flags;
    flags.sandbox |= details.sandbox;
    if let Some(profile) = &details.profile
        && knows_profile(flags, profile).unwrap_or(false)
    {
        flags.default_profile = Some(profile.clone());
    }
    match AuditLog::of_flags(flags) {
        Ok(log) => {
            let fields = run_fields(Some(name), Some(details), Some(counts), Ok(ExitCode::Success));
            log.of_run(details.bot.clone(), details.client_id.clone()).run(&context.stderr, command, &fields);
        }
        Err(error) => context.stderr.warning(&format!("whether there is an audit log is not known: {error}")),
    }
}

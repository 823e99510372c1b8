//! Describes why a run is paused or stale, and what to check.

use std::fmt::Display;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::base::exit::ExitCode;
use crate::base::output::counted;
use crate::base::timestamps::{from_millis, time_in};
use crate::runs::ledger::{
    Cancellation, LedgerError, PauseReason, Run, RunName, RunPause, RunSettings,
};
use crate::sender::context::Context;

/// Warns of a stale run, with a hint; returns its exit code, or success if the run is not stale.
pub(super) fn report_stale(
    context: &Context,
    run: impl Display,
    stale: Option<&LedgerError>,
) -> ExitCode {
    let Some(stale) = stale else {
        return ExitCode::Success;
    };
    let message = format!(
        "run {run}: {stale}; rows that are not recorded as sent or skipped are shown as unknown"
    );
    let hint = &stale.hint;
    let to_send = format!("to send the rest, even if recipients get it twice: {hint}");
    context.stderr.warning_with_hint(&message, &to_send);
    ExitCode::Ledger
}

/// Describes the reason: `stopped by `jelouctl bulk stop` (ana at build-7)`
pub(super) fn why(RunPause { reason, by, .. }: &RunPause) -> String {
    let why = match reason {
        PauseReason::Person => "stopped by `jelouctl bulk stop`",
        PauseReason::Undelivered => "stopped by `jelouctl bulk deliveries --pause-if-undelivered`",
        PauseReason::Unknown => "too many messages have an unknown outcome",
        PauseReason::AllRejected => "Jelou has not accepted any message",
        PauseReason::Credentials => "Jelou rejected the credentials",
        PauseReason::Account => "WhatsApp has blocked the business account",
        PauseReason::ProxyCredentials => "the proxy asks for credentials",
        PauseReason::Network => "the API could not be reached",
        PauseReason::RateLimit => "the API limited the rate for too long",
    };
    format!("{why} ({by})")
}

/// Describes the pause with its time: `paused since 2026-11-20 10:15 -05:00: stopped by `jelouctl
/// bulk stop` (ana at build-7)`
pub(super) fn since_when(pause: &RunPause, zone: &TimeZone) -> String {
    let since = time_in(zone, pause.at);
    format!("paused since {since}: {}", why(pause))
}

/// Describes who cancelled the run, and when: `cancelled by ana at build-7 at 2026-11-20 10:15 -05:00`
pub(super) fn describe_cancellation(cancellation: &Cancellation, zone: &TimeZone) -> String {
    let at = time_in(zone, cancellation.at);
    format!("cancelled by {} at {at}", cancellation.by)
}

/// Returns the cancellation as fields of a record.
pub(super) fn cancellation_as_json(cancellation: &Cancellation) -> Value {
    let at = from_millis(cancellation.at);
    json!({ "cancelled_by": cancellation.by, "cancelled_at": format!("{at:.3}") })
}

/// Returns how to resume or cancel a run with remaining rows.
pub(super) fn resume_hint(name: &RunName) -> String {
    let to_continue = to_continue(name);
    format!("{to_continue}; to cancel the rest: jelouctl bulk cancel {name}")
}

/// Returns how to resume a run.
pub(super) fn to_continue(name: &RunName) -> String {
    format!("to continue: jelouctl bulk resume {name}")
}

/// Returns how to go on after a pause for this reason. If Jelou has accepted no message, it would reject the rest, too.
pub(super) fn way_on(reason: PauseReason, name: &RunName, settings: &RunSettings) -> String {
    if reason != PauseReason::AllRejected {
        return to_continue(name);
    }
    let why = if settings.message.is_some() {
        "the other rows have the same message; "
    } else {
        ""
    };
    format!(
        "{why}to stop here: jelouctl bulk cancel {name}; to send the rest anyway: jelouctl bulk resume {name} --keep-going"
    )
}

/// Describes the rows of a stale run that may have been sent, and how to skip their recipients. None without any.
pub(super) fn describe_repeats(run: &Run) -> Result<Option<String>, LedgerError> {
    let pending = run.pending()?;
    if pending == 0 {
        return Ok(None);
    }
    let name = run.name();
    let messages = counted(pending, "unsent message");
    let since = from_millis(run.created_at()?).strftime("%Y-%m-%dT%H:%MZ");
    Ok(Some(format!(
        "run {name}: up to {messages} may have been sent; to skip the recipients that got one since the run began: \
         jelouctl messages list --by bot --since {since} -o to > sent.txt, then jelouctl bulk resume {name} \
         --accept-stale --exclude sent.txt"
    )))
}

/// Returns what to check before resuming the run `name`.
pub(super) fn next_check(name: &RunName) -> String {
    format!("to see its state: jelouctl bulk status {name}")
}

//! Describes why a run is paused or stale, and what to check.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::base::exit::ExitCode;
use crate::base::message::{Message, ToValue, msg};
use crate::base::timestamps::{from_millis, time_value};
use crate::runs::ledger::{
    Cancellation, LedgerError, PauseReason, Run, RunName, RunPause, RunSettings,
};
use crate::sender::context::Context;

/// Warns of a stale run, with a hint; returns its exit code, or success if the run is not stale.
pub(super) fn report_stale(
    context: &Context,
    run: impl ToValue,
    stale: Option<&LedgerError>,
) -> ExitCode {
    let Some(stale) = stale else {
        return ExitCode::Success;
    };
    let message = msg!(
        "run {run}: {stale}; rows that are not recorded as sent or skipped are shown as unknown",
        run,
        stale = stale.message
    );
    let hint = msg!(
        "to send the rest, even if recipients get it twice: {hint}",
        hint = stale.hint
    );
    context.stderr.warning_with_hint(message, hint);
    ExitCode::Ledger
}

/// Describes the reason: `stopped by `jelouctl bulk stop` (ana at build-7)`
pub(super) fn why(RunPause { reason, by, .. }: &RunPause) -> Message {
    let why = match reason {
        PauseReason::Person => msg!("stopped by `jelouctl bulk stop`"),
        PauseReason::Undelivered => {
            msg!("stopped by `jelouctl bulk deliveries --pause-if-undelivered`")
        }
        PauseReason::Unknown => msg!("too many messages have an unknown outcome"),
        PauseReason::AllRejected => msg!("Jelou has not accepted any message"),
        PauseReason::Credentials => msg!("Jelou rejected the credentials"),
        PauseReason::Account => msg!("WhatsApp has blocked the business account"),
        PauseReason::ProxyCredentials => msg!("the proxy asks for credentials"),
        PauseReason::Network => msg!("the API could not be reached"),
        PauseReason::RateLimit => msg!("the API limited the rate for too long"),
    };
    msg!("{why} ({by})", why, by)
}

/// Describes the pause with its time: `paused since 2026-11-20 10:15 -05:00: stopped by `jelouctl
/// bulk stop` (ana at build-7)`
pub(super) fn since_when(pause: &RunPause, zone: &TimeZone) -> Message {
    let time = time_value(zone, pause.at);
    msg!("paused since {time}: {why}", time, why = why(pause))
}

/// Describes who cancelled the run, and when: `cancelled by ana at build-7 at 2026-11-20 10:15 -05:00`
pub(super) fn describe_cancellation(cancellation: &Cancellation, zone: &TimeZone) -> Message {
    let time = time_value(zone, cancellation.at);
    msg!("cancelled by {by} at {time}", by = cancellation.by, time)
}

/// Returns the cancellation as fields of a record.
pub(super) fn cancellation_as_json(cancellation: &Cancellation) -> Value {
    let at = from_millis(cancellation.at);
    json!({ "cancelled_by": cancellation.by, "cancelled_at": format!("{at:.3}") })
}

/// Returns how to resume a run.
pub(super) fn to_continue(name: &RunName) -> Message {
    msg!("to continue: jelouctl bulk resume {run}", run = name)
}

/// Returns how to go on after a pause for this reason. If Jelou has accepted no message, it would reject the rest, too.
pub(super) fn way_on(reason: PauseReason, name: &RunName, settings: &RunSettings) -> Message {
    if reason != PauseReason::AllRejected {
        return to_continue(name);
    }
    let ways = msg!(
        "to stop here: jelouctl bulk cancel {run}; to send the rest anyway: jelouctl bulk resume {run} --keep-going",
        run = name
    );
    if settings.message.is_some() {
        msg!("the other rows have the same message; {ways}", ways)
    } else {
        ways
    }
}

/// Describes the rows of a stale run that may have been sent, and how to skip their recipients. None without any.
pub(super) fn describe_repeats(run: &Run) -> Result<Option<Message>, LedgerError> {
    let count = run.pending()?;
    if count == 0 {
        return Ok(None);
    }
    let since = from_millis(run.created_at()?).strftime("%Y-%m-%dT%H:%MZ");
    Ok(Some(msg!(
        "run {run}: up to {count} unsent {count|message|messages} may have been sent; to skip the recipients that got one \
         since the run began: jelouctl messages list --by bot --since {since} -o to > sent.txt, then jelouctl bulk resume \
         {run} --accept-stale --exclude sent.txt",
        run = run.name(),
        count,
        since = since.to_string()
    )))
}

/// Returns what to check before resuming the run `name`.
pub(super) fn next_check(name: &RunName) -> Message {
    msg!("to see its state: jelouctl bulk status {run}", run = name)
}

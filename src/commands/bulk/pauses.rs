//! Describes why a run does not send now: it is paused, cancelled or stale, outside its sending hours, or at its messaging
//! limit.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::base::exit::ExitCode;
use crate::base::message::{Message, ToValue, msg};
use crate::base::output::{WaitReason, Waiting};
use crate::base::timestamps::{self, from_millis, time_value};
use crate::runs::hours::Hours;
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
        PauseReason::Configuration => msg!("the profile's rules could not be read again"),
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

/// Warns before the question that the run will not send immediately.
pub(super) fn report_closed(context: &Context, hours: Option<&Hours>) {
    if let Some((hours, until)) = closed(hours)
        && context.can_ask()
        && !context.assume_yes
    {
        context.stderr.note(msg!(
            "outside the sending hours, {hours}: nothing is sent before {time}",
            hours,
            time = hours.local_value(until)
        ));
    }
}

/// Prints that the sandbox sends outside the sending hours, unlike a run at Jelou.
pub(super) fn report_ignored_hours(context: &Context, hours: Option<&Hours>) {
    if let Some((hours, until)) = closed(hours) {
        context.stderr.note(msg!(
            "outside the sending hours, {hours}: a run to Jelou would wait until {time}",
            hours,
            time = hours.local_value(until)
        ));
    }
}

/// Returns what a run in another process waits for: its sending hours, or the messaging limit that
/// the process has recorded.
pub(super) fn waiting(
    run: &Run,
    details: &RunSettings,
    zone: &TimeZone,
) -> Result<Option<Waiting>, LedgerError> {
    let last = run.events()?.pop();
    let now = run.ledger().now()?;
    let limit = last
        .and_then(|event| event.limit_until())
        .filter(|until| *until > now);
    let closed = closed(
        details
            .conditions
            .hours
            .as_ref()
            .filter(|_| !details.sandbox),
    );
    let (reason, until, duration_text) = match (closed, limit) {
        (Some((hours, until)), limit)
            if limit.is_none_or(|limit| limit <= until.as_millisecond()) =>
        {
            (
                WaitReason::OutsideHours,
                hours.rfc_3339(until),
                msg!("until {time}", time = hours.local_value(until)),
            )
        }
        (_, Some(until)) => {
            let shown = msg!(
                "until {time}, for its messaging limit",
                time = time_value(zone, until)
            );
            (
                WaitReason::MessagingLimit,
                format!("{:.0}", from_millis(until)),
                shown,
            )
        }
        _ => return Ok(None),
    };
    Ok(Some(Waiting {
        reason,
        until,
        since: None,
        duration_text,
        reason_text: Message::default(),
        is_new: false,
    }))
}

/// Returns the hours and their next opening, if they are closed now.
fn closed(hours: Option<&Hours>) -> Option<(&Hours, Timestamp)> {
    let now = timestamps::now();
    let hours = hours?;
    let until = hours.next_opening(now)?;
    (until > now).then_some((hours, until))
}

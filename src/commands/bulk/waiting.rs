//! The reasons why a run waits: its sending hours, or its messaging limit.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::base::message::{Message, msg};
use crate::base::output::{WaitReason, Waiting};
use crate::base::timestamps::{self, from_millis, time_value};
use crate::runs::hours::Hours;
use crate::runs::ledger::{LedgerError, Run, RunSettings};
use crate::sender::context::Context;

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

//! Sentences about runs that several commands print: damaged or unreadable runs, the reason of a pause, what a run waits
//! for, and times.

use std::fmt::Display;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::base::exit::ExitCode;
use crate::base::output::{WaitReason, Waiting, counted_are, grouped};
use crate::base::timestamps::{self, from_millis, time_in};
use crate::jelou::message::merge;
use crate::runs::hours::Hours;
use crate::runs::ledger::{
    DeliveryCounts, LedgerError, PauseReason, Run, RunName, RunPause, RunSettings, SkipCounts,
    SkipReason,
};
use crate::sender::context::Context;

/// What to do about a template that the bot cannot send.
pub(super) const OR_UNCHECKED: &str = "fix the message, or send it anyway with --unchecked";

/// Why a row is left out with `--only-in-window`.
pub(super) const NOT_WRITTEN: &str = "the person has not written within 23 hours";

/// Warns of a stale run, with a hint; returns its exit code, or success if there is no doubt.
pub(super) fn report_stale(
    context: &Context,
    run: impl Display,
    stale: Option<&LedgerError>,
) -> ExitCode {
    let Some(stale) = stale else {
        return ExitCode::Success;
    };
    context.stderr.warning(&format!(
        "run {run}: {stale}; rows that are not recorded as sent or skipped are shown as unknown; {}",
        stale.hint
    ));
    ExitCode::Ledger
}

/// `stopped by `jelouctl bulk stop` (ana at build-7)`
pub(super) fn why(RunPause { reason, by, .. }: &RunPause) -> String {
    let why = match reason {
        PauseReason::Person => "stopped by `jelouctl bulk stop`",
        PauseReason::Undelivered => "stopped by `jelouctl bulk deliveries --pause-if-undelivered`",
        PauseReason::Stale => "what was written may be lost",
        PauseReason::Unknown => "too many messages may or may not have been sent",
        PauseReason::AllRefused => "no message was accepted",
        PauseReason::Credentials => "the credentials were refused",
        PauseReason::Account => "WhatsApp lets the business send nothing",
        PauseReason::ProxyCredentials => "the proxy asks for credentials",
        PauseReason::Network => "the API could not be reached",
        PauseReason::RateLimit => "the API accepted no more messages",
    };
    format!("{why} ({by})")
}

/// `paused since 2026-11-20 10:15 -05:00: stopped by `jelouctl bulk stop` (ana at build-7)`
pub(super) fn since_when(pause: &RunPause, zone: &TimeZone) -> String {
    let since = time_in(zone, pause.at);
    format!("paused since {since}: {}", why(pause))
}

/// What to check before resuming the run `name`.
pub(super) fn what_to_look_at(reason: PauseReason, name: &RunName) -> String {
    if reason == PauseReason::Stale {
        format!("compare jelouctl bulk report {name} --state unknown with what Jelou has sent")
    } else {
        format!("jelouctl bulk status {name} shows how it stands")
    }
}

/// `3 failed, 2 may have been sent`; zero counts are omitted.
pub(super) fn in_words(counts: impl IntoIterator<Item = (u64, impl AsRef<str>)>) -> Option<String> {
    let some = counts.into_iter().filter(|(count, _)| *count > 0);
    let words: Vec<_> = some
        .map(|(count, what)| format!("{} {}", grouped(count), what.as_ref()))
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// `3 invalid, 2 already sent`; None if no row was left out.
pub(super) fn skips_in_words(skips: &SkipCounts) -> Option<String> {
    in_words(
        skips
            .iter()
            .map(|(reason, rows)| (rows, reason_in_words(reason))),
    )
}

fn reason_in_words(reason: SkipReason) -> String {
    match reason {
        SkipReason::ToBeSent => "still to be sent by another run or send".to_owned(),
        SkipReason::OutsideWindow => "to people who have not written within 23 hours".to_owned(),
        reason => reason.name().replace('_', " "),
    }
}

/// Prints how many rows are left out because of earlier runs and sends, or because their people have not written. Rows that
/// are left out for another reason are reported where that is found.
pub(super) fn report_left_out(context: &Context, skips: &SkipCounts) {
    use SkipReason::{AlreadySent, MayHaveBeenSent, OutsideWindow, ToBeSent};
    let told = [AlreadySent, MayHaveBeenSent, ToBeSent, OutsideWindow];
    let rows = told.map(|reason| (skips.rows(reason), reason_in_words(reason)));
    let all = rows.iter().map(|(rows, _)| rows).sum();
    if let Some(reasons) = in_words(rows) {
        context
            .stderr
            .note(&format!("{} left out: {reasons}", counted_are(all, "row")));
    }
}

/// Warns before the question that nothing is sent right away.
pub(super) fn report_closed(context: &Context, hours: Option<&Hours>) {
    if let Some((hours, until)) = closed(hours)
        && context.can_ask()
        && !context.assume_yes
    {
        let until = hours.shown(until);
        context.stderr.note(&format!(
            "it is outside of the hours, {hours}: nothing leaves before {until}"
        ));
    }
}

/// What a run that another process is sending waits for: its hours, or as that process has noted, its limit of people.
pub(super) fn waiting(
    run: &Run,
    details: &RunSettings,
    zone: &TimeZone,
) -> Result<Option<Waiting>, LedgerError> {
    let last = run.events()?.pop();
    let now = run.store().now()?;
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
    let (reason, until, shown) = match (closed, limit) {
        (Some((hours, until)), limit)
            if limit.is_none_or(|limit| limit <= until.as_millisecond()) =>
        {
            (WaitReason::Hours, hours.rfc_3339(until), hours.shown(until))
        }
        (_, Some(until)) => {
            let shown = format!("{}, for its limit of people", time_in(zone, until));
            (
                WaitReason::PeopleLimit,
                format!("{:.0}", from_millis(until)),
                shown,
            )
        }
        _ => return Ok(None),
    };
    let shown = format!("until {shown}");
    let words = String::new();
    Ok(Some(Waiting {
        reason,
        until,
        since: None,
        shown,
        words,
        is_new: false,
    }))
}

/// The hours and their next opening, if they are closed now.
fn closed(hours: Option<&Hours>) -> Option<(&Hours, Timestamp)> {
    let now = timestamps::now();
    let hours = hours?;
    let until = hours.next_opening(now)?;
    (until > now).then_some((hours, until))
}

/// Delivery counts as data.
pub(super) fn deliveries_as_json(counts: &DeliveryCounts) -> Value {
    let DeliveryCounts {
        asked_at,
        asked,
        reasons,
        ..
    } = counts;
    let mut json =
        json!({ "asked_at": asked_at.map(utc), "asked": asked, "undelivered_reasons": reasons });
    merge(
        &mut json,
        counts
            .named()
            .into_iter()
            .map(|(name, _, messages)| (name, messages))
            .collect(),
    );
    json
}

/// `delivered 400, read 310, not listed 3, as of 2026-11-20 10:15 -05:00`
pub(super) fn deliveries_in_words(counts: &DeliveryCounts, zone: &TimeZone) -> String {
    let some = counts
        .named()
        .into_iter()
        .filter(|(.., messages)| *messages > 0);
    let words: Vec<_> = some
        .map(|(_, words, messages)| format!("{words} {}", grouped(messages)))
        .collect();
    let words = if words.is_empty() {
        "no messages".to_owned()
    } else {
        words.join(", ")
    };
    words
        + &counts
            .asked_at
            .map(|at| format!(", as of {}", time_in(zone, at)))
            .unwrap_or_default()
}

/// `2026-11-20T15:15:00.123Z`
pub(crate) fn utc(at: i64) -> String {
    format!("{:.3}", from_millis(at))
}

//! What the run went through: its events in words, and the times in which nothing left.

use serde::Serialize;

use super::texts::PageLanguage;
use super::timeline::Rest;
use super::times::PageClock;
use crate::ledger::{RunEvent, RunEventKind};

/// One line of it.
#[derive(Debug, Serialize)]
pub(super) struct CourseStep {
    at: String,
    /// A class of the style.
    kind: &'static str,
    label: &'static str,
    detail: String,
}

/// The events in words. Waits for one reason that follow each other are one line. `with_problems` gives the API's own words,
/// which may name a person.
pub(super) fn steps(
    events: &[RunEvent],
    with_problems: bool,
    clock: &PageClock,
    language: PageLanguage,
) -> Vec<CourseStep> {
    let same = |left: &RunEvent, right: &RunEvent| {
        left.kind == RunEventKind::Waiting && right.kind == RunEventKind::Waiting && left.reason == right.reason
    };
    let mut before = None;
    let mut steps = Vec::new();
    for group in events.chunk_by(same) {
        let [event, ..] = group else { continue };
        let mut details = Vec::new();
        if event.kind == RunEventKind::Resumed && before.is_some_and(|kind| !rests(kind)) {
            details.push(language.text("was_cut_off").to_owned());
        }
        details.extend(event.reason.as_deref().map(|reason| why(event.kind, reason, language)));
        if group.len() > 1 {
            details.push(language.text_with("waited_times", &language.number(group.len() as u64)));
        }
        let until = group.iter().filter_map(|event| event.until).max();
        details.extend(until.map(|until| language.text_with("until", &clock.moment(until))));
        details.extend(event.problem.clone().filter(|_| with_problems));
        before = Some(event.kind);
        let label = language.text(label(event.kind));
        steps.push(CourseStep {
            at: clock.moment(event.at),
            kind: event.kind.name(),
            label,
            detail: details.join("; "),
        });
    }
    steps
}

/// The times in which nothing left: from each pause, and for each wait, to the end that was meant or to what came before it.
pub(super) fn rests_of(events: &[RunEvent], until: i64) -> Vec<Rest> {
    let next = |place: usize| events.get(place + 1).map_or(until, |next| next.at);
    let rests = events.iter().enumerate().filter_map(|(place, event)| {
        let (kind, to) = match event.kind {
            RunEventKind::Waiting => ("waiting", event.until?.min(next(place).max(event.at))),
            RunEventKind::Paused => ("paused", next(place)),
            RunEventKind::Stopped => ("stopped", next(place)),
            RunEventKind::Begun | RunEventKind::Resumed | RunEventKind::Cancelled | RunEventKind::Ended => return None,
        };
        Some(Rest { from: event.at, to: to.max(event.at), kind })
    });
    rests.collect()
}

/// Whether nothing is under way after such an event.
fn rests(kind: RunEventKind) -> bool {
    match kind {
        RunEventKind::Paused | RunEventKind::Stopped | RunEventKind::Cancelled | RunEventKind::Ended => true,
        RunEventKind::Begun | RunEventKind::Resumed | RunEventKind::Waiting => false,
    }
}

/// The name of the text for an event.
fn label(kind: RunEventKind) -> &'static str {
    match kind {
        RunEventKind::Begun => "begun",
        RunEventKind::Resumed => "resumed",
        RunEventKind::Waiting => "waited",
        RunEventKind::Paused => "was_paused",
        RunEventKind::Stopped => "was_stopped",
        RunEventKind::Cancelled => "was_cancelled",
        RunEventKind::Ended => "ended",
    }
}

/// Why, in words.
fn why(kind: RunEventKind, reason: &str, language: PageLanguage) -> String {
    let known = match (kind, reason) {
        (RunEventKind::Waiting, "hours") => "for_hours",
        (RunEventKind::Waiting, "rate_limit") => "for_rate_limit",
        (RunEventKind::Waiting, "network") => "for_network",
        (_, "credentials") => "why_credentials",
        (_, "account") => "why_account",
        (_, "proxy_credentials") => "why_proxy_credentials",
        (_, "network") => "why_network",
        (_, "rate_limit") => "why_rate_limit",
        (_, "unknown") => "why_unknown",
        (_, "all_rejected") => "why_all_rejected",
        (_, "unexpected") => "why_unexpected",
        (_, "bulk stop") => "why_command",
        (RunEventKind::Stopped, "SIGINT") => "why_person",
        (RunEventKind::Stopped, "SIGTERM") => "why_terminated",
        _ => return reason.to_owned(),
    };
    language.text(known).to_owned()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn event(kind: RunEventKind, at: i64, reason: &str, until: Option<i64>) -> RunEvent {
        let reason = (!reason.is_empty()).then(|| reason.to_owned());
        RunEvent { kind, at: at * 1000, reason, problem: None, until: until.map(|until| until * 1000) }
    }

    #[test]
    fn pauses_last_until_the_run_goes_on_and_waits_of_one_kind_are_one() {
        let events = [
            event(RunEventKind::Begun, 0, "", None),
            event(RunEventKind::Waiting, 1, "rate_limit", Some(3)),
            event(RunEventKind::Waiting, 4, "rate_limit", Some(9)),
            event(RunEventKind::Stopped, 5, "SIGINT", None),
            event(RunEventKind::Resumed, 60, "", None),
            event(RunEventKind::Waiting, 61, "hours", Some(90)),
            event(RunEventKind::Resumed, 100, "", None),
            event(RunEventKind::Ended, 101, "", None),
        ];
        let rests: Vec<_> =
            rests_of(&events, 0).iter().map(|rest| (rest.from / 1000, rest.to / 1000, rest.kind)).collect();
        assert_eq!(rests, [(1, 3, "waiting"), (4, 5, "waiting"), (5, 60, "stopped"), (61, 90, "waiting")]);
        let clock = PageClock::new(TimeZone::UTC);
        let steps = steps(&events, true, &clock, PageLanguage::En);
        let words: Vec<_> = steps.iter().map(|step| format!("{} {}", step.label, step.detail)).collect();
        assert_eq!(
            words,
            [
                "Begun ",
                "Waited for a rate limit; 2 times; until 1970-01-01 00:00:09",
                "Stopped somebody stopped it (Ctrl-C)",
                "Resumed ",
                "Waited for its hours; until 1970-01-01 00:01:30",
                "Resumed the process before had ended without a word",
                "Ended ",
            ]
        );
    }
}

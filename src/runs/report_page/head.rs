//! The head of the page: the facts about the run, its state, and the history of its events.

use std::time::Duration;

use super::texts::PageClock;
use crate::base::message::{Lang, Message};
use crate::base::output::rounded;
use crate::runs::hours::Hours;
use crate::runs::ledger::{Counts, LIMIT, PauseReason, RunEvent, RunEventKind, RunSettings, now};

/// Returns the name of the list.
pub(super) fn list_name(details: &RunSettings, language: Lang) -> String {
    details
        .list
        .clone()
        .unwrap_or_else(|| language.text("standard_input").to_owned())
}

/// Lists the facts about a run, each with the name of its label. The `span` is the start and the last known time of the
/// run, or None before its start. A list that is not a run has no creator.
pub(super) fn facts(
    details: &RunSettings,
    rows: u64,
    span: Option<[i64; 2]>,
    created_by: Option<Message>,
    clock: &PageClock,
    language: Lang,
) -> Vec<(&'static str, String)> {
    let sender = if details.sandbox {
        language.text("sandbox").to_owned()
    } else {
        let profile = details
            .profile
            .as_deref()
            .map(|profile| language.text_with("profile", profile));
        let bot = language.text_with("bot", &details.bot);
        profile
            .into_iter()
            .chain([bot])
            .collect::<Vec<_>>()
            .join(", ")
    };
    let rows = language.counted("row", rows);
    let rate = details.shown_rate().to_string();
    let rate = rate.parse().map_or(rate, |whole| language.number(whole));
    let mut facts = vec![
        (
            if span.is_some() {
                "sender"
            } else {
                "to_be_sent_by"
            },
            sender,
        ),
        ("list", format!("{} ({rows})", list_name(details, language))),
        (
            "kind",
            language
                .find(&format!("kind {}", details.kind))
                .unwrap_or(&details.kind)
                .to_owned(),
        ),
        ("rate", language.text_with("rate_is", &rate)),
    ];
    facts.extend(created_by.map(|by| ("created_by", by.text(language))));
    if let Some([from, to]) = span {
        facts.push(("when", clock.zone(from)));
        let took = Duration::from_millis(u64::try_from(to - from).unwrap_or_default());
        facts.push(("duration", language.amount(&rounded(took))));
    }
    facts.extend(
        details
            .conditions
            .hours
            .as_ref()
            .map(|hours| ("hours", describe_hours(hours, language))),
    );
    facts
}

/// Describes sending hours: `lun-vie 07:00-19:00 (hora de Bogotá)`
fn describe_hours(hours: &Hours, language: Lang) -> String {
    let windows = hours.without_zone().text(language);
    let zone = PageClock::new(hours.zone().clone(), language).zone(now());
    format!("{windows} ({zone})")
}

/// Returns the name of the text for the state of a run that is not stale. `running_at` is the time now of a run that a
/// process sends, in milliseconds since 1970.
pub(super) fn run_state(
    running_at: Option<i64>,
    counts: &Counts,
    events: &[RunEvent],
) -> &'static str {
    match events.last().map(|event| event.kind) {
        _ if events
            .iter()
            .any(|event| event.kind == RunEventKind::Cancelled) =>
        {
            "cancelled"
        }
        _ if counts.is_finished() => "complete",
        Some(_) if running_at.is_some_and(|now| is_waiting(events, now)) => "waiting",
        _ if running_at.is_some() => "under_way",
        Some(RunEventKind::Paused) => "paused",
        Some(RunEventKind::Stopped) => "stopped",
        Some(
            RunEventKind::Begun
            | RunEventKind::Resumed
            | RunEventKind::Waiting
            | RunEventKind::Cancelled
            | RunEventKind::Ended
            | RunEventKind::Resolved
            | RunEventKind::Overridden,
        )
        | None => "unfinished",
    }
}

/// A line of the history: the time in milliseconds since 1970, the name of the event, and a detail.
pub(super) type CourseStep = (i64, &'static str, String);

/// Returns whether a run with these events, which a process sends, waits at the time `now`.
fn is_waiting(events: &[RunEvent], now: i64) -> bool {
    let last = events
        .last()
        .filter(|event| event.kind == RunEventKind::Waiting);
    last.and_then(|event| event.until)
        .is_some_and(|until| until > now)
}

/// The properties of the page that change the steps of the history.
pub(super) struct CourseView<'a> {
    /// Whether to include messages of the API, which may name a recipient.
    pub(super) with_problems: bool,
    pub(super) is_running: bool,
    /// The time now, in milliseconds since 1970.
    pub(super) now: i64,
    pub(super) clock: &'a PageClock,
    pub(super) language: Lang,
}

/// Returns the steps of the history. Consecutive waits for the same reason are one line. The end of a wait is a plan if
/// the next event came before it, or if it is still to come.
pub(super) fn steps(events: &[RunEvent], view: &CourseView<'_>) -> Vec<CourseStep> {
    let CourseView {
        clock, language, ..
    } = *view;
    let same = |left: &RunEvent, right: &RunEvent| {
        left.kind == RunEventKind::Waiting
            && right.kind == RunEventKind::Waiting
            && left.reason == right.reason
    };
    let mut before = None;
    let mut steps = Vec::new();
    let mut groups = events.chunk_by(same).peekable();
    while let Some(group) = groups.next() {
        let [event, ..] = group else { continue };
        let next = groups.peek().and_then(|group| group.first());
        let mut details = Vec::new();
        if event.kind == RunEventKind::Resumed && before.is_some_and(|before| !rests(before)) {
            details.push(language.text("was_cut_off").to_owned());
        }
        let problem = event.problem.as_ref().filter(|_| view.with_problems);
        let reason = event.reason.as_deref();
        // Its problem has the number of undelivered messages.
        let is_said = problem.is_some() && reason == Some(PauseReason::Undelivered.name());
        let reason = reason.filter(|_| !is_said);
        details.extend(reason.map(|reason| why(event.kind, reason, language)));
        if group.len() > 1 {
            details.push(language.text_with("waited_times", &language.number(group.len() as u64)));
        }
        if let Some(until) = group.iter().filter_map(|event| event.until).max() {
            let is_over = next.map_or(view.now, |next| next.at) >= until;
            let name = if is_over { "until" } else { "planned_until" };
            details.push(language.text_with(name, &clock.moment(until)));
        }
        details.extend(problem.map(|problem| clock.shown(problem)));
        if event.kind != RunEventKind::Waiting && event.by != Message::default() {
            let by = event.by.text(language);
            details.push(language.text_with("by_user", &by));
        }
        let lasts = next.is_none() && view.is_running && is_waiting(events, view.now);
        let name = if lasts {
            "waiting_now"
        } else {
            event.kind.name()
        };
        if !event.kind.is_decision() {
            before = Some(event);
        }
        steps.push((event.at, name, details.join("; ")));
    }
    steps
}

/// Returns whether nothing is in flight after this event. After the hours or the limit, a run continues without a new
/// process.
fn rests(event: &RunEvent) -> bool {
    match event.kind {
        RunEventKind::Paused
        | RunEventKind::Stopped
        | RunEventKind::Cancelled
        | RunEventKind::Ended
        | RunEventKind::Resolved
        | RunEventKind::Overridden => true,
        RunEventKind::Waiting => matches!(event.reason.as_deref(), Some("hours" | LIMIT)),
        RunEventKind::Begun | RunEventKind::Resumed => false,
    }
}

/// Returns the text for a reason.
fn why(kind: RunEventKind, reason: &str, language: Lang) -> String {
    let for_kind = language.find(&format!("{} {reason}", kind.name()));
    match for_kind.or_else(|| language.find(&format!("why {reason}"))) {
        Some(words) => words.to_owned(),
        // It is the flag.
        None if kind == RunEventKind::Overridden => reason.to_owned(),
        None => language.text_with("why other", reason),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn event(kind: RunEventKind, at: i64, reason: &str, until: Option<i64>) -> RunEvent {
        let reason = (!reason.is_empty()).then(|| reason.to_owned());
        RunEvent {
            kind,
            at: at * 1000,
            by: Message::default(),
            reason,
            problem: None,
            until: until.map(|until| until * 1000),
        }
    }

    /// Describes the steps in English, at `now` in seconds since 1970.
    fn in_words(events: &[RunEvent], is_running: bool, now: i64) -> Vec<String> {
        let clock = PageClock::new(TimeZone::UTC, Lang::En);
        let view = CourseView {
            with_problems: true,
            is_running,
            now: now * 1000,
            clock: &clock,
            language: Lang::En,
        };
        let steps = steps(events, &view).into_iter();
        let words = steps.map(|(_, kind, detail)| {
            let event = Lang::En.text(&format!("event {kind}"));
            format!("{event} {detail}")
        });
        words.collect()
    }

    #[test]
    fn wait_is_described_by_its_real_end() {
        let begun = event(RunEventKind::Begun, 0, "", None);
        let waiting = event(RunEventKind::Waiting, 10, "limit_24h", Some(90));
        let stopped = event(RunEventKind::Stopped, 24, "SIGINT", None);
        let counts = Counts {
            pending: 1,
            ..Counts::default()
        };
        let events = [begun, waiting, stopped];
        let last = |events: &[RunEvent], is_running: bool, now: i64| {
            let running_at = is_running.then_some(now * 1000);
            let state = run_state(running_at, &counts, events);
            let step = in_words(events, is_running, now).pop().unwrap();
            format!("{state}: {step}")
        };
        let until = "until 1970-01-01 00:01:30";
        let limit = "for the 24-hour limit";
        assert_eq!(
            last(&events[..2], true, 50),
            format!("waiting: Waiting {limit}; planned {until}")
        );
        // A process that ended during its wait.
        assert_eq!(
            last(&events[..2], false, 50),
            format!("unfinished: Waited {limit}; planned {until}")
        );
        assert_eq!(
            last(&events[..2], true, 90),
            format!("under_way: Waited {limit}; {until}")
        );
        assert_eq!(last(&events, false, 50), "stopped: Stopped by hand");
        assert_eq!(
            in_words(&events, false, 200)[1],
            format!("Waited {limit}; planned {until}")
        );
    }

    #[test]
    fn waits_of_one_kind_share_a_line() {
        let events = [
            event(RunEventKind::Begun, 0, "", None),
            event(RunEventKind::Waiting, 1, "rate_limit", Some(3)),
            event(RunEventKind::Waiting, 4, "rate_limit", Some(9)),
            event(RunEventKind::Stopped, 5, "SIGINT", None),
            event(RunEventKind::Resumed, 60, "", None),
            event(RunEventKind::Waiting, 61, "hours", Some(90)),
            event(RunEventKind::Resumed, 100, "", None),
            event(RunEventKind::Waiting, 101, "rate_limit", None),
            event(RunEventKind::Resumed, 102, "", None),
            event(RunEventKind::Ended, 103, "", None),
        ];
        assert_eq!(
            in_words(&events, false, 200),
            [
                "Started ",
                "Waited for a rate limit; 2 times; planned until 1970-01-01 00:00:09",
                "Stopped by hand",
                "Resumed ",
                "Waited for the sending hours; until 1970-01-01 00:01:30",
                "Resumed ",
                "Waited for a rate limit",
                "Resumed after an unexpected stop",
                "Ended ",
            ]
        );
    }
}

//! The head of the page: the run, its state, and notes about it.

use serde::Serialize;

use super::reported_run::ReportedRun;
use super::times::{PageClock, duration};
use crate::ledger::{Counts, Details, RunEvent, RunEventKind};
use crate::list::ReportLanguage;

#[derive(Debug, Default, Serialize)]
pub(super) struct Head {
    name: String,
    /// The state of the run: a CSS class, and a word.
    state: &'static str,
    state_label: &'static str,
    is_rehearsal: bool,
    is_doubtful: bool,
    facts: Vec<(&'static str, String)>,
}

/// When the run began, and the last known time.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunSpan {
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Head {
    pub(super) fn of(
        run: &ReportedRun<'_>,
        counts: &Counts,
        events: &[RunEvent],
        span: RunSpan,
        clock: &PageClock,
        language: ReportLanguage,
    ) -> Self {
        let details = run.details;
        let state = if run.doubt.is_some() { "doubtful" } else { state_of(counts, run.is_running, events) };
        let mut facts = facts_of(details, counts.all(), "sender", language);
        facts.extend([
            ("when", format!("{} ({})", clock.span(span.from, span.to), clock.zone(span.from))),
            ("duration", duration(span.to - span.from)),
        ]);
        facts.extend(details.conditions.hours.as_ref().map(|hours| ("hours", hours.to_string())));
        Self {
            name: run.name.to_owned(),
            state,
            state_label: language.text(state),
            is_rehearsal: details.sandbox,
            is_doubtful: run.doubt.is_some(),
            facts: facts.into_iter().map(|(name, value)| (language.text(name), value)).collect(),
        }
    }

    /// The head of a list of `rows` rows before its run; `is_refused` if it cannot be sent as it is.
    pub(super) fn of_list(details: &Details, rows: u64, is_refused: bool, language: ReportLanguage) -> Self {
        let state = if is_refused { "not_ready" } else { "not_sent" };
        let mut facts = facts_of(details, rows, "to_be_sent_by", language);
        facts.extend(details.conditions.hours.as_ref().map(|hours| ("hours", hours.to_string())));
        Self {
            name: details.list.clone().unwrap_or_else(|| language.text("standard_input").to_owned()),
            state,
            state_label: language.text(state),
            is_rehearsal: details.sandbox,
            is_doubtful: false,
            facts: facts.into_iter().map(|(name, value)| (language.text(name), value)).collect(),
        }
    }
}

/// Sender, list, kind and rate, each with the name of its label.
fn facts_of(
    details: &Details,
    rows: u64,
    sender_label: &'static str,
    language: ReportLanguage,
) -> Vec<(&'static str, String)> {
    let sender = if details.sandbox {
        language.text("sandbox").to_owned()
    } else {
        let profile = details.profile.as_deref().map(|profile| language.text_with("profile", profile));
        let bot = language.text_with("bot", &details.bot);
        profile.into_iter().chain([bot]).collect::<Vec<_>>().join(", ")
    };
    let list = details.list.clone().unwrap_or_else(|| language.text("standard_input").to_owned());
    let rows = language.counted("row_1", "row_n", rows);
    let rate = details.rate.to_string();
    let rate = rate.parse().map_or(rate, |whole| language.number(whole));
    vec![
        (sender_label, sender),
        ("list", format!("{list} ({rows})")),
        ("kind", language.kind(&details.kind)),
        ("rate", language.text_with("rate_is", &rate)),
    ]
}

/// Whether a person cancelled the run.
pub(super) fn is_cancelled(events: &[RunEvent]) -> bool {
    events.iter().any(|event| event.kind == RunEventKind::Cancelled)
}

/// `cancelled`, `complete`, `under_way`, `paused`, `stopped` or `unfinished`.
fn state_of(counts: &Counts, is_running: bool, events: &[RunEvent]) -> &'static str {
    match events.last().map(|event| event.kind) {
        _ if is_cancelled(events) => "cancelled",
        _ if counts.is_finished() => "complete",
        _ if is_running => "under_way",
        Some(RunEventKind::Paused) => "paused",
        Some(RunEventKind::Stopped) => "stopped",
        Some(
            RunEventKind::Begun
            | RunEventKind::Resumed
            | RunEventKind::Waiting
            | RunEventKind::Cancelled
            | RunEventKind::Ended,
        )
        | None => "unfinished",
    }
}

//! The head of the page: the facts about the run, and its state.

use std::time::Duration;

use super::texts::PageClock;
use crate::ledger::{Counts, Details, RunEvent, RunEventKind};
use crate::list::ReportLanguage;
use crate::output::rounded;

/// The name of the list.
pub(super) fn list_name(details: &Details, language: ReportLanguage) -> String {
    details.list.clone().unwrap_or_else(|| language.text("standard_input").to_owned())
}

/// Facts, each with the name of its label. The `span` of a run is when it began, and the last known time; a list has none.
pub(super) fn facts(
    details: &Details,
    rows: u64,
    span: Option<[i64; 2]>,
    clock: &PageClock,
    language: ReportLanguage,
) -> Vec<(&'static str, String)> {
    let sender = if details.sandbox {
        language.text("sandbox").to_owned()
    } else {
        let profile = details.profile.as_deref().map(|profile| language.text_with("profile", profile));
        let bot = language.text_with("bot", &details.bot);
        profile.into_iter().chain([bot]).collect::<Vec<_>>().join(", ")
    };
    let rows = language.counted("row", rows);
    let rate = details.shown_rate().to_string();
    let rate = rate.parse().map_or(rate, |whole| language.number(whole));
    let mut facts = vec![
        (if span.is_some() { "sender" } else { "to_be_sent_by" }, sender),
        ("list", format!("{} ({rows})", list_name(details, language))),
        ("kind", language.find(&format!("kind {}", details.kind)).unwrap_or(&details.kind).to_owned()),
        ("rate", language.text_with("rate_is", &rate)),
    ];
    if let Some([from, to]) = span {
        facts.push(("when", format!("{} ({})", clock.span(from, to), clock.zone(from))));
        let took = Duration::from_millis(u64::try_from(to - from).unwrap_or_default());
        facts.push(("duration", language.amount(&rounded(took))));
    }
    facts.extend(details.conditions.hours.as_ref().map(|hours| ("hours", hours.to_string())));
    facts
}

/// The name of the state of a run that is not in doubt.
pub(super) fn state_of(is_running: bool, counts: &Counts, events: &[RunEvent]) -> &'static str {
    match events.last().map(|event| event.kind) {
        _ if events.iter().any(|event| event.kind == RunEventKind::Cancelled) => "cancelled",
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

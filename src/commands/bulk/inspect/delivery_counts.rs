//! The delivery status of a run's messages, as data and in words.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::base::output::grouped;
use crate::base::timestamps::{from_millis, time_in};
use crate::jelou::message::merge;
use crate::runs::ledger::DeliveryCounts;

/// Returns delivery counts as JSON.
pub(crate) fn deliveries_as_json(counts: &DeliveryCounts) -> Value {
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
            .list_counts()
            .into_iter()
            .map(|(name, _, messages)| (name, messages))
            .collect(),
    );
    json
}

/// Describes the counts: `delivered 400, read 310, not listed 3, as of 2026-11-20 10:15 -05:00`
pub(crate) fn describe_deliveries(counts: &DeliveryCounts, zone: &TimeZone) -> String {
    let some = counts
        .list_counts()
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

/// Formats a time in UTC: `2026-11-20T15:15:00.123Z`
pub(crate) fn utc(at: i64) -> String {
    format!("{:.3}", from_millis(at))
}

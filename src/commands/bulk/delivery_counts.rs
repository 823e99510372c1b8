//! The delivery status of a run's messages, as data and in words.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::base::message::{Message, msg};
use crate::base::output::count_value;
use crate::base::timestamps::{from_millis, time_value};
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
    merge(&mut json, counts.list_counts().into_iter().collect());
    json
}

/// Describes the counts: `delivered 400, read 310, not listed 3, as of 2026-11-20 10:15 -05:00`
pub(crate) fn describe_deliveries(counts: &DeliveryCounts, zone: &TimeZone) -> Message {
    let some = counts
        .list_counts()
        .into_iter()
        .filter(|(_, messages)| *messages > 0);
    let mut words: Vec<_> = some
        .map(|(name, messages)| {
            let state = describe_state(name);
            msg!(
                "{state} {messages}",
                state,
                messages = count_value(messages)
            )
        })
        .collect();
    if words.is_empty() {
        words.push(msg!("no messages"));
    }
    let asked_at = counts.asked_at.map(|at| time_value(zone, at));
    words.extend(asked_at.map(|time| msg!("as of {time}", time)));
    Message::joined(words, ", ")
}

/// Returns the words for a delivery status, or for a message without one, by its name.
pub(super) fn describe_state(name: &str) -> Message {
    match name {
        "accepted" => msg!("accepted{#delivery}"),
        "at_whatsapp" => msg!("at WhatsApp"),
        "delivered" => msg!("delivered"),
        "read" => msg!("read"),
        "replied" => msg!("replied"),
        "undelivered" => msg!("undelivered"),
        "other" => msg!("in another state"),
        "not_listed" => msg!("not listed"),
        "no_id" => msg!("no id"),
        "not_asked" => msg!("not asked"),
        name => Message::verbatim(name),
    }
}

/// Formats a time in UTC: `2026-11-20T15:15:00.123Z`
pub(crate) fn utc(at: i64) -> String {
    format!("{:.3}", from_millis(at))
}

//! Fields of an entry that Jelou lists, read by their documented names in any form.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::super::answer::scalar_text;

/// A number below this is a time in seconds, not milliseconds: it is 5138-11-16 in seconds, and 1973-03-03 in
/// milliseconds.
const FIRST_MILLISECOND: i64 = 100_000_000_000;

/// The first of `places` (JSON pointers) that has a number or a text that is not empty.
pub(super) fn text_at(entry: &Value, places: &[&str]) -> Option<String> {
    places.iter().find_map(|place| scalar_text(entry.pointer(place)?))
}

/// Like [`text_at`], as a time: ISO 8601, in UTC if it names no zone, or seconds or milliseconds since 1970.
pub(super) fn time_at(entry: &Value, places: &[&str]) -> Option<Timestamp> {
    places.iter().find_map(|place| time(entry.pointer(place)?))
}

/// The identity of an entry: its id with its sender and recipient; without an id, its whole content.
pub(crate) fn entry_key(entry: &Value) -> u64 {
    let id = text_at(entry, &["/messageId", "/id", "/_id"]).unwrap_or_else(|| entry.to_string());
    let end = |end: &str| text_at(entry, &[&format!("/{end}/id"), &format!("/{end}")]);
    let mut hasher = DefaultHasher::new();
    (id, end("recipient"), end("sender")).hash(&mut hasher);
    hasher.finish()
}

fn time(value: &Value) -> Option<Timestamp> {
    let time = match value {
        Value::String(text) => {
            let in_utc =
                || text.parse::<DateTime>().ok()?.to_zoned_datetime(TimeZone::UTC).ok().map(|time| time.timestamp());
            text.parse().ok().or_else(in_utc)
        }
        Value::Number(number) => match number.as_i64()? {
            0 => None,
            seconds if seconds.abs() < FIRST_MILLISECOND => Timestamp::from_second(seconds).ok(),
            milliseconds => Timestamp::from_millisecond(milliseconds).ok(),
        },
        _ => None,
    };
    time.filter(|time| *time >= Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_comes_in_several_forms() {
        for (value, expected) in [
            (json!("2025-01-15T10:30:00.000Z"), Some("2025-01-15T10:30:00Z")),
            (json!("2025-01-15T05:30:00-05:00"), Some("2025-01-15T10:30:00Z")),
            (json!("2025-01-15 10:30:00"), Some("2025-01-15T10:30:00Z")),
            (json!(1_736_937_000), Some("2025-01-15T10:30:00Z")),
            (json!(1_736_937_000_000_i64), Some("2025-01-15T10:30:00Z")),
            (json!("yesterday"), None),
            (json!(""), None),
            (json!(0), None),
            (json!(-300_000_000_000_000_i64), None),
            (json!(i64::MAX), None),
            (json!(1e300), None),
            (json!(null), None),
            (json!({"$date": 1}), None),
        ] {
            assert_eq!(time(&value).map(|time| time.to_string()).as_deref(), expected, "{value}");
        }
    }
}

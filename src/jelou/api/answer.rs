//! Reads an answer of the API: the documented envelope and its variants, and the fields of listed entries, by their
//! documented names in any form.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::codes;
use super::refusal;
use crate::base::input::read_json;
use crate::base::message::{Lang, Message, msg};
use crate::base::output::compact_json;
use crate::base::texts::shorten;
use crate::phone::person_key;

/// The maximum of bytes of a text in an error or a ledger.
const MAX_EXCERPT: usize = 2048;
/// The keys that decide the outcome of a message.
const DECIDING: [&str; 7] = [
    "success",
    "status",
    "statusMessage",
    "messageId",
    "error",
    "code",
    "id",
];

/// A smaller number is a time in seconds, not milliseconds. This one is 5138-11-16 in seconds, and 1973-03-03 in
/// milliseconds.
const FIRST_MILLISECOND: i64 = 100_000_000_000;

/// Returns `text`, or its beginning if it is long.
pub(crate) fn excerpt(text: &str) -> String {
    let fits =
        |(at, character): &(usize, char)| at + character.len_utf8() + '…'.len_utf8() <= MAX_EXCERPT;
    let max = if text.len() <= MAX_EXCERPT {
        MAX_EXCERPT
    } else {
        text.char_indices().take_while(fits).count() + 1
    };
    shorten(text, max).into_owned()
}

/// Returns the numbers of pages and entries of a listing, according to one of its pages.
pub(crate) fn counted(page: &Value) -> [Option<u64>; 2] {
    ["totalPages", "total"].map(|name| {
        let count = page.get("pagination")?.get(name)?;
        count.as_u64().or_else(|| count.as_str()?.parse().ok())
    })
}

/// The response to a request, with the part of the body that was read.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// HTTP status, 100–599.
    pub(crate) status: u16,
    /// `Retry-After`, from now; None if the header is missing or invalid.
    pub(crate) retry_after: Option<Duration>,
    /// The server's clock, to the second, from the `Date` header.
    pub(crate) date: Option<SystemTime>,
    /// Warnings, which only a sandbox returns.
    pub(crate) warnings: Vec<Message>,
    pub(crate) body: Body,
}

/// The body of an answer, up to the read limit.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent fact")]
pub(crate) struct Body {
    /// The bytes that arrived. Invalid UTF-8 is replaced.
    pub(crate) text: String,
    /// False if the connection ended early, time ran out, or the body exceeds the read limit.
    pub(crate) complete: bool,
    /// Whether the body exceeds the read limit.
    pub(crate) is_too_large: bool,
    /// The text as JSON, if it is complete and JSON.
    pub(crate) json: Option<Value>,
    /// Whether a key that decides the outcome occurs twice, with different values.
    pub(crate) repeats_a_key: bool,
    /// Whether a success or a message id occurs anywhere in the text.
    mentions_success: bool,
}

/// The content of an error body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// Jelou's or WhatsApp's code: `E0422`, `bot_not_found`, `130429`.
    pub(crate) code: Option<String>,
    /// The text, in English if offered.
    pub(crate) text: Option<String>,
    /// The same in Spanish, if offered.
    pub(crate) spanish: Option<String>,
}

/// Returns text without a byte order mark.
fn without_mark(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
}

impl Body {
    pub(crate) fn new(text: String, complete: bool) -> Self {
        let mut repeats_a_key = false;
        let mut note = |name: &str, earlier: &Value, later: &Value| {
            repeats_a_key |= DECIDING.contains(&name) && earlier != later;
        };
        let read = complete.then(|| read_json(without_mark(&text), &mut note));
        let json = read.and_then(Result::ok);
        repeats_a_key &= json.is_some();
        let mentions_success = mentions_success(&text);
        Self {
            text,
            complete,
            is_too_large: false,
            json,
            repeats_a_key,
            mentions_success,
        }
    }

    /// Returns whether it is an HTML page.
    pub(super) fn is_page(&self) -> bool {
        let text = self.text.trim_start();
        text.starts_with('<') && !text.starts_with("<?xml")
    }

    /// Describes a body without a message of the API: an HTML page, or the beginning of the text.
    pub(super) fn describe(&self) -> Option<Message> {
        let text = self.text.trim();
        let is_empty = text.is_empty() || self.json.as_ref().is_some_and(|json| !is_nonempty(json));
        if is_empty || self.is_too_large {
            return None;
        }
        if self.is_page() {
            return Some(msg!(
                "its body is an HTML page, not JSON: a portal or a proxy?"
            ));
        }
        Some(Message::verbatim(excerpt(text)))
    }

    /// Converts the body to JSON whose numbers keep their digits; other text becomes a JSON string. None if it is empty
    /// or too large.
    pub(crate) fn into_json(self) -> Option<Box<RawValue>> {
        let json = match self.json {
            Some(_) if !self.text.is_empty() => compact_json(without_mark(&self.text)),
            Some(json) => json.to_string(),
            None if self.text.is_empty() || self.is_too_large => return None,
            None => Value::from(self.text).to_string(),
        };
        RawValue::from_string(json).ok()
    }

    /// Returns the id of the accepted message.
    pub(crate) fn message_id(&self) -> Option<Cow<'_, str>> {
        match self.field("messageId")? {
            Value::String(id) if !id.is_empty() => Some(Cow::Borrowed(id)),
            // A number beyond 64 bits was rounded.
            Value::Number(id) if !id.is_f64() => Some(Cow::Owned(id.to_string())),
            _ => None,
        }
    }

    /// Returns the items of a page of a listing, which Jelou names in two ways.
    pub(crate) fn results(&self) -> Option<&Vec<Value>> {
        let page = self.json.as_ref()?;
        ["results", "data"]
            .into_iter()
            .find_map(|name| page.get(name)?.as_array())
    }

    /// Returns the numbers of pages and entries of the listing.
    pub(super) fn counted(&self) -> [Option<u64>; 2] {
        self.json.as_ref().map(counted).unwrap_or_default()
    }

    /// Returns whether it is a page of a listing, or one message of it. The `error` of one message
    /// is the reason of its failure. The `error` of a page means that it is not the requested page.
    pub(crate) fn is_listing(&self) -> bool {
        match self.results() {
            Some(_) => !self.reports_error(),
            None => ["sentStatus", "destination"]
                .iter()
                .any(|name| self.field(name).is_some()),
        }
    }

    /// Returns the entries of an array for one destination. Each entry is read like the answer for
    /// a single message; `id` is then the message's id and `code` an error code.
    pub(crate) fn for_destination(&self, destination: &str) -> Vec<Self> {
        let bare = |text: &str| {
            text.chars()
                .filter(char::is_ascii_alphanumeric)
                .collect::<String>()
        };
        // The answer may use the other form of the number, such as 521 for 52.
        let is_same = |named: &str| {
            bare(named) == bare(destination) || person_key(named) == person_key(destination)
        };
        let is_ours = |entry: &&Map<String, Value>| {
            entry
                .get("destination")
                .and_then(scalar_text)
                .is_some_and(|named| is_same(&named))
        };
        let entries = self
            .json
            .as_ref()
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_object);
        entries
            .filter(is_ours)
            .map(|entry| Self::from_entry(entry.clone()))
            .collect()
    }

    fn from_entry(mut entry: Map<String, Value>) -> Self {
        let is_bare = entry.keys().all(|name| name == "destination");
        if let Some(id) = entry.get("id").cloned() {
            entry.insert("messageId".to_owned(), id);
        }
        if entry.contains_key("code") {
            entry.insert("success".to_owned(), Value::Bool(false));
        } else if is_bare {
            entry.insert("success".to_owned(), Value::Bool(true));
        }
        Self {
            json: Some(Value::Object(entry)),
            ..Self::new(String::new(), true)
        }
    }

    pub(crate) fn reports_success(&self) -> bool {
        self.message_id().is_some()
            || self.field("messageId").is_some_and(Value::is_number)
            || self.field("success") == Some(&Value::Bool(true))
    }

    /// Returns whether the body reports an error: `success: false`, a failed `status` or
    /// `statusMessage`, or an `error` that is not null, false or empty.
    pub(crate) fn reports_error(&self) -> bool {
        self.field("success") == Some(&Value::Bool(false))
            || self.matches_any("statusMessage", &["failed"])
            || self.matches_any("status", &["failed"])
            || self.field("status").and_then(Value::as_f64) == Some(0.0)
            || self.field("error").is_some_and(is_nonempty)
    }

    /// Returns whether it is only an error, without any field that was requested.
    pub(crate) fn is_only_error(&self) -> bool {
        self.field("success") == Some(&Value::Bool(false))
            || self.matches_any("statusMessage", &["failed"])
            || self.reports_error() && self.has_only_error_fields()
    }

    fn has_only_error_fields(&self) -> bool {
        const ERROR_FIELDS: [&str; 8] = [
            "success",
            "message",
            "statusMessage",
            "status",
            "error",
            "code",
            "description",
            "validationError",
        ];
        let fields = self.json.as_ref().and_then(Value::as_object);
        fields.is_some_and(|fields| {
            fields
                .keys()
                .all(|name| ERROR_FIELDS.contains(&name.as_str()))
        })
    }

    /// Returns whether it may come from an API: it is complete, not an HTML page, and not
    /// compressed, so it is UTF-8.
    pub(crate) fn may_be_api_response(&self) -> bool {
        let is_text = self.json.is_some() || !self.text.contains(char::REPLACEMENT_CHARACTER);
        self.complete && !self.is_page() && is_text
    }

    /// Returns whether any part of it hints at a success, in a form that is not proof. It may be
    /// inside an array or another object, or in an answer that is cut off or not JSON.
    pub(crate) fn hints_at_success(&self) -> bool {
        self.reports_success() || self.matches_any("success", &["true"]) || self.mentions_success
    }

    /// Returns whether any part of it hints at an error, in a form that is not proof.
    pub(crate) fn hints_at_error(&self) -> bool {
        let fails = |name| self.matches_any(name, &["failed", "failure", "error", "rejected"]);
        self.reports_error()
            || self.matches_any("success", &["false"])
            || self.field("success").and_then(Value::as_f64) == Some(0.0)
            || fails("status")
            || fails("statusMessage")
            || ["errors", "validationError"].iter().any(|name| self.field(name).is_some_and(is_nonempty))
            || self.field("code").and_then(scalar_text).is_some_and(|code| codes::look_up(&code).is_some())
            // In another object, such as a new coupon, these may be ordinary fields.
            || self.text_field("code").is_some() && self.text_field("description").is_some() && self.has_only_error_fields()
    }

    /// Returns the code and text of an error body, at most 2 KiB of each. HTML and other text have
    /// neither.
    pub(crate) fn error(&self) -> ApiError {
        let of_error = |name| self.field("error")?.get(name);
        let code = [of_error("code"), self.field("code"), of_error("key")];
        let text = |lang| {
            let text = refusal::describe(self.json.as_ref()?, lang, MAX_EXCERPT);
            Some(excerpt(&text)).filter(|text| !text.is_empty())
        };
        ApiError {
            code: code
                .into_iter()
                .flatten()
                .find_map(scalar_text)
                .map(|code| excerpt(&code)),
            text: text(Lang::En),
            spanish: text(Lang::Es),
        }
    }

    /// Returns the API's own messages. Deeper fields may repeat the request, so they are ignored.
    pub(crate) fn api_messages(&self) -> impl Iterator<Item = &str> {
        let places = [
            "/message",
            "/message/0",
            "/description",
            "/error",
            "/error/message",
            "/error/description",
        ];
        places
            .into_iter()
            .filter_map(|place| self.json.as_ref()?.pointer(place)?.as_str())
    }

    fn field(&self, name: &str) -> Option<&Value> {
        // An answer has few fields, so comparing their names is faster than hashing `name`.
        let (_, value) = self
            .json
            .as_ref()?
            .as_object()?
            .iter()
            .find(|(field, _)| *field == name)?;
        Some(value)
    }

    /// Returns whether the field has one of `words`, in any case.
    fn matches_any(&self, name: &str, words: &[&str]) -> bool {
        self.text_field(name)
            .is_some_and(|text| words.iter().any(|word| word.eq_ignore_ascii_case(text)))
    }

    fn text_field(&self, name: &str) -> Option<&str> {
        self.field(name)?.as_str()
    }
}

/// Returns whether a text contains a field of a success, in any surroundings.
fn mentions_success(text: &str) -> bool {
    let values_of = |name: &'static str| {
        let rests = text
            .match_indices(name)
            .filter_map(|(at, _)| text.get(at + name.len()..));
        rests.filter_map(|rest| Some(rest.trim_start().strip_prefix(':')?.trim_start()))
    };
    values_of("\"success\"").any(|value| value.starts_with("true") || value.starts_with("\"true\""))
        || values_of("\"messageId\"").any(|value| {
            let id = value
                .strip_prefix('"')
                .map(|id| !id.is_empty() && !id.starts_with('"'));
            id.unwrap_or_else(|| value.starts_with(|digit: char| digit.is_ascii_digit()))
        })
}

pub(super) fn is_nonempty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) | Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

pub(super) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns the first number or nonempty text at one of `places` (JSON pointers).
pub(super) fn text_at(entry: &Value, places: &[&str]) -> Option<String> {
    places
        .iter()
        .find_map(|place| scalar_text(entry.pointer(place)?))
}

/// Reads a time like [`text_at`]: ISO 8601, in UTC if it has no zone, or seconds or milliseconds
/// since 1970.
pub(super) fn time_at(entry: &Value, places: &[&str]) -> Option<Timestamp> {
    places.iter().find_map(|place| time(entry.pointer(place)?))
}

fn time(value: &Value) -> Option<Timestamp> {
    let time = match value {
        Value::String(text) => {
            let in_utc = || {
                text.parse::<DateTime>()
                    .ok()?
                    .to_zoned_datetime(TimeZone::UTC)
                    .ok()
                    .map(|time| time.timestamp())
            };
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

    fn parse_error(body: &Value) -> (Option<String>, Option<String>) {
        let error = Body::new(body.to_string(), true).error();
        (error.code, error.text)
    }

    #[test]
    fn every_documented_error_shape_is_read() {
        let envelope = json!({
            "message": ["texto"], "statusMessage": "failed", "status": 0,
            "error": {"code": "E0422", "key": "VALIDATOR_ERROR", "description": "d",
                "developerMessages": {"es": "mal", "en": "The body is wrong"}, "clientMessages": {"es": "x", "en": "y"}},
            "validationError": {"text": [{"en": "is required", "es": "es requerido"}], "userId": [{"es": "es requerido"}]},
        });
        for (body, code, text) in [
            (
                envelope,
                Some("E0422"),
                Some("The body is wrong; text: is required; userId: es requerido"),
            ),
            (
                json!({"code": "bot_not_found", "description": "No such bot"}),
                Some("bot_not_found"),
                Some("No such bot"),
            ),
            (
                json!({"error": {"code": "E1019", "description": "d"}}),
                Some("E1019"),
                Some("d"),
            ),
            (
                json!({"error": {"key": "BOT_NOT_FOUND"}}),
                Some("BOT_NOT_FOUND"),
                None,
            ),
            (json!({"error": "it broke"}), None, Some("it broke")),
            (
                json!({"error": {"code": 130_429, "message": "Rate limit hit"}}),
                Some("130429"),
                Some("Rate limit hit"),
            ),
            (json!({"message": ["a", "b"]}), None, Some("a; b")),
            (json!({"message": "a"}), None, Some("a")),
            (json!({}), None, None),
            (json!("text"), None, None),
        ] {
            assert_eq!(
                parse_error(&body),
                (code.map(str::to_owned), text.map(str::to_owned)),
                "{body}"
            );
        }
    }

    #[test]
    fn error_excerpt_ends_at_two_kibibytes() {
        assert_eq!(excerpt(&"x".repeat(2048)), "x".repeat(2048));
        assert_eq!(excerpt(&"x".repeat(2049)), "x".repeat(2045) + "…");
        assert_eq!(excerpt(&"ñ".repeat(2048)), "ñ".repeat(1022) + "…");
    }

    #[test]
    fn pages_and_compressed_bodies_are_not_api_responses() {
        for (text, expected) in [
            ("", true),
            ("ok", true),
            ("{\"text\":\"\u{fffd}\"}", true),
            ("<html></html>", false),
            ("\u{1f}\u{fffd}\u{8}", false),
        ] {
            assert_eq!(
                Body::new(text.to_owned(), true).may_be_api_response(),
                expected,
                "{text}"
            );
        }
        assert!(!Body::new("{".to_owned(), false).may_be_api_response());
    }

    #[test]
    fn numeric_message_id_is_read() {
        for (body, expected) in [
            (r#"{"messageId":17}"#, Some("17")),
            (
                r#"{"messageId":18446744073709551615}"#,
                Some("18446744073709551615"),
            ),
            (r#"{"messageId":"m"}"#, Some("m")),
            (r#"{"messageId":""}"#, None),
            (r#"{"messageId":null}"#, None),
        ] {
            assert_eq!(
                Body::new(body.to_owned(), true).message_id().as_deref(),
                expected,
                "{body}"
            );
        }
    }

    #[test]
    fn ambiguous_fields_only_hint_at_the_result() {
        for (body, success, error) in [
            (json!({"success": "true"}), true, false),
            (json!({"success": "false"}), false, true),
            (json!({"success": 0}), false, true),
            (json!({"errors": ["x"]}), false, true),
            (json!({"errors": []}), false, false),
            (json!({"status": "error"}), false, true),
            (json!({"status": "success"}), false, false),
            (json!({"code": 130_429}), false, true),
            (json!({"code": 200}), false, false),
            (
                json!({"code": "bot_not_found", "description": "No such bot"}),
                false,
                true,
            ),
            (
                json!({"code": "SUMMER", "description": "10 % off", "id": 7}),
                false,
                false,
            ),
        ] {
            let read = Body::new(body.to_string(), true);
            assert!(!read.reports_success() && !read.reports_error(), "{body}");
            assert_eq!(
                (read.hints_at_success(), read.hints_at_error()),
                (success, error),
                "{body}"
            );
        }
    }

    #[test]
    fn error_responses_are_recognized() {
        for (body, expected) in [
            (json!({"success": false}), true),
            (json!({"statusMessage": "failed"}), true),
            (json!({"status": "failed"}), true),
            (json!({"status": 0}), true),
            (json!({"error": {"code": "E0000"}}), true),
            (json!({"error": "x"}), true),
            (json!({"error": null, "status": 1}), false),
            (json!({"error": {}, "statusMessage": "success"}), false),
            (json!({"error": false}), false),
            (json!({"error": ""}), false),
            (json!([]), false),
        ] {
            assert_eq!(
                Body::new(body.to_string(), true).reports_error(),
                expected,
                "{body}"
            );
        }
    }

    #[test]
    fn repeated_deciding_keys_are_found() {
        for (text, expected) in [
            (r#"{"success":true,"success":false}"#, true),
            (r#"{"success":true,"success":true}"#, false),
            (r#"{"messageId":"a","messageId":"b"}"#, true),
            (r#"{"error":{"code":1,"code":130429}}"#, true),
            (r#"[{"id":"a","id":"b"}]"#, true),
            (r#"{"stat\u0075s":1,"status":"failed"}"#, true),
            (r#"{"text":"a","text":"b"}"#, false),
            (r#"{"id":"a","x":{"id":"b"}}"#, false),
        ] {
            assert_eq!(
                Body::new(text.to_owned(), true).repeats_a_key,
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn response_times_are_read_in_every_format() {
        for (value, expected) in [
            (
                json!("2025-01-15T10:30:00.000Z"),
                Some("2025-01-15T10:30:00Z"),
            ),
            (
                json!("2025-01-15T05:30:00-05:00"),
                Some("2025-01-15T10:30:00Z"),
            ),
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
            assert_eq!(
                time(&value).map(|time| time.to_string()).as_deref(),
                expected,
                "{value}"
            );
        }
    }
}

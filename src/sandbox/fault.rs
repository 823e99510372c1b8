//! One fault: what goes wrong, and for which messages. Written short (`status=429,retry_after=2,every=5`) or as JSON; both
//! are read into the same struct.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::ops::Not;
use std::str::FromStr;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use super::receipts::Fate;
use crate::message::Message;
use crate::nearest::nearest;

/// The longest delay.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// "Message undeliverable", the code of a message that WhatsApp could not deliver (`api.md`, "Errors").
const UNDELIVERABLE: u32 = 131_026;
/// The fields that are whole numbers, with the least and the most of each.
const NUMBERS: [(&str, u64, u64); 5] = [
    ("status", 200, 599),
    ("retry_after", 0, u32::MAX as u64),
    ("after", 0, u64::MAX),
    ("first", 1, u64::MAX),
    ("every", 1, u64::MAX),
];
/// The largest code that WhatsApp has: codes have at most six digits.
const LARGEST_CODE: u64 = 999_999;

/// One rule.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the short form that is there or not")]
pub(crate) struct Fault {
    /// Answers with this status, 200 to 599.
    status: Option<u16>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    /// Seconds, as `Retry-After`.
    retry_after: Option<u32>,
    /// JSON; a text is sent as it is.
    body: Option<Value>,
    /// Resets the connection.
    #[serde(skip_serializing_if = "Not::not")]
    reset: bool,
    /// Never answers.
    #[serde(skip_serializing_if = "Not::not")]
    hang: bool,
    /// Answers with the first half only.
    #[serde(skip_serializing_if = "Not::not")]
    truncate: bool,
    /// Waits first: `500ms`, `2s`.
    delay: Option<String>,
    /// The message is stored before all this; without it only a truncated or delayed one is.
    #[serde(skip_serializing_if = "Not::not")]
    stored: bool,
    /// WhatsApp accepts the message and fails to deliver it: `true`, or the code of the failure.
    undelivered: Option<Value>,
    /// The message is never found by a look-up.
    #[serde(skip_serializing_if = "Not::not")]
    unlisted: bool,
    /// The message is found by look-ups only after this time: `10s`.
    late: Option<String>,

    /// Only messages to this recipient; `593*` is all that begin so.
    pub(super) to: Option<String>,
    /// Only messages of this kind, the word after `send`.
    pub(super) kind: Option<String>,
    /// Skips this many requests first.
    pub(super) after: Option<u64>,
    /// Of the rest, only this many.
    pub(super) first: Option<NonZeroU64>,
    /// Of these, only every Nth.
    pub(super) every: Option<NonZeroU64>,
}

/// The effect of a fault, besides its delay.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum FaultEffect {
    Status(u16),
    Reset,
    Hang,
    Truncate,
    /// Only the delay.
    None,
}

impl Fault {
    /// A rule from the JSON of `PUT /sandbox/faults`: an object, or a text in the short form.
    pub(crate) fn from_json(json: Value) -> Result<Self, String> {
        if let Value::String(short) = json {
            return short.parse();
        }
        for (name, least, most) in NUMBERS {
            let is_wrong = |given: &&Value| !given.as_u64().is_some_and(|number| (least..=most).contains(&number));
            if let Some(given) = json.get(name).filter(|given| !given.is_null()).filter(is_wrong) {
                let limits =
                    if most == u64::MAX { format!("of at least {least}") } else { format!("from {least} to {most}") };
                return Err(format!("{name} is {given}; it must be a whole number {limits}"));
            }
        }
        let fault: Self = serde_json::from_value(json).map_err(|error| error.to_string())?;
        fault.check()
    }

    pub(super) fn effect(&self) -> FaultEffect {
        match (self.status, self.reset, self.hang, self.truncate) {
            (Some(status), ..) => FaultEffect::Status(status),
            (None, true, ..) => FaultEffect::Reset,
            (None, false, true, _) => FaultEffect::Hang,
            (None, false, false, true) => FaultEffect::Truncate,
            (None, false, false, false) => FaultEffect::None,
        }
    }

    /// Whether the message is stored anyway.
    pub(super) fn stores(&self) -> bool {
        self.stored || matches!(self.effect(), FaultEffect::Truncate | FaultEffect::None)
    }

    pub(super) fn wait(&self) -> Duration {
        self.delay.as_deref().and_then(duration).unwrap_or_default()
    }

    /// The delivery status of the message once it is stored.
    pub(super) fn fate(&self) -> Fate {
        let code = |given: &Value| given.as_u64().and_then(|code| code.try_into().ok()).unwrap_or(UNDELIVERABLE);
        let late = self.late.as_deref().and_then(duration).unwrap_or_default();
        let listed_after = (!self.unlisted).then_some(late);
        Fate { undelivered: self.undelivered.as_ref().map(code), listed_after, ..Fate::default() }
    }

    pub(super) fn body(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    pub(super) fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let retry_after = self.retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string()));
        let given = self.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        given.chain(retry_after).filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)))
    }

    fn check(self) -> Result<Self, String> {
        let fails = |problem: &str| Err(problem.to_owned());
        let effects = [self.status.is_some(), self.reset, self.hang, self.truncate];
        if effects.iter().filter(|is_asked| **is_asked).count() > 1 {
            return fails("it has more than one of status, reset, hang and truncate; make two rules");
        }
        let is_later_fault = self.undelivered.is_some() || self.unlisted || self.late.is_some();
        if self.effect() == FaultEffect::None && self.delay.is_none() && !is_later_fault {
            return fails(
                "it does not say what happens: give one of status, reset, hang, truncate, delay, undelivered, unlisted or late",
            );
        }
        if is_later_fault && !self.stores() {
            return fails("undelivered, unlisted and late need a message that is stored: add stored");
        }
        if self.unlisted && self.late.is_some() {
            return fails("unlisted is never and late is later: give one of them");
        }
        let is_code = |given: &Value| given.as_u64().is_some_and(|code| (1..=LARGEST_CODE).contains(&code));
        if let Some(given) = self.undelivered.as_ref().filter(|given| **given != Value::Bool(true) && !is_code(given)) {
            return Err(format!("`undelivered={given}` is not one of WhatsApp's codes; write undelivered=131049"));
        }
        if self.status.is_none() && (self.body.is_some() || self.retry_after.is_some() || !self.headers.is_empty()) {
            return fails("body, headers and retry_after go with a status");
        }
        if let Some(kind) = &self.kind {
            check_kind(kind)?;
        }
        for given in [&self.delay, &self.late].into_iter().flatten() {
            delay(given)?;
        }
        let is_header = |(name, value): (&String, &String)| {
            name.parse::<HeaderName>().is_ok() && value.parse::<HeaderValue>().is_ok()
        };
        if let Some((name, _)) = self.headers.iter().find(|header| !is_header(*header)) {
            return Err(format!("`{}` is not a header that can be sent", name.escape_debug()));
        }
        Ok(self)
    }
}

impl FromStr for Fault {
    type Err = String;

    /// `key=value` or `key`, separated by commas; `body=` takes everything that follows.
    fn from_str(raw: &str) -> Result<Self, String> {
        let mut fields = Map::new();
        let mut headers = Map::new();
        let mut rest = raw.trim();
        if rest.starts_with('{') {
            let json = serde_json::from_str(rest).map_err(|error| error.to_string())?;
            return Self::from_json(json);
        }
        while !rest.is_empty() {
            let (part, tail) =
                if rest.starts_with("body=") { (rest, "") } else { rest.split_once(',').unwrap_or((rest, "")) };
            rest = tail.trim_start();
            let (key, value) = part.split_once('=').unwrap_or((part, "true"));
            let (key, value) = (key.trim(), value.trim());
            if let ("header", Some((name, value))) = (key, value.split_once(':')) {
                headers.insert(name.trim().to_owned(), json!(value.trim()));
            } else if fields.insert(key.to_owned(), short_value(key, value)).is_some() {
                return Err(format!("`{}` is there twice", key.escape_debug()));
            }
        }
        if !headers.is_empty() {
            fields.insert("headers".to_owned(), Value::Object(headers));
        }
        Self::from_json(Value::Object(fields))
    }
}

/// A value of the short form: a text if the field is a text, else JSON if it is valid JSON.
fn short_value(key: &str, value: &str) -> Value {
    if ["delay", "late", "to", "kind"].contains(&key) {
        return json!(value);
    }
    serde_json::from_str(value).unwrap_or_else(|_| json!(value))
}

/// The word after `send`, which is what messages are compared with.
fn check_kind(kind: &str) -> Result<(), String> {
    let known: Vec<_> = Message::all().iter().map(Message::command).collect();
    if known.contains(&kind) {
        return Ok(());
    }
    let meant = nearest(kind, known).map(|meant| format!("did you mean `{meant}`?"));
    let way_out = meant.unwrap_or_else(|| "`jelouctl explain` lists them".to_owned());
    Err(format!("`{}` is not a kind of message; {way_out}", kind.escape_debug()))
}

/// A delay of at most an hour.
pub(crate) fn delay(raw: &str) -> Result<Duration, String> {
    let problem = || format!("`{}` is not a delay; write 500ms or 2s, up to 1h", raw.escape_debug());
    duration(raw).ok_or_else(problem)
}

/// `500ms`, `2s`; a bare number is seconds.
fn duration(raw: &str) -> Option<Duration> {
    let seconds = raw.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.or_else(|| humantime::parse_duration(raw).ok()).filter(|duration| *duration <= LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_says_the_same_as_json() {
        for (short, long) in [
            ("status=429,retry_after=2,every=5", json!({"status": 429, "retry_after": 2, "every": 5})),
            ("reset", json!({"reset": true})),
            (" reset , stored , to=593* ", json!({"reset": true, "stored": true, "to": "593*"})),
            ("delay=2s,kind=text,first=3", json!({"delay": "2s", "kind": "text", "first": 3})),
            ("delay=2,hang,after=1", json!({"delay": "2", "hang": true, "after": 1})),
            ("status=500,body=<h1>a, b</h1>", json!({"status": 500, "body": "<h1>a, b</h1>"})),
            (r#"status=400,body={"code":"x","y":[1,2]}"#, json!({"status": 400, "body": {"code": "x", "y": [1, 2]}})),
            ("status=503,header=X-A: b:c", json!({"status": 503, "headers": {"X-A": "b:c"}})),
            (r#"{"truncate": true}"#, json!({"truncate": true})),
            ("undelivered", json!({"undelivered": true})),
            ("undelivered=131049,to=593*", json!({"undelivered": 131_049, "to": "593*"})),
            ("unlisted,kind=text", json!({"unlisted": true, "kind": "text"})),
            ("reset,stored,late=10s", json!({"reset": true, "stored": true, "late": "10s"})),
        ] {
            assert_eq!(short.parse::<Fault>(), Fault::from_json(long), "{short}");
            assert!(short.parse::<Fault>().is_ok(), "{short}: {:?}", short.parse::<Fault>());
        }
    }

    #[test]
    fn a_rule_that_cannot_be_followed_says_why() {
        for (raw, problem) in [
            ("", "it does not say what happens"),
            ("stored", "it does not say what happens"),
            ("status=99", "status is 99; it must be a whole number from 200 to 599"),
            ("status=abc", "status is \"abc\"; it must be a whole number from 200 to 599"),
            ("status=500,reset", "more than one of"),
            ("retry_after=3,reset", "go with a status"),
            ("delay=soon", "`soon` is not a delay"),
            ("delay=2h", "`2h` is not a delay"),
            ("reset,reset", "`reset` is there twice"),
            ("stauts=500", "unknown field `stauts`"),
            ("reset,every=0", "every is 0; it must be a whole number of at least 1"),
            ("reset,kind=txt", "`txt` is not a kind of message; did you mean `text`?"),
            ("status=500,header=a b: c", "`a b` is not a header"),
            ("{", "EOF while parsing"),
            ("late", "`true` is not a delay"),
            ("late=2h", "`2h` is not a delay"),
            ("unlisted,late=2s", "give one of them"),
            ("unlisted,reset", "add stored"),
            ("undelivered=soon", "`undelivered=\"soon\"` is not one of WhatsApp's codes"),
            ("undelivered=0", "`undelivered=0` is not one"),
        ] {
            let error = raw.parse::<Fault>().unwrap_err();
            assert!(error.contains(problem), "{raw}: {error}");
        }
    }
}

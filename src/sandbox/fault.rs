//! One fault: what goes wrong, and for which messages. Written short (`status=429,retry_after=2,every=5`) or as JSON; both
//! are read into the same struct.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;
use thiserror::Error;

/// The longest delay.
const LONGEST: Duration = Duration::from_secs(60 * 60);

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
    #[serde(skip_serializing_if = "is_false")]
    reset: bool,
    /// Never answers.
    #[serde(skip_serializing_if = "is_false")]
    hang: bool,
    /// Answers with the first half only.
    #[serde(skip_serializing_if = "is_false")]
    truncate: bool,
    /// Waits first: `500ms`, `2s`.
    delay: Option<String>,
    /// The message is stored before all this; without it only a truncated or delayed one is.
    #[serde(skip_serializing_if = "is_false")]
    stored: bool,

    /// Only messages to this recipient; `593*` is all that begin so.
    pub(super) to: Option<String>,
    /// Only messages of this kind, the word after `send`.
    pub(super) kind: Option<String>,
    /// Not the first so many.
    pub(super) after: Option<u64>,
    /// Of the rest, only the first so many.
    pub(super) first: Option<NonZeroU64>,
    /// Of these, only each so-manieth.
    pub(super) every: Option<NonZeroU64>,
}

/// A rule that cannot be followed.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub(crate) struct FaultError(String);

/// What a fault does besides its delay.
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
    pub(crate) fn from_json(json: Value) -> Result<Self, FaultError> {
        if let Value::String(short) = json {
            return short.parse();
        }
        let fault: Self = serde_json::from_value(json).map_err(|error| FaultError(error.to_string()))?;
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

    /// Whether the message is stored all the same.
    pub(super) fn stores(&self) -> bool {
        self.stored || matches!(self.effect(), FaultEffect::Truncate | FaultEffect::None)
    }

    pub(super) fn wait(&self) -> Duration {
        self.delay.as_deref().and_then(duration).unwrap_or_default()
    }

    pub(super) fn body(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    pub(super) fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let retry_after = self.retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string()));
        let given = self.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        given.chain(retry_after).filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)))
    }

    fn check(self) -> Result<Self, FaultError> {
        let fails = |problem: &str| Err(FaultError(problem.to_owned()));
        let effects = [self.status.is_some(), self.reset, self.hang, self.truncate];
        if effects.iter().filter(|is_asked| **is_asked).count() > 1 {
            return fails("it has more than one of status, reset, hang and truncate; make two rules");
        }
        if self.effect() == FaultEffect::None && self.delay.is_none() {
            return fails("it does not say what happens: give one of status, reset, hang, truncate or delay");
        }
        if self.status.is_some_and(|status| !(200..600).contains(&status)) {
            return fails("a status is 200 to 599");
        }
        if self.status.is_none() && (self.body.is_some() || self.retry_after.is_some() || !self.headers.is_empty()) {
            return fails("body, headers and retry_after go with a status");
        }
        if let Some(delay) = self.delay.as_deref().filter(|delay| duration(delay).is_none()) {
            return Err(FaultError(format!("`{}` is not a delay; write 500ms or 2s, up to 1h", delay.escape_debug())));
        }
        let is_header = |(name, value): (&String, &String)| {
            name.parse::<HeaderName>().is_ok() && value.parse::<HeaderValue>().is_ok()
        };
        if let Some((name, _)) = self.headers.iter().find(|header| !is_header(*header)) {
            return Err(FaultError(format!("`{}` is not a header that can be sent", name.escape_debug())));
        }
        Ok(self)
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    /// `key=value` or `key`, separated by commas; `body=` takes all that follows.
    fn from_str(raw: &str) -> Result<Self, FaultError> {
        let mut fields = Map::new();
        let mut headers = Map::new();
        let mut rest = raw.trim();
        if rest.starts_with('{') {
            let json = serde_json::from_str(rest).map_err(|error| FaultError(error.to_string()))?;
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
                return Err(FaultError(format!("`{}` is there twice", key.escape_debug())));
            }
        }
        if !headers.is_empty() {
            fields.insert("headers".to_owned(), Value::Object(headers));
        }
        Self::from_json(Value::Object(fields))
    }
}

/// A value of the short form: text where the field is a text, else JSON where it is some.
fn short_value(key: &str, value: &str) -> Value {
    if ["delay", "to", "kind"].contains(&key) {
        return json!(value);
    }
    serde_json::from_str(value).unwrap_or_else(|_| json!(value))
}

/// `500ms`, `2s`; a bare number is seconds.
fn duration(raw: &str) -> Option<Duration> {
    let seconds = raw.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.or_else(|| humantime::parse_duration(raw).ok()).filter(|duration| *duration <= LONGEST)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
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
            ("status=99", "a status is 200 to 599"),
            ("status=abc", "invalid type"),
            ("status=500,reset", "more than one of"),
            ("retry_after=3,reset", "go with a status"),
            ("delay=soon", "`soon` is not a delay"),
            ("delay=2h", "`2h` is not a delay"),
            ("reset,reset", "`reset` is there twice"),
            ("stauts=500", "unknown field `stauts`"),
            ("reset,every=0", "expected a nonzero u64"),
            ("status=500,header=a b: c", "`a b` is not a header"),
            ("{", "EOF while parsing"),
        ] {
            let error = raw.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(problem), "{raw}: {error}");
        }
    }
}

//! A fault: what fails, and which messages it affects. Its syntax is `status=429,retry_after=2,every=5`. Each rule
//! counts the messages that match it. The first rule that applies decides.

use std::collections::HashSet;
use std::num::NonZeroU64;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Deserializer, Value, json};

use super::stored_message::DeliveryFault;
use crate::base::message::{Message, msg};
use crate::base::suggest::nearest;
use crate::base::timestamps::parse_duration;
use crate::jelou::message::MessageKind;

/// The maximum delay.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// "Message undeliverable", the code of a message that WhatsApp could not deliver.
const UNDELIVERABLE: u32 = 131_026;
/// The keys of a rule.
const KEYS: [&str; 17] = [
    "status",
    "reset",
    "hang",
    "truncate",
    "delay",
    "stored",
    "undelivered",
    "unlisted",
    "late",
    "retry_after",
    "header",
    "body",
    "to",
    "kind",
    "after",
    "first",
    "every",
];
/// The range of WhatsApp's codes: at most six digits.
const CODES: RangeInclusive<u64> = 1..=999_999;

/// One rule.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fault {
    /// The rule as text.
    rule: String,
    pub(super) effect: FaultEffect,
    /// The headers of a response with a status.
    pub(super) headers: HeaderMap,
    /// A JSON body. A text is sent unchanged.
    pub(super) body: Option<Value>,
    /// The delay before the effect.
    pub(super) delay: Duration,
    /// Whether to store the message first. Without this, only a message with a truncated or delayed response is stored.
    stored: bool,
    /// The delivery of the message after it is stored.
    pub(super) delivery_fault: DeliveryFault,

    /// Only messages to this recipient. `593*` matches every recipient that starts with 593.
    to: Option<String>,
    /// Only messages of this kind, such as `text`.
    kind: Option<String>,
    /// Skips this many messages first.
    after: u64,
    /// Applies to only the first N of the others; None: to all of them.
    first: Option<NonZeroU64>,
    /// Applies to every Nth of these.
    every: Option<NonZeroU64>,
}

/// The immediate effect of a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum FaultEffect {
    /// No effect, except perhaps a delay.
    #[default]
    None,
    /// Responds with this status.
    Status(u16),
    /// Resets the connection.
    Reset,
    /// The server never responds.
    Hang,
    /// Sends only the first half of the response.
    Truncate,
}

impl FromStr for Fault {
    type Err = Message;

    /// Parses `key=value` or `key`, separated by commas. A body of JSON ends where the JSON ends; a text includes the rest
    /// of the rule.
    fn from_str(raw: &str) -> Result<Self, Message> {
        let mut fault = Self {
            rule: raw.trim().to_owned(),
            ..Self::default()
        };
        let mut rest = raw.trim();
        let mut given = HashSet::new();
        while !rest.is_empty() {
            let length = match rest.strip_prefix("body=") {
                Some(body) => rest.len() - body.len() + body_length(body)?,
                None => rest.find(',').unwrap_or(rest.len()),
            };
            let (part, tail) = rest.split_at(length);
            rest = tail.strip_prefix(',').unwrap_or(tail).trim_start();
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let key = key.trim();
            // `late` and `unlisted` both set when look-ups list the message.
            let is_new = given.insert(if key == "unlisted" { "late" } else { key });
            if !is_new && key != "header" {
                return Err(msg!("`{key}` repeats or contradicts an earlier key", key));
            }
            fault.set(key, value.trim())?;
        }
        fault.check()?;
        Ok(fault)
    }
}

impl Fault {
    /// Returns whether the message is stored in spite of the fault.
    pub(super) fn stores_message(&self) -> bool {
        self.stored || matches!(self.effect, FaultEffect::Truncate | FaultEffect::None)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), Message> {
        match key {
            "status" => {
                let status = number(key, value, 200..=599)?;
                return self.set_effect(FaultEffect::Status(status.try_into().unwrap_or_default()));
            }
            "header" => {
                let (name, value) = header(value)?;
                self.headers.append(name, value);
            }
            "retry_after" => {
                self.headers
                    .insert(RETRY_AFTER, number(key, value, 0..=u32::MAX.into())?.into());
            }
            "body" => {
                self.body = Some(serde_json::from_str(value).unwrap_or_else(|_| value.into()));
            }
            "reset" if value.is_empty() => return self.set_effect(FaultEffect::Reset),
            "hang" if value.is_empty() => return self.set_effect(FaultEffect::Hang),
            "truncate" if value.is_empty() => return self.set_effect(FaultEffect::Truncate),
            "delay" => self.delay = delay(value)?,
            "stored" if value.is_empty() => self.stored = true,
            "undelivered" if value.is_empty() => {
                self.delivery_fault.undelivered = Some(UNDELIVERABLE);
            }
            "undelivered" => {
                self.delivery_fault.undelivered = number(key, value, CODES)?.try_into().ok();
            }
            "unlisted" if value.is_empty() => self.delivery_fault.listed_after = None,
            "late" => self.delivery_fault.listed_after = Some(delay(value)?),
            "to" => self.to = Some(value.to_owned()),
            "kind" => self.kind = Some(known_kind(value)?),
            "after" => self.after = number(key, value, 0..=u64::MAX)?,
            "first" => self.first = NonZeroU64::new(number(key, value, 1..=u64::MAX)?),
            "every" => self.every = NonZeroU64::new(number(key, value, 1..=u64::MAX)?),
            "reset" | "hang" | "truncate" | "stored" | "unlisted" => {
                return Err(msg!("`{key}` has no value", key));
            }
            _ => {
                return Err(msg!(
                    "unknown key `{key}`; the keys are {keys}",
                    key = key.escape_debug().to_string(),
                    keys = KEYS.join(", ")
                ));
            }
        }
        Ok(())
    }

    fn set_effect(&mut self, effect: FaultEffect) -> Result<(), Message> {
        if self.effect != FaultEffect::None {
            return Err(msg!(
                "a rule can have only one of status, reset, hang and truncate"
            ));
        }
        self.effect = effect;
        Ok(())
    }

    fn check(&self) -> Result<(), Message> {
        let is_later_fault = self.delivery_fault != DeliveryFault::default();
        if self.effect == FaultEffect::None && self.delay.is_zero() && !is_later_fault {
            return Err(msg!(
                "the rule needs status, reset, hang, truncate, delay, undelivered, unlisted or late"
            ));
        }
        if is_later_fault && !self.stores_message() {
            return Err(msg!("undelivered, unlisted and late need `stored`"));
        }
        let has_status = matches!(self.effect, FaultEffect::Status(_));
        if !has_status && (self.body.is_some() || !self.headers.is_empty()) {
            return Err(msg!("body, header and retry_after need a status"));
        }
        Ok(())
    }
}

/// Returns how many bytes of the rest of a rule are its body: an object, an array or a quoted text ends where its JSON
/// ends, and another text with the rule.
///
/// # Errors
/// If a key follows the text, because it would be a part of the body.
fn body_length(rest: &str) -> Result<usize, Message> {
    if rest.starts_with(['{', '[', '"']) {
        let mut values = Deserializer::from_str(rest).into_iter::<Value>();
        let is_json = values.next().is_some_and(|value| value.is_ok());
        let end = values.byte_offset();
        let after = rest.get(end..).unwrap_or_default().trim_start();
        if is_json && (after.is_empty() || after.starts_with(',')) {
            return Ok(rest.len() - after.len());
        }
    }
    let keys = rest
        .split(',')
        .skip(1)
        .filter_map(|part| part.split_once('='));
    for (key, _) in keys {
        let key = key.trim();
        if KEYS.contains(&key) {
            return Err(msg!(
                "`{key}` would be a part of the body, because a text ends with the rule",
                key
            ));
        }
    }
    Ok(rest.len())
}

fn number(key: &str, value: &str, allowed: RangeInclusive<u64>) -> Result<u64, Message> {
    value
        .parse()
        .ok()
        .filter(|number| allowed.contains(number))
        .ok_or_else(|| {
            let min = allowed.start();
            let max = allowed.end();
            let value = value.escape_debug().to_string();
            if *max == u64::MAX {
                msg!(
                    "{key} is `{value}`, but must be a whole number of at least {min}",
                    key,
                    value,
                    min
                )
            } else {
                msg!(
                    "{key} is `{value}`, but must be a whole number from {min} to {max}",
                    key,
                    value,
                    min,
                    max
                )
            }
        })
}

/// Parses `NAME: VALUE`.
fn header(raw: &str) -> Result<(HeaderName, HeaderValue), Message> {
    let read = raw
        .split_once(':')
        .and_then(|(name, value)| Some((name.trim().parse().ok()?, value.trim().parse().ok()?)));
    read.ok_or_else(|| {
        msg!(
            "`{header}` is not a header, NAME: VALUE",
            header = raw.escape_debug().to_string()
        )
    })
}

/// Returns the canonical name of a kind, as messages have it.
fn known_kind(kind: &str) -> Result<String, Message> {
    let known: Vec<_> = MessageKind::all()
        .iter()
        .map(MessageKind::command)
        .collect();
    if known.contains(&kind) {
        return Ok(kind.to_owned());
    }
    let meant = nearest(kind, known);
    let kind = kind.escape_debug().to_string();
    Err(match meant {
        Some(meant) => msg!(
            "`{kind}` is not a kind of message; did you mean `{meant}`?",
            kind,
            meant
        ),
        None => msg!("`{kind}` is not a kind of message", kind),
    })
}

/// Parses a delay of at most one hour.
pub(crate) fn delay(raw: &str) -> Result<Duration, Message> {
    let is_allowed = |duration| duration <= LONGEST;
    parse_duration(raw, is_allowed, |raw| {
        msg!(
            "`{raw}` is not a delay of at most 1h, such as 500ms or 2s",
            raw
        )
    })
}

/// The current rules, and how often each applied.
#[derive(Debug)]
pub(super) struct Faults(Mutex<Vec<Rule>>);

#[derive(Clone, Debug)]
struct Rule {
    fault: Fault,
    /// Messages with the fault's recipient and kind.
    seen: u64,
    hits: u64,
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        Self(Mutex::new(Rule::all(faults)))
    }

    pub(crate) fn replace(&self, faults: Vec<Fault>) {
        *self.lock() = Rule::all(faults);
    }

    /// Returns the first rule that applies to this message. Every rule counts the message.
    pub(crate) fn next(&self, user: &str, kind: &str) -> Option<Fault> {
        let mut rules = self.lock();
        let applying: Vec<_> = rules
            .iter_mut()
            .filter_map(|rule| rule.counts(user, kind).then_some(rule))
            .collect();
        let rule = applying.into_iter().next()?;
        rule.hits += 1;
        Some(rule.fault.clone())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    pub(crate) fn to_json(&self) -> Value {
        let rules = self.lock();
        rules
            .iter()
            .map(|rule| json!({ "rule": rule.fault.rule, "seen": rule.seen, "hits": rule.hits }))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rule {
    fn all(faults: Vec<Fault>) -> Vec<Self> {
        faults
            .into_iter()
            .map(|fault| Self {
                fault,
                seen: 0,
                hits: 0,
            })
            .collect()
    }

    /// Counts a message. Returns whether the rule applies to it.
    fn counts(&mut self, user: &str, kind: &str) -> bool {
        let Fault {
            to,
            kind: wanted,
            after,
            first,
            every,
            ..
        } = &self.fault;
        let is_recipient = to.as_ref().is_none_or(|to| match to.strip_suffix('*') {
            Some(beginning) => user.starts_with(beginning),
            None => user == to,
        });
        if !is_recipient || wanted.as_ref().is_some_and(|wanted| wanted != kind) {
            return false;
        }
        self.seen += 1;
        let Some(number) = self.seen.checked_sub(*after).and_then(NonZeroU64::new) else {
            return false;
        };
        first.is_none_or(|first| number <= first)
            && every.is_none_or(|every| number.get() % every == 0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fault_body_of_json_ends_with_the_json() {
        for (rule, body) in [
            (
                r#"status=400,body={"a":[1,2],"to":"x,to=9"} , to=593*,first=2"#,
                json!({"a": [1, 2], "to": "x,to=9"}),
            ),
            ("status=400,body=[],to=593*,first=2", json!([])),
            (r#"body="a, b",to=593*,status=400,first=2"#, json!("a, b")),
        ] {
            let fault: Fault = rule.parse().unwrap();
            assert_eq!(fault.body, Some(body), "{rule}");
            assert_eq!(fault.to.as_deref(), Some("593*"), "{rule}");
            assert_eq!(fault.first, NonZeroU64::new(2), "{rule}");
        }
    }

    #[test]
    fn fault_body_of_text_includes_rest_of_rule() {
        for (rule, effect, body) in [
            (
                "status=500,body=<h1>a, b</h1>",
                FaultEffect::Status(500),
                Some(json!("<h1>a, b</h1>")),
            ),
            (
                "status=500,body={not JSON}, sorry",
                FaultEffect::Status(500),
                Some(json!("{not JSON}, sorry")),
            ),
            (
                r#"status=500,body={"a":1} tail"#,
                FaultEffect::Status(500),
                Some(json!(r#"{"a":1} tail"#)),
            ),
            (
                "status=500,body=a, reset, code=3",
                FaultEffect::Status(500),
                Some(json!("a, reset, code=3")),
            ),
            (" reset , stored , to=593* ", FaultEffect::Reset, None),
            ("delay=2s,kind=text,first=3", FaultEffect::None, None),
            (
                "hang,delay=1h,after=18446744073709551615",
                FaultEffect::Hang,
                None,
            ),
        ] {
            let fault: Fault = rule.parse().unwrap();
            assert_eq!((fault.effect, fault.body), (effect, body), "{rule}");
        }
        let fault: Fault = "status=503,header=X-A: b:c,retry_after=2".parse().unwrap();
        assert_eq!(
            (&fault.headers["x-a"], &fault.headers["retry-after"]),
            (&"b:c".parse().unwrap(), &2.into())
        );
        let fault: Fault = "reset,stored,undelivered=131049,late=10s".parse().unwrap();
        let listed_after = Some(Duration::from_secs(10));
        assert_eq!(
            fault.delivery_fault,
            DeliveryFault {
                undelivered: Some(131_049),
                listed_after,
                ..DeliveryFault::default()
            }
        );
    }

    #[test]
    fn invalid_fault_rule_shows_its_problem() {
        for (raw, problem) in [
            ("", "the rule needs status, reset"),
            ("stored", "the rule needs status, reset"),
            (
                "status=99",
                "status is `99`, but must be a whole number from 200 to 599",
            ),
            (
                "status=abc",
                "status is `abc`, but must be a whole number from 200 to 599",
            ),
            ("status=500,reset", "only one of"),
            ("retry_after=3,reset", "need a status"),
            ("delay=soon", "`soon` is not a delay"),
            ("delay=2h", "`2h` is not a delay"),
            (
                "stauts=500",
                "unknown key `stauts`; the keys are status, reset",
            ),
            (
                "reset,every=2,every=3",
                "`every` repeats or contradicts an earlier key",
            ),
            (
                "unlisted,late=2s",
                "`late` repeats or contradicts an earlier key",
            ),
            ("reset=yes", "`reset` has no value"),
            (
                "reset,every=0",
                "every is `0`, but must be a whole number of at least 1",
            ),
            (
                "reset,kind=txt",
                "`txt` is not a kind of message; did you mean `text`?",
            ),
            (
                "status=500,body=down, to=593",
                "`to` would be a part of the body",
            ),
            ("status=500,header=a b: c", "`a b: c` is not a header"),
            ("late", "`` is not a delay"),
            ("unlisted,reset", "need `stored`"),
            (
                "undelivered=soon",
                "undelivered is `soon`, but must be a whole number from 1 to 999999",
            ),
        ] {
            let error = raw.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(problem), "{raw}: {error}");
        }
    }

    #[test]
    fn fault_rules_count_only_matching_messages() {
        let hits = |rule: &str, messages: &[(&str, &str)]| {
            let faults = Faults::new(vec![rule.parse().unwrap()]);
            let hits = messages
                .iter()
                .enumerate()
                .filter(|(_, (user, kind))| faults.next(user, kind).is_some());
            hits.map(|(index, _)| index + 1).collect::<Vec<_>>()
        };
        let six = [("1", "text"); 6];
        assert_eq!(hits("reset", &six), [1, 2, 3, 4, 5, 6]);
        assert_eq!(hits("reset,every=3", &six), [3, 6]);
        assert_eq!(hits("reset,first=2", &six), [1, 2]);
        assert_eq!(hits("reset,after=4", &six), [5, 6]);
        assert_eq!(hits("reset,after=1,first=4,every=2", &six), [3, 5]);
        let mixed = [
            ("593", "text"),
            ("52", "text"),
            ("5931", "flow"),
            ("593", "flow"),
        ];
        assert_eq!(hits("reset,to=593", &mixed), [1, 4]);
        assert_eq!(hits("reset,to=593*", &mixed), [1, 3, 4]);
        assert_eq!(hits("reset,to=593*,kind=flow,every=2", &mixed), [4]);
    }

    #[test]
    fn first_matching_fault_rule_wins() {
        let rules = ["status=500,every=2", "status=429,every=3"].map(|rule| rule.parse().unwrap());
        let faults = Faults::new(rules.into());
        let effects: Vec<_> = (0..6)
            .map(|_| faults.next("1", "text").map(|fault| fault.effect))
            .collect();
        let [e500, e429] = [
            Some(FaultEffect::Status(500)),
            Some(FaultEffect::Status(429)),
        ];
        assert_eq!(effects, [None, e500, e429, e500, None, e500]);
        assert_eq!(faults.to_json()[1]["seen"], 6);
        assert_eq!(faults.to_json()[1]["hits"], 1);
    }
}

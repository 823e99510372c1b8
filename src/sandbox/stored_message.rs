//! A message before and after it is stored, its author, and its delivery status. WhatsApp gets a message immediately
//! and delivers it later, or fails; then the user may read it and reply. Nothing runs in the background: the status is
//! computed from stored times.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::templates::Templates;
use crate::base::message::{Lang, Message};
use crate::base::timestamps::rfc_3339_millis;
use crate::jelou::api::DeliveryState;

/// The author of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Author {
    /// A request to the API.
    Bot,
    /// A user, through the page.
    User,
}

/// A message. Its JSON is what the sandbox returns, without the delivery status.
#[derive(Debug, Serialize)]
pub(crate) struct StoredMessage {
    /// The number among all messages ever stored. Never reused.
    pub(crate) number: u64,
    /// Restarts at 1 after the store is cleared, so that repeated runs get the same ids.
    pub(crate) id: String,
    #[serde(serialize_with = "in_milliseconds")]
    pub(crate) received_at: SystemTime,
    pub(crate) from: Author,
    pub(crate) bot: String,
    pub(crate) user: String,
    /// The kind, such as `text`.
    pub(crate) kind: &'static str,
    pub(crate) body: Value,
    pub(crate) warnings: Vec<Message>,
    /// The request without secrets. None for a user's message.
    pub(crate) request: Option<Box<RawValue>>,
    pub(crate) answer: Box<RawValue>,
    /// Whether a fault applied to the message.
    #[serde(skip)]
    pub(super) is_faulty: bool,
    /// The times of the message. None for a user's message.
    #[serde(skip)]
    pub(super) times: Option<MessageTimes>,
}

/// Returns whether a file with this beginning is a list of [`StoredMessage`].
pub(crate) fn is_list(begin: &[u8]) -> bool {
    const FIELDS: [&str; 7] = ["number", "id", "received_at", "from", "bot", "user", "kind"];
    let line = begin
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let fields: Option<Map<String, Value>> = serde_json::from_slice(line).ok();
    fields.is_some_and(|fields| {
        fields
            .keys()
            .map(String::as_str)
            .take(FIELDS.len())
            .eq(FIELDS)
    })
}

impl StoredMessage {
    /// Creates a message for the store, which sets its number.
    pub(crate) fn new(
        from: Author,
        bot: String,
        user: String,
        kind: &'static str,
        body: Value,
    ) -> Self {
        Self {
            number: 0,
            id: String::new(),
            received_at: SystemTime::UNIX_EPOCH,
            from,
            bot,
            user,
            kind,
            body,
            warnings: Vec::new(),
            request: None,
            answer: Box::default(),
            is_faulty: false,
            times: None,
        }
    }

    /// Returns the name of its current delivery status. None for a user's message.
    pub(crate) fn delivery_state(&self) -> Option<&'static str> {
        Some(self.times.as_ref()?.state(SystemTime::now()).0.name())
    }

    /// Returns the message with its delivery status and the number of unread messages. With `draw`, it has its drawing,
    /// and its warnings in that language.
    pub(crate) fn read_back(
        &self,
        draw: Option<(&Templates, Lang)>,
        unread: Option<usize>,
    ) -> Value {
        let mut json = json!(self);
        let delivery = self
            .times
            .as_ref()
            .map(|times| ("delivery", times.to_json(SystemTime::now())));
        let drawn = draw
            .map(|(templates, lang)| ("drawn", json!(templates.draw(self.kind, &self.body, lang))));
        let warnings = draw.map(|(_, lang)| {
            let warnings = self.warnings.iter();
            let warnings: Vec<_> = warnings.map(|warning| warning.text(lang)).collect();
            ("warnings", json!(warnings))
        });
        let unread = unread.map(|unread| ("unread", json!(unread)));
        let more = [delivery, drawn, warnings, unread].into_iter().flatten();
        if let Value::Object(fields) = &mut json {
            fields.extend(more.map(|(name, value)| (name.to_owned(), value)));
        }
        json
    }

    /// Returns the size of its texts, in bytes.
    pub(super) fn size(&self) -> usize {
        let head = self
            .request
            .as_ref()
            .map_or(0, |request| request.get().len());
        head + self.body.to_string().len() + self.answer.get().len() + size_of::<Self>()
    }
}

/// Returns whether a text of `body`, except its envelope, contains `words`, which are in lower
/// case.
pub(super) fn contains_words(body: &Value, words: &str) -> bool {
    match body {
        Value::String(text) => text.to_lowercase().contains(words),
        Value::Array(items) => items.iter().any(|item| contains_words(item, words)),
        Value::Object(fields) => {
            let is_envelope = |name: &str| ["type", "userId", "botId"].contains(&name);
            fields
                .iter()
                .any(|(name, value)| !is_envelope(name) && contains_words(value, words))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it so, and only on Windows a time is this small"
)]
fn in_milliseconds<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc_3339_millis(*at))
}

/// The effect of a fault on a stored message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DeliveryFault {
    /// WhatsApp's code for the failed delivery.
    pub(crate) undelivered: Option<u32>,
    /// Whether it exceeds the messaging limit: it fails without a code.
    pub(crate) exceeds_limit: bool,
    /// How long look-ups do not list the message. None for never.
    pub(crate) listed_after: Option<Duration>,
}

impl Default for DeliveryFault {
    fn default() -> Self {
        Self {
            undelivered: None,
            exceeds_limit: false,
            listed_after: Some(Duration::ZERO),
        }
    }
}

impl DeliveryFault {
    fn fails(self) -> bool {
        self.undelivered.is_some() || self.exceeds_limit
    }
}

/// The times of a message. If the user opens the chat or writes before the delivery, the message is read or replied to
/// on delivery.
#[derive(Debug)]
pub(super) struct MessageTimes {
    accepted_at: SystemTime,
    /// When it is delivered, or fails.
    arrives_at: SystemTime,
    delivery_fault: DeliveryFault,
    /// When the user opened the chat.
    pub(super) opened_at: OnceLock<SystemTime>,
    replied_at: OnceLock<SystemTime>,
}

impl MessageTimes {
    pub(crate) fn new(
        accepted_at: SystemTime,
        deliver_after: Duration,
        delivery_fault: DeliveryFault,
    ) -> Self {
        Self {
            accepted_at,
            arrives_at: accepted_at + deliver_after,
            delivery_fault,
            opened_at: OnceLock::new(),
            replied_at: OnceLock::new(),
        }
    }

    /// Records that the user opens the chat. Returns whether this is the first time.
    pub(crate) fn open(&self, now: SystemTime) -> bool {
        self.opened_at.set(now).is_ok()
    }

    /// Records that the user reads the chat and replies. Returns whether this is the first reply.
    pub(crate) fn reply(&self, now: SystemTime) -> bool {
        self.open(now);
        self.replied_at.set(now).is_ok()
    }

    /// Returns when it is delivered, or fails.
    pub(crate) fn arrives_at(&self) -> SystemTime {
        self.arrives_at
    }

    /// Returns whether look-ups list it.
    pub(crate) fn is_listed(&self, now: SystemTime) -> bool {
        self.delivery_fault
            .listed_after
            .is_some_and(|after| now >= self.accepted_at + after)
    }

    /// Returns when it was delivered, or None.
    pub(crate) fn delivered_at(&self, now: SystemTime) -> Option<SystemTime> {
        (!self.delivery_fault.fails() && now >= self.arrives_at).then_some(self.arrives_at)
    }

    /// Reads when it was read, or None.
    pub(crate) fn read_at(&self, now: SystemTime) -> Option<SystemTime> {
        Some(self.delivered_at(now)?.max(*self.opened_at.get()?))
    }

    /// Its delivery status, and when that started.
    pub(crate) fn state(&self, now: SystemTime) -> (DeliveryState, SystemTime) {
        if now < self.arrives_at {
            return (DeliveryState::AtWhatsapp, self.accepted_at);
        }
        if self.delivery_fault.fails() {
            return (DeliveryState::Undelivered, self.arrives_at);
        }
        match (self.replied_at.get(), self.read_at(now)) {
            (Some(at), _) => (DeliveryState::Replied, self.arrives_at.max(*at)),
            (None, Some(at)) => (DeliveryState::Read, at),
            (None, None) => (DeliveryState::Delivered, self.arrives_at),
        }
    }

    /// Returns the JSON of the delivery status.
    fn to_json(&self, now: SystemTime) -> Value {
        let (state, at) = self.state(now);
        let at = rfc_3339_millis(at);
        if state != DeliveryState::Undelivered {
            return json!({ "state": state, "at": at });
        }
        let code = self.delivery_fault.undelivered;
        json!({ "state": state, "at": at, "code": code, "reason": code.map(reason) })
    }

    /// Returns why it failed, or None: WhatsApp's code and Meta's description. Jelou does not
    /// document its `error`.
    pub(crate) fn error(&self, now: SystemTime) -> Option<String> {
        let code = self
            .delivery_fault
            .undelivered
            .filter(|_| now >= self.arrives_at)?;
        Some(format!("(#{code}) {}", reason(code)))
    }
}

/// Returns Meta's description of a failure.
fn reason(code: u32) -> &'static str {
    match code {
        130_472 => "User's number is part of an experiment",
        131_026 => "Message undeliverable",
        131_047 => "Re-engagement message",
        131_049 => "Meta chose not to deliver",
        131_050 => "User has stopped marketing messages",
        131_053 => "Media upload error",
        _ => "Message failed to send",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of inputs and results")]
    fn message_state_only_advances_and_read_needs_delivery() {
        let begin = SystemTime::UNIX_EPOCH;
        let at = |seconds| begin + Duration::from_secs(seconds);
        let undelivered = DeliveryFault {
            undelivered: Some(131_049),
            ..DeliveryFault::default()
        };
        let held_back = DeliveryFault {
            exceeds_limit: true,
            ..DeliveryFault::default()
        };
        for (delivery_fault, opened, written, now, state, since) in [
            (
                DeliveryFault::default(),
                None,
                None,
                0,
                DeliveryState::AtWhatsapp,
                0,
            ),
            (
                DeliveryFault::default(),
                Some(1),
                Some(1),
                4,
                DeliveryState::AtWhatsapp,
                0,
            ),
            (
                DeliveryFault::default(),
                None,
                None,
                5,
                DeliveryState::Delivered,
                5,
            ),
            (
                DeliveryFault::default(),
                Some(1),
                None,
                5,
                DeliveryState::Read,
                5,
            ),
            (
                DeliveryFault::default(),
                Some(8),
                None,
                9,
                DeliveryState::Read,
                8,
            ),
            (
                DeliveryFault::default(),
                None,
                Some(1),
                9,
                DeliveryState::Replied,
                5,
            ),
            (
                DeliveryFault::default(),
                Some(8),
                Some(9),
                9,
                DeliveryState::Replied,
                9,
            ),
            (
                undelivered,
                Some(1),
                Some(2),
                4,
                DeliveryState::AtWhatsapp,
                0,
            ),
            (
                undelivered,
                Some(8),
                Some(9),
                9,
                DeliveryState::Undelivered,
                5,
            ),
            (
                held_back,
                Some(8),
                Some(9),
                9,
                DeliveryState::Undelivered,
                5,
            ),
        ] {
            let times = MessageTimes::new(begin, Duration::from_secs(5), delivery_fault);
            let changed = [
                opened.map(|time| times.open(at(time))),
                written.map(|time| times.reply(at(time))),
            ];
            assert!(!changed.contains(&Some(false)));
            assert_eq!(
                times.state(at(now)),
                (state, at(since)),
                "{opened:?} {written:?} {now}"
            );
        }
    }

    #[test]
    fn message_is_listed_immediately_later_or_never() {
        let begin = SystemTime::UNIX_EPOCH;
        for (listed_after, listed) in [
            (Some(Duration::ZERO), [true, true]),
            (Some(Duration::from_secs(10)), [false, true]),
            (None, [false, false]),
        ] {
            let times = MessageTimes::new(
                begin,
                Duration::ZERO,
                DeliveryFault {
                    listed_after,
                    ..DeliveryFault::default()
                },
            );
            assert_eq!(
                [0, 10].map(|seconds| times.is_listed(begin + Duration::from_secs(seconds))),
                listed
            );
        }
    }
}

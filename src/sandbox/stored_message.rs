//! A message, before and after it is stored, and its author.

use std::time::SystemTime;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::receipts::Receipts;
use super::templates::Templates;
use crate::timestamps::rfc_3339_millis;

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Author {
    /// A request to the API.
    Bot,
    /// A person, through the page.
    User,
}

/// A message; its JSON is what is read back of it, but for its delivery status.
#[derive(Debug, Serialize)]
pub(crate) struct StoredMessage {
    /// Counts all messages that were ever stored; never used twice.
    pub(crate) number: u64,
    /// Counts from 1 again after the store is cleared, so that repeating a run gives the same ids.
    pub(crate) id: String,
    #[serde(serialize_with = "in_milliseconds")]
    pub(crate) received_at: SystemTime,
    pub(crate) from: Author,
    pub(crate) bot: String,
    pub(crate) user: String,
    /// The word after `send`.
    pub(crate) kind: &'static str,
    pub(crate) body: Value,
    pub(crate) warnings: Vec<String>,
    /// As it is shown; None for a user's message.
    pub(crate) request: Option<Value>,
    pub(crate) answer: Value,
    /// Its outcome; None for a user's message.
    #[serde(skip)]
    pub(super) receipts: Option<Receipts>,
}

/// Whether a file that begins like this is a list of messages, as [`StoredMessage`] has them.
pub(crate) fn is_list(begin: &[u8]) -> bool {
    const FIELDS: [&str; 7] = ["number", "id", "received_at", "from", "bot", "user", "kind"];
    let line = begin.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let fields: Option<Map<String, Value>> = serde_json::from_slice(line).ok();
    fields.is_some_and(|fields| fields.keys().map(String::as_str).take(FIELDS.len()).eq(FIELDS))
}

impl StoredMessage {
    /// A message on its way into the store, which numbers it.
    pub(super) fn new(from: Author, bot: String, user: String, kind: &'static str, body: Value) -> Self {
        let (number, id, received_at) = (0, String::new(), SystemTime::UNIX_EPOCH);
        let (warnings, request, answer, receipts) = (Vec::new(), None, Value::Null, None);
        Self { number, id, received_at, from, bot, user, kind, body, warnings, request, answer, receipts }
    }

    /// The name of its delivery state now; None for a user's message.
    pub(crate) fn delivery_state(&self) -> Option<&'static str> {
        Some(self.receipts.as_ref()?.state(SystemTime::now()).0.name())
    }

    /// With its delivery status, what its recipient sees if `draw` gives that, and how many messages the user has not read.
    pub(super) fn read_back(&self, draw: Option<&Templates>, unread: Option<usize>) -> Value {
        let mut json = json!(self);
        let delivery = self.receipts.as_ref().map(|receipts| ("delivery", receipts.to_json(SystemTime::now())));
        let drawn = draw.map(|templates| ("drawn", json!(templates.draw(self.kind, &self.body))));
        let unread = unread.map(|unread| ("unread", json!(unread)));
        let more = [delivery, drawn, unread].into_iter().flatten();
        if let Value::Object(fields) = &mut json {
            fields.extend(more.map(|(name, value)| (name.to_owned(), value)));
        }
        json
    }

    /// Whether a text of the body has these words, given in lower case.
    pub(super) fn says(&self, words: &str) -> bool {
        says(&self.body, words)
    }

    /// The size of its texts, in bytes.
    pub(super) fn size(&self) -> usize {
        let texts = [Some(&self.body), self.request.as_ref(), Some(&self.answer)].into_iter().flatten();
        texts.map(|text| text.to_string().len()).sum::<usize>() + size_of::<Self>()
    }
}

/// Whether a text of `body`, except its envelope, has these words.
fn says(body: &Value, words: &str) -> bool {
    match body {
        Value::String(text) => text.to_lowercase().contains(words),
        Value::Array(items) => items.iter().any(|item| says(item, words)),
        Value::Object(fields) => {
            let is_envelope = |name: &str| ["type", "userId", "botId"].contains(&name);
            fields.iter().any(|(name, value)| !is_envelope(name) && says(value, words))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so, and only on Windows a time is this small")]
fn in_milliseconds<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc_3339_millis(*at))
}

//! A message, before and after it is stored, and its author.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::receipts::{Fate, Receipts};
use super::templates::Templates;
use crate::timestamps::rfc_3339_millis;

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Author {
    /// A request to the API.
    Bot,
    /// A person, through the page.
    User,
}

/// A message on its way into the store.
#[derive(Debug, Serialize)]
pub(super) struct NewMessage {
    pub(crate) from: Author,
    pub(crate) bot: String,
    pub(crate) user: String,
    /// The word after `send`.
    pub(crate) kind: &'static str,
    pub(crate) body: Value,
    pub(crate) warnings: Vec<String>,
    pub(crate) request: Option<Value>,
    #[serde(skip)]
    pub(crate) fate: Fate,
}

/// A message as it is read.
#[derive(Serialize)]
struct ReadBack<'a> {
    number: u64,
    id: &'a str,
    received_at: &'a str,
    #[serde(flatten)]
    message: &'a NewMessage,
    answer: Value,
}

/// A message as it is read back; its JSON is written once and shared by all readers.
#[derive(Debug)]
pub(crate) struct StoredMessage {
    /// Counts all messages that were ever stored; never used twice.
    pub(crate) number: u64,
    /// Counts from 1 again after the store is cleared, so that repeating a run gives the same ids.
    pub(crate) id: String,
    pub(crate) bot: String,
    pub(crate) user: String,
    pub(crate) kind: &'static str,
    pub(crate) from: Author,
    pub(crate) received_at: SystemTime,
    /// Its outcome; None for a user's message.
    pub(super) receipts: Option<Receipts>,
    /// On one line, without its delivery status.
    pub(crate) json: String,
    /// Every text of the body, in lower case, for the search.
    words: String,
}

/// Whether a file that begins like this is a list of messages, as [`StoredMessage`] has them.
pub(crate) fn is_list(begin: &[u8]) -> bool {
    const FIELDS: [&str; 7] = ["number", "id", "received_at", "from", "bot", "user", "kind"];
    let line = begin.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let fields: Option<Map<String, Value>> = serde_json::from_slice(line).ok();
    fields.is_some_and(|fields| fields.keys().map(String::as_str).take(FIELDS.len()).eq(FIELDS))
}

impl StoredMessage {
    /// `answer` makes the response from the id.
    pub(super) fn new(
        number: u64,
        id: String,
        received_at: SystemTime,
        deliver_after: Duration,
        new: &NewMessage,
        answer: impl FnOnce(&str) -> Value,
    ) -> Self {
        let time = rfc_3339_millis(received_at);
        let answer = answer(&id);
        let whole = ReadBack { number, id: &id, received_at: &time, message: new, answer };
        // Serializing texts and numbers cannot fail.
        let json = serde_json::to_string(&whole).unwrap_or_default();
        let mut words = String::new();
        collect_words(&new.body, &mut words);
        Self {
            number,
            id,
            bot: new.bot.clone(),
            user: new.user.clone(),
            kind: new.kind,
            from: new.from,
            received_at,
            receipts: (new.from == Author::Bot).then(|| Receipts::new(received_at, deliver_after, new.fate)),
            json,
            words: words.to_lowercase(),
        }
    }

    /// The name of its delivery state now; None for a user's message.
    pub(crate) fn delivery_state(&self) -> Option<&'static str> {
        Some(self.receipts.as_ref()?.state(SystemTime::now()).0.name())
    }

    /// With its delivery status, what its recipient sees if `draw` gives that, and how many messages the user has not read.
    pub(super) fn json_now(&self, draw: Option<&Templates>, unread: Option<usize>) -> String {
        let delivery = self.receipts.as_ref().map(|receipts| ("delivery", receipts.to_json(SystemTime::now())));
        let drawn = draw.map(|templates| ("drawn", json!(templates.draw(self.kind, &self.body()))));
        let unread = unread.map(|unread| ("unread", json!(unread)));
        let more = [delivery, drawn, unread].into_iter().flatten().map(|(name, value)| format!(",\"{name}\":{value}"));
        let open = self.json.strip_suffix('}').unwrap_or_default();
        format!("{open}{}}}", more.collect::<String>())
    }

    /// Everything about it except its delivery status.
    pub(super) fn value(&self) -> Value {
        serde_json::from_str(&self.json).unwrap_or_default()
    }

    /// The body as it was received.
    pub(crate) fn body(&self) -> Value {
        self.value().get_mut("body").map(Value::take).unwrap_or_default()
    }

    /// Whether a text of the body has these words, given in lower case.
    pub(super) fn says(&self, words: &str) -> bool {
        self.words.contains(words)
    }

    /// Its size in bytes.
    pub(super) fn size(&self) -> usize {
        self.json.len() + self.words.len() + size_of::<Self>()
    }
}

/// Every text of `body` except its envelope.
fn collect_words(body: &Value, words: &mut String) {
    match body {
        Value::String(text) => {
            words.push_str(text);
            words.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| collect_words(item, words)),
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !["type", "userId", "botId"].contains(&name.as_str()))
            .for_each(|(_, value)| collect_words(value, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

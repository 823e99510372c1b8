//! A message, before and after it is stored, and who wrote it.

use std::ops::Range;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::request_head::RequestHead;

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
    pub(crate) request: Option<RequestHead>,
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

/// A message as it is read back; its JSON and the event around it are written once and shared by all who read them.
#[derive(Debug)]
pub(crate) struct StoredMessage {
    /// Counts what was ever stored; never used twice.
    pub(crate) number: u64,
    /// Counts from 1 again once the store is cleared, so that a run gives the same ids again.
    pub(crate) id: String,
    pub(crate) bot: String,
    pub(crate) user: String,
    pub(crate) kind: &'static str,
    pub(crate) from: Author,
    pub(crate) received_at: SystemTime,
    /// The server-sent event that tells of it.
    event: String,
    /// Where in `event` its JSON stands, on one line.
    json: Range<usize>,
    /// Every text of the body, in lower case, for the search.
    words: String,
}

impl StoredMessage {
    /// `answer` says what the sender is told, given the id.
    pub(super) fn new(
        number: u64,
        id: String,
        received_at: SystemTime,
        new: &NewMessage,
        answer: impl FnOnce(&str) -> Value,
    ) -> Self {
        let time = humantime::format_rfc3339_millis(received_at).to_string();
        let whole = ReadBack { number, id: &id, received_at: &time, message: new, answer: answer(&id) };
        // Texts and numbers alone can always be written.
        let json = serde_json::to_string(&whole).unwrap_or_default();
        let head = format!("event: message\nid: {number}\ndata: ");
        let event = format!("{head}{json}\n\n");
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
            json: head.len()..event.len() - 2,
            event,
            words: words.to_lowercase(),
        }
    }

    /// On one line.
    pub(crate) fn json(&self) -> &str {
        self.event.get(self.json.clone()).unwrap_or_default()
    }

    /// The server-sent event that tells of it.
    pub(super) fn event(&self) -> &str {
        &self.event
    }

    /// The body as it came.
    pub(crate) fn body(&self) -> Value {
        let mut json: Value = serde_json::from_str(self.json()).unwrap_or_default();
        json.get_mut("body").map(Value::take).unwrap_or_default()
    }

    /// Whether a text of the body has these words, given in lower case.
    pub(super) fn says(&self, words: &str) -> bool {
        self.words.contains(words)
    }

    /// What it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        self.event.len() + self.words.len() + size_of::<Self>()
    }
}

/// Every text of `body` but its envelope.
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

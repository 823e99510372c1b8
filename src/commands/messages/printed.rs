//! A message of the history as it is printed: in words, as data, or as its id.

use serde_json::{Value, json};

use crate::api::{DeliveryState, HistoryMessage, MessageAuthor};
use crate::output::{Format, OutputRow};
use crate::timestamps::local_second;

pub(super) const HEADER: [&str; 5] = ["TIME", "BY", "USER", "STATE", "TEXT"];

/// A shown message, with the API's own entry.
pub(super) struct Listed {
    pub(super) key: u64,
    pub(super) message: HistoryMessage,
    pub(super) entry: Value,
}

impl Listed {
    /// The data of `-o response` is the API's own entry.
    pub(super) fn row(&self, format: Format) -> OutputRow {
        let record = if format == Format::Response { self.entry.clone() } else { record(&self.message) };
        OutputRow { id: self.message.id.clone(), words: words(&self.message), record }
    }
}

/// A message as `-o record` prints it.
fn record(message: &HistoryMessage) -> Value {
    json!({
        "message_id": message.id,
        "at": message.at,
        "by": message.author,
        "user": message.user,
        "name": message.name,
        "state": message.state,
        // The API's own word for a state that is `other`.
        "status": message.state.as_ref().and_then(DeliveryState::unknown),
        "kind": message.kind,
        "text": message.text,
        "media_url": message.media_url,
    })
}

fn words(message: &HistoryMessage) -> Vec<String> {
    let by = match message.author {
        MessageAuthor::Bot => "bot",
        MessageAuthor::User => "user",
        MessageAuthor::Other => "other",
    };
    // Jelou lists a state for what the person wrote, too.
    let state = message.state.as_ref().filter(|_| message.author != MessageAuthor::User);
    let shown = message.text.as_ref().or(message.media_url.as_ref()).or(message.kind.as_ref());
    vec![
        message.at.map(local_second).unwrap_or_default(),
        by.to_owned(),
        message.user.clone().unwrap_or_default(),
        state.map_or("", DeliveryState::words).to_owned(),
        shown.cloned().unwrap_or_default(),
    ]
}

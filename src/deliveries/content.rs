//! The content of a message as Jelou's history shows it, which is the only way to recognize our messages there.

use serde_json::{Map, Value};

use crate::api::{HistoryMessage, MessageSort};
use crate::message::Message;
use crate::once::{OnceHash, OnceHasher};

/// The kinds whose bubble in the history shows everything that a person sees: text, medium, or both. Buttons, lists,
/// flows and templates have more, so two different ones can look the same.
const SHOWN_KINDS: [&str; 6] = ["text", "image", "video", "audio", "file", "sticker"];

/// The content of a bubble. Both parts must be equal: the same text below another image is another message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ShownContent {
    text: Option<String>,
    media_url: Option<String>,
}

/// The relevant parts of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestContent {
    /// The place where Jelou lists it.
    pub(crate) sort: MessageSort,
    /// The text and medium in its bubble. Messages of different kinds can look the same there.
    pub(crate) bubble: Option<ShownContent>,
    /// Its kind, if the bubble shows all of it.
    pub(crate) shown_kind: Option<&'static str>,
}

impl RequestContent {
    /// Reads a request with this path and body.
    pub(crate) fn of(path: &str, body: &str) -> Self {
        let fields: Map<String, Value> = serde_json::from_str(body).unwrap_or_default();
        let sort = MessageSort::of(path, &fields);
        let text =
            |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let bubble = ShownContent { text: text("text"), media_url: text("mediaUrl") };
        let kind = Message::of_body(&fields).map(|message| message.command());
        Self {
            sort,
            bubble: (!bubble.is_empty()).then_some(bubble),
            shown_kind: kind.filter(|kind| SHOWN_KINDS.contains(kind)),
        }
    }

    /// Its kind and its content in the history; None if the history does not show everything.
    pub(crate) fn shown(self) -> Option<(&'static str, ShownContent)> {
        self.shown_kind.zip(self.bubble)
    }
}

impl ShownContent {
    /// Reads a message that Jelou lists; None for a bubble that shows nothing.
    pub(crate) fn of_listed(message: &HistoryMessage) -> Option<Self> {
        let content = Self { text: message.text.clone(), media_url: message.media_url.clone() };
        (!content.is_empty()).then_some(content)
    }

    /// The hash that a claim stores.
    pub(super) fn hash(&self, hasher: &OnceHasher) -> OnceHash {
        hasher.shown(self.text.as_deref(), self.media_url.as_deref())
    }

    fn is_empty(&self) -> bool {
        self.text.is_none() && self.media_url.is_none()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_a_bubble_shows_whole_can_be_recognized() {
        let (messages, url) = ("/v1/bots/1/messages", "https://a.example/x.png");
        for (path, body, sort, expected) in [
            (messages, json!({"type": "text", "text": "Hola"}), MessageSort::Free, Some(("text", Some("Hola"), None))),
            (
                messages,
                json!({"type": "image", "mediaUrl": url, "text": "x"}),
                MessageSort::Free,
                Some(("image", Some("x"), Some(url))),
            ),
            (
                messages,
                json!({"type": "sticker", "mediaUrl": url}),
                MessageSort::Free,
                Some(("sticker", None, Some(url))),
            ),
            // On the wire a list is a text, with more than its bubble shows.
            (messages, json!({"type": "text", "text": "x", "options": [{"title": "a"}]}), MessageSort::Free, None),
            (messages, json!({"type": "quick_reply", "text": "x"}), MessageSort::Free, None),
            (messages, json!({"type": "text"}), MessageSort::Free, None),
            (messages, json!({"type": "hologram", "text": "x"}), MessageSort::Free, None),
            (messages, json!({"type": "template", "templateId": "7", "text": "x"}), MessageSort::Either, None),
            ("/v2/whatsapp/1/hsm", json!({"elementName": "a", "text": "x"}), MessageSort::Template, None),
            ("/v1/bots/1/campaigns/2/template-messages", json!({"elementName": "a"}), MessageSort::Either, None),
            (messages, json!([]), MessageSort::Free, None),
        ] {
            let content = RequestContent::of(path, &body.to_string());
            let (found_sort, found) = (content.sort, content.shown());
            let found = found.as_ref().map(|(kind, shown)| (*kind, shown.text.as_deref(), shown.media_url.as_deref()));
            assert_eq!((found_sort, found), (sort, expected), "{body}");
        }
        assert_eq!(RequestContent::of(messages, "{").shown(), None);
    }
}

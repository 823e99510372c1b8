//! A plain text.

use serde_json::{Map, Value};

use crate::message::envelope::Envelope;
use crate::message::kind::Kind;

pub(super) const PLAIN_TEXT: Kind =
    Kind { problem, ..Kind::new("text", Envelope::Typed("text"), include_str!("text.json")) };

fn problem(place: &str, around: &Map<String, Value>) -> Option<String> {
    let text = around.get("text")?.as_str().filter(|_| place == "text")?;
    match text.trim() {
        // An empty variable.
        "" if !text.is_empty() => Some("has blanks only".to_owned()),
        "…" => Some("is `…`, which stands for your message in a hint; write the message".to_owned()),
        _ => None,
    }
}

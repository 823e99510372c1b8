//! A text with up to three replies to press.

use serde_json::{Map, Value, json};

use crate::message::drawing::{Part, file_and_texts, items, reply};
use crate::message::envelope::Envelope;
use crate::message::flag::{Flag, TEXT, TEXT_FILE, TITLE};
use crate::message::kind::Kind;

pub(super) const QUICK_REPLY: Kind = Kind {
    draw,
    shape: |_, fields, _| {
        with_objects(fields);
        Ok(())
    },
    ..Kind::new(
        "quick-reply",
        Envelope::Typed("quick_reply"),
        include_str!("quick_reply.json"),
        &[TITLE, TEXT, TEXT_FILE, Flag::texts("quick_replies", "--reply TITLE")],
    )
};

fn draw(body: &Value) -> Vec<Part> {
    file_and_texts(body, items(body, "/quick_replies").filter_map(reply))
}

/// A flag gives only the title of a reply.
fn with_objects(fields: &mut Map<String, Value>) {
    for reply in fields.get_mut("quick_replies").and_then(Value::as_array_mut).into_iter().flatten() {
        *reply = json!({ "title": reply.take() });
    }
}

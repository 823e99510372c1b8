//! A message with a button that starts a WhatsApp call.

use serde_json::{Value, json};

use crate::message::drawing::{Part, button, file_and_texts};
use crate::message::envelope::Envelope;
use crate::message::flag::{Flag, TEXT, TEXT_FILE};
use crate::message::kind::Kind;

pub(super) const CALL: Kind = Kind {
    draw,
    ..Kind::new(
        "call",
        Envelope::Typed("voice_call"),
        include_str!("call.json"),
        &[
            Flag::text("header", "--title TITLE").alias("header"),
            TEXT,
            TEXT_FILE,
            Flag::text("parameters.display_text", "--button LABEL"),
        ],
    )
};

fn draw(body: &Value) -> Vec<Part> {
    let press = json!({ "opens": "a call to the bot" });
    file_and_texts(body, button(body, "/parameters/display_text", "call", press))
}

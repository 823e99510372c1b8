//! A text with a button that opens a web page.

use serde_json::{Value, json};

use crate::message::drawing::{Part, button, file_and_texts, note, text};
use crate::message::envelope::Envelope;
use crate::message::flag::{CAPTION, Flag, TEXT, TEXT_FILE, TITLE};
use crate::message::kind::Kind;

pub(super) const CTA_URL: Kind = Kind {
    draw,
    ..Kind::new(
        "cta-url",
        Envelope::Typed("cta_url"),
        include_str!("cta_url.json"),
        &[
            TITLE,
            TEXT,
            TEXT_FILE,
            CAPTION,
            Flag::text("parameters.url", "--url URL"),
            Flag::text("parameters.display_text", "--button LABEL").alias("label"),
        ],
    )
};

fn draw(body: &Value) -> Vec<Part> {
    let url = text(body, "/parameters/url").unwrap_or_default();
    let link = button(body, "/parameters/display_text", "link", json!({ "opens": url }));
    file_and_texts(body, link.into_iter().chain([note(&[("", url)])]))
}

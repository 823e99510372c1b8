//! A text with up to three replies to press.

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::input::{Input, UsageError};
use crate::message::drawing::{Part, file_and_texts, items, reply};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::text_file::MessageText;

/// Send a text with up to three replies to press
///
/// Examples:
///   jelouctl send quick-reply --to 593987654321 --text "Deliver today?" --reply Yes --reply Tomorrow
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct QuickReply {
    /// Line above the text, up to 60 characters (Jelou says 20)
    #[arg(long, allow_hyphen_values = true)]
    title: Option<String>,

    #[command(flatten)]
    #[serde(flatten)]
    text: MessageText,

    /// A reply, 1 to 3 of them, each up to 20 characters and all different (repeatable)
    #[arg(id = "quick_replies", long = "reply", value_name = "TITLE", allow_hyphen_values = true)]
    #[serde(skip)]
    replies: Vec<String>,
}

impl Kind for QuickReply {
    const COMMAND: &'static str = "quick-reply";
    const ENVELOPE: Envelope = Envelope::Typed("quick_reply");
    const SCHEMA: &'static str = include_str!("quick_reply.json");
    const EXAMPLE: &'static str =
        r#"send quick-reply --to 593987654321 --text "Shall we deliver today?" --reply Yes --reply Tomorrow"#;

    fn draw(body: &Value) -> Vec<Part> {
        file_and_texts(body, items(body, "/quick_replies").filter_map(reply))
    }

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, UsageError> {
        let mut body = self.text.file.shape(input)?;
        if !self.replies.is_empty() {
            let replies = self.replies.iter().map(|title| json!({ "title": title }));
            body.insert("quick_replies".to_owned(), replies.collect());
        }
        Ok(body)
    }
}

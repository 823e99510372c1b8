//! A text with up to three replies to press.

use std::collections::HashSet;

use clap::Args;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::input::{Input, InputError};
use crate::message::drawing::{Part, file_and_texts, items, reply};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::text_file::TextFile;

/// Send a text with up to three replies to press
///
/// Examples:
///   jelouctl send quick-reply --to 593987654321 --text "Deliver today?" --reply Yes --reply Tomorrow
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[command(verbatim_doc_comment)]
pub(crate) struct QuickReply {
    /// Line above the text, up to 60 characters (Jelou says 20)
    #[arg(long, allow_hyphen_values = true)]
    #[garde(length(chars, min = 1, max = 60))]
    #[schemars(extend("x-source" = "WhatsApp", "x-advised" = {"maxLength": 20, "source": "Jelou"}))]
    title: Option<String>,

    /// Text of the message, 1 to 1024 characters
    #[arg(long, allow_hyphen_values = true)]
    #[garde(required, length(chars, min = 1, max = 1024))]
    #[schemars(extend("x-source" = "WhatsApp"))]
    text: Option<String>,

    #[command(flatten)]
    #[serde(skip)]
    text_file: TextFile,

    #[arg(skip)]
    #[garde(required, length(min = 1, max = 3), custom(|replies: &Option<Vec<Reply>>, (): &()| unique_titles(replies.as_deref())), dive)]
    #[schemars(extend("x-source" = "Jelou", "x-unique" = "title"))]
    quick_replies: Option<Vec<Reply>>,

    #[command(flatten)]
    #[serde(skip)]
    flags: QuickReplyFlags,

    #[arg(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// One reply.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
struct Reply {
    #[garde(required, length(chars, min = 1, max = 20))]
    #[schemars(extend("x-source" = "Jelou"))]
    #[schemars(extend("x-advised" = {"emoji": false, "markdown": false, "source": "Jelou"}))]
    title: Option<String>,

    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Args, Clone, Debug, Default)]
struct QuickReplyFlags {
    /// A reply, 1 to 3 of them, each up to 20 characters and all different (repeatable)
    #[arg(id = "quick_replies", long = "reply", value_name = "TITLE", allow_hyphen_values = true)]
    replies: Vec<String>,
}

fn unique_titles(replies: Option<&[Reply]>) -> garde::Result {
    let mut seen = HashSet::new();
    let titles = replies.unwrap_or_default().iter().filter_map(|reply| reply.title.as_deref());
    match titles.into_iter().find(|title| !seen.insert(*title)) {
        None => Ok(()),
        Some(title) => Err(garde::Error::new(format!("has `{title}` twice; each reply must be unlike the others"))),
    }
}

impl Kind for QuickReply {
    const COMMAND: &'static str = "quick-reply";
    const ENVELOPE: Envelope = Envelope::Typed("quick_reply");
    const EXAMPLE: &'static str =
        r#"send quick-reply --to 593987654321 --text "Shall we deliver today?" --reply Yes --reply Tomorrow"#;

    fn draw(body: &Value) -> Vec<Part> {
        file_and_texts(body, items(body, "/quick_replies").filter_map(reply))
    }

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, InputError> {
        let mut body = self.text_file.shape(input)?;
        if !self.flags.replies.is_empty() {
            let replies = self.flags.replies.iter().map(|title| json!({ "title": title }));
            body.insert("quick_replies".to_owned(), replies.collect());
        }
        Ok(body)
    }
}

//! A plain text.

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use super::list::List;
use crate::input::{Input, UsageError};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::text_file::TextFile;

/// Send a text
///
/// Examples:
///   jelouctl send text --to 593987654321 "Hola"
///   jelouctl send text --to 593987654321 -- "$MESSAGE"
///   git log -1 --format=%B | jelouctl send text --to 593987654321 --text-file -
///
/// The text is sent literally. Put `--` before a text that may start with a dash.
/// A text reaches only people who wrote to the bot in the last 24 hours.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct Text {
    /// Text of the message, 1 to 4096 characters
    #[arg(value_name = "TEXT")]
    text: Option<String>,

    #[command(flatten)]
    #[serde(skip)]
    flags: TextFlags,
}

#[derive(Args, Clone, Debug, Default)]
struct TextFlags {
    /// The text as a flag: it may begin with a dash
    #[arg(id = "text-flag", long = "text", value_name = "TEXT", allow_hyphen_values = true)]
    #[arg(conflicts_with_all = ["text", "text_file"])]
    text: Option<String>,

    #[command(flatten)]
    file: TextFile,
}

impl Text {
    /// Whether `text` was typed as the argument.
    pub(super) fn is(&self, text: &str) -> bool {
        self.text.as_deref() == Some(text)
    }
}

impl Kind for Text {
    const COMMAND: &'static str = "text";
    const ENVELOPE: Envelope = Envelope::Typed("text");
    const SCHEMA: &'static str = include_str!("text.json");
    const EXAMPLE: &'static str = r#"send text --to 593987654321 "Hola""#;

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, UsageError> {
        let mut body = self.flags.file.shape(input)?;
        if let Some(text) = &self.flags.text {
            body.insert("text".to_owned(), json!(text));
        }
        Ok(body)
    }

    fn problem(place: &str, around: &Map<String, Value>) -> Option<String> {
        let text = around.get("text")?.as_str().filter(|_| place == "text")?;
        match text.trim() {
            // An empty variable.
            "" if !text.is_empty() => Some("has blanks only".to_owned()),
            "…" => Some("is `…`, which stands for your message in a hint; write the message".to_owned()),
            _ => None,
        }
    }

    fn read_as(fields: &Map<String, Value>) -> Option<&'static str> {
        let is_list = fields.get("options").is_some_and(|options| !options.is_null());
        is_list.then_some(List::COMMAND)
    }
}

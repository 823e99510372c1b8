//! A plain text.

use clap::Args;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use super::list::List;
use crate::input::{Input, InputError};
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
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[schemars(extend("not" = {"required": ["options"]}))]
#[command(verbatim_doc_comment)]
pub(crate) struct Text {
    /// Text of the message, 1 to 4096 characters
    #[arg(value_name = "TEXT")]
    #[garde(required, length(chars, min = 1, max = 4096), custom(|text: &Option<String>, (): &()| is_meant(text.as_deref())))]
    #[schemars(extend("x-source" = "WhatsApp"))]
    text: Option<String>,

    #[command(flatten)]
    #[serde(skip)]
    flags: TextFlags,

    #[arg(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
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

/// A text of blanks is a mistake, such as an empty variable, and `…` was copied from a hint.
fn is_meant(text: Option<&str>) -> garde::Result {
    match text.map(|text| (text, text.trim())) {
        Some((text, "")) if !text.is_empty() => Err(garde::Error::new("has blanks only")),
        Some((_, "…")) => {
            Err(garde::Error::new("is `…`, which stands for your message in a hint; write the message"))
        }
        _ => Ok(()),
    }
}

impl Kind for Text {
    const COMMAND: &'static str = "text";
    const ENVELOPE: Envelope = Envelope::Typed("text");
    const EXAMPLE: &'static str = r#"send text --to 593987654321 "Hola""#;

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, InputError> {
        let mut body = self.flags.file.shape(input)?;
        if let Some(text) = &self.flags.text {
            body.insert("text".to_owned(), json!(text));
        }
        Ok(body)
    }

    fn read_as(fields: &Map<String, Value>) -> Option<&'static str> {
        let is_list = fields.get("options").is_some_and(|options| !options.is_null());
        is_list.then_some(List::COMMAND)
    }
}

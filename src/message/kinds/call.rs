//! A message with a button that starts a WhatsApp call.

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::input::{Input, UsageError};
use crate::message::drawing::{Part, button, file_and_texts};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::text_file::MessageText;

/// Send a message with a call button (it does not place a call)
///
/// Examples:
///   jelouctl send call --to 593987654321 --text "Speak with an agent" --button "Call Support"
///
/// The recipient presses the button to call you on WhatsApp.
/// Calling must be enabled for your WhatsApp account.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct Call {
    /// Line above the text, up to 60 characters
    #[arg(long = "title", alias = "header", value_name = "TITLE", allow_hyphen_values = true)]
    header: Option<String>,

    #[command(flatten)]
    #[serde(flatten)]
    text: MessageText,

    #[command(flatten)]
    parameters: CallParameters,
}

#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
struct CallParameters {
    /// Label of the call button, up to 20 characters
    #[arg(id = "parameters.display_text", long = "button", value_name = "LABEL", allow_hyphen_values = true)]
    display_text: Option<String>,
}

impl Kind for Call {
    const COMMAND: &'static str = "call";
    const ENVELOPE: Envelope = Envelope::Typed("voice_call");
    const SCHEMA: &'static str = include_str!("call.json");
    const EXAMPLE: &'static str =
        r#"send call --to 593987654321 --title "Need help?" --text "Speak with an agent" --button "Call Support""#;

    fn draw(body: &Value) -> Vec<Part> {
        let press = json!({ "opens": "a call to the bot" });
        file_and_texts(body, button(body, "/parameters/display_text", "call", press))
    }

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, UsageError> {
        self.text.file.shape(input)
    }
}

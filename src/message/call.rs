//! A message with a button that starts a WhatsApp call.

use clap::Args;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::text_file::TextFile;
use super::{Envelope, Kind};
use crate::input::{Input, InputError};

/// Send a message with a call button (it does not place a call)
///
/// Examples:
///   jelouctl send call --to 593987654321 --text "Speak with an agent" --button "Call Support"
///
/// The recipient presses the button to call you on WhatsApp.
/// Calling must be enabled for your WhatsApp account.
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[command(verbatim_doc_comment)]
pub struct Call {
    /// Line above the text, up to 60 characters
    #[arg(long, allow_hyphen_values = true)]
    #[garde(length(chars, min = 1, max = 60))]
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<String>,

    /// Text of the message, 1 to 1024 characters
    #[arg(long, allow_hyphen_values = true)]
    #[garde(required, length(chars, min = 1, max = 1024))]
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,

    #[command(flatten)]
    #[garde(skip)]
    #[serde(skip)]
    text_file: TextFile,

    #[command(flatten)]
    #[garde(dive)]
    #[serde(default)]
    parameters: CallParameters,

    #[arg(skip)]
    #[garde(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[serde(expecting = "an object")]
struct CallParameters {
    /// Label of the call button, up to 20 characters
    #[arg(id = "parameters.display_text", long = "button", value_name = "LABEL", allow_hyphen_values = true)]
    #[garde(required, length(chars, min = 1, max = 20))]
    #[serde(skip_serializing_if = "Option::is_none")]
    display_text: Option<String>,

    #[arg(skip)]
    #[garde(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl Kind for Call {
    const COMMAND: &'static str = "call";
    const ENVELOPE: Envelope = Envelope::Typed("voice_call");

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, InputError> {
        self.text_file.shape(input)
    }
}

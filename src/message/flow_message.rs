//! A WhatsApp Flow by its name, through the endpoint of its own: bot and recipient are in the path.

use clap::Args;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::flow::{ActionPayload, FlowActionPayload};
use super::text_file::TextFile;
use super::{Envelope, Kind, Route};
use crate::input::{Input, InputError, JsonSource};

/// Send a WhatsApp Flow by its name, through the flow_message endpoint
///
/// Examples:
///   jelouctl flow-message --to 593987654321 --body flow-message.json
///   jelouctl flow-message --to 593987654321 --body flow-message.json --cta Start --screen RECOMMEND
///
/// The flow must exist in Jelou for the bot.
/// Only for bots on WhatsApp Cloud API, Gupshup CAPI or Aldeamo.
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[command(verbatim_doc_comment)]
pub struct FlowMessage {
    /// Line above the text, up to 60 characters
    #[arg(long, allow_hyphen_values = true)]
    #[garde(required, length(chars, min = 1, max = 60))]
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,

    /// Text of the message, 1 to 1024 characters
    #[arg(long, allow_hyphen_values = true)]
    #[garde(required, length(chars, min = 1, max = 1024))]
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,

    #[command(flatten)]
    #[garde(skip)]
    #[serde(skip)]
    text_file: TextFile,

    /// Line below the text, up to 60 characters
    #[arg(long, allow_hyphen_values = true)]
    #[garde(required, length(chars, min = 1, max = 60))]
    #[serde(skip_serializing_if = "Option::is_none")]
    caption: Option<String>,

    #[command(flatten)]
    #[garde(dive)]
    #[serde(default)]
    parameters: FlowMessageParameters,

    #[arg(skip)]
    #[garde(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Map<String, Value>>,

    #[command(flatten)]
    #[garde(skip)]
    #[serde(skip)]
    flags: FlowMessageFlags,

    #[arg(skip)]
    #[garde(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[serde(expecting = "an object")]
struct FlowMessageParameters {
    /// Name (slug) of the flow in Jelou
    #[arg(id = "parameters.flow_name", long = "flow-name", value_name = "NAME", allow_hyphen_values = true)]
    #[garde(required, length(chars, min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_name: Option<String>,

    /// Label of the button, up to 20 characters, without emoji
    #[arg(id = "parameters.flow_cta", long = "cta", value_name = "LABEL", allow_hyphen_values = true)]
    #[garde(required, length(chars, min = 1, max = 20))]
    #[schemars(extend("x-advised" = {"emoji": false, "source": "WhatsApp"}))]
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_cta: Option<String>,

    #[arg(skip)]
    #[garde(required, dive)]
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_action_payload: Option<FlowActionPayload>,

    #[arg(skip)]
    #[garde(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Args, Clone, Debug, Default)]
struct FlowMessageFlags {
    #[command(flatten)]
    action_payload: ActionPayload,

    /// Extra context that Jelou keeps and returns with the flow's reply
    #[arg(id = "payload", long = "payload", value_name = "JSON|@FILE", allow_hyphen_values = true)]
    payload: Option<JsonSource>,

    /// Type of flow, as the endpoint's `type` parameter [default: Jelou's standard type]
    #[arg(id = "flow-type", long = "type", value_name = "TYPE", allow_hyphen_values = true)]
    flow_type: Option<String>,
}

impl Kind for FlowMessage {
    const COMMAND: &'static str = "flow-message";
    const ENVELOPE: Envelope = Envelope::OwnEndpoint;

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, InputError> {
        let mut body = self.text_file.shape(input)?;
        self.flags.action_payload.shape(&mut body, input)?;
        if let Some(source) = &self.flags.payload {
            body.insert("payload".to_owned(), input.json_flag("--payload", source)?);
        }
        Ok(body)
    }

    fn route(&self) -> Route {
        Route::FlowMessage { flow_type: self.flags.flow_type.clone() }
    }
}

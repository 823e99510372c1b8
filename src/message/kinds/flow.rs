//! A message with a button that opens a WhatsApp Flow, through the messages endpoint.

use clap::builder::EnumValueParser;
use clap::{Args, ValueEnum};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::input::{Input, InputError, JsonSource};
use crate::message::drawing::{Part, flow};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::or_template::{OrTemplate, OrTemplateParser};
use crate::message::text_file::TextFile;

/// Send a message with a button that opens a WhatsApp Flow
///
/// Examples:
///   jelouctl send flow --to 593987654321 --body flow.json --mode draft
///   jelouctl send flow --to 593987654321 --body flow.json --title Hola --screen RECOMMEND
///
/// `jelouctl flow-message` sends a flow by its name only, through a separate endpoint.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[command(verbatim_doc_comment)]
pub(crate) struct Flow {
    /// Line above the text, up to 60 characters
    #[arg(long, allow_hyphen_values = true)]
    #[garde(required, length(chars, min = 1, max = 60))]
    #[schemars(extend("x-source" = "WhatsApp"))]
    title: Option<String>,

    /// Text of the message, 1 to 1024 characters
    #[arg(long, allow_hyphen_values = true)]
    #[garde(required, length(chars, min = 1, max = 1024))]
    #[schemars(extend("x-source" = "WhatsApp"))]
    text: Option<String>,

    #[command(flatten)]
    #[serde(skip)]
    text_file: TextFile,

    /// Line below the text, up to 60 characters
    #[arg(long, allow_hyphen_values = true)]
    #[garde(required, length(chars, min = 1, max = 60))]
    #[schemars(extend("x-source" = "WhatsApp"))]
    caption: Option<String>,

    #[command(flatten)]
    #[garde(dive)]
    #[serde(default)]
    parameters: FlowParameters,

    #[command(flatten)]
    #[serde(skip)]
    action_payload: ActionPayload,

    #[arg(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
struct FlowParameters {
    /// Identifier of the flow
    #[arg(id = "parameters.flow_id", long = "flow-id", value_name = "ID", allow_hyphen_values = true)]
    #[garde(required, length(chars, min = 1))]
    flow_id: Option<String>,

    /// Label of the button, up to 20 characters, without emoji
    #[arg(
        id = "parameters.flow_cta",
        long = "button",
        alias = "cta",
        value_name = "LABEL",
        allow_hyphen_values = true
    )]
    #[garde(required, length(chars, min = 1, max = 20))]
    #[schemars(extend("x-source" = "WhatsApp", "x-advised" = {"emoji": false, "source": "WhatsApp"}))]
    flow_cta: Option<String>,

    /// Name of the flow
    #[arg(id = "parameters.flow_name", long = "flow-name", value_name = "NAME", allow_hyphen_values = true)]
    #[garde(required, length(chars, min = 1))]
    flow_name: Option<String>,

    #[arg(skip)]
    #[garde(required, dive)]
    flow_action_payload: Option<FlowActionPayload>,

    /// State of the flow [default: published]
    #[arg(id = "parameters.mode", long = "mode", value_name = "MODE", ignore_case = true)]
    #[arg(value_parser = OrTemplateParser(EnumValueParser::<FlowMode>::new()))]
    #[garde(required)]
    mode: Option<OrTemplate<FlowMode>>,

    /// What the button does [default: navigate]
    #[arg(id = "parameters.flow_action", long = "action", value_name = "ACTION", allow_hyphen_values = true)]
    #[garde(required, length(chars, min = 1))]
    flow_action: Option<String>,

    /// Version of WhatsApp's flow message [default: 3]
    #[arg(
        id = "parameters.flow_message_version",
        long = "flow-version",
        value_name = "VERSION",
        allow_hyphen_values = true
    )]
    #[garde(required, length(chars, min = 1))]
    flow_message_version: Option<String>,

    #[arg(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// What the flow is opened with; fields other than the screen are passed unchanged.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
pub(super) struct FlowActionPayload {
    #[garde(required, length(chars, min = 1))]
    screen: Option<String>,

    /// Initial data of the screen; free-form, as the flow defines it.
    data: Option<Value>,

    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
enum FlowMode {
    Draft,
    Published,
}

/// The flags for `parameters.flow_action_payload`, shared with `flow-message`.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct ActionPayload {
    /// Screen that the flow opens with
    #[arg(id = "parameters.flow_action_payload.screen", long = "screen", value_name = "SCREEN")]
    #[arg(allow_hyphen_values = true, conflicts_with = "parameters.flow_action_payload")]
    screen: Option<String>,

    /// The action payload as JSON, instead of --screen
    ///
    /// Such as '{"screen": "A", "data": {…}}'.
    #[arg(id = "parameters.flow_action_payload", long = "action-payload", value_name = "JSON|@FILE")]
    #[arg(allow_hyphen_values = true)]
    payload: Option<JsonSource>,
}

impl ActionPayload {
    /// Adds `parameters.flow_action_payload` to `body` when a flag gives it.
    pub(super) fn shape(&self, body: &mut Map<String, Value>, input: &mut Input) -> Result<(), InputError> {
        let payload = match (&self.screen, &self.payload) {
            (Some(screen), _) => json!({ "screen": screen }),
            (None, Some(source)) => input.json_flag("--action-payload", source)?,
            (None, None) => return Ok(()),
        };
        body.insert("parameters".to_owned(), json!({ "flow_action_payload": payload }));
        Ok(())
    }
}

impl Kind for Flow {
    const COMMAND: &'static str = "flow";
    const ENVELOPE: Envelope = Envelope::Typed("flow");
    const EXAMPLE: &'static str = "send flow --to 593987654321 --title Hola --text \"Complete this flow to get started\" \
            --caption Jelou --flow-id 1058932467194 --flow-name Welcome --button \"Start Flow\" --screen RECOMMEND";

    fn draw(body: &Value) -> Vec<Part> {
        flow(body)
    }

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, InputError> {
        let mut body = self.text_file.shape(input)?;
        self.action_payload.shape(&mut body, input)?;
        Ok(body)
    }

    fn fill_defaults(&mut self) {
        self.parameters.mode.get_or_insert(OrTemplate::Value(FlowMode::Published));
        self.parameters.flow_action.get_or_insert_with(|| "navigate".to_owned());
        self.parameters.flow_message_version.get_or_insert_with(|| "3".to_owned());
    }
}

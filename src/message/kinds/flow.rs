//! A message with a button that opens a WhatsApp Flow, through the messages endpoint.

use clap::builder::EnumValueParser;
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::input::{Input, JsonSource, UsageError};
use crate::message::drawing::{Part, flow};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::or_template::OrTemplate;
use crate::message::text_file::MessageText;

/// Send a message with a button that opens a WhatsApp Flow
///
/// Examples:
///   jelouctl send flow --to 593987654321 --body flow.json --mode draft
///   jelouctl send flow --to 593987654321 --body flow.json --title Hola --screen RECOMMEND
///
/// `jelouctl flow-message` sends a flow by its name only, through a separate endpoint.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct Flow {
    /// Line above the text, up to 60 characters
    #[arg(long, allow_hyphen_values = true)]
    title: Option<String>,

    #[command(flatten)]
    #[serde(flatten)]
    text: MessageText,

    /// Line below the text, up to 60 characters
    #[arg(long, allow_hyphen_values = true)]
    caption: Option<String>,

    #[command(flatten)]
    parameters: FlowParameters,

    #[command(flatten)]
    #[serde(skip)]
    action_payload: ActionPayload,
}

#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
struct FlowParameters {
    /// Identifier of the flow
    #[arg(id = "parameters.flow_id", long = "flow-id", value_name = "ID", allow_hyphen_values = true)]
    flow_id: Option<String>,

    /// Label of the button, up to 20 characters, without emoji
    #[arg(
        id = "parameters.flow_cta",
        long = "button",
        alias = "cta",
        value_name = "LABEL",
        allow_hyphen_values = true
    )]
    flow_cta: Option<String>,

    /// Name of the flow
    #[arg(id = "parameters.flow_name", long = "flow-name", value_name = "NAME", allow_hyphen_values = true)]
    flow_name: Option<String>,

    /// State of the flow [default: published]
    #[arg(id = "parameters.mode", long = "mode", value_name = "MODE", ignore_case = true)]
    #[arg(value_parser = OrTemplate(EnumValueParser::<FlowMode>::new()))]
    mode: Option<Value>,

    /// What the button does [default: navigate]
    #[arg(id = "parameters.flow_action", long = "action", value_name = "ACTION", allow_hyphen_values = true)]
    flow_action: Option<String>,

    /// Version of WhatsApp's flow message [default: 3]
    #[arg(
        id = "parameters.flow_message_version",
        long = "flow-version",
        value_name = "VERSION",
        allow_hyphen_values = true
    )]
    flow_message_version: Option<String>,
}

#[derive(Clone, Copy, Debug, Serialize, ValueEnum)]
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
    pub(super) fn shape(&self, body: &mut Map<String, Value>, input: &mut Input) -> Result<(), UsageError> {
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
    const SCHEMA: &'static str = include_str!("flow.json");
    const EXAMPLE: &'static str = "send flow --to 593987654321 --title Hola --text \"Complete this flow to get started\" \
            --caption Jelou --flow-id 1058932467194 --flow-name Welcome --button \"Start Flow\" --screen RECOMMEND";

    fn draw(body: &Value) -> Vec<Part> {
        flow(body)
    }

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, UsageError> {
        let mut body = self.text.file.shape(input)?;
        self.action_payload.shape(&mut body, input)?;
        Ok(body)
    }

    fn fill_defaults(fields: &mut Map<String, Value>) {
        if let Value::Object(parameters) = fields.entry("parameters").or_insert(json!({})) {
            for (name, value) in [("mode", "published"), ("flow_action", "navigate"), ("flow_message_version", "3")] {
                parameters.entry(name).or_insert(json!(value));
            }
        }
    }
}

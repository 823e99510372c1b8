//! A WhatsApp Flow by its name, through its own endpoint, which has bot and recipient in its path.

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use super::flow::ActionPayload;
use crate::input::{Input, JsonSource, UsageError};
use crate::message::drawing::{Part, flow};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::route::Route;
use crate::message::text_file::MessageText;

/// Send a WhatsApp Flow by its name in Jelou
///
/// Examples:
///   jelouctl flow-message --to 593987654321 --body flow.json
///   jelouctl flow-message --to 593987654321 --body flow.json --button Start --screen RECOMMEND
///
/// It goes through the flow_message endpoint; the flow must exist in Jelou for the bot.
/// Only for bots on WhatsApp Cloud API, Gupshup CAPI or Aldeamo.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct FlowMessage {
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
    parameters: FlowMessageParameters,

    #[command(flatten)]
    #[serde(skip)]
    flags: FlowMessageFlags,
}

#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
struct FlowMessageParameters {
    /// Name (slug) of the flow in Jelou
    #[arg(id = "parameters.flow_name", long = "flow-name", value_name = "NAME", allow_hyphen_values = true)]
    flow_name: Option<String>,

    /// Label of the button, up to 20 characters, without emoji
    #[arg(
        id = "parameters.flow_cta",
        long = "button",
        alias = "cta",
        value_name = "LABEL",
        allow_hyphen_values = true
    )]
    flow_cta: Option<String>,
}

#[derive(Args, Clone, Debug, Default)]
struct FlowMessageFlags {
    #[command(flatten)]
    action_payload: ActionPayload,

    /// Context that Jelou returns with the flow's reply
    #[arg(id = "payload", long = "payload", value_name = "JSON|@FILE", allow_hyphen_values = true)]
    payload: Option<JsonSource>,

    /// The endpoint's `type` parameter [default: Jelou's standard type]
    #[arg(id = "flow-type", long = "type", value_name = "TYPE", allow_hyphen_values = true)]
    flow_type: Option<String>,
}

impl Kind for FlowMessage {
    const COMMAND: &'static str = "flow-message";
    const ENVELOPE: Envelope = Envelope::OwnEndpoint;
    const SCHEMA: &'static str = include_str!("flow_message.json");
    const EXAMPLE: &'static str = "flow-message --to 593987654321 --title Hello --text \"Complete this flow to get started\" \
            --caption Jelou --flow-name welcome_flow --button \"Start Flow\" --screen RECOMMEND";

    fn draw(body: &Value) -> Vec<Part> {
        flow(body)
    }

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, UsageError> {
        let mut body = self.text.file.shape(input)?;
        self.flags.action_payload.shape(&mut body, input)?;
        if let Some(source) = &self.flags.payload {
            body.insert("payload".to_owned(), input.json_flag("--payload", source)?);
        }
        Ok(body)
    }

    fn route(&self, _body: &Value) -> Route {
        Route::FlowMessage { flow_type: self.flags.flow_type.clone() }
    }
}

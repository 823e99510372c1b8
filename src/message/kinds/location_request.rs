//! A text with a button that asks for the recipient's location.

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::input::{Input, UsageError};
use crate::message::drawing::{Part, file_and_texts};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::text_file::MessageText;

/// Ask the recipient for their location
///
/// Examples:
///   jelouctl send location-request --to 593987654321 --text "Where shall we deliver?"
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct LocationRequest {
    #[command(flatten)]
    #[serde(flatten)]
    text: MessageText,
}

impl Kind for LocationRequest {
    const COMMAND: &'static str = "location-request";
    const ENVELOPE: Envelope = Envelope::Typed("location_request");
    const SCHEMA: &'static str = include_str!("location_request.json");
    const EXAMPLE: &'static str = r#"send location-request --to 593987654321 --text "Where shall we deliver?""#;

    fn draw(body: &Value) -> Vec<Part> {
        let place = json!({ "coordinates": { "lat": -0.1807, "long": -78.4678 } });
        let press = json!({ "text": "📍 -0.1807, -78.4678", "payload": place });
        file_and_texts(body, [Part::Button { label: "Send location".to_owned(), icon: "pin", press }])
    }

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, UsageError> {
        self.text.file.shape(input)
    }
}

//! A text with a button that asks the recipient for their contact, which is how a number comes to a WhatsApp user id.

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::input::{Input, UsageError};
use crate::message::drawing::{Part, file_and_texts};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::text_file::MessageText;

/// Ask the recipient to share their contact
///
/// Examples:
///   jelouctl send contact-info-request --to 593987654321 --text "Which number may we call?"
///
/// The words on the button are WhatsApp's. It is how to learn the number behind a WhatsApp user id.
/// Only for bots on WhatsApp Cloud API, Gupshup CAPI or Aldeamo.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct ContactInfoRequest {
    #[command(flatten)]
    #[serde(flatten)]
    text: MessageText,
}

impl Kind for ContactInfoRequest {
    const COMMAND: &'static str = "contact-info-request";
    const ENVELOPE: Envelope = Envelope::Typed("contact_info_request");
    const SCHEMA: &'static str = include_str!("contact_info_request.json");
    const EXAMPLE: &'static str = r#"send contact-info-request --to 593987654321 --text "Which number may we call?""#;

    fn draw(body: &Value) -> Vec<Part> {
        let phone = json!([{ "phone": "+593987654321" }]);
        let contact = json!({ "name": { "formatted_name": "Ana Pérez", "first_name": "Ana" }, "phones": phone });
        let press = json!({ "text": "👤 Ana Pérez, +593987654321", "payload": { "contacts": [contact] } });
        file_and_texts(body, [Part::Button { label: "Share contact info".to_owned(), icon: "person", press }])
    }

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, UsageError> {
        self.text.file.shape(input)
    }
}

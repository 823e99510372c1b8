//! A text with a button that opens a web page.

use clap::Args;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::input::{Input, InputError};
use crate::message::drawing::{Part, button, file_and_texts, note, text};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::text_file::TextFile;

/// Send a text with a button that opens a web page
///
/// Examples:
///   jelouctl send cta-url --to 593987654321 --text "On its way" --url https://example.com --button Go
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[command(verbatim_doc_comment)]
pub(crate) struct CtaUrl {
    /// Line above the text, up to 60 characters
    #[arg(long, allow_hyphen_values = true)]
    #[garde(length(chars, min = 1, max = 60))]
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
    #[garde(length(chars, min = 1, max = 60))]
    #[schemars(extend("x-source" = "WhatsApp"))]
    caption: Option<String>,

    #[command(flatten)]
    #[garde(dive)]
    #[serde(default)]
    parameters: CtaUrlParameters,

    #[arg(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
struct CtaUrlParameters {
    /// Page that the button opens, up to 4096 characters
    #[arg(id = "parameters.url", long = "url", value_name = "URL", value_hint = clap::ValueHint::Url)]
    #[garde(required, length(chars, min = 1, max = 4096))]
    #[schemars(extend("x-source" = "Jelou's editor", "x-advised" = {"link": true, "source": "WhatsApp"}))]
    url: Option<String>,

    /// Label of the button, up to 20 characters (Jelou's editor takes 18)
    #[arg(
        id = "parameters.display_text",
        long = "button",
        alias = "label",
        value_name = "LABEL",
        allow_hyphen_values = true
    )]
    #[garde(required, length(chars, min = 1, max = 20))]
    #[schemars(extend("x-source" = "WhatsApp", "x-advised" = {"maxLength": 18, "source": "Jelou's editor"}))]
    display_text: Option<String>,

    #[arg(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl Kind for CtaUrl {
    const COMMAND: &'static str = "cta-url";
    const ENVELOPE: Envelope = Envelope::Typed("cta_url");
    const EXAMPLE: &'static str = "send cta-url --to 593987654321 --text \"Your order is on its way\" \
            --url https://example.com/orders/7 --button \"Follow it\"";

    fn draw(body: &Value) -> Vec<Part> {
        let url = text(body, "/parameters/url").unwrap_or_default();
        let link = button(body, "/parameters/display_text", "link", json!({ "opens": url }));
        file_and_texts(body, link.into_iter().chain([note(&[("", url)])]))
    }

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, InputError> {
        self.text_file.shape(input)
    }
}

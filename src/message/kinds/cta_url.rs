//! A text with a button that opens a web page.

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::input::{Input, UsageError};
use crate::message::drawing::{Part, button, file_and_texts, note, text};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::text_file::MessageText;

/// Send a text with a button that opens a web page
///
/// Examples:
///   jelouctl send cta-url --to 593987654321 --text "On its way" --url https://example.com --button Go
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct CtaUrl {
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
    parameters: CtaUrlParameters,
}

#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
struct CtaUrlParameters {
    /// Page that the button opens, up to 4096 characters
    #[arg(id = "parameters.url", long = "url", value_name = "URL", value_hint = clap::ValueHint::Url)]
    url: Option<String>,

    /// Label of the button, up to 20 characters (Jelou's editor takes 18)
    #[arg(
        id = "parameters.display_text",
        long = "button",
        alias = "label",
        value_name = "LABEL",
        allow_hyphen_values = true
    )]
    display_text: Option<String>,
}

impl Kind for CtaUrl {
    const COMMAND: &'static str = "cta-url";
    const ENVELOPE: Envelope = Envelope::Typed("cta_url");
    const SCHEMA: &'static str = include_str!("cta_url.json");
    const EXAMPLE: &'static str = "send cta-url --to 593987654321 --text \"Your order is on its way\" \
            --url https://example.com/orders/7 --button \"Follow it\"";

    fn draw(body: &Value) -> Vec<Part> {
        let url = text(body, "/parameters/url").unwrap_or_default();
        let link = button(body, "/parameters/display_text", "link", json!({ "opens": url }));
        file_and_texts(body, link.into_iter().chain([note(&[("", url)])]))
    }

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, UsageError> {
        self.text.file.shape(input)
    }
}

//! A document by its address.

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::input::{Input, UsageError};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::text_file::Caption;

/// Send a document, with a text below it
///
/// Examples:
///   jelouctl send file --to 593987654321 --media-url https://example.com/7.pdf --filename invoice.pdf
///
/// Text, PDF or Office, up to 100 MB. Jelou fetches it; nothing is uploaded from here.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct File {
    /// Public HTTPS URL of the document
    #[arg(long, value_name = "URL", visible_alias = "url", value_hint = clap::ValueHint::Url)]
    mediaUrl: Option<String>,

    #[command(flatten)]
    #[serde(flatten)]
    text: Caption,

    /// Name that the recipient sees [default: the last part of the address]
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    filename: Option<String>,
}

impl Kind for File {
    const COMMAND: &'static str = "file";
    const ENVELOPE: Envelope = Envelope::Typed("file");
    const SCHEMA: &'static str = include_str!("file.json");
    const EXAMPLE: &'static str = "send file --to 593987654321 --media-url https://example.com/7.pdf --filename invoice.pdf \
            --text \"Your invoice\"";

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, UsageError> {
        self.text.file.shape(input)
    }
}

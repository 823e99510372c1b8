//! An image by its address.

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::input::{Input, UsageError};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::text_file::Caption;

/// Send an image, with a text below it
///
/// Examples:
///   jelouctl send image --to 593987654321 --media-url https://example.com/image.jpg --text Look
///
/// JPEG or PNG, up to 5 MB. Jelou fetches it; nothing is uploaded from here.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct Image {
    /// Public HTTPS URL of the image
    #[arg(long, value_name = "URL", visible_alias = "url", value_hint = clap::ValueHint::Url)]
    mediaUrl: Option<String>,

    #[command(flatten)]
    #[serde(flatten)]
    text: Caption,
}

impl Kind for Image {
    const COMMAND: &'static str = "image";
    const ENVELOPE: Envelope = Envelope::Typed("image");
    const SCHEMA: &'static str = include_str!("image.json");
    const EXAMPLE: &'static str =
        r#"send image --to 593987654321 --media-url https://example.com/image.jpg --text "Check out this image""#;

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, UsageError> {
        self.text.file.shape(input)
    }
}

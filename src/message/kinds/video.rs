//! A video by its address.

use clap::Args;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::input::{Input, InputError};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::media_url;
use crate::message::text_file::TextFile;

/// Send a video, with a text below it
///
/// Examples:
///   jelouctl send video --to 593987654321 --media-url https://example.com/video.mp4 --text Look
///
/// MP4 or 3GP, up to 16 MB. Jelou fetches it; nothing is uploaded from here.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[command(verbatim_doc_comment)]
pub(crate) struct Video {
    /// Public HTTPS URL of the video
    #[arg(long, value_name = "URL", visible_alias = "url", value_hint = clap::ValueHint::Url)]
    #[garde(required, length(chars, min = 1), custom(|url: &Option<String>, (): &()| media_url::check(url.as_deref())))]
    #[schemars(extend("pattern" = "^https://", "x-media" = media_url::video()))]
    mediaUrl: Option<String>,

    /// Text below it, up to 1024 characters
    #[arg(long, visible_alias = "caption", allow_hyphen_values = true)]
    #[garde(length(chars, min = 1, max = 1024))]
    #[schemars(extend("x-source" = "WhatsApp"))]
    text: Option<String>,

    #[command(flatten)]
    #[serde(skip)]
    text_file: TextFile,

    #[arg(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl Kind for Video {
    const COMMAND: &'static str = "video";
    const ENVELOPE: Envelope = Envelope::Typed("video");
    const EXAMPLE: &'static str =
        r#"send video --to 593987654321 --media-url https://example.com/video.mp4 --text "How it works""#;

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, InputError> {
        self.text_file.shape(input)
    }
}

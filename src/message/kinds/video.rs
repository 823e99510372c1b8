//! A video by its address.

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::input::{Input, UsageError};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::text_file::Caption;

/// Send a video, with a text below it
///
/// Examples:
///   jelouctl send video --to 593987654321 --media-url https://example.com/video.mp4 --text Look
///
/// MP4 or 3GP, up to 16 MB. Jelou fetches it; nothing is uploaded from here.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct Video {
    /// Public HTTPS URL of the video
    #[arg(long, value_name = "URL", visible_alias = "url", value_hint = clap::ValueHint::Url)]
    mediaUrl: Option<String>,

    #[command(flatten)]
    #[serde(flatten)]
    text: Caption,
}

impl Kind for Video {
    const COMMAND: &'static str = "video";
    const ENVELOPE: Envelope = Envelope::Typed("video");
    const SCHEMA: &'static str = include_str!("video.json");
    const EXAMPLE: &'static str =
        r#"send video --to 593987654321 --media-url https://example.com/video.mp4 --text "How it works""#;

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, UsageError> {
        self.text.file.shape(input)
    }
}

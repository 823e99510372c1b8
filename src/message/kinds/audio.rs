//! An audio by its address.

use clap::Args;
use serde::Serialize;
use serde_with::skip_serializing_none;

use crate::message::envelope::Envelope;
use crate::message::kind::Kind;

/// Send an audio file
///
/// Examples:
///   jelouctl send audio --to 593987654321 --media-url https://example.com/audio.mp3
///
/// AAC, MP4, MPEG, AMR or Ogg with Opus, up to 16 MB. Jelou fetches it; nothing is uploaded from here.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct Audio {
    /// Public HTTPS URL of the audio
    #[arg(long, value_name = "URL", visible_alias = "url", value_hint = clap::ValueHint::Url)]
    mediaUrl: Option<String>,
}

impl Kind for Audio {
    const COMMAND: &'static str = "audio";
    const ENVELOPE: Envelope = Envelope::Typed("audio");
    const SCHEMA: &'static str = include_str!("audio.json");
    const EXAMPLE: &'static str = "send audio --to 593987654321 --media-url https://example.com/audio.mp3";
}

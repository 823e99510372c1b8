//! An audio by its address.

use clap::Args;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::media_url;

/// Send an audio file
///
/// Examples:
///   jelouctl send audio --to 593987654321 --media-url https://example.com/audio.mp3
///
/// AAC, MP4, MPEG, AMR or Ogg with Opus, up to 16 MB. Jelou fetches it; nothing is uploaded from here.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[command(verbatim_doc_comment)]
pub(crate) struct Audio {
    /// Public HTTPS URL of the audio
    #[arg(long, value_name = "URL", visible_alias = "url", value_hint = clap::ValueHint::Url)]
    #[garde(required, length(chars, min = 1), custom(|url: &Option<String>, (): &()| media_url::check(url.as_deref())))]
    #[schemars(extend("pattern" = "^https://", "x-media" = {"formats": "aac, mp4, mpeg, amr, ogg-opus", "size": "16 MB", "source": "Jelou", "extensions": ["aac", "mp4", "m4a", "mp3", "mpeg", "mpga", "amr", "ogg", "oga", "opus"]}))]
    mediaUrl: Option<String>,

    #[arg(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl Kind for Audio {
    const COMMAND: &'static str = "audio";
    const ENVELOPE: Envelope = Envelope::Typed("audio");
    const EXAMPLE: &'static str = "send audio --to 593987654321 --media-url https://example.com/audio.mp3";
}

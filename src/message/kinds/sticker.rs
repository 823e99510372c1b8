//! A sticker by its address.

use clap::Args;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::media_url;

/// Send a sticker
///
/// Examples:
///   jelouctl send sticker --to 593987654321 --media-url https://example.com/sticker.webp
///
/// WebP, up to 100 KB (animated: 500 KB). Jelou fetches it; nothing is uploaded from here.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[command(verbatim_doc_comment)]
pub(crate) struct Sticker {
    /// Public HTTPS URL of the sticker
    #[arg(long, value_name = "URL", visible_alias = "url", value_hint = clap::ValueHint::Url)]
    #[garde(required, length(chars, min = 1), custom(|url: &Option<String>, (): &()| media_url::check(url.as_deref())))]
    #[schemars(extend("pattern" = "^https://", "x-media" = {"formats": "webp", "size": "100 KB (animated: 500 KB, WhatsApp)", "source": "Jelou", "extensions": ["webp"]}))]
    mediaUrl: Option<String>,

    #[arg(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl Kind for Sticker {
    const COMMAND: &'static str = "sticker";
    const ENVELOPE: Envelope = Envelope::Typed("sticker");
    const EXAMPLE: &'static str = "send sticker --to 593987654321 --media-url https://example.com/sticker.webp";
}

//! A sticker by its address.

use clap::Args;
use serde::Serialize;
use serde_with::skip_serializing_none;

use crate::message::envelope::Envelope;
use crate::message::kind::Kind;

/// Send a sticker
///
/// Examples:
///   jelouctl send sticker --to 593987654321 --media-url https://example.com/sticker.webp
///
/// WebP, up to 100 KB (animated: 500 KB). Jelou fetches it; nothing is uploaded from here.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct Sticker {
    /// Public HTTPS URL of the sticker
    #[arg(long, value_name = "URL", visible_alias = "url", value_hint = clap::ValueHint::Url)]
    mediaUrl: Option<String>,
}

impl Kind for Sticker {
    const COMMAND: &'static str = "sticker";
    const ENVELOPE: Envelope = Envelope::Typed("sticker");
    const SCHEMA: &'static str = include_str!("sticker.json");
    const EXAMPLE: &'static str = "send sticker --to 593987654321 --media-url https://example.com/sticker.webp";
}

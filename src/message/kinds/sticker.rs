//! A sticker by its address.

use crate::message::envelope::Envelope;
use crate::message::flag::MEDIA_URL;
use crate::message::kind::Kind;

pub(super) const STICKER: Kind =
    Kind::new("sticker", Envelope::Typed("sticker"), include_str!("sticker.json"), &[MEDIA_URL]);

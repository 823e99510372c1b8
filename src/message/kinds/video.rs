//! A video by its address.

use crate::message::envelope::Envelope;
use crate::message::flag::{FILE_TEXT, MEDIA_URL, TEXT_FILE};
use crate::message::kind::Kind;

pub(super) const VIDEO: Kind =
    Kind::new("video", Envelope::Typed("video"), include_str!("video.json"), &[MEDIA_URL, FILE_TEXT, TEXT_FILE]);

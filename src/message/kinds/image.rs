//! An image by its address.

use crate::message::envelope::Envelope;
use crate::message::flag::{FILE_TEXT, MEDIA_URL, TEXT_FILE};
use crate::message::kind::Kind;

pub(super) const IMAGE: Kind =
    Kind::new("image", Envelope::Typed("image"), include_str!("image.json"), &[MEDIA_URL, FILE_TEXT, TEXT_FILE]);

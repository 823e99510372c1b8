//! An audio by its address.

use crate::message::envelope::Envelope;
use crate::message::flag::MEDIA_URL;
use crate::message::kind::Kind;

pub(super) const AUDIO: Kind = Kind::new("audio", Envelope::Typed("audio"), include_str!("audio.json"), &[MEDIA_URL]);

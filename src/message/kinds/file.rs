//! A document by its address.

use crate::message::envelope::Envelope;
use crate::message::flag::{FILE_TEXT, Flag, MEDIA_URL, TEXT_FILE};
use crate::message::kind::Kind;

pub(super) const FILE: Kind = Kind::new(
    "file",
    Envelope::Typed("file"),
    include_str!("file.json"),
    &[MEDIA_URL, FILE_TEXT, TEXT_FILE, Flag::text("filename", "--filename NAME")],
);

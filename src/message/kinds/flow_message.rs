//! A WhatsApp Flow by its name, through its own endpoint, which has bot and recipient in its path.

use crate::message::drawing::flow;
use crate::message::envelope::Envelope;
use crate::message::flag::{ACTION_PAYLOAD, CAPTION, FLOW_CTA, FLOW_NAME, Flag, SCREEN, TEXT, TEXT_FILE, TITLE};
use crate::message::kind::Kind;

pub(super) const FLOW_MESSAGE: Kind = Kind {
    draw: flow,
    ..Kind::new(
        "flow-message",
        Envelope::OwnEndpoint,
        include_str!("flow_message.json"),
        &[
            TITLE,
            TEXT,
            TEXT_FILE,
            CAPTION,
            FLOW_NAME,
            FLOW_CTA,
            SCREEN,
            ACTION_PAYLOAD,
            Flag::json("payload", "--payload JSON|@FILE"),
            FLOW_TYPE,
        ],
    )
};

/// A part of the address, not of the body.
pub(super) const FLOW_TYPE: Flag =
    Flag::other("flow-type", "--type TYPE", "The endpoint's `type` parameter [default: Jelou's standard type]");

//! A message with a button that opens a WhatsApp Flow, through the messages endpoint.

use crate::message::drawing::flow;
use crate::message::envelope::Envelope;
use crate::message::flag::{ACTION_PAYLOAD, CAPTION, FLOW_CTA, FLOW_NAME, Flag, SCREEN, TEXT, TEXT_FILE, TITLE};
use crate::message::kind::Kind;

pub(super) const FLOW: Kind = Kind {
    draw: flow,
    ..Kind::new(
        "flow",
        Envelope::Typed("flow"),
        include_str!("flow.json"),
        &[
            TITLE,
            TEXT,
            TEXT_FILE,
            CAPTION,
            Flag::text("parameters.flow_id", "--flow-id ID"),
            FLOW_CTA,
            FLOW_NAME,
            Flag::text("parameters.mode", "--mode MODE"),
            Flag::text("parameters.flow_action", "--action ACTION"),
            Flag::text("parameters.flow_message_version", "--flow-version VERSION"),
            SCREEN,
            ACTION_PAYLOAD,
        ],
    )
};

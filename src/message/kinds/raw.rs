//! A body that is sent unmodified, for messages that this tool does not know yet.

use crate::message::envelope::Envelope;
use crate::message::kind::Kind;

pub(super) const RAW: Kind =
    Kind { draw: |_| Vec::new(), ..Kind::new("raw", Envelope::Verbatim, include_str!("raw.json"), &[]) };

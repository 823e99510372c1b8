//! The record of one send, for programs. Its fields are the same on success and on failure, and in a bulk report.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::program::serialize_hint;
use crate::base::message::Message;

/// Whether the message was sent. `Yes` means accepted by Jelou, not delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sent {
    Yes,
    #[default]
    No,
    Unknown,
}

/// What `--output record` prints.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Record {
    pub(crate) schema_version: SchemaVersion,
    /// The command, for the audit log.
    #[serde(skip)]
    pub(crate) command: &'static str,
    pub(crate) sent: Sent,
    pub(crate) dry_run: bool,
    /// The message kind, as the argument after `send`.
    pub(crate) kind: Option<Cow<'static, str>>,
    pub(crate) to: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) bot_id: Option<String>,
    pub(crate) api_url: Option<String>,
    pub(crate) message_id: Option<String>,
    pub(crate) http_status: Option<u16>,
    pub(crate) attempts: u32,
    pub(crate) duration_ms: u64,
    /// Whether an earlier command sent it with the same key, and this one sent nothing. Written only if true.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) replayed: bool,
    /// The API's response: JSON, or text if it is not JSON.
    pub(crate) response: Option<Box<RawValue>>,
    /// The earlier message with the same key. Written only if `replayed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) once: Option<EarlierMessage>,
    /// How the key of a notification was checked, if not in the ledger. It is in the audit log only.
    #[serde(skip)]
    pub(crate) key_check: Option<&'static str>,
    pub(crate) error: Option<RecordError>,
    /// The delivery status, if the command waited for it: state, time, and the code and reason of a failure.
    pub(crate) delivery: Option<Value>,
}

/// The message that a recipient already has with a key of `--once`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EarlierMessage {
    pub(crate) key: String,
    /// When its state was last written, in UTC.
    pub(crate) at: String,
    /// Until when it blocks the key for this command, in UTC; None if forever.
    pub(crate) until: Option<String>,
}

/// Increases when the meaning of a field changes, but not for new fields.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct SchemaVersion(u32);

impl Default for SchemaVersion {
    fn default() -> Self {
        Self(1)
    }
}

/// Its texts are English.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct RecordError {
    /// Stable name: `rejected`, `network`, `configuration`, …
    pub(crate) code: &'static str,
    pub(crate) api_code: Option<String>,
    pub(crate) message: Message,
    #[serde(serialize_with = "serialize_hint")]
    pub(crate) hint: Option<Message>,
    /// Seconds.
    pub(crate) retry_after_s: Option<u64>,
}

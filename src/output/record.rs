//! The record of one send, for machines: the same shape on success and on failure, and in a bulk report.

use serde::Serialize;
use serde_json::{Value, json};

/// Whether the message left, as far as can be known. `Yes` means accepted by Jelou, never delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sent {
    Yes,
    #[default]
    No,
    Unknown,
}

/// What `--output record` prints.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Record {
    pub schema_version: SchemaVersion,
    pub sent: Sent,
    pub dry_run: bool,
    /// The kind of message, as the word after `send`.
    pub kind: Option<&'static str>,
    pub to: Option<String>,
    pub profile: Option<String>,
    pub bot_id: Option<String>,
    pub api_url: Option<String>,
    pub message_id: Option<String>,
    pub http_status: Option<u16>,
    pub attempts: u32,
    pub duration_ms: u64,
    /// The API's answer: JSON, or a text when it is not.
    pub response: Option<Value>,
    pub error: Option<RecordError>,
}

/// Counts up when a field changes its meaning; new fields do not count.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SchemaVersion(u32);

impl Default for SchemaVersion {
    fn default() -> Self {
        Self(1)
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct RecordError {
    /// Stable name: `rejected`, `network`, `configuration`, …
    pub code: &'static str,
    pub api_code: Option<String>,
    pub message: String,
    pub hint: Option<String>,
    /// Seconds.
    pub retry_after_s: Option<u64>,
}

impl Record {
    pub fn to_json(&self) -> Value {
        json!(self)
    }
}

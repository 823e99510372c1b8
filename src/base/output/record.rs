//! The records that `--output record` prints, for programs. `record.json` is their JSON Schema. All begin with the same
//! fields, on success and on failure. Their texts are English.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::program::serialize_hint;
use crate::base::exit::ExitCode;
use crate::base::message::Message;

/// The JSON Schema of every record of a command that ends with an outcome.
pub(crate) const RECORD_SCHEMA: &str = include_str!("record.json");

/// Increases when the meaning of a field changes, but not for new fields.
const SCHEMA_VERSION: u32 = 2;

/// Adds the version of the fields to what a reading command prints.
pub(crate) fn versioned(mut item: Value) -> Value {
    if let Some(fields) = item.as_object_mut() {
        let version = Value::from(SCHEMA_VERSION);
        fields.shift_insert(0, "schema_version".to_owned(), version);
    }
    item
}

/// The maximum number of rows in the record of a refused list.
const MAX_ROWS: usize = 100;

/// Whether another command should follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Retry {
    /// Nothing is left to do, or a repetition could send a message twice.
    #[default]
    Never,
    /// The same command can succeed later.
    Later,
    /// `bulk resume` sends the rest.
    Resume,
    /// The command can succeed after a change.
    AfterFix,
}

impl Retry {
    /// Returns what follows from an exit code, unless the error says more.
    fn after(code: ExitCode) -> Self {
        match code {
            ExitCode::Success | ExitCode::Unknown | ExitCode::NotReached => Self::Never,
            ExitCode::Unavailable | ExitCode::Network | ExitCode::InUse | ExitCode::Signal(_) => {
                Self::Later
            }
            ExitCode::Unexpected
            | ExitCode::Usage
            | ExitCode::Configuration
            | ExitCode::Credentials
            | ExitCode::Rejected
            | ExitCode::Incomplete
            | ExitCode::Guard
            | ExitCode::Ledger
            | ExitCode::Expectation
            | ExitCode::Command(_) => Self::AfterFix,
        }
    }
}

/// What every record begins with.
#[derive(Serialize)]
pub(crate) struct RecordHead<'a> {
    schema_version: u32,
    command: Option<&'a str>,
    pub(crate) exit_code: u8,
    pub(crate) retry: Retry,
    error: Option<&'a RecordError>,
    #[serde(flatten)]
    refused: Option<&'a RefusedRows>,
}

impl<'a> RecordHead<'a> {
    pub(super) fn new(
        command: Option<&'a str>,
        code: ExitCode,
        error: Option<&'a RecordError>,
    ) -> Self {
        let of_error = error.and_then(|error| error.retry);
        Self {
            schema_version: SCHEMA_VERSION,
            command,
            exit_code: code.code(),
            retry: of_error.unwrap_or(Retry::after(code)),
            error,
            refused: error.and_then(|error| error.refused.as_ref()),
        }
    }
}

/// The rows that a refused list cannot send: the first ones, and the number of all.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct RefusedRows {
    rows: Vec<RefusedRow>,
    refused_rows: u64,
}

impl RefusedRows {
    pub(crate) fn add(&mut self, row: RefusedRow) {
        self.refused_rows += 1;
        if self.rows.len() < MAX_ROWS {
            self.rows.push(row);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.refused_rows == 0
    }
}

/// A row that cannot be sent.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RefusedRow {
    pub(crate) line: u64,
    /// The name of its column, if the fault is in one.
    pub(crate) column: Option<String>,
    /// The reason as in a report: `invalid`, `not_allowed`.
    pub(crate) code: &'static str,
    pub(crate) message: Message,
}

/// Whether the message was sent. `Yes` means accepted by Jelou, not delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sent {
    Yes,
    #[default]
    No,
    Unknown,
}

/// The record of one message or request.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Record {
    pub(crate) schema_version: SchemaVersion,
    pub(crate) command: Cow<'static, str>,
    /// The exit code of a command that sends only this message.
    pub(crate) exit_code: u8,
    pub(crate) retry: Retry,
    pub(crate) error: Option<RecordError>,
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
    /// How the key of a notification was checked, if not in the shared ledger: `local`, `unchecked`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_check: Option<&'static str>,
    /// The delivery status, if the command waited for it: state, time, and the code and reason of a failure.
    pub(crate) delivery: Option<Value>,
}

impl Record {
    /// Sets the exit code of the message, and what follows from it.
    pub(crate) fn end(&mut self, code: ExitCode) {
        let head = RecordHead::new(None, code, self.error.as_ref());
        self.exit_code = head.exit_code;
        self.retry = match self.sent {
            Sent::Yes | Sent::Unknown => Retry::Never,
            Sent::No => head.retry,
        };
    }
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

/// See [`SCHEMA_VERSION`].
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct SchemaVersion(u32);

impl Default for SchemaVersion {
    fn default() -> Self {
        Self(SCHEMA_VERSION)
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
    /// What to do, if the exit code does not say it.
    #[serde(skip)]
    pub(crate) retry: Option<Retry>,
    /// The rows of a refused list.
    #[serde(skip)]
    pub(crate) refused: Option<RefusedRows>,
}

//! What a ledger holds, as plain data.

use serde::{Deserialize, Serialize};

use super::state::RowState;
use crate::api::SuccessCriterion;
use crate::list::ListFormat;

/// What a run is, beside its rows.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Details {
    /// The kind of message, as the word after `send`.
    pub kind: String,
    pub profile: Option<String>,
    pub bot: String,
    pub client_id: String,
    pub api_url: String,
    pub sandbox: bool,
    /// What a success looks like.
    pub accepts: SuccessCriterion,
    pub format: ListFormat,
    /// Of the input, in order.
    pub columns: Vec<String>,
    /// Requests a second.
    pub rate: f64,
    pub concurrency: usize,
}

/// A row that may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedRow {
    pub n: i64,
    /// Where it begins in the input.
    pub line: u64,
    pub recipient: String,
    /// Path and query below the API's address.
    pub path: String,
    pub body: String,
    /// The next row to the same recipient.
    pub follower: Option<i64>,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedAttempt {
    pub n: i64,
    pub recipient: String,
    pub state: RowState,
    /// Milliseconds since 1970.
    pub began_at: i64,
    pub ended_at: i64,
    pub http_status: Option<u16>,
    pub message_id: Option<String>,
    pub code: Option<&'static str>,
    pub error: Option<String>,
}

/// A row as it is reported on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedRow {
    /// JSON: an array of cells, or an object.
    pub cells: String,
    pub state: RowState,
    pub message_id: Option<String>,
    pub http_status: Option<u16>,
    pub code: Option<String>,
    pub error: Option<String>,
    pub attempts: u32,
    /// Milliseconds since 1970.
    pub at: Option<i64>,
}

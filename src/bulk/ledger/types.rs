//! What a ledger holds, as plain data.

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};

use crate::api::Accepts;
use crate::bulk::source::Format;
use crate::output::Tally;

/// The state of a row. It ends as sent, failed or unknown; a skipped one never began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Still to be sent; surely not sent so far.
    Pending,
    /// A request is under way.
    Inflight,
    /// Accepted by Jelou.
    Sent,
    /// Rejected by the API.
    Failed,
    /// It may have been sent.
    Unknown,
    /// Left out by `--skip-invalid`.
    Skipped,
}

impl State {
    pub const ALL: [Self; 6] = [Self::Pending, Self::Inflight, Self::Sent, Self::Failed, Self::Unknown, Self::Skipped];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Inflight => "inflight",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
        }
    }

    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl ToSql for State {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.name()))
    }
}

impl FromSql for State {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::of_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

/// How many rows are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub pending: u64,
    pub inflight: u64,
    pub sent: u64,
    pub failed: u64,
    pub unknown: u64,
    pub skipped: u64,
}

impl Counts {
    pub fn of(&mut self, state: State) -> &mut u64 {
        match state {
            State::Pending => &mut self.pending,
            State::Inflight => &mut self.inflight,
            State::Sent => &mut self.sent,
            State::Failed => &mut self.failed,
            State::Unknown => &mut self.unknown,
            State::Skipped => &mut self.skipped,
        }
    }

    #[must_use]
    pub fn all(&self) -> u64 {
        self.left() + self.sent + self.failed + self.unknown + self.skipped
    }

    /// Not yet final.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.pending + self.inflight
    }

    /// For a person who watches.
    #[must_use]
    pub fn shown(&self) -> Tally {
        let Self { sent, failed, unknown, skipped, .. } = *self;
        Tally { rows: self.all(), sent, failed, unknown, skipped, left: self.left() }
    }

    /// A row goes from one state to another.
    pub fn change(&mut self, from: State, to: State) {
        *self.of(from) = self.of(from).saturating_sub(1);
        *self.of(to) += 1;
    }
}

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
    pub accepts: Accepts,
    pub format: Format,
    /// Of the input, in order.
    pub columns: Vec<String>,
    /// Requests a second.
    pub rate: f64,
    pub concurrency: usize,
}

/// A row that may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
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
pub struct Ended {
    pub n: i64,
    pub recipient: String,
    pub state: State,
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
pub struct Reported {
    /// JSON: an array of cells, or an object.
    pub cells: String,
    pub state: State,
    pub message_id: Option<String>,
    pub http_status: Option<u16>,
    pub code: Option<String>,
    pub error: Option<String>,
    pub attempts: u32,
    /// Milliseconds since 1970.
    pub at: Option<i64>,
}

//! The processes that send a run beside each other, where its ledger lets them.

use serde::{Serialize, Serializer};

use crate::timestamps::of_milliseconds;

/// A process that sends a run.
#[derive(Debug, Serialize)]
pub(crate) struct RunWorker {
    pub(crate) host: String,
    pub(crate) pid: i64,
    pub(crate) joined_at: String,
    /// Since when nothing was heard of it, in seconds.
    pub(crate) seen_s: f64,
    pub(crate) inflight: i64,
    /// When what is under way counts as unknown, unless the process is heard of before; in milliseconds since 1970.
    #[serde(serialize_with = "as_utc")]
    pub(crate) lost_at: Option<i64>,
    /// Whether that time has come.
    #[serde(skip)]
    pub(crate) is_lost: bool,
    pub(crate) sent: i64,
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn as_utc<S: Serializer>(at: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(|at| format!("{:.3}", of_milliseconds(at))).serialize(serializer)
}

/// A process that was not heard of again while rows of it were under way.
#[derive(Debug)]
pub(crate) struct LostWorker {
    pub(crate) host: String,
    pub(crate) pid: i64,
    /// When something was heard of it last, in milliseconds since 1970.
    pub(crate) seen_at: i64,
    /// The rows, and the number of what is known of each.
    pub(crate) rows: Vec<i64>,
    pub(crate) numbers: Vec<i32>,
}

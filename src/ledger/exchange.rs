//! The cut between the engine and a ledger: the engine says what became of rows and how many it has room for, the ledger
//! says which may leave.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::error::LedgerError;
use super::events::RunEvent;
use super::model::Counts;
use super::pause::{PauseReason, RunPause};
use super::types::{EndedAttempt, QueuedRow};

/// The ledger of a run that goes on, wherever it is.
pub(crate) trait RunLedger: Send {
    /// Notes what became of rows, and gives at most `wanted` rows that may leave. Once it returns, all of it is durable:
    /// the rows that it gives are under way. When it cannot be written, nothing of it may be relied on, and no row leaves.
    /// Whether it goes on does not depend on the `events` of the run being noted.
    fn exchange(
        &mut self,
        settled: &[SettledRow],
        events: &[RunEvent],
        wanted: usize,
    ) -> Result<ExchangeReply, LedgerError>;

    /// The next exchange says to all who send this run that no rows are to be taken any more.
    fn pause(&mut self, _reason: PauseReason) {}

    /// How often an exchange is made though there is nothing to say and no row is wanted: whether others pause the run is heard
    /// of then. Nothing where nobody else has it.
    fn listens_every(&self) -> Option<Duration> {
        None
    }

    /// Whether other processes that send the run were heard of just now.
    fn others_send(&mut self) -> bool {
        false
    }

    /// For how long the next exchange waits for what becomes of more rows than the `settled` that it has.
    fn gathers(&self, _settled: usize) -> Duration {
        Duration::ZERO
    }

    /// Makes the next exchange a short one, while the rows of the last one leave.
    fn read_ahead(&mut self) {}

    /// `is_left` is set once nobody waits for it any longer: what cannot be written at once then is not tried again.
    fn watch(&mut self, _is_left: Arc<AtomicBool>) {}

    /// Closes it in order; says whether every row is final.
    fn close(self: Box<Self>) -> Result<bool, LedgerError>;
}

/// A row that is no longer under way.
#[derive(Debug)]
pub(crate) struct SettledRow {
    pub(crate) ended: EndedAttempt,
    /// When that became known.
    pub(crate) at: Instant,
    /// When a row that was certainly not sent may be tried again, and why not before.
    pub(crate) retry: Option<(Instant, Delay)>,
    /// Whether the API said that it is too much, and until when it takes nothing.
    pub(crate) slows: bool,
    pub(crate) stopped_until: Option<Instant>,
}

impl SettledRow {
    /// One whose end says nothing of when others may leave.
    pub(crate) fn new(ended: EndedAttempt) -> Self {
        Self { ended, at: Instant::now(), retry: None, slows: false, stopped_until: None }
    }
}

/// What an exchange gives.
#[derive(Debug)]
pub(crate) struct ExchangeReply {
    pub(crate) rows: Vec<QueuedRow>,
    /// When the next row may be taken, and why not before; nothing while there is none, or all wait for others.
    pub(crate) next: Option<(Instant, Delay)>,
    /// Why no more rows can be had, while what becomes of the others can still be written.
    pub(crate) problem: Option<LedgerError>,
    /// Why nobody takes rows of this run at present.
    pub(crate) pause: Option<RunPause>,
    /// How many rows are in each state, now and then, where others change them too.
    pub(crate) counts: Option<Counts>,
}

/// Why a row may leave at a time of its own only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Delay {
    /// It was tried, and certainly not sent.
    Retry,
    /// Its recipient was written to just now.
    RecipientGap,
    /// WhatsApp's limit of messages to its recipient.
    PairLimit,
    /// The pace of the run.
    Pace,
}

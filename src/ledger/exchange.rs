//! The interface between the engine and a ledger: the engine reports the outcome of rows and how many more it has room
//! for, and the ledger returns the rows that may leave.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::error::LedgerError;
use super::events::{PauseReason, RunEvent, RunPause};
use super::model::Counts;
use super::types::{EndedAttempt, QueuedRow};

/// The ledger of a run that is being sent, wherever it is stored.
pub(crate) trait RunLedger: Send {
    /// Records the outcome of rows, and returns at most `wanted` rows that may leave. Once it returns, all of it is
    /// durable, and the returned rows are under way. If the write fails, none of it may be relied on, and no row
    /// leaves. A failure to record the `events` of the run does not fail the exchange.
    fn exchange(
        &mut self,
        settled: &[SettledRow],
        events: &[RunEvent],
        wanted: usize,
    ) -> Result<ExchangeReply, LedgerError>;

    /// Makes the next exchange tell every process that sends this run to take no more rows.
    fn pause(&mut self, _reason: PauseReason) {}

    /// How often to make an exchange even if there is nothing to report and no row is wanted: this is how a process
    /// hears that others paused the run. None if no other process can send it.
    fn listens_every(&self) -> Option<Duration> {
        None
    }

    /// `is_left` is set once no one waits for the ledger any longer. From then on, a write that fails is not retried.
    fn watch(&mut self, _is_left: Arc<AtomicBool>) {}

    /// Closes the ledger cleanly. Returns whether every row is final.
    fn close(self: Box<Self>) -> Result<bool, LedgerError>;
}

/// A row that is no longer under way.
#[derive(Debug)]
pub(crate) struct SettledRow {
    pub(crate) ended: EndedAttempt,
    /// When that became known.
    pub(crate) at: Instant,
    /// When a row that was certainly not sent may be retried, and what it waits for.
    pub(crate) retry: Option<(Instant, Delay)>,
    /// Whether the API asked for a slower pace, and until when it takes nothing.
    pub(crate) slows: bool,
    pub(crate) stopped_until: Option<Instant>,
}

impl SettledRow {
    /// A row whose end does not affect when others may leave.
    pub(crate) fn new(ended: EndedAttempt) -> Self {
        Self { ended, at: Instant::now(), retry: None, slows: false, stopped_until: None }
    }
}

/// The result of an exchange.
#[derive(Debug, Default)]
pub(crate) struct ExchangeReply {
    pub(crate) rows: Vec<QueuedRow>,
    /// When the next row may be taken, and what it waits for. None if there is no such row, or all of them wait for
    /// others.
    pub(crate) next: Option<(Instant, Delay)>,
    /// Until when the limit of people holds back rows that were never tried.
    pub(crate) held_until: Option<Instant>,
    /// Why no more rows can be taken, while outcomes can still be written.
    pub(crate) problem: Option<LedgerError>,
    /// Why no process takes rows of this run at present.
    pub(crate) pause: Option<RunPause>,
    /// The number of rows in each state, reported from time to time if other processes change them too.
    pub(crate) counts: Option<Counts>,
    /// How long the next exchange waits for more outcomes.
    pub(crate) gathers: Duration,
}

/// Why a row may not leave yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Delay {
    /// It was tried and certainly not sent.
    Retry,
    /// Its recipient was written to a moment ago.
    RecipientGap,
    /// WhatsApp's limit of messages to one recipient.
    PairLimit,
    /// The limit of different people in 24 hours.
    PeopleLimit,
    /// The pace of the run.
    Pace,
}

//! What the engine and the ledger exchange: the engine reports the outcome of rows and how many more it has room for, and
//! the ledger returns the rows that may leave.

use std::time::{Duration, Instant};

use super::error::LedgerError;
use super::events::RunPause;
use super::model::Counts;
use super::types::{EndedAttempt, QueuedRow};

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
    /// Whether this process takes no more rows: it was not heard of for its lease, so it must join anew, or it has stopped.
    pub(crate) was_lost: bool,
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

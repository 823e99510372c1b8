//! Which row is next: those of the ledger in the order of the input, and those that may leave at a time of their own.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::{Duration, Instant};

use super::Ledger;
use crate::ledger::{Delay, LedgerError, QueuedRow, now};

/// Least time between two messages to one recipient (`api.md`, 131056).
pub(crate) const RECIPIENT_GAP: Duration = Duration::from_secs(6);
/// Rows that are read from the ledger at once.
const ROWS_READ_AT_ONCE: usize = 128;
/// So many rows are read before they are needed.
const ROWS_READ_AHEAD: usize = 64;
/// No more rows are read at once when their bodies have so many bytes.
const BYTES_READ_AT_ONCE: usize = 4 * 1024 * 1024;

/// The rows of a run that are still to be taken.
pub(crate) struct RowQueue {
    /// Rows that wait for no other, in the order of the input.
    fresh: VecDeque<QueuedRow>,
    /// The last row that was read from the ledger; nothing when there are no more.
    cursor: Option<i64>,
    /// Rows that may be taken at a time of their own, the earliest first.
    due: BinaryHeap<Reverse<(Instant, i64, Delay)>>,
}

impl RowQueue {
    pub(crate) fn new(ledger: &Ledger, at: Instant) -> Result<Self, LedgerError> {
        let followers = ledger.followers()?.into_iter().map(|(n, ended_at)| {
            let age = Duration::from_millis(u64::try_from(now() - ended_at).unwrap_or_default());
            Reverse((at + RECIPIENT_GAP.saturating_sub(age), n, Delay::RecipientGap))
        });
        let due = followers.collect();
        Ok(Self { fresh: VecDeque::new(), cursor: Some(0), due })
    }

    /// When the next row may be taken, and why not before; nothing when there is none.
    pub(crate) fn next_at(&mut self, ledger: &Ledger, at: Instant) -> Result<Option<(Instant, Delay)>, LedgerError> {
        if self.fresh.is_empty() {
            self.read(ledger)?;
        }
        let due = self.due.peek().map(|Reverse((due, _, delay))| (*due, *delay));
        Ok(if self.fresh.is_empty() { due } else { Some((at, Delay::Retry)) })
    }

    /// Reads the next rows before they are asked for.
    pub(crate) fn read_ahead(&mut self, ledger: &Ledger) -> Result<(), LedgerError> {
        if self.fresh.len() < ROWS_READ_AHEAD { self.read(ledger) } else { Ok(()) }
    }

    fn read(&mut self, ledger: &Ledger) -> Result<(), LedgerError> {
        let Some(cursor) = self.cursor else { return Ok(()) };
        let rows = ledger.fresh(cursor, ROWS_READ_AT_ONCE, BYTES_READ_AT_ONCE)?;
        self.cursor = rows.last().map(|row| row.n);
        self.fresh.extend(rows);
        Ok(())
    }

    /// Takes a row that is due, else the next one of the input; nothing when it was decided by hand in the meantime.
    pub(crate) fn take(&mut self, ledger: &Ledger, at: Instant) -> Result<Option<QueuedRow>, LedgerError> {
        let is_due = self.due.peek().is_some_and(|Reverse((due, ..))| *due <= at);
        let due = if is_due { self.due.pop() } else { None };
        match due {
            Some(Reverse((_, n, _))) => ledger.pending(n),
            None => Ok(self.fresh.pop_front()),
        }
    }

    /// The row may be taken from `due` on.
    pub(crate) fn put(&mut self, n: i64, due: Instant, delay: Delay) {
        self.due.push(Reverse((due, n, delay)));
    }
}

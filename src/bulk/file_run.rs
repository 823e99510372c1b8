//! A run whose ledger is a file of this machine.

use std::collections::HashMap;
use std::time::Instant;

use super::exchange::{Given, RunLedger, SettledRow};
use super::ledger::{BegunAttempt, Ledger, LedgerError, QueuedRow, RowState};
use super::queue::{Delay, RECIPIENT_GAP, RowQueue};

/// The ledger of a run that this process has locked, and the order in which its rows are taken.
pub(crate) struct FileRun {
    ledger: Ledger,
    queue: RowQueue,
    /// Of rows that were given: the next row to the same recipient.
    followers: HashMap<i64, i64>,
}

impl FileRun {
    /// Takes over `ledger`, which was opened to be written.
    pub(crate) fn new(ledger: Ledger) -> Result<Self, LedgerError> {
        let queue = RowQueue::new(&ledger, Instant::now())?;
        Ok(Self { ledger, queue, followers: HashMap::new() })
    }

    /// Takes at most `wanted` rows that may leave now.
    fn pick(&mut self, wanted: usize, rows: &mut Vec<QueuedRow>) -> Result<(), LedgerError> {
        let now = Instant::now();
        while rows.len() < wanted && self.queue.next_at(&self.ledger, now)?.is_some_and(|(at, _)| at <= now) {
            if let Some(row) = self.queue.take(&self.ledger, now)? {
                self.followers.extend(row.follower.map(|follower| (row.n, follower)));
                rows.push(row);
            }
        }
        Ok(())
    }

    /// Lets a row be taken that waited for the one that `row` speaks of.
    fn note(&mut self, row: &SettledRow) {
        let n = row.ended.n;
        if let Some((due, delay)) = row.retry.filter(|_| row.ended.state == RowState::Pending) {
            self.queue.put(n, due, delay);
        } else if let Some(follower) = self.followers.remove(&n) {
            self.queue.put(follower, row.at + RECIPIENT_GAP, Delay::RecipientGap);
        }
    }
}

impl RunLedger for FileRun {
    fn exchange(&mut self, settled: &[SettledRow], wanted: usize) -> Result<Given, LedgerError> {
        for row in settled {
            self.note(row);
        }
        let mut given = Given { rows: Vec::new(), next: None, problem: None };
        given.problem = self.pick(wanted, &mut given.rows).err();
        if !(settled.is_empty() && given.rows.is_empty()) {
            let begun = given.rows.iter().map(|row| BegunAttempt { n: row.n, number: row.number });
            self.ledger.commit(begun, settled.iter().map(|row| &row.ended))?;
        }
        if given.problem.is_none() {
            match self.queue.next_at(&self.ledger, Instant::now()) {
                Ok(next) => given.next = next,
                Err(error) => given.problem = Some(error),
            }
        }
        Ok(given)
    }

    fn read_ahead(&mut self) {
        // What cannot be read is told by the exchange that needs it.
        let _ = self.queue.read_ahead(&self.ledger);
    }

    fn close(self: Box<Self>) -> Result<bool, LedgerError> {
        self.ledger.close()
    }
}

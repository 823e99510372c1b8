//! The thread that owns the ledger. It combines all queued orders into one exchange, so that many rows share one wait
//! for the disk.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::ledger::{EndedAttempt, ExchangeReply, LedgerError, PauseReason, RunEvent, RunLedger, SettledRow};

/// What the engine passes to the ledger, and asks of it.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) settled: Vec<SettledRow>,
    /// How many rows there is room for.
    pub(crate) wanted: usize,
    /// The run takes no more rows here. Rows for earlier orders are not handed out either: one of them might be the row
    /// that stopped the run.
    pub(crate) is_last: bool,
    /// The reason why no process may take more rows.
    pub(crate) pause: Option<PauseReason>,
    /// An event of the run.
    pub(crate) events: Vec<RunEvent>,
    /// This process would leave the run to others: asks whether there are any.
    pub(crate) asks_for_others: bool,
}

/// The result of some orders.
#[derive(Debug)]
pub(crate) struct Exchanged {
    pub(crate) given: ExchangeReply,
    /// How many orders it answers, and how many rows they asked for.
    pub(crate) orders: usize,
    pub(crate) wanted: usize,
    /// Whether others send the run, if an order asked.
    pub(crate) others_send: bool,
}

/// The thread, as the engine sees it.
pub(crate) struct Writer {
    /// The thread ends when this is dropped.
    orders: Sender<Order>,
    exchanged: UnboundedReceiver<Exchanged>,
    /// Its final result.
    end: Receiver<Result<Box<dyn RunLedger>, WriteFailure>>,
    /// Whether the engine has stopped waiting for it.
    is_left: Arc<AtomicBool>,
    backlog: Arc<Backlog>,
}

/// What the ledger does not have yet.
struct Backlog {
    orders: Mutex<Receiver<Order>>,
    /// The rows of the current exchange.
    writing: Mutex<Arc<Vec<SettledRow>>>,
}

/// A ledger that could not be written, with the outcomes of rows since then, which are recorded nowhere else.
#[derive(Debug)]
pub(crate) struct WriteFailure {
    pub(crate) error: LedgerError,
    pub(crate) outcomes: Vec<EndedAttempt>,
}

/// The state of the thread when the engine stopped waiting for it.
pub(crate) enum LeftWriter {
    Ended(Result<Box<dyn RunLedger>, WriteFailure>),
    /// It is still writing the outcomes of these rows.
    Busy(Vec<EndedAttempt>),
}

impl Writer {
    pub(crate) fn start(mut ledger: Box<dyn RunLedger>) -> Self {
        let (orders, receiver) = channel();
        let (answers, exchanged) = unbounded_channel();
        let (at_end, end) = channel();
        let is_left = Arc::new(AtomicBool::new(false));
        ledger.watch(Arc::clone(&is_left));
        let backlog = Arc::new(Backlog { orders: Mutex::new(receiver), writing: Mutex::default() });
        let own = Arc::clone(&backlog);
        thread::spawn(move || {
            // After an immediate exit, no one reads the result.
            let _ = at_end.send(write(ledger, &own, answers));
        });
        Self { orders, exchanged, end, is_left, backlog }
    }

    /// Asks for an exchange; [`Writer::exchanged`] returns its result.
    pub(crate) fn order(&self, order: Order) {
        // The thread waits for orders; after a failure it keeps the outcomes of rows.
        let _ = self.orders.send(order);
    }

    /// The next exchange; None once the ledger cannot be written.
    pub(crate) async fn exchanged(&mut self) -> Option<Exchanged> {
        self.exchanged.recv().await
    }

    /// Waits until everything is written.
    pub(crate) fn close(self) -> Result<Box<dyn RunLedger>, WriteFailure> {
        drop(self.orders);
        self.end.recv().unwrap_or_else(|_| Err(LedgerError::WriterGone.into()))
    }

    /// As [`Writer::close`], but no longer than `limit`.
    pub(crate) fn close_within(self, limit: Duration) -> LeftWriter {
        drop(self.orders);
        self.is_left.store(true, Ordering::SeqCst);
        match self.end.recv_timeout(limit) {
            Ok(written) => LeftWriter::Ended(written),
            Err(RecvTimeoutError::Timeout) => LeftWriter::Busy(self.backlog.unwritten()),
            Err(RecvTimeoutError::Disconnected) => LeftWriter::Ended(Err(LedgerError::WriterGone.into())),
        }
    }
}

impl Backlog {
    /// The next order, with all that are queued behind it and those that arrive while the ledger `gathers` that many
    /// outcomes; None once there are no more orders.
    fn next(&self, gathers: impl Fn(usize) -> Duration) -> Option<(Order, usize)> {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let mut first = orders.recv().ok()?;
        let (mut number, began) = (1, Instant::now());
        loop {
            let rest = gathers(first.settled.len()).saturating_sub(began.elapsed());
            let Ok(order) = orders.recv_timeout(rest) else { break };
            first.settled.extend(order.settled);
            first.events.extend(order.events);
            first.wanted += order.wanted;
            first.is_last |= order.is_last;
            first.pause = first.pause.or(order.pause);
            first.asks_for_others |= order.asks_for_others;
            number += 1;
        }
        Some((first, number))
    }

    fn write(&self, settled: Vec<SettledRow>) -> Arc<Vec<SettledRow>> {
        let settled = Arc::new(settled);
        *self.writing.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&settled);
        settled
    }

    /// The outcomes of rows that the ledger may lack, without waiting for it.
    fn unwritten(&self) -> Vec<EndedAttempt> {
        let writing = Arc::clone(&self.writing.lock().unwrap_or_else(PoisonError::into_inner));
        let mut outcomes: Vec<_> = writing.iter().map(|row| row.ended.clone()).collect();
        // The thread holds the orders while it waits for one: then nothing is unwritten.
        if let Ok(orders) = self.orders.try_lock() {
            outcomes.extend(orders.try_iter().flat_map(|order| order.settled).map(|row| row.ended));
        }
        outcomes
    }

    /// The same after the last row was handed out: the rows in flight still finish.
    fn all_unwritten(&self) -> Vec<EndedAttempt> {
        let mut outcomes = self.unwritten();
        while let Some((order, _)) = self.next(|_| Duration::ZERO) {
            outcomes.extend(order.settled.into_iter().map(|row| row.ended));
        }
        outcomes
    }
}

impl From<LedgerError> for WriteFailure {
    fn from(error: LedgerError) -> Self {
        Self { error, outcomes: Vec::new() }
    }
}

fn write(
    mut ledger: Box<dyn RunLedger>,
    backlog: &Backlog,
    answers: UnboundedSender<Exchanged>,
) -> Result<Box<dyn RunLedger>, WriteFailure> {
    while let Some((Order { settled, wanted, is_last, pause, events, asks_for_others }, orders)) =
        backlog.next(|settled| ledger.gathers(settled))
    {
        let settled = backlog.write(settled);
        if let Some(reason) = pause {
            ledger.pause(reason);
        }
        match ledger.exchange(&settled, &events, if is_last { 0 } else { wanted }) {
            Ok(given) => {
                drop(settled);
                backlog.write(Vec::new());
                let others_send = asks_for_others && ledger.others_send();
                // The engine may have exited at once.
                let _ = answers.send(Exchanged { given, orders, wanted, others_send });
            }
            Err(error) => {
                // No more rows are handed out.
                drop(answers);
                return Err(WriteFailure { error, outcomes: backlog.all_unwritten() });
            }
        }
    }
    Ok(ledger)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{RowState, fixture};

    #[tokio::test]
    async fn who_leaves_at_once_waits_for_what_is_known_to_be_written() {
        let home = tempfile::TempDir::new().unwrap();
        let (reader, ledger) = fixture::sent(home.path(), &fixture::people(0..200));
        let mut writer = Writer::start(ledger);
        let order = |settled, wanted| Order {
            settled,
            wanted,
            is_last: false,
            pause: None,
            events: Vec::new(),
            asks_for_others: false,
        };
        for _ in 1..=200 {
            writer.order(order(Vec::new(), 1));
            let row = writer.exchanged().await.unwrap().given.rows.pop().unwrap();
            let settled = vec![SettledRow::new(fixture::ended(row.n, RowState::Sent))];
            writer.order(order(settled, 0));
            writer.exchanged().await.unwrap();
        }
        // Whoever else may give orders keeps the thread waiting, and closing waits no longer than the limit.
        let elsewhere = tempfile::TempDir::new().unwrap();
        let other = Writer::start(fixture::sent(elsewhere.path(), &[""; 0]).1);
        let held = other.orders.clone();
        let left = other.close_within(Duration::from_millis(10));
        assert!(matches!(left, LeftWriter::Busy(outcomes) if outcomes.is_empty()));
        drop(held);
        assert!(matches!(writer.close_within(Duration::from_secs(60)), LeftWriter::Ended(Ok(_))));
        assert_eq!(reader.counts().unwrap().sent, 200);
    }
}

//! The thread that owns the ledger and makes one exchange after the other. The engine collects what the next one takes
//! meanwhile, so that many rows share one wait for the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::ledger::{ExchangeReply, LedgerError, PauseReason, RunEvent, RunLedger, SettledRow};

/// What the engine passes to the ledger, and asks of it.
#[derive(Debug, Default)]
pub(crate) struct Order {
    pub(crate) settled: Arc<Vec<SettledRow>>,
    /// How many rows there is room for.
    pub(crate) wanted: usize,
    /// The reason why no process may take more rows.
    pub(crate) pause: Option<PauseReason>,
    pub(crate) events: Vec<RunEvent>,
}

/// The thread, as the engine sees it.
pub(crate) struct Writer {
    /// The thread ends when this is dropped.
    orders: Sender<Order>,
    exchanged: UnboundedReceiver<Result<ExchangeReply, LedgerError>>,
    /// The ledger, unless an exchange failed.
    end: Receiver<Box<dyn RunLedger>>,
    /// Whether the engine has stopped waiting for it.
    is_left: Arc<AtomicBool>,
}

impl Writer {
    pub(crate) fn start(mut ledger: Box<dyn RunLedger>) -> Self {
        let (orders, receiver) = channel::<Order>();
        let (answers, exchanged) = unbounded_channel();
        let (at_end, end) = channel();
        let is_left = Arc::new(AtomicBool::new(false));
        ledger.watch(Arc::clone(&is_left));
        // After an immediate exit, no one reads the answers.
        thread::spawn(move || {
            for Order { settled, wanted, pause, events } in receiver {
                if let Some(reason) = pause {
                    ledger.pause(reason);
                }
                let exchanged = ledger.exchange(&settled, &events, wanted);
                let has_failed = exchanged.is_err();
                let _ = answers.send(exchanged);
                if has_failed {
                    // Nothing may rely on this ledger any more.
                    return;
                }
            }
            let _ = at_end.send(ledger);
        });
        Self { orders, exchanged, end, is_left }
    }

    /// Asks for an exchange; [`Writer::exchanged`] returns its result.
    pub(crate) fn order(&self, order: Order) {
        // After a failure, the engine keeps the outcomes of rows.
        let _ = self.orders.send(order);
    }

    /// The result of the next exchange; nothing more is exchanged after an error.
    pub(crate) async fn exchanged(&mut self) -> Result<ExchangeReply, LedgerError> {
        self.exchanged.recv().await.unwrap_or_else(|| Err(LedgerError::writer_gone()))
    }

    /// The results of exchanges that nobody has waited for.
    pub(crate) fn late(&mut self) -> impl Iterator<Item = Result<ExchangeReply, LedgerError>> {
        std::iter::from_fn(|| self.exchanged.try_recv().ok())
    }

    /// Waits until every order is carried out, with a `limit` at most so long. Returns the ledger; None if an exchange
    /// failed.
    ///
    /// # Errors
    /// If it is still writing.
    pub(crate) fn close(&mut self, limit: Option<Duration>) -> Result<Option<Box<dyn RunLedger>>, RecvTimeoutError> {
        // This ends the thread.
        self.orders = channel().0;
        let ended = match limit {
            None => self.end.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(limit) => {
                self.is_left.store(true, Ordering::SeqCst);
                self.end.recv_timeout(limit)
            }
        };
        match ended {
            Ok(ledger) => Ok(Some(ledger)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(timeout) => Err(timeout),
        }
    }
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
        let order = |settled, wanted| Order { settled: Arc::new(settled), wanted, ..Order::default() };
        for _ in 1..=200 {
            writer.order(order(Vec::new(), 1));
            let row = writer.exchanged().await.unwrap().rows.pop().unwrap();
            let settled = vec![SettledRow::new(fixture::ended(row.n, RowState::Sent))];
            writer.order(order(settled, 0));
            writer.exchanged().await.unwrap();
        }
        // Whoever else may give orders keeps the thread waiting, and closing waits no longer than the limit.
        let elsewhere = tempfile::TempDir::new().unwrap();
        let mut other = Writer::start(fixture::sent(elsewhere.path(), &[""; 0]).1);
        let held = other.orders.clone();
        assert!(other.close(Some(Duration::from_millis(10))).is_err());
        drop(held);
        assert!(writer.close(Some(Duration::from_secs(60))).is_ok_and(|ledger| ledger.is_some()));
        assert_eq!(reader.counts().unwrap().sent, 200);
    }
}

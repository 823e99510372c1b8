//! The thread that owns the ledger and makes one exchange at a time. During an exchange, the engine collects outcomes for
//! the next one, so that many rows share one wait for the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::runs::ledger::{ExchangeOrder, ExchangeReply, LedgerError, Worker};

/// The engine's side of the thread.
pub(crate) struct Writer {
    /// The thread ends when this is dropped.
    orders: Sender<Arc<ExchangeOrder>>,
    exchanged: UnboundedReceiver<Result<ExchangeReply, LedgerError>>,
    /// The ledger, unless an exchange failed.
    end: Receiver<Worker>,
    /// Whether to stop retrying failed writes.
    is_abandoned: Arc<AtomicBool>,
}

impl Writer {
    pub(crate) fn start(mut ledger: Worker) -> Self {
        let (orders, receiver) = channel::<Arc<ExchangeOrder>>();
        let (answers, exchanged) = unbounded_channel();
        let (at_end, end) = channel();
        let is_abandoned = Arc::new(AtomicBool::new(false));
        ledger.stop_retrying_once(Arc::clone(&is_abandoned));
        // Sends may fail: after an immediate exit, no one reads the answers. If the thread does not start, no answer
        // comes, and the engine sees that as an error.
        let _ = thread::Builder::new().spawn(move || {
            for order in receiver {
                let exchanged = ledger.exchange(&order);
                let has_failed = exchanged.is_err();
                let _ = answers.send(exchanged);
                if has_failed {
                    // After an error, the ledger must not be used.
                    return;
                }
            }
            let _ = at_end.send(ledger);
        });
        Self {
            orders,
            exchanged,
            end,
            is_abandoned,
        }
    }

    /// Asks for an exchange; [`Writer::exchanged`] returns its result.
    pub(crate) fn order(&self, order: Arc<ExchangeOrder>) {
        // If the thread has ended, the engine still has the outcomes.
        let _ = self.orders.send(order);
    }

    /// Waits for the result of the next exchange. After an error, there are no more exchanges.
    pub(crate) async fn exchanged(&mut self) -> Result<ExchangeReply, LedgerError> {
        self.exchanged
            .recv()
            .await
            .unwrap_or_else(|| Err(LedgerError::writer_gone()))
    }

    /// Stops retrying failed writes, for an immediate exit.
    pub(crate) fn stop_retrying(&self) {
        self.is_abandoned.store(true, Ordering::SeqCst);
    }

    /// Ends the thread after all its orders. Returns the ledger, unless an exchange failed.
    pub(crate) fn close(&mut self) -> Result<Worker, LedgerError> {
        self.orders = channel().0;
        self.end.recv().map_err(|_| LedgerError::writer_gone())
    }
}

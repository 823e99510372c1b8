//! The thread that owns the ledger and makes one exchange after the other. The engine collects what the next one takes
//! meanwhile, so that many rows share one wait for the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::runs::ledger::{ExchangeReply, FinishedRow, LedgerError, PauseReason, RunEvent, Worker};

/// What the engine passes to the ledger, and asks of it.
#[derive(Debug, Default)]
pub(crate) struct Order {
    pub(crate) settled: Arc<Vec<FinishedRow>>,
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
    end: Receiver<Worker>,
    /// Whether the engine has stopped waiting for it.
    is_left: Arc<AtomicBool>,
}

impl Writer {
    pub(crate) fn start(mut ledger: Worker) -> Self {
        let (orders, receiver) = channel::<Order>();
        let (answers, exchanged) = unbounded_channel();
        let (at_end, end) = channel();
        let is_left = Arc::new(AtomicBool::new(false));
        ledger.watch(Arc::clone(&is_left));
        // After an immediate exit, no one reads the answers. If no thread can be started, none comes, which is an error.
        let _ = thread::Builder::new().spawn(move || {
            for Order {
                settled,
                wanted,
                pause,
                events,
            } in receiver
            {
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
        Self {
            orders,
            exchanged,
            end,
            is_left,
        }
    }

    /// Asks for an exchange; [`Writer::exchanged`] returns its result.
    pub(crate) fn order(&self, order: Order) {
        // After a failure, the engine keeps the outcomes of rows.
        let _ = self.orders.send(order);
    }

    /// The result of the next exchange; nothing more is exchanged after an error.
    pub(crate) async fn exchanged(&mut self) -> Result<ExchangeReply, LedgerError> {
        self.exchanged
            .recv()
            .await
            .unwrap_or_else(|| Err(LedgerError::writer_gone()))
    }

    /// Says that nobody waits for long any more: a write that fails is not tried again.
    pub(crate) fn leave(&self) {
        self.is_left.store(true, Ordering::SeqCst);
    }

    /// Ends the thread, whose orders are all carried out. Returns the ledger; None if an exchange failed.
    pub(crate) fn close(&mut self) -> Option<Worker> {
        self.orders = channel().0;
        self.end.recv().ok()
    }
}

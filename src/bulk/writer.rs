//! The thread that writes the ledger. It commits whatever has queued up at once, so that the disk is waited for once for
//! many rows.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::ledger::{EndedAttempt, Ledger, LedgerError};

/// The most operations of one commit.
const MOST_OF_ONE_COMMIT: usize = 512;

enum Operation {
    /// The row may leave once the sender says so.
    Begin(i64, oneshot::Sender<()>),
    End(EndedAttempt),
}

/// The way to the thread; it ends when the last one is closed.
#[derive(Clone)]
pub struct LedgerHandle(Sender<Operation>);

/// The thread itself.
pub struct Writer(JoinHandle<Result<Ledger, WriteFailure>>);

/// A ledger that could not be written, with what became of rows since then: nothing else knows it.
#[derive(Debug)]
pub struct WriteFailure {
    pub error: LedgerError,
    pub outcomes: Vec<EndedAttempt>,
}

impl Writer {
    pub fn start(ledger: Ledger) -> (Self, LedgerHandle) {
        let (sender, operations) = channel();
        (Self(std::thread::spawn(move || write(ledger, &operations))), LedgerHandle(sender))
    }

    /// Waits until everything is written; every handle must be gone by then.
    pub fn close(self) -> Result<Ledger, WriteFailure> {
        self.0.join().unwrap_or(Err(WriteFailure { error: LedgerError::WriterGone, outcomes: Vec::new() }))
    }
}

impl LedgerHandle {
    /// Notes that the row is under way; true once that is on the disk. On false nothing may leave.
    pub async fn begin(&self, n: i64) -> bool {
        let (sender, committed) = oneshot::channel();
        self.0.send(Operation::Begin(n, sender)).is_ok() && committed.await.is_ok()
    }

    /// Notes what became of a row.
    pub fn end(&self, ended: EndedAttempt) {
        // The thread lives as long as a handle does.
        let _ = self.0.send(Operation::End(ended));
    }
}

fn write(mut ledger: Ledger, operations: &Receiver<Operation>) -> Result<Ledger, WriteFailure> {
    while let Ok(first) = operations.recv() {
        let (mut begun, mut waiting, mut ended) = (Vec::new(), Vec::new(), Vec::new());
        for operation in std::iter::once(first).chain(operations.try_iter().take(MOST_OF_ONE_COMMIT - 1)) {
            match operation {
                Operation::Begin(n, sender) => {
                    begun.push(n);
                    waiting.push(sender);
                }
                Operation::End(row) => ended.push(row),
            }
        }
        if let Err(error) = ledger.commit(&begun, &ended) {
            drop(waiting);
            // Rows that were under way still come to their end; a row that asks to begin is told no by its sender's end.
            ended.extend(operations.iter().filter_map(|operation| match operation {
                Operation::Begin(..) => None,
                Operation::End(row) => Some(row),
            }));
            return Err(WriteFailure { error, outcomes: ended });
        }
        for sender in waiting {
            // Whoever asked may have been told to leave at once.
            let _ = sender.send(());
        }
    }
    Ok(ledger)
}

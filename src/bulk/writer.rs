//! The thread that writes the ledger. It commits whatever has queued up at once, so that the disk is waited for once for
//! many rows.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::sync::oneshot;

use super::ledger::{BegunAttempt, EndedAttempt, Ledger, LedgerError};

/// The most operations of one commit.
const MOST_OF_ONE_COMMIT: usize = 512;

enum Operation {
    /// The row may leave once the sender says so.
    Begin(BegunAttempt, oneshot::Sender<()>),
    End(EndedAttempt),
}

/// The way to the thread; it ends when the last one is closed.
#[derive(Clone)]
pub(crate) struct LedgerHandle(Sender<Operation>);

/// The thread itself, by what it gives at its end.
pub(crate) struct Writer(Receiver<Result<Ledger, WriteFailure>>);

/// A ledger that could not be written, with what became of rows since then: nothing else knows it.
#[derive(Debug)]
pub(crate) struct WriteFailure {
    pub(crate) error: LedgerError,
    pub(crate) outcomes: Vec<EndedAttempt>,
}

impl Writer {
    pub(crate) fn start(ledger: Ledger) -> (Self, LedgerHandle) {
        let (sender, operations) = channel();
        let (at_end, end) = channel();
        std::thread::spawn(move || {
            // Whoever left without waiting does not hear it.
            let _ = at_end.send(write(ledger, &operations));
        });
        (Self(end), LedgerHandle(sender))
    }

    /// Waits until everything is written; every handle must be gone by then.
    pub(crate) fn close(self) -> Result<Ledger, WriteFailure> {
        self.0.recv().unwrap_or_else(|_| Err(WriteFailure::gone()))
    }

    /// As [`Writer::close`], but no longer than `limit`; nothing when it is still writing then.
    pub(crate) fn close_within(self, limit: Duration) -> Option<Result<Ledger, WriteFailure>> {
        match self.0.recv_timeout(limit) {
            Ok(written) => Some(written),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Err(WriteFailure::gone())),
        }
    }
}

impl WriteFailure {
    fn gone() -> Self {
        Self { error: LedgerError::WriterGone, outcomes: Vec::new() }
    }
}

impl LedgerHandle {
    /// Notes that the row is under way; true once that is on the disk. On false nothing may leave.
    pub(crate) async fn begin(&self, attempt: BegunAttempt) -> bool {
        let (sender, committed) = oneshot::channel();
        self.0.send(Operation::Begin(attempt, sender)).is_ok() && committed.await.is_ok()
    }

    /// Notes what became of a row.
    pub(crate) fn end(&self, ended: EndedAttempt) {
        // The thread lives as long as a handle does.
        let _ = self.0.send(Operation::End(ended));
    }
}

fn write(mut ledger: Ledger, operations: &Receiver<Operation>) -> Result<Ledger, WriteFailure> {
    while let Ok(first) = operations.recv() {
        let (mut begun, mut waiting, mut ended) = (Vec::new(), Vec::new(), Vec::new());
        for operation in std::iter::once(first).chain(operations.try_iter().take(MOST_OF_ONE_COMMIT - 1)) {
            match operation {
                Operation::Begin(attempt, sender) => {
                    begun.push(attempt);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::fixture;
    use crate::bulk::ledger::RowState;

    #[tokio::test]
    async fn who_leaves_at_once_waits_for_what_is_known_to_be_written() {
        let home = tempfile::TempDir::new().unwrap();
        let recipients = ["593990000000"; 200];
        let (ledger, reader) = fixture::ledgers(home.path(), &recipients);
        let (writer, handle) = Writer::start(ledger);
        for n in 1..=200 {
            assert!(handle.begin(BegunAttempt { n, number: 1 }).await);
            handle.end(EndedAttempt {
                n,
                number: 1,
                recipient: recipients[0].to_owned(),
                state: RowState::Sent,
                began_at: 1,
                ended_at: 2,
                http_status: Some(200),
                message_id: None,
                code: None,
                error: None,
            });
        }
        // A handle that is left keeps the thread waiting, and nobody waits for it longer than that.
        let (other, held) = Writer::start(fixture::ledgers(tempfile::TempDir::new().unwrap().path(), &[]).0);
        assert!(other.close_within(Duration::from_millis(10)).is_none());
        drop((handle, held));
        assert!(writer.close_within(Duration::from_secs(60)).unwrap().is_ok());
        assert_eq!(reader.counts().unwrap().sent, 200);
    }
}

//! The thread that writes the draft while jelouctl reads the list. It receives the rows in batches, in order.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::{Builder, Scope, ScopedJoinHandle};

use crate::runs::ledger::{CheckedRow, LedgerDraft, LedgerError};

/// The number of rows in a batch, so that the threads rarely wake each other.
const ROWS_OF_A_BATCH: usize = 256;
/// The size of a full batch: the bytes in the cells and bodies of its rows.
const BYTES_OF_A_BATCH: usize = 1024 * 1024;
/// The number of batches that may wait, so that the read-ahead stays small even with a slow disk.
const BATCHES_WAITING: usize = 2;

/// The sending side of the thread's channel; the thread ends when it is closed or dropped.
pub(super) struct DraftFeed<'scope> {
    batch: Vec<CheckedRow>,
    bytes: usize,
    batches: SyncSender<Vec<CheckedRow>>,
    /// Written batches. The thread that made their texts frees them: otherwise both threads contend for the allocator.
    written: Receiver<Vec<CheckedRow>>,
    thread: ScopedJoinHandle<'scope, Result<(), LedgerError>>,
}

impl<'scope> DraftFeed<'scope> {
    /// # Errors
    /// If no thread can be started.
    pub(super) fn start(
        scope: &'scope Scope<'scope, '_>,
        draft: &'scope mut LedgerDraft,
    ) -> Result<Self, LedgerError> {
        let (batches, waiting) = sync_channel::<Vec<CheckedRow>>(BATCHES_WAITING);
        let (done, written) = channel();
        let write = move || {
            waiting.iter().try_for_each(|batch| {
                draft.add(&batch)?;
                // The receiver may be gone: no one waits for the last batches.
                let _ = done.send(batch);
                Ok(())
            })
        };
        let thread = Builder::new()
            .spawn_scoped(scope, write)
            .map_err(LedgerError::no_thread)?;
        Ok(Self {
            batch: Vec::with_capacity(ROWS_OF_A_BATCH),
            bytes: 0,
            batches,
            written,
            thread,
        })
    }

    /// Adds the next row. If it fails, [`DraftFeed::close`] returns the error.
    pub(super) fn add(&mut self, row: CheckedRow) -> Result<(), LedgerError> {
        self.bytes += row.cells.len() + row.request.as_ref().map_or(0, |[.., body]| body.len());
        self.batch.push(row);
        let is_full = self.batch.len() >= ROWS_OF_A_BATCH || self.bytes >= BYTES_OF_A_BATCH;
        if is_full { self.hand_over() } else { Ok(()) }
    }

    /// Waits until every row is written.
    pub(super) fn close(mut self) -> Result<(), LedgerError> {
        // If this fails, the thread's result has the error.
        let _ = self.hand_over();
        drop(self.batches);
        self.thread
            .join()
            .unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn hand_over(&mut self) -> Result<(), LedgerError> {
        self.bytes = 0;
        self.written.try_iter().for_each(drop);
        let full = std::mem::replace(&mut self.batch, Vec::with_capacity(ROWS_OF_A_BATCH));
        self.batches
            .send(full)
            .map_err(|_| LedgerError::writer_gone())
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::runs::ledger::LedgerErrorKind;

    fn row(line: u64, body: &str) -> CheckedRow {
        let request = Some(["593987654321", "/x", body].map(str::to_owned));
        CheckedRow {
            line,
            cells: "[]".to_owned(),
            request,
            skip: None,
        }
    }

    #[test]
    fn draft_rows_keep_their_order() {
        let mut draft = LedgerDraft::create().unwrap();
        let long = "x".repeat(BYTES_OF_A_BATCH / 2);
        let rows = 3 * ROWS_OF_A_BATCH as u64 + 7;
        thread::scope(|scope| {
            let mut feed = DraftFeed::start(scope, &mut draft).unwrap();
            for line in 0..rows {
                feed.add(row(line, if line % 100 < 5 { &long } else { "{}" }))
                    .unwrap();
            }
            feed.close().unwrap();
        });
        assert_eq!(draft.to_be_sent(), rows);
        let mut lines = Vec::new();
        draft
            .each_row_to_send(|row, _| {
                lines.push(row.line);
                Ok::<_, LedgerError>(())
            })
            .unwrap();
        assert_eq!(lines, (0..rows).collect::<Vec<_>>());
    }

    #[test]
    fn draft_error_stops_reader_and_is_reported() {
        let mut draft = LedgerDraft::create().unwrap();
        thread::scope(|scope| {
            let mut feed = DraftFeed::start(scope, &mut draft).unwrap();
            // A line is an SQLite integer.
            feed.add(row(u64::MAX, "{}")).unwrap();
            while feed.add(row(1, "{}")).is_ok() {}
            let error = feed.close().unwrap_err();
            assert_eq!(error.kind, LedgerErrorKind::File, "{error:?}");
        });
    }
}

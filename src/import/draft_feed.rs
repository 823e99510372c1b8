//! The thread that writes the draft while the list is read. It receives the rows in batches, in order.

use std::panic::resume_unwind;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use crate::ledger::{DraftRequest, DraftRow, LedgerDraft, LedgerError, Skip, SkipReason};

/// The number of rows in a batch, so that the threads rarely wake each other.
const ROWS_OF_A_BATCH: usize = 256;
/// A batch is full once its rows have this many bytes.
const BYTES_OF_A_BATCH: usize = 1024 * 1024;
/// The number of batches that may wait, so that the read-ahead stays small even with a slow disk.
const BATCHES_WAITING: usize = 2;

/// The sending side of the thread's channel; the thread ends when it is closed or dropped.
pub(super) struct DraftFeed<'scope> {
    batch: RowBatch,
    batches: SyncSender<RowBatch>,
    thread: ScopedJoinHandle<'scope, Result<(), LedgerError>>,
}

/// Rows in transit, with their texts in one allocation. If each text were its own allocation, freed by the other
/// thread, the two threads would contend for the allocator.
#[derive(Default)]
struct RowBatch {
    texts: String,
    rows: Vec<RowLengths>,
}

/// A row of a batch: the lengths of its texts, in order.
struct RowLengths {
    line: u64,
    cells: usize,
    /// Of recipient, path and body.
    request: Option<[usize; 3]>,
    /// Of the problem.
    skip: Option<(SkipReason, usize)>,
}

impl<'scope> DraftFeed<'scope> {
    pub(super) fn start(scope: &'scope Scope<'scope, '_>, draft: &'scope mut LedgerDraft) -> Self {
        let (batches, waiting) = sync_channel::<RowBatch>(BATCHES_WAITING);
        let thread = scope.spawn(move || waiting.iter().try_for_each(|batch| draft.add(batch.rows())));
        Self { batch: RowBatch::default(), batches, thread }
    }

    /// Adds the next row. If it fails, [`DraftFeed::close`] returns the error.
    pub(super) fn add(&mut self, row: &DraftRow<'_>) -> Result<(), LedgerError> {
        self.batch.add(row);
        if self.batch.is_full() { self.hand_over() } else { Ok(()) }
    }

    /// Waits until every row is written.
    pub(super) fn close(mut self) -> Result<(), LedgerError> {
        // The thread's result tells why it was not accepted.
        let _ = self.hand_over();
        drop(self.batches);
        self.thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn hand_over(&mut self) -> Result<(), LedgerError> {
        self.batches.send(std::mem::take(&mut self.batch)).map_err(|_| LedgerError::writer_gone())
    }
}

impl RowBatch {
    fn is_full(&self) -> bool {
        self.rows.len() >= ROWS_OF_A_BATCH || self.texts.len() >= BYTES_OF_A_BATCH
    }

    fn add(&mut self, row: &DraftRow<'_>) {
        let mut keep = |text: &str| {
            self.texts.push_str(text);
            text.len()
        };
        let cells = keep(row.cells);
        let request = row.request.as_ref();
        let request =
            request.map(|DraftRequest { recipient, path, body }| [recipient, path, body].map(|text| keep(text)));
        let skip = row.skip.map(|Skip { reason, problem }| (reason, keep(problem)));
        self.rows.push(RowLengths { line: row.line, cells, request, skip });
    }

    fn rows(&self) -> impl Iterator<Item = DraftRow<'_>> {
        let mut texts = self.texts.as_str();
        self.rows.iter().map(move |row| {
            let mut next = |length: usize| {
                let (text, rest) = texts.split_at(length);
                texts = rest;
                text
            };
            let cells = next(row.cells);
            let request = row.request.map(|lengths| {
                let [recipient, path, body] = lengths.map(&mut next);
                DraftRequest { recipient, path, body }
            });
            let skip = row.skip.map(|(reason, problem)| Skip { reason, problem: next(problem) });
            DraftRow { line: row.line, cells, request, skip }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::ledger::LedgerFault;

    fn row(line: u64, body: &str) -> DraftRow<'_> {
        let request = DraftRequest { recipient: "593987654321", path: "/x", body };
        DraftRow { line, cells: "[]", request: Some(request), skip: None }
    }

    #[test]
    fn a_batch_gives_the_rows_that_were_put_into_it() {
        let skip = Skip { reason: SkipReason::AlreadySent, problem: "ñ" };
        let rows = [
            row(2, "{}"),
            DraftRow { cells: "[\"é\"]", skip: Some(skip), ..row(3, "") },
            DraftRow { request: None, skip: Some(skip), ..row(5, "") },
            DraftRow { skip: Some(skip), ..row(7, "{\"a\":1}") },
        ];
        let mut batch = RowBatch::default();
        for row in &rows {
            batch.add(row);
        }
        let given: Vec<_> = batch.rows().map(|row| format!("{row:?}")).collect();
        assert_eq!(given, rows.map(|row| format!("{row:?}")));
    }

    #[test]
    fn rows_are_written_in_their_order_however_they_are_handed_over() {
        let mut draft = LedgerDraft::create().unwrap();
        let (long, rows) = ("x".repeat(BYTES_OF_A_BATCH / 2), 3 * ROWS_OF_A_BATCH as u64 + 7);
        thread::scope(|scope| {
            let mut feed = DraftFeed::start(scope, &mut draft);
            for line in 0..rows {
                feed.add(&row(line, if line % 100 < 5 { &long } else { "{}" })).unwrap();
            }
            feed.close().unwrap();
        });
        assert_eq!(draft.to_be_sent(), rows);
        let mut lines = Vec::new();
        draft
            .each_sent(|row, _| {
                lines.push(row.line);
                Ok::<_, LedgerError>(())
            })
            .unwrap();
        assert_eq!(lines, (0..rows).collect::<Vec<_>>());
    }

    #[test]
    fn what_the_draft_cannot_take_is_said_at_the_end_and_stops_the_reader() {
        let mut draft = LedgerDraft::create().unwrap();
        thread::scope(|scope| {
            let mut feed = DraftFeed::start(scope, &mut draft);
            // A line is an SQLite integer.
            feed.add(&row(u64::MAX, "{}")).unwrap();
            while feed.add(&row(1, "{}")).is_ok() {}
            let error = feed.close().unwrap_err();
            assert_eq!(error.fault, LedgerFault::File, "{error:?}");
        });
    }
}

//! The thread that writes the draft while the list is read: the rows come to it in batches, in their order.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use super::ledger::{DraftRequest, DraftRow, LedgerDraft, LedgerError, Skip, SkipReason};

/// Rows that are handed over at once, so that the threads wake each other rarely.
const ROWS_OF_A_BATCH: usize = 256;
/// A batch has no more rows once they have so many bytes.
const BYTES_OF_A_BATCH: usize = 1024 * 1024;
/// Batches that may wait: what is read ahead stays small however slow the disk is.
const BATCHES_WAITING: usize = 2;

/// A row that is to be added to a draft.
pub(super) struct FedRow {
    pub(super) line: u64,
    /// JSON.
    pub(super) cells: String,
    /// Or why it makes none.
    pub(super) request: Result<FedRequest, String>,
    /// Why its request is not to be sent.
    pub(super) skip: Option<FedSkip>,
}

pub(super) struct FedRequest {
    pub(super) recipient: String,
    pub(super) path: String,
    pub(super) body: Box<str>,
}

pub(super) struct FedSkip {
    pub(super) reason: SkipReason,
    pub(super) problem: String,
    pub(super) run: Option<String>,
}

/// The way to the thread; it ends when this is closed or gone.
pub(super) struct DraftFeed<'scope> {
    batch: Vec<FedRow>,
    /// Bytes of its rows.
    size: usize,
    batches: SyncSender<Vec<FedRow>>,
    thread: ScopedJoinHandle<'scope, Result<(), LedgerError>>,
}

impl<'scope> DraftFeed<'scope> {
    pub(super) fn start(scope: &'scope Scope<'scope, '_>, draft: &'scope mut LedgerDraft) -> Self {
        let (batches, rows) = sync_channel(BATCHES_WAITING);
        let thread = scope.spawn(move || write(draft, &rows));
        Self { batch: Vec::with_capacity(ROWS_OF_A_BATCH), size: 0, batches, thread }
    }

    /// Adds the next row.
    ///
    /// # Errors
    /// When the draft could not be written; [`DraftFeed::close`] says why.
    pub(super) fn add(&mut self, row: FedRow) -> Result<(), LedgerError> {
        self.size += row.size();
        self.batch.push(row);
        if self.batch.len() < ROWS_OF_A_BATCH && self.size < BYTES_OF_A_BATCH { Ok(()) } else { self.hand_over() }
    }

    /// Waits until every row is written.
    pub(super) fn close(mut self) -> Result<(), LedgerError> {
        // Why it was not taken is what the thread ends with.
        let _ = self.hand_over();
        drop(self.batches);
        self.thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn hand_over(&mut self) -> Result<(), LedgerError> {
        self.size = 0;
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(ROWS_OF_A_BATCH));
        self.batches.send(batch).map_err(|_| LedgerError::WriterGone)
    }
}

fn write(draft: &mut LedgerDraft, batches: &Receiver<Vec<FedRow>>) -> Result<(), LedgerError> {
    batches.iter().try_for_each(|batch| draft.add(batch.iter().map(FedRow::drafted)))
}

impl FedRow {
    fn drafted(&self) -> DraftRow<'_> {
        DraftRow {
            line: self.line,
            cells: &self.cells,
            request: self.request.as_ref().map(FedRequest::drafted).map_err(String::as_str),
            skip: self.skip.as_ref().map(FedSkip::drafted),
        }
    }

    fn size(&self) -> usize {
        let request = match &self.request {
            Ok(request) => request.body.len(),
            Err(problem) => problem.len(),
        };
        self.cells.len() + request
    }
}

impl FedRequest {
    pub(super) fn drafted(&self) -> DraftRequest<'_> {
        DraftRequest { recipient: &self.recipient, path: &self.path, body: &self.body }
    }
}

impl FedSkip {
    fn drafted(&self) -> Skip<'_> {
        Skip { reason: self.reason, problem: &self.problem, run: self.run.as_deref() }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn row(line: u64, body: &str) -> FedRow {
        let request =
            FedRequest { recipient: format!("{}", 593_980_000_000 + line), path: "/x".to_owned(), body: body.into() };
        FedRow { line, cells: "[]".to_owned(), request: Ok(request), skip: None }
    }

    #[test]
    fn rows_are_written_in_their_order_however_they_are_handed_over() {
        let mut draft = LedgerDraft::create(None).unwrap();
        let (long, rows) = ("x".repeat(BYTES_OF_A_BATCH / 2), 3 * ROWS_OF_A_BATCH as u64 + 7);
        thread::scope(|scope| {
            let mut feed = DraftFeed::start(scope, &mut draft);
            for line in 0..rows {
                feed.add(row(line, if line % 100 < 5 { &long } else { "{}" })).unwrap();
            }
            feed.close().unwrap();
        });
        assert_eq!(draft.to_be_sent(), rows);
        let lines: Vec<_> = draft.first_messages(rows).unwrap().into_iter().map(|message| message.line).collect();
        assert_eq!(lines, (0..rows).collect::<Vec<_>>());
    }

    #[test]
    fn what_the_draft_cannot_take_is_said_at_the_end_and_stops_the_reader() {
        let mut draft = LedgerDraft::create(None).unwrap();
        thread::scope(|scope| {
            let mut feed = DraftFeed::start(scope, &mut draft);
            // A line is an integer of SQLite's.
            feed.add(row(u64::MAX, "{}")).unwrap();
            while feed.add(row(1, "{}")).is_ok() {}
            let error = feed.close().unwrap_err();
            assert!(!matches!(error, LedgerError::WriterGone), "{error:?}");
        });
    }
}

//! The rows of a sheet, read by a separate thread, a few ahead of the consumer.

use std::fs::File;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::vec;

use super::error::WorkbookError;
use super::sheet_row::SheetRow;

/// A batch is handed over when it has this many bytes.
const BATCH_BYTES: usize = 64 * 1024;
/// The most batches that wait.
const BATCHES: usize = 4;

/// What a reading thread passes on.
#[derive(Debug)]
enum ReadPiece {
    Rows(Vec<SheetRow>),
    Chosen(ChosenSheet),
}

/// A sheet that is read.
#[derive(Clone, Debug)]
pub(crate) struct ChosenSheet {
    pub(crate) name: String,
    /// The visible sheets that are not read, as far as they are known.
    pub(crate) others: Vec<String>,
}

/// Where a reading thread puts rows.
pub(super) struct RowSink {
    pieces: SyncSender<Result<ReadPiece, WorkbookError>>,
    batch: Vec<SheetRow>,
    weight: usize,
    /// The most filled rows that are wanted of each sheet, and how many more of this one.
    most: Option<usize>,
    left: Option<usize>,
}

impl RowSink {
    /// Adds the row if it is filled.
    ///
    /// # Errors
    /// If no one wants more.
    pub(super) fn push(&mut self, row: SheetRow) -> Result<(), WorkbookError> {
        if self.is_full() || !row.is_filled() {
            return Ok(());
        }
        self.left = self.left.map(|left| left - 1);
        self.weight += row.weight();
        self.batch.push(row);
        if self.weight >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    /// Whether no one wants more rows of this sheet.
    pub(super) fn is_full(&self) -> bool {
        self.left == Some(0)
    }

    /// The next rows belong to the sheet of this name; `others` are the visible sheets that are not read.
    pub(super) fn begin(&mut self, name: String, others: Vec<String>) -> Result<(), WorkbookError> {
        self.flush()?;
        self.left = self.most;
        self.hand_over(Ok(ReadPiece::Chosen(ChosenSheet { name, others })))
    }

    fn flush(&mut self) -> Result<(), WorkbookError> {
        self.weight = 0;
        let rows = std::mem::take(&mut self.batch);
        self.hand_over(Ok(ReadPiece::Rows(rows)))
    }

    fn hand_over(&self, piece: Result<ReadPiece, WorkbookError>) -> Result<(), WorkbookError> {
        self.pieces.send(piece).map_err(|_| WorkbookError::Ended)
    }
}

/// Rows in the order in which they are read.
pub(crate) struct SheetStream {
    pieces: Receiver<Result<ReadPiece, WorkbookError>>,
    rows: vec::IntoIter<SheetRow>,
    chosen: Option<ChosenSheet>,
    /// None once it was seen to end.
    thread: Option<JoinHandle<()>>,
}

impl SheetStream {
    /// `read` fills a sink from the file, in a thread that ends with it. `most` limits the filled rows of each sheet.
    pub(super) fn start(
        file: File,
        most: Option<usize>,
        read: impl FnOnce(File, &mut RowSink) -> Result<(), WorkbookError> + Send + 'static,
    ) -> Result<Self, WorkbookError> {
        let (sender, pieces) = sync_channel(BATCHES);
        let reading = move || {
            let mut sink = RowSink { pieces: sender, batch: Vec::new(), weight: 0, most, left: most };
            let read = read(file, &mut sink).and_then(|()| sink.flush());
            if let Err(error) = read {
                // A consumer that has gone needs no reason.
                let _ = sink.hand_over(Err(error));
            }
        };
        let thread = thread::Builder::new().name("workbook".to_owned()).spawn(reading)?;
        Ok(Self { pieces, rows: Vec::new().into_iter(), chosen: None, thread: Some(thread) })
    }

    /// Ends before all rows were taken; afterwards the file is no longer read.
    pub(crate) fn stop(self) {
        let Self { pieces, thread, .. } = self;
        drop(pieces);
        // A thread that panicked reads nothing more either.
        let _ = thread.map(JoinHandle::join);
    }

    /// The next filled row.
    pub(crate) fn next(&mut self) -> Result<Option<SheetRow>, WorkbookError> {
        loop {
            if let Some(row) = self.rows.next() {
                return Ok(Some(row));
            }
            let Ok(piece) = self.pieces.recv() else {
                // The thread has ended. If it panicked, the sheet may have more rows.
                if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
                    resume_unwind(panic);
                }
                return Ok(None);
            };
            match piece? {
                ReadPiece::Rows(rows) => self.rows = rows.into_iter(),
                ReadPiece::Chosen(chosen) => self.chosen = Some(chosen),
            }
        }
    }

    /// The sheet of the row that was read last.
    pub(crate) fn chosen(&self) -> Option<&ChosenSheet> {
        self.chosen.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn a_sheet_whose_reader_panics_does_not_end_there() {
        let file = tempfile::tempfile().unwrap();
        let mut stream = SheetStream::start(file, None, |_, sink| {
            sink.begin("Clientes".to_owned(), Vec::new())?;
            panic!("a fault of the reader");
        })
        .unwrap();
        let panic = catch_unwind(AssertUnwindSafe(|| stream.next())).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"a fault of the reader"));
        assert!(stream.next().unwrap().is_none());
    }
}

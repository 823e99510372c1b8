//! The rows of a sheet, read by a separate thread, a few ahead of the consumer.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::vec;

use super::sheet_row::SheetRow;
use crate::input::UsageError;

/// A batch is handed over when it has this many bytes.
const BATCH_BYTES: usize = 64 * 1024;
/// The most batches that wait.
const BATCHES: usize = 4;

type Batch = Result<Vec<SheetRow>, UsageError>;

/// Where a reading thread puts rows.
pub(super) struct RowSink {
    batches: SyncSender<Batch>,
    batch: Vec<SheetRow>,
    weight: usize,
}

impl RowSink {
    /// Adds the row if it is filled.
    ///
    /// # Errors
    /// If no one wants more.
    pub(super) fn push(&mut self, row: SheetRow) -> Result<(), UsageError> {
        if !row.is_filled() {
            return Ok(());
        }
        self.weight += row.weight();
        self.batch.push(row);
        if self.weight >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), UsageError> {
        self.weight = 0;
        let sent = self.batches.send(Ok(std::mem::take(&mut self.batch)));
        sent.map_err(|_| UsageError::new("is no longer read", ""))
    }
}

/// Rows in the order in which they are read.
pub(crate) struct SheetStream {
    /// The name of the list, for errors.
    name: String,
    batches: Receiver<Batch>,
    rows: vec::IntoIter<SheetRow>,
    /// None once it was seen to end.
    thread: Option<JoinHandle<()>>,
}

impl SheetStream {
    /// `read` fills a sink in a thread that ends with it.
    pub(super) fn start(
        name: &str,
        read: impl FnOnce(&mut RowSink) -> Result<(), UsageError> + Send + 'static,
    ) -> Result<Self, UsageError> {
        let (sender, batches) = sync_channel(BATCHES);
        let reading = move || {
            let mut sink = RowSink { batches: sender, batch: Vec::new(), weight: 0 };
            if let Err(error) = read(&mut sink).and_then(|()| sink.flush()) {
                // A consumer that has gone needs no reason.
                let _ = sink.batches.send(Err(error));
            }
        };
        let thread = thread::Builder::new().name("workbook".to_owned()).spawn(reading);
        let thread = Some(thread.map_err(|cause| UsageError::unreadable(name, &cause))?);
        Ok(Self { name: name.to_owned(), batches, rows: Vec::new().into_iter(), thread })
    }

    /// The next filled row.
    pub(crate) fn next(&mut self) -> Result<Option<SheetRow>, UsageError> {
        loop {
            if let Some(row) = self.rows.next() {
                return Ok(Some(row));
            }
            let Ok(batch) = self.batches.recv() else {
                // The thread has ended. If it panicked, the sheet may have more rows.
                if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
                    resume_unwind(panic);
                }
                return Ok(None);
            };
            self.rows = batch.map_err(|error| error.of(&self.name))?.into_iter();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn a_sheet_whose_reader_panics_does_not_end_there() {
        let mut stream = SheetStream::start("list", |_| panic!("a fault of the reader")).unwrap();
        let panic = catch_unwind(AssertUnwindSafe(|| stream.next())).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"a fault of the reader"));
        assert!(stream.next().unwrap().is_none());
    }
}

//! The rows of a sheet, read by a separate thread, a few ahead of the consumer.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::sheet_row::SheetRow;
use crate::input::UsageError;

/// The most rows that wait, each of at most 1 MiB.
const ROWS: usize = 64;

/// Where a reading thread puts rows.
pub(super) struct RowSink(SyncSender<Result<SheetRow, UsageError>>);

impl RowSink {
    /// Adds the row if it is filled.
    ///
    /// # Errors
    /// If no one wants more.
    pub(super) fn push(&mut self, row: SheetRow) -> Result<(), UsageError> {
        if !row.is_filled() {
            return Ok(());
        }
        self.0.send(Ok(row)).map_err(|_| UsageError::new("is no longer read", ""))
    }
}

/// Rows in the order in which they are read.
pub(crate) struct SheetStream {
    /// The name of the list, for errors.
    name: String,
    rows: Receiver<Result<SheetRow, UsageError>>,
    /// None once it was seen to end.
    thread: Option<JoinHandle<()>>,
}

impl SheetStream {
    /// `read` fills a sink in a thread that ends with it.
    pub(super) fn start(
        name: &str,
        read: impl FnOnce(&mut RowSink) -> Result<(), UsageError> + Send + 'static,
    ) -> Result<Self, UsageError> {
        let (sender, rows) = sync_channel(ROWS);
        let reading = move || {
            let mut sink = RowSink(sender);
            if let Err(error) = read(&mut sink) {
                // A consumer that has gone needs no reason.
                let _ = sink.0.send(Err(error));
            }
        };
        let thread = thread::Builder::new().name("workbook".to_owned()).spawn(reading);
        let thread = Some(thread.map_err(|cause| UsageError::unreadable(name, &cause))?);
        Ok(Self { name: name.to_owned(), rows, thread })
    }

    /// The next filled row.
    pub(crate) fn next(&mut self) -> Result<Option<SheetRow>, UsageError> {
        let Ok(row) = self.rows.recv() else {
            // The thread has ended. If it panicked, the sheet may have more rows.
            if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
                resume_unwind(panic);
            }
            return Ok(None);
        };
        row.map(Some).map_err(|error| error.of(&self.name))
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

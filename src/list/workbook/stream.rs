//! The rows of a sheet, read by a thread of their own, a few ahead of who takes them.

use std::fs::File;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::{thread, vec};

use super::error::WorkbookError;
use super::sheet_row::SheetRow;

/// A batch is handed over when it has so many bytes.
const BATCH_BYTES: usize = 64 * 1024;
/// How many batches wait at most.
const BATCHES: usize = 4;

/// What a reading thread hands over.
#[derive(Debug)]
enum ReadPiece {
    Rows(Vec<SheetRow>),
    Chosen(ChosenSheet),
}

/// A sheet that is read.
#[derive(Clone, Debug)]
pub(crate) struct ChosenSheet {
    pub(crate) name: String,
    /// The visible ones that are not read, as far as they are known.
    pub(crate) others: Vec<String>,
}

/// Where a reading thread puts rows.
pub(super) struct RowSink {
    pieces: SyncSender<Result<ReadPiece, WorkbookError>>,
    batch: Vec<SheetRow>,
    weight: usize,
}

impl RowSink {
    /// # Errors
    /// When nobody wants more.
    pub(super) fn push(&mut self, row: SheetRow) -> Result<(), WorkbookError> {
        self.weight += row.weight();
        self.batch.push(row);
        if self.weight >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    /// The rows that follow are of the sheet of this name; `others` are the visible ones that are not read.
    pub(super) fn begin(&mut self, name: String, others: Vec<String>) -> Result<(), WorkbookError> {
        self.flush()?;
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

/// Rows as they come.
pub(crate) struct SheetStream {
    pieces: Receiver<Result<ReadPiece, WorkbookError>>,
    rows: vec::IntoIter<SheetRow>,
    chosen: Option<ChosenSheet>,
}

impl SheetStream {
    /// `read` fills a sink from the file, in a thread that ends with it.
    pub(super) fn start(
        file: File,
        read: impl FnOnce(File, &mut RowSink) -> Result<(), WorkbookError> + Send + 'static,
    ) -> Result<Self, WorkbookError> {
        let (sender, pieces) = sync_channel(BATCHES);
        let reading = move || {
            let mut sink = RowSink { pieces: sender, batch: Vec::new(), weight: 0 };
            let read = read(file, &mut sink).and_then(|()| sink.flush());
            if let Err(error) = read {
                // Who is gone needs no reason.
                let _ = sink.hand_over(Err(error));
            }
        };
        thread::Builder::new().name("workbook".to_owned()).spawn(reading)?;
        Ok(Self { pieces, rows: Vec::new().into_iter(), chosen: None })
    }

    /// The next row, an empty one perhaps.
    pub(crate) fn next(&mut self) -> Result<Option<SheetRow>, WorkbookError> {
        loop {
            if let Some(row) = self.rows.next() {
                return Ok(Some(row));
            }
            match self.pieces.recv() {
                Ok(piece) => match piece? {
                    ReadPiece::Rows(rows) => self.rows = rows.into_iter(),
                    ReadPiece::Chosen(chosen) => self.chosen = Some(chosen),
                },
                // The thread is done.
                Err(_) => return Ok(None),
            }
        }
    }

    /// The sheet of the row that was read last.
    pub(crate) fn chosen(&self) -> Option<&ChosenSheet> {
        self.chosen.as_ref()
    }
}

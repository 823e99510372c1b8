//! An input in which one row may take only a limited number of bytes, so that a quote that is never closed cannot fill
//! the memory.

use std::cell::Cell;
use std::io::{self, Read};

use super::record_marks::{RecordLines, RecordMarks};

/// The most bytes of one row: a request has at most 1 MiB.
const MAX_ROW: usize = 1024 * 1024;
/// What a reader may have read ahead of the row.
pub(crate) const BUFFER: usize = 64 * 1024;

/// Reading fails with `FileTooLarge` once a row has taken more than 1 MiB.
pub(crate) struct BoundedInput {
    inner: Box<dyn Read>,
    left: Cell<usize>,
    /// Only for CSV.
    marks: Option<RecordMarks>,
}

impl BoundedInput {
    pub(crate) fn new(inner: impl Read + 'static, marks: Option<RecordMarks>) -> Self {
        Self { inner: Box::new(inner), left: Cell::new(MAX_ROW + BUFFER), marks }
    }

    /// The lines of the record in the bytes `from` to `to`.
    pub(crate) fn record(&mut self, from: u64, to: u64) -> RecordLines {
        self.marks.as_mut().map(|marks| marks.record(from, to)).unwrap_or_default()
    }

    /// Starts another row.
    pub(crate) fn begin_row(&self) {
        self.left.set(MAX_ROW + BUFFER);
    }
}

impl Read for BoundedInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if let (Some(marks), Some(bytes)) = (&mut self.marks, buffer.get(..read)) {
            marks.see(bytes);
        }
        let left = self.left.get().checked_sub(read).ok_or(io::ErrorKind::FileTooLarge)?;
        self.left.set(left);
        Ok(read)
    }
}

//! The rows of a CSV list: a header, then a record at a time, however a cell is quoted.

use std::io::{self, Cursor, Read};
use std::sync::Arc;

use csv::{ByteRecord, StringRecord};

use super::bounded::{BUFFER, BoundedInput};
use super::columns::Columns;
use super::encoding::sample;
use super::error::ListError;
use super::format::CsvFormat;
use super::outcome::{OUTCOME_COLUMNS, ReportedOutcome, own_columns, unguarded};
use super::record_marks::RecordMarks;
use super::row::{ListRow, Row};

/// A row behind the last one: a quote that is never closed swallows it.
const END_MARK: &str = "\u{1}end of the list\u{1}";

pub(super) struct CsvRows {
    reader: Box<csv::Reader<BoundedInput>>,
    columns: Arc<Columns>,
    format: CsvFormat,
    /// Whether it is a report of ours, to be read back as what was reported on.
    is_report: bool,
    /// Rows without a filled cell, which were passed over.
    empty_rows: u64,
}

impl CsvRows {
    /// Reads the header; `name` stands in errors.
    pub(super) fn open(input: impl Read + 'static, name: &str, format: CsvFormat) -> Result<Self, ListError> {
        let mut builder = csv::ReaderBuilder::new();
        builder.delimiter(format.delimiter).flexible(true).buffer_capacity(BUFFER);
        let end = Cursor::new(format!("\n{END_MARK}\n").into_bytes());
        let marks = RecordMarks::new(format.delimiter, if format.has_separator_line { 2 } else { 1 });
        let mut reader = Box::new(builder.from_reader(BoundedInput::new(input.chain(end), Some(marks))));
        let header = reader.byte_headers().cloned();
        let (line, is_torn) = record_read(&mut reader, 0);
        let header = header.map_err(|error| unreadable(name, line, error))?;
        let header = as_text(header, name, line)?;
        if ends_open(&header) {
            return Err(ListError::OpenQuote { name: name.to_owned(), line });
        }
        if is_torn {
            return Err(ListError::TornHeader { name: name.to_owned(), line });
        }
        if header.is_empty() || is_end(&header) {
            return Err(ListError::NoRows { name: name.to_owned() });
        }
        let (names, is_report) = own_columns(&header.iter().collect::<Vec<_>>());
        let columns = Arc::new(Columns::new(names)?);
        Ok(Self { reader, columns, format, is_report, empty_rows: 0 })
    }

    pub(super) fn columns(&self) -> &Arc<Columns> {
        &self.columns
    }

    pub(super) fn format(&self) -> CsvFormat {
        self.format
    }

    pub(super) fn empty_rows(&self) -> u64 {
        self.empty_rows
    }

    /// The next row.
    pub(super) fn next(&mut self, name: &str) -> Result<Option<ListRow>, ListError> {
        let Some((line, is_torn, record)) = self.filled_record(name)? else { return Ok(None) };
        self.columns.check_title(line, &record)?;
        let named = self.columns.names().len();
        let (expected, found) = (named + if self.is_report { OUTCOME_COLUMNS.len() } else { 0 }, record.len());
        let row = if is_torn {
            Err("text stands behind a quote that closes its cell; inside a cell, write each quote twice".to_owned())
        } else if found == expected {
            let cells = record.iter().take(named);
            let cells = cells.map(|cell| if self.is_report { unguarded(cell) } else { cell.to_owned() });
            Ok(Row::cells_of(&self.columns, cells.collect(), Vec::new()))
        } else {
            let cells = if found == 1 { "cell" } else { "cells" };
            Err(format!("has {found} {cells}, but the header has {expected}"))
        };
        let cell = |place: usize, _: &str| unguarded(record.get(named + place).unwrap_or_default());
        let outcome = self.is_report.then(|| ReportedOutcome::of(cell));
        Ok(Some(ListRow { line, row, is_hidden: false, faulty_cells: Vec::new(), outcome }))
    }

    /// The next record with a filled cell, where it begins, and whether text stands behind a closing quote in it.
    fn filled_record(&mut self, name: &str) -> Result<Option<(u64, bool, StringRecord)>, ListError> {
        loop {
            self.reader.get_ref().begin_row();
            let from = self.reader.position().byte();
            let mut record = ByteRecord::new();
            let is_read = self.reader.read_byte_record(&mut record);
            let (line, is_torn) = record_read(&mut self.reader, from);
            let is_read = is_read.map_err(|error| unreadable(name, line, error))?;
            let record = as_text(record, name, line)?;
            if !is_read || ends_open(&record) {
                return Err(ListError::OpenQuote { name: name.to_owned(), line });
            }
            if is_end(&record) {
                return Ok(None);
            }
            if record.iter().any(|cell| !cell.trim().is_empty()) {
                return Ok(Some((line, is_torn, record)));
            }
            self.empty_rows += 1;
        }
    }
}

/// A record as text, or which of its cells is none.
fn as_text(record: ByteRecord, name: &str, line: u64) -> Result<StringRecord, ListError> {
    StringRecord::from_byte_record(record).map_err(|error| {
        let field = error.utf8_error().field();
        let sample = error.into_byte_record().get(field).map(sample).unwrap_or_default();
        ListError::NotUtf8 { name: name.to_owned(), line, sample }
    })
}

/// Where the record that begins at byte `from`, and was read just now, begins in an editor; and whether text stands behind
/// a closing quote in it.
fn record_read(reader: &mut csv::Reader<BoundedInput>, from: u64) -> (u64, bool) {
    let to = reader.position().byte();
    reader.get_mut().record(from, to)
}

fn is_end(record: &StringRecord) -> bool {
    record.len() == 1 && record.get(0) == Some(END_MARK)
}

/// Whether the row has swallowed the end of the list.
fn ends_open(record: &StringRecord) -> bool {
    !is_end(record) && record.iter().next_back().is_some_and(|cell| cell.trim_end().ends_with(END_MARK))
}

fn unreadable(name: &str, line: u64, error: csv::Error) -> ListError {
    match error.into_kind() {
        csv::ErrorKind::Io(cause) => ListError::unreadable_row(name, line, cause),
        other => ListError::Unreadable { name: name.to_owned(), cause: io::Error::other(format!("{other:?}")) },
    }
}

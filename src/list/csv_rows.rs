//! The rows of a CSV list: a header, then a record at a time, however a cell is quoted.

use std::io::{self, Cursor, Read};

use csv::{ByteRecord, StringRecord};

use super::bounded::{BUFFER, BoundedInput};
use super::encoding::sample;
use super::error::ListError;
use super::format::CsvFormat;
use super::outcome::quoted;
use super::record_marks::{RecordLines, RecordMarks, StrayQuote};
use super::row::{InnerLine, ListRow, Row};
use super::table_header::TableHeader;

/// A row after the last one; an unclosed quote swallows it.
const END_MARK: &str = "\u{1}end of the list\u{1}";

pub(super) struct CsvRows {
    reader: Box<csv::Reader<BoundedInput>>,
    pub(super) header: TableHeader,
    pub(super) format: CsvFormat,
    /// Empty rows that were skipped.
    pub(super) empty_rows: u64,
    /// The memory of the last record, for the next one.
    spare: ByteRecord,
}

impl CsvRows {
    /// Reads the header of an input whose first byte is in `line`; errors use `name`.
    pub(super) fn open(
        input: impl Read + 'static,
        name: &str,
        format: CsvFormat,
        line: u64,
    ) -> Result<Self, ListError> {
        let mut builder = csv::ReaderBuilder::new();
        builder.delimiter(format.delimiter).flexible(true).buffer_capacity(BUFFER);
        let end = Cursor::new(format!("\n{END_MARK}\n").into_bytes());
        let marks = RecordMarks::new(format.delimiter, line);
        let mut reader = Box::new(builder.from_reader(BoundedInput::new(input.chain(end), Some(marks))));
        let header = reader.byte_headers().cloned();
        let RecordLines { first: line, stray, .. } = record_read(&mut reader, 0);
        let header = header.map_err(|error| unreadable(name, line, error))?;
        let header = as_text(header, name, line)?;
        if ends_open(&header) {
            return Err(ListError::OpenQuote { name: name.to_owned(), line });
        }
        if stray.is_some() {
            return Err(ListError::StrayInHeader { name: name.to_owned(), line });
        }
        if header.is_empty() || is_end(&header) {
            return Err(ListError::NoRows { name: name.to_owned() });
        }
        let header = TableHeader::of(&header.iter().collect::<Vec<_>>())?;
        Ok(Self { reader, header, format, empty_rows: 0, spare: ByteRecord::new() })
    }

    /// The next row.
    pub(super) fn next(&mut self, name: &str) -> Result<Option<ListRow>, ListError> {
        let Some((lines, record)) = self.filled_record(name)? else { return Ok(None) };
        let line = lines.first;
        self.header.columns.check_title(line, &record)?;
        let cells: Vec<_> = record.iter().collect();
        let row = match lines.stray {
            Some(StrayQuote::Torn { from, to }) if from < to => {
                return Err(ListError::TornCell { name: name.to_owned(), from, to });
            }
            Some(StrayQuote::Torn { .. }) => {
                Err("text stands behind a quote that closes its cell; inside a cell, write each quote twice".to_owned())
            }
            Some(StrayQuote::Unquoted) => Err("a quote stands inside a cell that does not begin with one; put the \
                                               cell in quotes, and write each quote inside it twice"
                .to_owned()),
            None => self.row(&cells),
        };
        let outcome = self.header.layout.outcome(&cells);
        let inner_lines = if lines.last > line { self.inner_lines(line, &record) } else { Vec::new() };
        let bad_text = if row.is_err() { self.joined(&cells) } else { String::new() };
        self.spare = record.into_byte_record();
        let row = ListRow { last_line: lines.last, inner_lines, outcome, bad_text, ..ListRow::new(line, row) };
        Ok(Some(row))
    }

    fn row(&self, cells: &[&str]) -> Result<Row, String> {
        let (found, expected) = (cells.len(), self.header.width);
        if found != expected {
            let cells = if found == 1 { "cell" } else { "cells" };
            return Err(format!("has {found} {cells}, but the header has {expected}"));
        }
        Ok(self.header.row(cells, Vec::new()))
    }

    /// Cells as a line of the list. It never looks like a single cell: until it is corrected, it must not become a
    /// recipient.
    fn joined(&self, cells: &[&str]) -> String {
        let missing = if cells.len() == 1 { Some("") } else { None };
        let cells: Vec<_> = cells.iter().copied().chain(missing).map(quoted).collect();
        cells.join(&char::from(self.format.delimiter).to_string())
    }

    /// The lines of a record that begins in line `first`, as the rows that they would be if a quote did not join them.
    fn inner_lines(&self, first: u64, record: &StringRecord) -> Vec<InnerLine> {
        let (delimiter, last) = (char::from(self.format.delimiter), record.len().saturating_sub(1));
        let mut lines = vec![(String::new(), false)];
        for (place, cell) in record.iter().enumerate() {
            let cell = cell.replace("\r\n", "\n");
            let parts: Vec<_> = cell.split(['\n', '\r']).collect();
            for (at, part) in parts.iter().enumerate() {
                // Only the first and the last line of a cell can have other cells beside it.
                let begins_alone = at > 0 || place == 0;
                let ends_alone = at + 1 < parts.len() || place == last;
                let is_inside = parts.len() > 1 && begins_alone && ends_alone;
                match lines.last_mut().filter(|_| at == 0) {
                    Some((line, inside)) => {
                        line.extend((place > 0).then_some(delimiter));
                        line.push_str(part);
                        *inside = is_inside;
                    }
                    None => lines.push(((*part).to_owned(), is_inside)),
                }
            }
        }
        let row = |text: &str| self.row(&text.split(delimiter).collect::<Vec<_>>()).ok();
        (first..).zip(lines).map(|(line, (text, is_inside))| InnerLine { line, row: row(&text), is_inside }).collect()
    }

    /// The next record with a filled cell, and its lines.
    fn filled_record(&mut self, name: &str) -> Result<Option<(RecordLines, StringRecord)>, ListError> {
        loop {
            self.reader.get_ref().begin_row();
            let from = self.reader.position().byte();
            let mut record = std::mem::take(&mut self.spare);
            let is_read = self.reader.read_byte_record(&mut record);
            let lines = record_read(&mut self.reader, from);
            let line = lines.first;
            let is_read = is_read.map_err(|error| unreadable(name, line, error))?;
            let record = as_text(record, name, line)?;
            if !is_read || ends_open(&record) {
                return Err(ListError::OpenQuote { name: name.to_owned(), line });
            }
            if is_end(&record) {
                return Ok(None);
            }
            if record.iter().any(|cell| !cell.trim().is_empty()) {
                return Ok(Some((lines, record)));
            }
            self.spare = record.into_byte_record();
            self.empty_rows += 1;
        }
    }
}

/// A record as text, or an error for a cell that is not text.
fn as_text(record: ByteRecord, name: &str, line: u64) -> Result<StringRecord, ListError> {
    StringRecord::from_byte_record(record).map_err(|error| {
        let field = error.utf8_error().field();
        let sample = error.into_byte_record().get(field).map(sample).unwrap_or_default();
        ListError::NotUtf8 { name: name.to_owned(), line, sample }
    })
}

/// The lines of the record that begins at byte `from` and was just read.
fn record_read(reader: &mut csv::Reader<BoundedInput>, from: u64) -> RecordLines {
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

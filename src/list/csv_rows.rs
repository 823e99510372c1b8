//! The rows of a CSV list: a header, then a record at a time, however a cell is quoted.

use std::collections::HashSet;
use std::io::{BufReader, ErrorKind, Read};

use super::csv_records::{CsvRecord, CsvRecords};
use super::format::BUFFER;
use super::outcome::quoted;
use super::row::{InnerLine, ListRow, Row, TableHeader};
use crate::input::UsageError;

const STRAY_QUOTE: &str = "a quote stands inside a cell, or has text behind it";
const WHOLE_IN_QUOTES: &str = "put the whole cell in quotes; inside a cell, write each quote twice";
/// What to do about a quote that has no other.
const CLOSE_IT: &str = "close it; inside a cell, write each quote twice";

pub(super) struct CsvRows {
    records: CsvRecords<BufReader<Box<dyn Read>>>,
    pub(super) header: TableHeader,
    delimiter: u8,
}

impl CsvRows {
    /// Reads the header of an input whose first byte is in `line`; errors use `name`.
    pub(super) fn open(input: Box<dyn Read>, name: &str, delimiter: u8, line: u64) -> Result<Self, UsageError> {
        let mut records = CsvRecords::new(BufReader::with_capacity(BUFFER, input), delimiter, line);
        let record = next_record(&mut records, name)?.ok_or_else(|| UsageError::no_rows(name))?;
        if record.has_stray_quote {
            let line = record.line;
            return Err(UsageError::new(
                format!("{name}: in the header of line {line} {STRAY_QUOTE}"),
                WHOLE_IN_QUOTES,
            ));
        }
        let header = TableHeader::of(&texts(&record, name)?).map_err(|error| error.of(name))?;
        Ok(Self { records, header, delimiter })
    }

    /// The next row.
    pub(super) fn next(&mut self, name: &str) -> Result<Option<ListRow>, UsageError> {
        while let Some(record) = next_record(&mut self.records, name)? {
            let cells = texts(&record, name)?;
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let (line, last_line) = (record.line, record.last_line);
            self.header.columns.check_title(line, &cells).map_err(|error| error.of(name))?;
            // It may have swallowed other rows.
            if record.has_stray_quote && last_line > line {
                let problem = format!("{name}: the row of line {line} goes on to line {last_line}, and {STRAY_QUOTE}");
                return Err(UsageError::new(problem, CLOSE_IT));
            }
            let row = if record.has_stray_quote {
                Err(format!("{STRAY_QUOTE}; {WHOLE_IN_QUOTES}"))
            } else {
                self.row(&cells)
            };
            let outcome = self.header.layout.outcome(&cells);
            let inner_lines = if last_line > line { self.inner_lines(line, &cells) } else { Vec::new() };
            let bad_text = if row.is_err() { self.joined(&cells) } else { String::new() };
            return Ok(Some(ListRow { last_line, inner_lines, outcome, bad_text, ..ListRow::new(line, row) }));
        }
        Ok(None)
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
        cells.join(&char::from(self.delimiter).to_string())
    }

    /// The lines of a record that begins in line `first`, as the rows that they would be if a quote did not join them.
    fn inner_lines(&self, first: u64, cells: &[&str]) -> Vec<InnerLine> {
        let (delimiter, last) = (char::from(self.delimiter), cells.len().saturating_sub(1));
        let lines =
            |text: &str| -> Vec<String> { text.replace("\r\n", "\n").split(['\n', '\r']).map(str::to_owned).collect() };
        // Only the first and the last line of a cell can have other cells beside it.
        let inside = cells.iter().enumerate().flat_map(|(place, cell)| {
            let mut inside = lines(cell);
            let beside = usize::from(place < last);
            inside.truncate(if inside.len() > 1 { inside.len() - beside } else { 0 });
            inside.into_iter().skip(usize::from(place > 0))
        });
        let inside: HashSet<_> = inside.collect();
        let row = |text: &str| self.row(&text.split(delimiter).collect::<Vec<_>>()).ok();
        let whole = lines(&cells.join(&delimiter.to_string()));
        let whole = (first..).zip(whole);
        whole.map(|(line, text)| InnerLine { line, row: row(&text), is_inside: inside.contains(&text) }).collect()
    }
}

fn next_record(
    records: &mut CsvRecords<BufReader<Box<dyn Read>>>,
    name: &str,
) -> Result<Option<CsvRecord>, UsageError> {
    let read = records.next();
    let line = records.begun;
    let record = read.map_err(|cause| match cause.kind() {
        ErrorKind::FileTooLarge => UsageError::row_too_long(name, line),
        _ => UsageError::unreadable(name, &cause),
    })?;
    if let Some(record) = record.as_ref().filter(|record| record.is_open) {
        texts(record, name)?;
        return Err(UsageError::new(format!("{name}: a quote in the row of line {line} is never closed"), CLOSE_IT));
    }
    Ok(record)
}

fn texts<'a>(record: &'a CsvRecord, name: &str) -> Result<Vec<&'a str>, UsageError> {
    record.texts().map_err(|_| UsageError::not_utf8(name, record.line))
}

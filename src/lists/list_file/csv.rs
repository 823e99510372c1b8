//! The rows of a CSV list: a header, then a record at a time, as spreadsheets read them; with the lines that an editor
//! shows, and with the quotes that other readers silently accept: inside a cell that does not begin with one, or with
//! text after them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io;
use std::io::{BufRead, BufReader, ErrorKind, Read};

use super::format::BUFFER;
use super::row::{InnerLine, ListRow, Row, TableHeader};
use super::utf8_check::Utf8Check;
use crate::base::input::UsageError;

const STRAY_QUOTE: &str = "a quote stands inside a cell, or has text behind it";
const WHOLE_IN_QUOTES: &str = "put the whole cell in quotes; inside a cell, write each quote twice";
/// What to do about a quote that has no other.
const CLOSE_IT: &str = "close it; inside a cell, write each quote twice";

pub(super) struct CsvRows {
    records: CsvRecords<BufReader<Box<dyn Read>>>,
    pub(super) header: TableHeader,
    delimiter: u8,
    utf8_check: Utf8Check,
}

impl CsvRows {
    /// Reads the header of an input whose first byte is in `line`; errors use `name`.
    pub(super) fn open(
        input: Box<dyn Read>,
        name: &str,
        delimiter: u8,
        line: u64,
        mut utf8_check: Utf8Check,
    ) -> Result<Self, UsageError> {
        let mut records = CsvRecords::new(BufReader::with_capacity(BUFFER, input), delimiter, line);
        let record = next_record(&mut records, name, &utf8_check)?
            .ok_or_else(|| UsageError::no_rows(name))?;
        if record.has_stray_quote {
            let line = record.line;
            return Err(UsageError::new(
                format!("{name}: in the header of line {line} {STRAY_QUOTE}"),
                WHOLE_IN_QUOTES,
            ));
        }
        let names = texts(&record, name, &utf8_check)?;
        utf8_check.see_cells(record.line, &names);
        let header = TableHeader::new(&names).map_err(|error| error.in_file(name))?;
        Ok(Self {
            records,
            header,
            delimiter,
            utf8_check,
        })
    }

    /// The next row.
    pub(super) fn next(&mut self, name: &str) -> Result<Option<ListRow>, UsageError> {
        while let Some(record) = next_record(&mut self.records, name, &self.utf8_check)? {
            let cells = texts(&record, name, &self.utf8_check)?;
            self.utf8_check.see_cells(record.line, &cells);
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let line = record.line;
            let last_line = record.last_line;
            self.header
                .columns
                .check_title(line, &cells)
                .map_err(|error| error.in_file(name))?;
            // It may have swallowed other rows.
            if record.has_stray_quote && last_line > line {
                let problem = format!(
                    "{name}: the row of line {line} goes on to line {last_line}, and {STRAY_QUOTE}"
                );
                return Err(UsageError::new(problem, CLOSE_IT));
            }
            let missing = self.missing_cells(&cells, last_line > line);
            let row = if record.has_stray_quote {
                Err(format!("{STRAY_QUOTE}; {WHOLE_IN_QUOTES}"))
            } else if missing.is_empty() {
                self.row(&cells)
            } else {
                Ok(self.header.row(&cells, Vec::new()))
            };
            let outcome = self.header.layout.outcome(&cells);
            let inner_lines = if last_line > line {
                self.inner_lines(line, &cells)
            } else {
                Vec::new()
            };
            let bad_text = if row.is_err() || !missing.is_empty() {
                self.joined(&cells)
            } else {
                String::new()
            };
            return Ok(Some(ListRow {
                last_line,
                inner_lines,
                faulty_cells: missing,
                outcome,
                bad_text,
                ..ListRow::new(line, row)
            }));
        }
        Ok(None)
    }

    /// A row of these cells. Empty cells beyond the header mean nothing: some programs end each line with a delimiter.
    fn row(&self, cells: &[&str]) -> Result<Row, String> {
        let expected = self.header.width;
        let beyond = cells.get(expected..).unwrap_or_default();
        if cells.len() < expected || beyond.iter().any(|cell| !cell.trim().is_empty()) {
            return Err(self.wrong_length(cells.len()));
        }
        Ok(self.header.row(cells, Vec::new()))
    }

    /// The columns for which a line has no cell, each with the reason why it cannot be used: some programs leave out
    /// empty cells at the end. A row of several lines, or of a report, must be whole, because a part of it may be lost;
    /// a line without any delimiter may be no row.
    fn missing_cells(&self, cells: &[&str], has_several_lines: bool) -> Vec<(String, String)> {
        if cells.len() < 2 || has_several_lines || self.header.layout.is_report() {
            return Vec::new();
        }
        let names = self.header.columns.names().iter().skip(cells.len());
        let problem = || self.wrong_length(cells.len());
        names.map(|name| (name.clone(), problem())).collect()
    }

    fn wrong_length(&self, found: usize) -> String {
        let cells = if found == 1 { "cell" } else { "cells" };
        let expected = self.header.width;
        format!("has {found} {cells}, but the header has {expected}")
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
        let delimiter = char::from(self.delimiter);
        let last = cells.len().saturating_sub(1);
        let lines = |text: &str| -> Vec<String> {
            text.replace("\r\n", "\n")
                .split(['\n', '\r'])
                .map(str::to_owned)
                .collect()
        };
        // Only the first and the last line of a cell can have other cells beside it.
        let inside = cells.iter().enumerate().flat_map(|(place, cell)| {
            let mut inside = lines(cell);
            let beside = usize::from(place < last);
            inside.truncate(if inside.len() > 1 {
                inside.len() - beside
            } else {
                0
            });
            inside.into_iter().skip(usize::from(place > 0))
        });
        let inside: HashSet<_> = inside.collect();
        let row = |text: &str| self.row(&text.split(delimiter).collect::<Vec<_>>()).ok();
        let whole = lines(&cells.join(&delimiter.to_string()));
        let whole = (first..).zip(whole);
        whole
            .map(|(line, text)| InnerLine {
                line,
                row: row(&text),
                is_inside: inside.contains(&text),
            })
            .collect()
    }
}

fn next_record(
    records: &mut CsvRecords<BufReader<Box<dyn Read>>>,
    name: &str,
    utf8_check: &Utf8Check,
) -> Result<Option<CsvRecord>, UsageError> {
    let read = records.next();
    let line = records.begun;
    let record = read.map_err(|cause| match cause.kind() {
        ErrorKind::FileTooLarge => UsageError::row_too_long(name, line),
        _ => UsageError::unreadable(name, &cause),
    })?;
    if let Some(record) = record.as_ref().filter(|record| record.is_open) {
        texts(record, name, utf8_check)?;
        return Err(UsageError::new(
            format!("{name}: a quote in the row of line {line} is never closed"),
            CLOSE_IT,
        ));
    }
    Ok(record)
}

fn texts<'a>(
    record: &'a CsvRecord,
    name: &str,
    utf8_check: &Utf8Check,
) -> Result<Vec<&'a str>, UsageError> {
    record
        .texts()
        .ok_or_else(|| utf8_check.error(name, record.line, &record.spaced_cells()))
}

/// The most bytes of one row, so that a quote that is never closed cannot fill the memory: a request has at most 1 MiB.
pub(super) const MAX_ROW: u64 = 1024 * 1024;

pub(super) struct CsvRecords<R> {
    input: R,
    delimiter: u8,
    /// The byte that was read last, and its line.
    last_byte: u8,
    line: u64,
    /// The line in which the newest record begins.
    pub(super) begun: u64,
}

#[derive(Debug, Default)]
pub(super) struct CsvRecord {
    /// Where it begins, without empty lines before it.
    pub(super) line: u64,
    pub(super) last_line: u64,
    /// Whether a quote is inside a cell that does not begin with one, or closes a cell and has text behind it.
    pub(super) has_stray_quote: bool,
    /// Whether the input ends inside a quoted cell.
    pub(super) is_open: bool,
    /// How many bytes it has in the input.
    length: u64,
    /// All cells, one after another, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CsvState {
    /// Before the first byte of the record.
    Outside,
    CellBegins,
    Plain,
    Quoted,
    /// After a quote that closes the cell, unless another quote follows.
    QuoteClosed,
    /// After such a quote and blanks.
    BehindQuote,
    /// After the byte that ends the line.
    Ended,
}

impl<R: BufRead> CsvRecords<R> {
    /// For an input whose first byte is in `line`.
    pub(super) fn new(input: R, delimiter: u8, line: u64) -> Self {
        Self {
            input,
            delimiter,
            last_byte: 0,
            line,
            begun: line,
        }
    }

    /// The next record; empty lines are none.
    ///
    /// # Errors
    /// `FileTooLarge` if it has more than [`MAX_ROW`].
    pub(super) fn next(&mut self) -> io::Result<Option<CsvRecord>> {
        let mut record = CsvRecord::default();
        let mut state = CsvState::Outside;
        while state != CsvState::Ended && record.length <= MAX_ROW {
            let bytes = self.input.fill_buf()?;
            let Some((byte, behind)) = bytes.split_first() else {
                break;
            };
            let is_second_half = (self.last_byte, *byte) == (b'\r', b'\n');
            self.line += u64::from(ends_line(self.last_byte) && !is_second_half);
            self.last_byte = *byte;
            if state == CsvState::Outside && !ends_line(*byte) {
                record = CsvRecord::at(self.line);
                state = CsvState::CellBegins;
            }
            state = record.take(*byte, state, self.delimiter);
            let mut used = 1;
            if matches!(state, CsvState::Plain | CsvState::Quoted) && !ends_line(*byte) {
                // Most of an input means nothing else, and is taken at once.
                let is_plain =
                    |byte: &&u8| !ends_line(**byte) && **byte != b'"' && **byte != self.delimiter;
                used += behind.iter().take_while(is_plain).count();
                self.last_byte = *bytes.get(used - 1).unwrap_or(byte);
                record
                    .text
                    .extend_from_slice(bytes.get(1..used).unwrap_or_default());
            }
            self.input.consume(used);
            if !matches!(state, CsvState::Outside | CsvState::Ended) {
                record.last_line = self.line;
                record.length += used as u64;
            }
        }
        if state == CsvState::Outside {
            return Ok(None);
        }
        self.begun = record.line;
        if record.length > MAX_ROW {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        record.is_open = state == CsvState::Quoted;
        record.ends.push(record.text.len());
        Ok(Some(record))
    }
}

impl CsvRecord {
    /// One that begins in `line`, with room for what most rows have.
    fn at(line: u64) -> Self {
        Self {
            line,
            text: Vec::with_capacity(256),
            ends: Vec::with_capacity(16),
            ..Self::default()
        }
    }

    /// Takes the next byte of the input, and returns the state after it.
    fn take(&mut self, byte: u8, before: CsvState, delimiter: u8) -> CsvState {
        match (before, byte) {
            (CsvState::CellBegins, b'"') => CsvState::Quoted,
            (CsvState::Quoted, b'"') => CsvState::QuoteClosed,
            (CsvState::Quoted, _) | (CsvState::QuoteClosed, b'"') => {
                self.text.push(byte);
                CsvState::Quoted
            }
            (CsvState::Outside, _) => CsvState::Outside,
            _ if ends_line(byte) => CsvState::Ended,
            _ if byte == delimiter => {
                self.ends.push(self.text.len());
                CsvState::CellBegins
            }
            (CsvState::QuoteClosed | CsvState::BehindQuote, b' ') => {
                self.text.push(byte);
                CsvState::BehindQuote
            }
            _ => {
                self.text.push(byte);
                self.has_stray_quote |= match before {
                    CsvState::QuoteClosed | CsvState::BehindQuote => true,
                    _ => before == CsvState::Plain && byte == b'"',
                };
                CsvState::Plain
            }
        }
    }

    /// The cells with spaces between them, for an error that shows a row that is not UTF-8.
    fn spaced_cells(&self) -> Vec<u8> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        let cells: Vec<_> = begins
            .zip(&self.ends)
            .map(|(begin, end)| self.text.get(begin..*end).unwrap_or_default())
            .collect();
        cells.join(&b' ')
    }

    /// The cells, if they are UTF-8.
    pub(super) fn texts(&self) -> Option<Vec<&str>> {
        let text = std::str::from_utf8(&self.text).ok()?;
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins
            .zip(&self.ends)
            .map(|(begin, end)| text.get(begin..*end))
            .collect()
    }
}

fn ends_line(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// A cell as a report writes it. What any program takes for a delimiter is in quotes, whichever is the list's.
pub(crate) fn quoted(cell: &str) -> Cow<'_, str> {
    if cell.contains(['"', ',', ';', '|', '\t', '\r', '\n']) {
        Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records(text: &str) -> Vec<CsvRecord> {
        let mut records = CsvRecords::new(text.as_bytes(), b';', 1);
        std::iter::from_fn(|| records.next().unwrap()).collect()
    }

    proptest! {
        #[test]
        fn csv_cells_match_the_csv_crate(text in "[a\"; \r\n]{0,40}") {
            let mut reader =
                csv::ReaderBuilder::new().delimiter(b';').flexible(true).has_headers(false).from_reader(text.as_bytes());
            let expected: Vec<_> = reader.records().map(Result::unwrap).collect();
            let found = records(&text);
            let cells: Vec<_> = found.iter().map(|record| csv::StringRecord::from(record.texts().unwrap())).collect();
            prop_assert_eq!(cells, expected);
        }
    }

    #[test]
    fn line_numbers_and_stray_quotes_are_tracked() {
        let text = "\n\ra;\"b\n\nc\"\r\n\r\nd\"e;f\"\r\"g\" ;h\n\"i\"j;\"k\nl\"m\n\"n";
        let seen = |record: &CsvRecord| {
            (
                record.line,
                record.last_line,
                record.has_stray_quote,
                record.is_open,
            )
        };
        let found: Vec<_> = records(text).iter().map(seen).collect();
        let expected = [
            (3, 5, false, false),
            (7, 7, true, false),
            (8, 8, false, false),
            (9, 10, true, false),
            (11, 11, false, true),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn record_is_limited_to_one_mebibyte() {
        let most = "x".repeat(usize::try_from(MAX_ROW).unwrap());
        let mut records = CsvRecords::new(most.as_bytes(), b',', 1);
        assert!(records.next().unwrap().is_some());
        let longer = format!("a\n\"{most}");
        let mut records = CsvRecords::new(longer.as_bytes(), b',', 1);
        records.next().unwrap();
        assert_eq!(
            records.next().unwrap_err().kind(),
            io::ErrorKind::FileTooLarge
        );
        assert_eq!(records.begun, 2);
    }
}

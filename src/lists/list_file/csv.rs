//! The rows of a CSV list: a header, then one record at a time, as spreadsheets read them. Lines
//! have the same numbers as in an editor. Some quotes are errors here, and other readers silently
//! accept them: see `CsvRecord::has_stray_quote`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use super::columns::{HeaderPlace, LAST_HEADER_LINE};
use super::encoding::BUFFER;
use super::input::Utf8Check;
use super::row::{FaultyCell, InnerLine, ListRow, Row, TableHeader};
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};

pub(super) struct CsvRows {
    records: CsvRecords<BufReader<Box<dyn Read>>>,
    pub(super) header: TableHeader,
    delimiter: u8,
    utf8_check: Utf8Check,
}

impl CsvRows {
    /// Reads the header of an input that begins in the line of `place`. Errors use `name`.
    pub(super) fn open(
        input: Box<dyn Read>,
        name: &str,
        delimiter: u8,
        place: HeaderPlace,
        mut utf8_check: Utf8Check,
    ) -> Result<Self, UsageError> {
        let input = BufReader::with_capacity(BUFFER, input);
        let mut records = CsvRecords::new(input, delimiter, place.line);
        let record = next_record(&mut records, name, &utf8_check)?
            .ok_or_else(|| UsageError::no_rows(name))?;
        if record.has_stray_quote {
            let line = record.line;
            return Err(UsageError::new(
                msg!(
                    "{name}: in the header in line {line}, a quote is inside a cell, or has text after it",
                    name,
                    line
                ),
                msg!("put the whole cell in quotes; inside a cell, write each quote twice"),
            ));
        }
        let names = texts(&record, name, &utf8_check)?;
        utf8_check.keep_letters_of_row(record.line, &names);
        // Empty lines may come before the header.
        let line = record.line;
        let place = HeaderPlace { line, ..place };
        let header = TableHeader::new(&names, place).map_err(|error| error.in_file(name))?;
        Ok(Self {
            records,
            header,
            delimiter,
            utf8_check,
        })
    }

    /// Returns the next row.
    pub(super) fn next(&mut self, name: &str) -> Result<Option<ListRow>, UsageError> {
        while let Some(record) = next_record(&mut self.records, name, &self.utf8_check)? {
            let cells = texts(&record, name, &self.utf8_check)?;
            self.utf8_check.keep_letters_of_row(record.line, &cells);
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let line = record.line;
            let last_line = record.last_line;
            if let Err(error) = self.header.columns.check_title(line, &cells) {
                let is_header = self.header.columns.later_header(line, &cells).is_some();
                let later = if is_header {
                    None
                } else {
                    self.later_header(name)
                };
                return Err(later.unwrap_or(error).in_file(name));
            }
            // The record may contain other rows.
            if record.has_stray_quote && last_line > line {
                let problem = msg!(
                    "{name}: the row in line {line} continues to line {last_line}, and a quote is inside a cell, or has \
                     text after it",
                    name,
                    line,
                    last_line
                );
                return Err(UsageError::new(problem, close_quote()));
            }
            let missing = self.missing_cells(&cells, last_line > line);
            let row = if record.has_stray_quote {
                Err(msg!("a quote is inside a cell, or has text after it"))
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

    /// Returns the error for a list with titles, if one of the next rows reads like its header.
    fn later_header(&mut self, name: &str) -> Option<UsageError> {
        while let Ok(Some(record)) = next_record(&mut self.records, name, &self.utf8_check) {
            if record.line > LAST_HEADER_LINE {
                break;
            }
            let cells = record.texts()?;
            let later = self.header.columns.later_header(record.line, &cells);
            if later.is_some() {
                return later;
            }
        }
        None
    }

    /// Creates a row with these cells. Empty cells after the last column are ignored: some programs
    /// end each line with a delimiter.
    fn row(&self, cells: &[&str]) -> Result<Row, Message> {
        let expected = self.header.width;
        let beyond = cells.get(expected..).unwrap_or_default();
        if cells.len() < expected || beyond.iter().any(|cell| !cell.trim().is_empty()) {
            let problem = self.wrong_length(cells.len());
            let is_last_empty = cells.last().is_some_and(|cell| cell.trim().is_empty());
            return Err(if is_last_empty && !beyond.is_empty() {
                let delimiter = char::from(self.delimiter);
                msg!(
                    "{problem}; the line ends with `{delimiter}`",
                    problem,
                    delimiter
                )
            } else {
                problem
            });
        }
        Ok(self.header.row(cells, Vec::new()))
    }

    /// Returns the columns without a cell in this row, each with the reason. Some programs omit
    /// empty cells at the end of a line. A row of several lines, or of a report, must be complete,
    /// because a part of it may be lost. A line without a delimiter may not be a row.
    fn missing_cells(&self, cells: &[&str], has_several_lines: bool) -> Vec<FaultyCell> {
        if cells.len() < 2 || has_several_lines || self.header.layout.is_report() {
            return Vec::new();
        }
        let names = self.header.columns.names().iter().skip(cells.len());
        let problem = || self.wrong_length(cells.len());
        names.map(|name| (name.clone(), problem())).collect()
    }

    fn wrong_length(&self, count: usize) -> Message {
        let expected = self.header.width;
        msg!(
            "has {count} {count|cell|cells}, but the header has {expected}",
            count,
            expected
        )
    }

    /// Joins the cells as one line of the list. A single cell gets a delimiter, because it could
    /// become a recipient before it is corrected.
    fn joined(&self, cells: &[&str]) -> String {
        let missing = if cells.len() == 1 { Some("") } else { None };
        let cells: Vec<_> = cells.iter().copied().chain(missing).map(quoted).collect();
        cells.join(&char::from(self.delimiter).to_string())
    }

    /// Returns the lines of a record that begins in line `first`, as the rows that they are without
    /// the quote.
    fn inner_lines(&self, first: u64, cells: &[&str]) -> Vec<InnerLine> {
        let delimiter = char::from(self.delimiter);
        let last = cells.len().saturating_sub(1);
        let lines = |text: &str| -> Vec<String> {
            text.replace("\r\n", "\n")
                .split(['\n', '\r'])
                .map(str::to_owned)
                .collect()
        };
        // Only the first and the last line of a cell can have other cells in the same line.
        let inside = cells.iter().enumerate().flat_map(|(place, cell)| {
            let mut inside = lines(cell);
            let delimiter_length = usize::from(place < last);
            inside.truncate(if inside.len() > 1 {
                inside.len() - delimiter_length
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
    let line = records.record_line;
    let record = read.map_err(|cause| match cause.kind() {
        ErrorKind::FileTooLarge => UsageError::row_too_long(name, line),
        _ => UsageError::unreadable(name, &cause),
    })?;
    if let Some(record) = record.as_ref().filter(|record| record.is_open) {
        texts(record, name, utf8_check)?;
        return Err(UsageError::new(
            msg!(
                "{name}: the row in line {line} has a quote that is not closed",
                name,
                line
            ),
            close_quote(),
        ));
    }
    Ok(record)
}

/// Returns the hint for a quote that is not closed.
fn close_quote() -> Message {
    msg!("close it; inside a cell, write each quote twice")
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

/// The most bytes of one row, so that a quote without an end cannot fill the memory. A request has
/// at most 1 MiB.
pub(super) const MAX_ROW: u64 = 1024 * 1024;

pub(super) struct CsvRecords<R> {
    input: R,
    delimiter: u8,
    /// The last byte that was read, and its line.
    last_byte: u8,
    line: u64,
    /// The first line of the latest record.
    pub(super) record_line: u64,
}

#[derive(Debug, Default)]
pub(super) struct CsvRecord {
    /// The first line of the record, after any empty lines.
    pub(super) line: u64,
    pub(super) last_line: u64,
    /// Whether text follows a closing quote, or a quote is inside a cell that does not begin with one.
    /// If no comma separates the cells, the latter is text (`Tubo 2"`), unless only spaces are before
    /// it, or two cells have an odd number of quotes: in `Tubo "a;b"`, the delimiter may be in quotes.
    pub(super) has_stray_quote: bool,
    /// The number of cells that do not begin with a quote and have an odd number of quotes.
    odd_cells: usize,
    /// Whether the input ends inside a quoted cell.
    pub(super) is_open: bool,
    /// The number of bytes in the input.
    length: u64,
    /// All cells, one after another, and the end of each.
    text: Vec<u8>,
    ends: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CsvState {
    /// The first byte of the record has not been read.
    Outside,
    CellBegins,
    Plain,
    /// Inside a cell that does not begin with a quote, after an odd number of quotes.
    PlainQuoted,
    Quoted,
    /// The last byte was a quote. It closes the cell, unless another quote follows.
    QuoteClosed,
    /// A closing quote and spaces have been read.
    AfterQuote,
    /// The byte that ends the line has been read.
    Ended,
}

impl<R: BufRead> CsvRecords<R> {
    /// Creates a reader for an input that begins in `line`.
    pub(super) fn new(input: R, delimiter: u8, line: u64) -> Self {
        Self {
            input,
            delimiter,
            last_byte: 0,
            line,
            record_line: line,
        }
    }

    /// Returns the next record. Skips empty lines.
    ///
    /// # Errors
    /// `FileTooLarge` if it has more than [`MAX_ROW`].
    pub(super) fn next(&mut self) -> io::Result<Option<CsvRecord>> {
        let mut record = CsvRecord::default();
        let mut state = CsvState::Outside;
        while state != CsvState::Ended && record.length <= MAX_ROW {
            let bytes = self.input.fill_buf()?;
            let Some((byte, after)) = bytes.split_first() else {
                break;
            };
            let is_second_half = (self.last_byte, *byte) == (b'\r', b'\n');
            self.line += u64::from(ends_line(self.last_byte) && !is_second_half);
            self.last_byte = *byte;
            if state == CsvState::Outside && !ends_line(*byte) {
                record = CsvRecord::at(self.line);
                state = CsvState::CellBegins;
            }
            state = record.read_byte(*byte, state, self.delimiter);
            let mut used = 1;
            let copies = matches!(
                state,
                CsvState::Plain | CsvState::PlainQuoted | CsvState::Quoted
            );
            if copies && !ends_line(*byte) {
                // Most bytes have no special meaning, so they are copied together.
                let is_plain =
                    |byte: &&u8| !ends_line(**byte) && **byte != b'"' && **byte != self.delimiter;
                used += after.iter().take_while(is_plain).count();
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
        self.record_line = record.line;
        if record.length > MAX_ROW {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        record.is_open = state == CsvState::Quoted;
        record.note_quotes(state);
        record.ends.push(record.text.len());
        Ok(Some(record))
    }
}

impl CsvRecord {
    /// Creates a record that begins in `line`, with room for a typical row.
    fn at(line: u64) -> Self {
        Self {
            line,
            text: Vec::with_capacity(256),
            ends: Vec::with_capacity(16),
            ..Self::default()
        }
    }

    /// Adds the next byte of the input, and returns the new state.
    fn read_byte(&mut self, byte: u8, before: CsvState, delimiter: u8) -> CsvState {
        match (before, byte) {
            (CsvState::CellBegins, b'"') => CsvState::Quoted,
            (CsvState::Quoted, b'"') => CsvState::QuoteClosed,
            (CsvState::Quoted, _) | (CsvState::QuoteClosed, b'"') => {
                self.text.push(byte);
                CsvState::Quoted
            }
            (CsvState::Outside, _) => CsvState::Outside,
            _ if ends_line(byte) => {
                self.note_quotes(before);
                CsvState::Ended
            }
            _ if byte == delimiter => {
                self.note_quotes(before);
                self.ends.push(self.text.len());
                CsvState::CellBegins
            }
            (CsvState::QuoteClosed | CsvState::AfterQuote, b' ') => {
                self.text.push(byte);
                CsvState::AfterQuote
            }
            (CsvState::PlainQuoted, b'"') => {
                self.text.push(byte);
                CsvState::Plain
            }
            (CsvState::PlainQuoted, _) => {
                self.text.push(byte);
                CsvState::PlainQuoted
            }
            (CsvState::Plain, b'"') => {
                self.has_stray_quote |= delimiter == b',' || self.is_cell_blank();
                self.text.push(byte);
                CsvState::PlainQuoted
            }
            _ => {
                self.has_stray_quote |=
                    matches!(before, CsvState::QuoteClosed | CsvState::AfterQuote);
                self.text.push(byte);
                CsvState::Plain
            }
        }
    }

    /// Counts the cell if it ends in `state` and has an odd number of quotes.
    fn note_quotes(&mut self, state: CsvState) {
        if state == CsvState::PlainQuoted {
            self.odd_cells += 1;
            self.has_stray_quote |= self.odd_cells > 1;
        }
    }

    /// Returns whether the cell has only spaces so far.
    fn is_cell_blank(&self) -> bool {
        let begin = self.ends.last().copied().unwrap_or_default();
        let cell = self.text.get(begin..).unwrap_or_default();
        cell.iter().all(u8::is_ascii_whitespace)
    }

    /// Joins the cells with spaces between them, for an error that shows a row that is not UTF-8.
    fn spaced_cells(&self) -> Vec<u8> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        let cells: Vec<_> = begins
            .zip(&self.ends)
            .map(|(begin, end)| self.text.get(begin..*end).unwrap_or_default())
            .collect();
        cells.join(&b' ')
    }

    /// Returns the cells, if they are UTF-8.
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

/// Quotes a cell as a report writes it. A cell with any common delimiter is in quotes, even if the
/// list uses another one.
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
        records_with(text, b';')
    }

    fn records_with(text: &str, delimiter: u8) -> Vec<CsvRecord> {
        let mut records = CsvRecords::new(text.as_bytes(), delimiter, 1);
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
        let text = "\n\ra;\"b\n\nc\"\r\n\r\nd; \"f\"\r\"g\" ;h\n\"i\"j;\"k\nl\"m\n\"n";
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
    fn quote_inside_words_is_text_unless_a_delimiter_may_be_in_quotes() {
        for (text, delimiter, is_stray) in [
            ("Juan \"el Gato\";Quito", b';', false),
            ("Juan \"el Gato\"\tQuito", b'\t', false),
            ("Tubo 2\"|x", b'|', false),
            ("Tubo 2\";\"x;y\"", b';', false),
            ("x;Tubo 2\"", b';', false),
            ("Juan \"el Gato\";Ana \"la Gata\"", b';', false),
            ("Tubo 2\";x\r\nTubo 3\";y", b';', false),
            ("1\"2\"3\";x;4\"", b';', true),
            ("Tubo \"a;b\"", b';', true),
            ("Tubo \"a;x;b\"", b';', true),
            ("Tubo 2\";Tubo 3\"\n", b';', true),
            ("Juan \"el Gato\",Quito", b',', true),
            ("x; \"a;b\"", b';', true),
            ("\"a\"b;c", b';', true),
        ] {
            let found = records_with(text, delimiter);
            let has_stray = found.iter().any(|record| record.has_stray_quote);
            assert_eq!(has_stray, is_stray, "{text}");
        }
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
        assert_eq!(records.record_line, 2);
    }
}

//! The records of a CSV, one at a time, as spreadsheets read them; with the lines that an editor shows, and with the quotes
//! that other readers silently accept: inside a cell that does not begin with one, or with text after them.

use std::io::{self, BufRead};
use std::str::Utf8Error;

/// The most bytes of one row, so that a quote that is never closed cannot fill the memory: a request has at most 1 MiB.
pub(super) const MAX_ROW: u64 = 1024 * 1024;

pub(super) struct CsvRecords<R> {
    input: R,
    delimiter: u8,
    /// The number of bytes that were read.
    position: u64,
    /// The last of them, and its line.
    last_byte: u8,
    line: u64,
    /// The line where the record that was begun last begins.
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
    /// All cells, one after another, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    CellBegins,
    Plain,
    Quoted,
    /// After a quote that closes the cell, unless another quote follows.
    QuoteClosed,
    /// After such a quote and blanks.
    BehindQuote,
}

impl<R: BufRead> CsvRecords<R> {
    /// For an input whose first byte is in `line`.
    pub(super) fn new(input: R, delimiter: u8, line: u64) -> Self {
        Self { input, delimiter, position: 0, last_byte: 0, line, begun: line }
    }

    /// The next record; empty lines are none.
    ///
    /// # Errors
    /// `FileTooLarge` if it has more than [`MAX_ROW`].
    pub(super) fn next(&mut self) -> io::Result<Option<CsvRecord>> {
        let Some(mut byte) = self.next_byte()? else { return Ok(None) };
        while ends_line(byte) {
            match self.next_byte()? {
                Some(next) => byte = next,
                None => return Ok(None),
            }
        }
        self.begun = self.line;
        let before = self.position - 1;
        let mut record = CsvRecord { line: self.begun, ..CsvRecord::default() };
        let mut state = State::CellBegins;
        loop {
            state = match (state, byte) {
                (State::CellBegins, b'"') => State::Quoted,
                (State::Quoted, b'"') => State::QuoteClosed,
                (State::Quoted, _) | (State::QuoteClosed, b'"') => {
                    record.text.push(byte);
                    State::Quoted
                }
                _ if ends_line(byte) => break,
                _ if byte == self.delimiter => {
                    record.ends.push(record.text.len());
                    State::CellBegins
                }
                (before, _) => {
                    record.text.push(byte);
                    match (before, byte) {
                        (State::QuoteClosed | State::BehindQuote, b' ') => State::BehindQuote,
                        (State::QuoteClosed | State::BehindQuote, _) | (State::Plain, b'"') => {
                            record.has_stray_quote = true;
                            State::Plain
                        }
                        _ => State::Plain,
                    }
                }
            };
            record.last_line = self.line;
            if self.position - before > MAX_ROW {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            match self.next_byte()? {
                Some(next) => byte = next,
                None => break,
            }
        }
        record.is_open = state == State::Quoted;
        record.ends.push(record.text.len());
        Ok(Some(record))
    }

    fn next_byte(&mut self) -> io::Result<Option<u8>> {
        let Some(byte) = self.input.fill_buf()?.first().copied() else { return Ok(None) };
        self.input.consume(1);
        self.position += 1;
        let is_second_half = (self.last_byte, byte) == (b'\r', b'\n');
        self.line += u64::from(ends_line(self.last_byte) && !is_second_half);
        self.last_byte = byte;
        Ok(Some(byte))
    }
}

impl CsvRecord {
    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| self.text.get(begin..*end).unwrap_or_default())
    }

    /// The cells, if they are UTF-8.
    pub(super) fn texts(&self) -> Result<Vec<&str>, Utf8Error> {
        self.cells().map(std::str::from_utf8).collect()
    }
}

fn ends_line(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
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
        fn cells_are_those_that_the_crate_csv_reads(text in "[a\"; \r\n]{0,40}") {
            let mut reader =
                csv::ReaderBuilder::new().delimiter(b';').flexible(true).has_headers(false).from_reader(text.as_bytes());
            let expected: Vec<_> = reader.records().map(Result::unwrap).collect();
            let found = records(&text);
            let cells: Vec<_> = found.iter().map(|record| csv::StringRecord::from(record.texts().unwrap())).collect();
            prop_assert_eq!(cells, expected);
        }
    }

    #[test]
    fn lines_are_those_of_an_editor_and_a_quote_in_a_wrong_place_is_seen() {
        let text = "\n\ra;\"b\n\nc\"\r\n\r\nd\"e;f\"\r\"g\" ;h\n\"i\"j;\"k\nl\"m\n\"n";
        let seen = |record: &CsvRecord| (record.line, record.last_line, record.has_stray_quote, record.is_open);
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
    fn a_record_has_at_most_one_mebibyte() {
        let most = "x".repeat(usize::try_from(MAX_ROW).unwrap());
        let mut records = CsvRecords::new(most.as_bytes(), b',', 1);
        assert!(records.next().unwrap().is_some());
        let longer = format!("a\n\"{most}");
        let mut records = CsvRecords::new(longer.as_bytes(), b',', 1);
        records.next().unwrap();
        assert_eq!(records.next().unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(records.begun, 2);
    }
}

//! Where the records of a CSV input begin and end, by the lines that an editor shows; and the quotes that the CSV
//! reader silently accepts: inside a cell that does not begin with one, or with text after them.

use std::collections::VecDeque;

/// Sees every byte before the reader does.
#[derive(Debug)]
pub(crate) struct RecordMarks {
    delimiter: u8,
    /// The number of bytes that have passed.
    position: u64,
    /// The line of the last byte.
    line: u64,
    at_line_begin: bool,
    after_return: bool,
    state: State,
    /// The line where the last quoted cell begins.
    quoted_from: u64,
    /// The first byte and the number of each line that is not empty, starting with the last record that was requested.
    begins: VecDeque<(u64, u64)>,
    /// Each with the byte where it was seen.
    strays: VecDeque<(u64, StrayQuote)>,
}

/// A quote in a wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StrayQuote {
    /// Inside a cell that does not begin with one.
    Unquoted,
    /// It closes in line `to` the cell that begins in line `from`, with text after it.
    Torn { from: u64, to: u64 },
}

/// What was seen in a record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RecordLines {
    /// Where it begins, without empty lines before it.
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// The worst of its stray quotes: one that closes a cell of several lines, otherwise the first.
    pub(crate) stray: Option<StrayQuote>,
}

impl StrayQuote {
    fn spans_lines(self) -> bool {
        matches!(self, Self::Torn { from, to } if from < to)
    }
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

impl RecordMarks {
    /// For an input whose first byte is in `line`.
    pub(crate) fn new(delimiter: u8, line: u64) -> Self {
        Self {
            delimiter,
            position: 0,
            line: line - 1,
            at_line_begin: true,
            after_return: false,
            state: State::CellBegins,
            quoted_from: line,
            begins: VecDeque::new(),
            strays: VecDeque::new(),
        }
    }

    pub(crate) fn see(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.see_byte(*byte);
            self.position += 1;
        }
    }

    fn see_byte(&mut self, byte: u8) {
        let ends_line = matches!(byte, b'\n' | b'\r');
        let is_second_half = byte == b'\n' && self.after_return;
        if self.at_line_begin && !is_second_half {
            self.line += 1;
            if !ends_line {
                self.begins.push_back((self.position, self.line));
            }
        }
        self.at_line_begin = ends_line;
        self.after_return = byte == b'\r';
        self.state = match (self.state, byte) {
            (State::Quoted, b'"') => State::QuoteClosed,
            (State::CellBegins, b'"') => {
                self.quoted_from = self.line;
                State::Quoted
            }
            (State::QuoteClosed, b'"') | (State::Quoted, _) => State::Quoted,
            _ if ends_line || byte == self.delimiter => State::CellBegins,
            (State::QuoteClosed | State::BehindQuote, b' ') => State::BehindQuote,
            (State::QuoteClosed | State::BehindQuote, _) => {
                self.strays.push_back((self.position, StrayQuote::Torn { from: self.quoted_from, to: self.line }));
                State::Plain
            }
            (State::Plain, b'"') => {
                self.strays.push_back((self.position, StrayQuote::Unquoted));
                State::Plain
            }
            (State::CellBegins | State::Plain, _) => State::Plain,
        };
    }

    /// The record that was read from the bytes `from` to `to`.
    pub(crate) fn record(&mut self, from: u64, to: u64) -> RecordLines {
        while self.begins.front().is_some_and(|(at, _)| *at < from) {
            self.begins.pop_front();
        }
        let first = self.begins.front().map_or(self.line, |(_, line)| *line);
        let last = self.begins.iter().take_while(|(at, _)| *at < to).last().map_or(first, |(_, line)| *line);
        let mut stray: Option<StrayQuote> = None;
        while let Some((_, seen)) = self.strays.front().copied().filter(|(at, _)| *at < to) {
            self.strays.pop_front();
            stray = stray.filter(|known| known.spans_lines() || !seen.spans_lines()).or(Some(seen));
        }
        RecordLines { first, last, stray }
    }
}

//! Where the records of a CSV input begin, by the lines that an editor shows, and what the CSV reader takes without a
//! word: text behind a closing quote.

use std::collections::VecDeque;

/// Sees every byte on its way to the reader.
#[derive(Debug)]
pub(crate) struct RecordMarks {
    delimiter: u8,
    /// How many bytes have passed.
    position: u64,
    /// The line of the last byte.
    line: u64,
    at_line_begin: bool,
    after_return: bool,
    state: State,
    /// The first byte and the number of each line that is not empty, from the last record that was asked for.
    begins: VecDeque<(u64, u64)>,
    /// Where text stands behind a closing quote.
    behind_quotes: VecDeque<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    CellBegins,
    Plain,
    Quoted,
    /// After a quote that closes the cell, unless another quote follows.
    QuoteClosed,
    /// After that, and blanks.
    BehindQuote,
}

impl RecordMarks {
    /// For an input whose first byte stands in `line`.
    pub(crate) fn new(delimiter: u8, line: u64) -> Self {
        Self {
            delimiter,
            position: 0,
            line: line - 1,
            at_line_begin: true,
            after_return: false,
            state: State::CellBegins,
            begins: VecDeque::new(),
            behind_quotes: VecDeque::new(),
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
            (State::CellBegins | State::QuoteClosed, b'"') | (State::Quoted, _) => State::Quoted,
            _ if ends_line || byte == self.delimiter => State::CellBegins,
            (State::QuoteClosed | State::BehindQuote, b' ') => State::BehindQuote,
            (State::QuoteClosed | State::BehindQuote, _) => {
                self.behind_quotes.push_back(self.position);
                State::Plain
            }
            (State::CellBegins | State::Plain, _) => State::Plain,
        };
    }

    /// The line where the record begins that was read from the bytes `from` to `to`, empty lines before it left out, and
    /// whether text stands behind a closing quote in it.
    pub(crate) fn record(&mut self, from: u64, to: u64) -> (u64, bool) {
        while self.begins.front().is_some_and(|(at, _)| *at < from) {
            self.begins.pop_front();
        }
        let line = self.begins.front().map_or(self.line, |(_, line)| *line);
        let mut is_torn = false;
        while self.behind_quotes.front().is_some_and(|at| *at < to) {
            self.behind_quotes.pop_front();
            is_torn = true;
        }
        (line, is_torn)
    }
}

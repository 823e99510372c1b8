//! A row of a sheet: its cells as texts, from the first column to the last filled one, and how the
//! sheet shows them. A separate thread reads the rows, a few ahead of the consumer.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rust_xlsxwriter::utility::column_number_to_name;

use super::archive::damaged;
use super::number_format::NumberFormat;
use super::shown_phone::{formatted_phone, shown_phone};
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::lists::list_file::columns::is_number;

/// The fewest digits of a phone number.
const MIN_DIGITS: usize = 8;
/// The most bytes of a row's texts, as in any list.
pub(super) const MAX_TEXT: usize = 1024 * 1024;
/// The most columns of a sheet in Excel (up to XFD) and in LibreOffice.
const MAX_COLUMNS: usize = 16_384;
/// The most rows of a sheet in both programs.
pub(super) const MAX_ROWS: u64 = 1_048_576;

#[derive(Clone, Debug, Default)]
pub(crate) struct SheetRow {
    /// The number in the sheet, from 1.
    pub(crate) number: u64,
    pub(crate) is_hidden: bool,
    /// The texts of the cells up to the last filled one.
    pub(crate) cells: Vec<String>,
    /// The cells without a usable value, by position.
    pub(crate) faults: Vec<(usize, CellFault)>,
    /// The cells that the sheet may show differently from their stored value, by position.
    pub(crate) looks: Vec<(usize, CellLook)>,
    /// The number of cells with crossed-out text, and whether one of them has a phone number.
    crossed_out: usize,
    is_number_crossed_out: bool,
    text: usize,
}

/// A cell of the sheet.
#[derive(Clone, Debug)]
pub(super) struct SheetCell {
    pub(super) value: Result<String, CellFault>,
    pub(super) look: Option<CellLook>,
    pub(super) is_crossed_out: bool,
}

/// How the sheet shows a cell.
#[derive(Clone, Debug)]
pub(crate) enum CellLook {
    Text(String),
    /// A number without a format: all its digits, with the decimal mark of the country.
    Stored,
    /// The number in this format.
    Number(f64, Arc<NumberFormat>),
}

/// Why a cell has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CellFault {
    /// `#N/A`
    Error(String),
    /// A formula that was never calculated.
    NotCalculated,
}

impl SheetCell {
    /// Replaces a phone number by the one that the sheet shows, if its format adds the country code.
    fn with_shown_phone(self) -> Self {
        let (Ok(stored), Some(look)) = (&self.value, &self.look) else {
            return self;
        };
        let phone = match look {
            CellLook::Text(shown) => shown_phone(stored, shown),
            CellLook::Number(_, format) => formatted_phone(stored, &format.code),
            CellLook::Stored => None,
        };
        match phone {
            Some(shown) => Self {
                value: Ok(shown),
                look: None,
                ..self
            },
            None => self,
        }
    }
}

impl SheetRow {
    pub(super) fn new(number: u64, is_hidden: bool) -> Self {
        Self {
            number,
            is_hidden,
            ..Self::default()
        }
    }

    pub(super) fn put(&mut self, column: usize, cell: SheetCell) -> Result<(), UsageError> {
        let SheetCell {
            value,
            look,
            is_crossed_out,
        } = cell.with_shown_phone();
        if matches!(&value, Ok(text) if text.is_empty()) {
            return Ok(());
        }
        if column >= MAX_COLUMNS || self.number > MAX_ROWS {
            let problem = msg!(
                "row {row} has a cell after the last possible one",
                row = self.number
            );
            return Err(damaged("sheet", problem));
        }
        let text = value.unwrap_or_else(|fault| {
            let text = match &fault {
                CellFault::Error(error) => error.clone(),
                CellFault::NotCalculated => String::new(),
            };
            self.faults.push((column, fault));
            text
        });
        self.text += text.len();
        self.crossed_out += usize::from(is_crossed_out);
        self.is_number_crossed_out |= is_crossed_out && may_be_phone_number(&text);
        if let Some(CellLook::Text(shown)) = &look {
            self.text += shown.len();
        }
        if self.text > MAX_TEXT {
            let problem = msg!(
                "row {row} has more than {max} bytes of text",
                row = self.number,
                max = MAX_TEXT
            );
            return Err(damaged("sheet", problem));
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = text;
        }
        self.looks.extend(look.map(|look| (column, look)));
        Ok(())
    }

    /// Returns whether the row has any content except spaces.
    pub(super) fn is_filled(&self) -> bool {
        !self.faults.is_empty() || self.cells.iter().any(|cell| !cell.trim().is_empty())
    }

    /// Returns whether at least half of the filled cells, or a phone number, are crossed out. Users
    /// mark rows like this when they no longer count.
    pub(crate) fn is_crossed_out(&self) -> bool {
        let filled = self.cells.iter().filter(|cell| !cell.is_empty()).count();
        self.is_number_crossed_out || self.crossed_out > 0 && self.crossed_out * 2 >= filled
    }

    /// Returns a copy of the row with another number.
    pub(super) fn repeated(&self, number: u64) -> Self {
        Self {
            number,
            ..self.clone()
        }
    }
}

fn may_be_phone_number(text: &str) -> bool {
    is_number(text, MIN_DIGITS) && text.parse::<jiff::civil::Date>().is_err()
}

/// Returns the letters of a column: 0 is `A`, 27 is `AB`.
pub(crate) fn column_letters(place: usize) -> String {
    u16::try_from(place).map_or_else(|_| "?".to_owned(), column_number_to_name)
}

/// Returns the position of a column in a cell's reference: 27 for `AB12`. None if it is not a
/// reference.
pub(super) fn column_place(cell: &str) -> Option<usize> {
    let mut place = 0_usize;
    for letter in cell.bytes().take_while(u8::is_ascii_alphabetic) {
        let digit = usize::from(letter.to_ascii_uppercase() - b'A') + 1;
        place = place.checked_mul(26)?.checked_add(digit)?;
    }
    place.checked_sub(1)
}

/// Returns the row number in a cell's reference: 12 for `AB12`. None if it is not a reference.
pub(super) fn row_number(cell: &str) -> Option<u64> {
    cell.trim_start_matches(|letter: char| letter.is_ascii_alphabetic())
        .parse()
        .ok()
}

/// The most rows that wait for the consumer, each of at most 1 MiB.
const ROWS: usize = 64;

/// The sender of the rows in the reading thread.
pub(super) struct RowSink(SyncSender<Result<SheetRow, UsageError>>);

impl RowSink {
    /// Sends the row if it is filled.
    ///
    /// # Errors
    /// If the consumer is gone.
    pub(super) fn push(&mut self, row: SheetRow) -> Result<(), UsageError> {
        if !row.is_filled() {
            return Ok(());
        }
        self.0
            .send(Ok(row))
            .map_err(|_| UsageError::bare(Message::default()))
    }
}

/// The rows, in the order of the file.
pub(crate) struct SheetStream {
    /// The name of the list, for errors.
    name: String,
    rows: Receiver<Result<SheetRow, UsageError>>,
    /// None after it has ended.
    thread: Option<JoinHandle<()>>,
}

impl SheetStream {
    /// Starts a thread that calls `read`, which sends rows to a sink.
    pub(super) fn start(
        name: &str,
        read: impl FnOnce(&mut RowSink) -> Result<(), UsageError> + Send + 'static,
    ) -> Result<Self, UsageError> {
        let (sender, rows) = sync_channel(ROWS);
        let reading = move || {
            let mut sink = RowSink(sender);
            if let Err(error) = read(&mut sink) {
                // If the consumer is gone, the error is not needed.
                let _ = sink.0.send(Err(error));
            }
        };
        let thread = thread::Builder::new()
            .name("workbook".to_owned())
            .spawn(reading);
        let thread = Some(thread.map_err(|cause| UsageError::unreadable(name, &cause))?);
        Ok(Self {
            name: name.to_owned(),
            rows,
            thread,
        })
    }

    /// Returns the next filled row.
    pub(crate) fn next(&mut self) -> Result<Option<SheetRow>, UsageError> {
        let Ok(row) = self.rows.recv() else {
            // The thread has ended. If it panicked, the sheet may have more rows.
            if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
                resume_unwind(panic);
            }
            return Ok(None);
        };
        row.map(Some).map_err(|error| error.in_file(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn column_letters_round_trip() {
        for (place, letters) in [
            (0, "A"),
            (25, "Z"),
            (26, "AA"),
            (27, "AB"),
            (701, "ZZ"),
            (702, "AAA"),
            (16_383, "XFD"),
        ] {
            assert_eq!(column_letters(place), letters);
            assert_eq!(column_place(&format!("{letters}12")), Some(place));
        }
        assert_eq!(column_place("12"), None);
        assert_eq!(column_place(&"Z".repeat(100)), None);
    }

    #[test]
    fn stream_ends_after_its_reader_panics() {
        let mut stream = SheetStream::start("list", |_| panic!("a fault of the reader")).unwrap();
        let panic = catch_unwind(AssertUnwindSafe(|| stream.next())).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"a fault of the reader"));
        assert!(stream.next().unwrap().is_none());
    }
}

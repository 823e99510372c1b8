//! An input in which nothing is skipped, such as a list of people who must not be written to: every row of every sheet
//! of a workbook, or a text in any encoding.

use std::fs::File;
use std::io::{Read, Seek};

use super::encoding::{ListEncoding, as_utf8};
use super::error::ListError;
use super::foreign::{Foreign, OLD_OFFICE, ZIP};
use super::input::ListInput;
use super::reader::head_of;
use super::sheet_list::{next_row, open_sheets, problem};
use super::workbook::{SheetChoice, SheetStream, old_office};

pub(crate) enum AnyInput {
    Workbook(EverySheet),
    /// UTF-8.
    Text(Box<dyn Read>),
}

/// The rows of all sheets, hidden ones too.
pub(crate) struct EverySheet {
    stream: SheetStream,
}

/// A filled row of a sheet.
pub(crate) struct SheetLine {
    pub(crate) sheet: String,
    pub(crate) line: u64,
    /// A cell without a usable value has the error instead.
    pub(crate) cells: Vec<Result<String, String>>,
}

impl AnyInput {
    /// Errors use `name`. `asked` is the encoding of a text that is not UTF-8 and does not declare its encoding. The
    /// default is windows-1252: digits are the same bytes in it as in the other encodings.
    pub(crate) fn open(input: ListInput, name: &str, asked: Option<ListEncoding>) -> Result<Self, ListError> {
        let unreadable = |cause| ListError::unreadable(name, cause);
        let mut file = input.into_file(&[]).map_err(unreadable)?;
        let head = head_of(&mut file, name)?;
        file.rewind().map_err(unreadable)?;
        if head.starts_with(ZIP) {
            return Ok(Self::Workbook(EverySheet { stream: open_sheets(&file, SheetChoice::Every, name)? }));
        }
        if head.starts_with(OLD_OFFICE) {
            return Err(ListError::workbook(name, &old_office(file)));
        }
        Self::text(file, &head, name, asked)
    }

    fn text(file: File, head: &[u8], name: &str, asked: Option<ListEncoding>) -> Result<Self, ListError> {
        // A mark or the user says so.
        let is_utf_16 = is_marked_utf_16(head) || asked.is_some_and(ListEncoding::is_utf_16);
        if let Some(foreign) = Foreign::at(head).filter(|foreign| !is_utf_16 || *foreign == Foreign::Utf32) {
            return Err(ListError::foreign(name, foreign));
        }
        Ok(Self::Text(as_utf8(file, head, asked).map_err(|cause| ListError::unreadable(name, cause))?))
    }
}

fn is_marked_utf_16(head: &[u8]) -> bool {
    head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff")
}

impl EverySheet {
    /// The next filled row.
    pub(crate) fn next(&mut self, name: &str) -> Result<Option<SheetLine>, ListError> {
        let Some(row) = next_row(&mut self.stream, name)? else { return Ok(None) };
        let line = row.number;
        let mut cells: Vec<_> = row.cells.into_iter().map(Ok).collect();
        for (column, fault) in &row.faults {
            if let Some(cell) = cells.get_mut(*column) {
                *cell = Err(problem(*column, line, None, fault));
            }
        }
        let sheet = self.stream.chosen().map(|chosen| chosen.name.clone()).unwrap_or_default();
        Ok(Some(SheetLine { sheet, line, cells }))
    }
}

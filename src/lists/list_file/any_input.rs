//! An input that is read completely, such as an exclusion list: every row of every sheet of a
//! workbook, or a text in any encoding.

use std::io::Read;

use super::encoding::{ListEncoding, decoded, detect_encoding};
use super::input::{ListInput, ZIP, foreign_file, lock_file};
use super::reader::read_head;
use super::sheet_list::problem;
use super::workbook::{MergedCellPolicy, Workbook};
use crate::base::input::UsageError;
use crate::base::message::msg;

/// The most bytes of a text, which is read as a whole. Ten million recipients, one per line, need
/// half of that.
const MAX_TEXT: u64 = 256 * 1024 * 1024;

pub(crate) enum AnyInput {
    Workbook(Workbook),
    Text(String),
}

impl AnyInput {
    /// Errors use `name`. `asked` is the encoding of a text that is not UTF-8 and does not declare
    /// its encoding. The default is windows-1252, because digits have the same bytes in most
    /// encodings.
    pub(crate) fn open(
        mut input: ListInput,
        name: &str,
        asked: Option<ListEncoding>,
    ) -> Result<Self, UsageError> {
        let mut bytes = read_head(&mut input, name)?;
        if bytes.starts_with(ZIP) {
            let file = input
                .into_file(&bytes)
                .map_err(|cause| UsageError::unreadable(name, &cause))?;
            return Workbook::open(file, name).map(Self::Workbook);
        }
        if let Some(error) = lock_file(name) {
            return Err(error.in_file(name));
        }
        // UTF-16 contains zero bytes.
        let may_have_zeros = !detect_encoding(&bytes, asked).is_ascii_compatible();
        if let Some(error) = foreign_file(&bytes, name).filter(|_| !may_have_zeros) {
            return Err(error.in_file(name));
        }
        let read = input.take(MAX_TEXT).read_to_end(&mut bytes);
        read.map_err(|cause| UsageError::unreadable(name, &cause))?;
        if bytes.len() as u64 > MAX_TEXT {
            let limit = MAX_TEXT / 1024 / 1024;
            return Err(UsageError::bare(msg!(
                "{name} has more than {limit} MiB",
                name,
                limit
            )));
        }
        decoded(bytes, asked)
            .map(Self::Text)
            .map_err(|cause| UsageError::unreadable(name, &cause))
    }
}

impl Workbook {
    /// Calls `see` with each filled row of every sheet, including hidden ones: the name of the
    /// sheet, the line, and the cells. For a cell without a usable value, `see` gets its error.
    pub(crate) fn each_row(
        &self,
        mut see: impl FnMut(&str, u64, &[Result<String, String>]),
    ) -> Result<(), UsageError> {
        for (place, sheet) in self.sheets.iter().enumerate() {
            let mut rows = self.rows(place, MergedCellPolicy::Read)?;
            while let Some(row) = rows.next()? {
                let mut cells: Vec<_> = row.cells.into_iter().map(Ok).collect();
                for (column, fault) in &row.faults {
                    if let Some(cell) = cells.get_mut(*column) {
                        *cell = Err(problem(*column, row.number, None, fault).to_string());
                    }
                }
                see(&sheet.name, row.number, &cells);
            }
        }
        Ok(())
    }
}

//! What is noticed while a list is read, and reported afterwards.

use super::workbook::{SheetRow, Unshown};

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct ListNotes {
    /// The line of the header if it was found below other rows.
    pub(crate) found_header: Option<u64>,
    /// Rows without a filled cell: a spreadsheet leaves them below the last row.
    pub(crate) empty_rows: u64,
    /// Rows that a spreadsheet hides or shows crossed out; they are returned like all others.
    pub(crate) hidden_rows: HiddenRows,
    /// The columns in which cells are not written as the sheet shows them.
    pub(crate) unshown_columns: Vec<UnshownColumn>,
    /// For a workbook, the sheet that is read, and how many other visible ones there are.
    pub(crate) sheet: Option<(String, usize)>,
}

/// The most rows that are listed with their numbers.
const NAMED_ROWS: usize = 5;

/// Rows that a spreadsheet hides or shows crossed out.
#[derive(Debug, Default)]
pub(crate) struct HiddenRows {
    pub(crate) count: u64,
    /// Those of them that are crossed out.
    pub(crate) crossed_out: u64,
    /// The first of them.
    pub(crate) first: Vec<u64>,
}

/// A column in which a cell is not written as the sheet shows it.
#[derive(Debug)]
pub(crate) struct UnshownColumn {
    pub(crate) name: String,
    pub(crate) why: Unshown,
    /// The format, the row and the stored value of the first such cell.
    pub(crate) format: String,
    pub(crate) row: u64,
    pub(crate) stored: String,
    pub(super) place: usize,
}

impl HiddenRows {
    /// Notes the row if it is one; tells whether it is.
    pub(super) fn note(&mut self, row: &SheetRow) -> bool {
        let is_crossed_out = !row.is_hidden && row.is_crossed_out();
        if !row.is_hidden && !is_crossed_out {
            return false;
        }
        self.count += 1;
        self.crossed_out += u64::from(is_crossed_out);
        if self.first.len() < NAMED_ROWS {
            self.first.push(row.number);
        }
        true
    }
}

//! What is noticed while a list is read, and reported afterwards.

use super::workbook::Unshown;

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct ListNotes {
    /// Rows that a spreadsheet hides or shows crossed out; they are returned like all others.
    pub(crate) hidden_rows: Vec<u64>,
    /// The columns in which cells are not written as the sheet shows them.
    pub(crate) unshown_columns: Vec<UnshownColumn>,
    /// For a workbook, the sheet that is read, and how many other visible ones there are.
    pub(crate) sheet: Option<(String, usize)>,
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

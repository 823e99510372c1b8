//! The header of a CSV or a sheet: the user's own columns, and those that a report has added.

use std::sync::Arc;

use super::columns::{ColumnRole, Columns};
use super::error::ListError;
use super::outcome::ReportLayout;
use super::row::Row;

#[derive(Debug)]
pub(super) struct TableHeader {
    pub(super) columns: Arc<Columns>,
    pub(super) layout: ReportLayout,
    /// The number of its cells.
    pub(super) width: usize,
    /// The places of the columns that are named like a recipient's.
    recipients: Vec<usize>,
}

impl TableHeader {
    /// # Errors
    /// If two columns have the same name.
    pub(super) fn of(names: &[&str]) -> Result<Self, ListError> {
        let layout = ReportLayout::of(names)?;
        let columns = Arc::new(Columns::new(layout.own(names))?);
        let recipients = (0..names.len()).filter(|place| names_recipient(names, *place)).collect();
        Ok(Self { columns, layout, width: names.len(), recipients })
    }

    /// An error if the row in this line is a header, too: a list has one table.
    pub(super) fn check_row(&self, line: u64, cells: &[&str]) -> Result<(), ListError> {
        if self.recipients.is_empty() || !self.recipients.iter().all(|place| names_recipient(cells, *place)) {
            return Ok(());
        }
        let hint = format!("if the table begins there, add --header-row {line}; otherwise delete the line");
        Err(ListError::new(format!("line {line} names the columns again"), hint))
    }

    /// A row of these cells, some of which a sheet shows differently.
    pub(super) fn row(&self, cells: &[&str], shown: Vec<(usize, String)>) -> Row {
        Row::cells_of(&self.columns, self.layout.own(cells), shown)
    }
}

/// Whether the cell at this place is the name of a recipient's column.
fn names_recipient(cells: &[&str], place: usize) -> bool {
    cells.get(place).is_some_and(|cell| ColumnRole::of(cell) == ColumnRole::Recipient)
}

//! The header of a CSV or a sheet: the user's own columns, and those that a report has added.

use std::sync::Arc;

use super::columns::Columns;
use super::outcome::ReportLayout;
use super::row::Row;
use crate::input::UsageError;

#[derive(Debug)]
pub(super) struct TableHeader {
    pub(super) columns: Arc<Columns>,
    pub(super) layout: ReportLayout,
    /// The number of its cells.
    pub(super) width: usize,
}

impl TableHeader {
    /// # Errors
    /// If two columns have the same name.
    pub(super) fn of(names: &[&str]) -> Result<Self, UsageError> {
        let layout = ReportLayout::of(names)?;
        let columns = Arc::new(Columns::new(layout.own(names))?);
        Ok(Self { columns, layout, width: names.len() })
    }

    /// A row of these cells, some of which a sheet shows differently.
    pub(super) fn row(&self, cells: &[&str], shown: Vec<(usize, String)>) -> Row {
        Row::cells_of(&self.columns, self.layout.own(cells), shown)
    }
}

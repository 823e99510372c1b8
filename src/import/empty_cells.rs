//! Cells that leave a gap in a message.

use crate::list::Row;
use crate::template::BodyTemplate;

/// The columns that are printed unchanged in the texts of a body.
pub(crate) struct EmptyCells(Vec<String>);

impl EmptyCells {
    pub(crate) fn new(body: &BodyTemplate<'_>) -> Self {
        let mut columns: Vec<_> = body.uses().into_iter().flat_map(|(_, uses)| uses.gaps.iter().cloned()).collect();
        columns.sort();
        columns.dedup();
        Self(columns)
    }

    /// Those columns that are empty in `row`.
    pub(crate) fn of<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = &'a str> {
        self.0.iter().map(String::as_str).filter(move |name| row.text(name).is_some_and(|text| text.trim().is_empty()))
    }
}

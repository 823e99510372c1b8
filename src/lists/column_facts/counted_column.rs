//! Counts the values of a column, as a condition compares them or as the sheet shows them.

use std::borrow::Cow;

use serde_json::Value;

use super::few_values::{CountedValue, FewValues};
use super::printed_value::shown_value;
use super::table::ValueRows;
use crate::lists::list_file::{Row, meant_columns};

/// A column with its values, as long as they are few.
#[derive(Debug)]
pub(super) struct CountedColumn {
    pub(super) name: String,
    /// Its position in the header. None for NDJSON.
    place: Option<usize>,
    values: FewValues,
}

impl CountedColumn {
    /// The column that `name` selects in the first row, `row`.
    pub(super) fn new(name: &str, row: &Row) -> Self {
        let names = row.names();
        let meant = meant_columns(&names, name);
        let name = meant.first().copied().unwrap_or(name.trim());
        Self {
            name: name.to_owned(),
            place: row.position(name),
            values: FewValues::default(),
        }
    }

    /// Counts the stored value of `row`, which a condition compares.
    pub(super) fn count_stored(&mut self, row: &Row) {
        if !self.values.are_too_many() {
            let stored = self.stored(row).unwrap_or_default();
            self.values.count(&stored);
        }
    }

    /// Counts a value as the list shows it.
    pub(super) fn count(&mut self, value: &str) {
        self.values.count(value);
    }

    pub(super) fn has_too_many_values(&self) -> bool {
        self.values.are_too_many()
    }

    /// Returns the cell of `row` as the list shows it.
    pub(super) fn shown<'r>(&self, row: &'r Row) -> Option<Cow<'r, str>> {
        let shown = self.place.and_then(|place| row.cell_text(place));
        shown.map(Cow::Borrowed).or_else(|| self.stored(row))
    }

    fn stored<'r>(&self, row: &'r Row) -> Option<Cow<'r, str>> {
        match row {
            Row::Cells { .. } => row.cell_at(self.place?).map(Cow::Borrowed),
            Row::Fields(fields) => match fields.get(&self.name)? {
                Value::String(text) => Some(Cow::Borrowed(text)),
                Value::Null => None,
                other => Some(Cow::Owned(other.to_string())),
            },
        }
    }

    /// The values in the order of the list; None if they are too many.
    pub(super) fn all_values(&self) -> Option<Vec<ValueRows>> {
        Some(self.values.all()?.iter().map(shown_rows).collect())
    }
}

fn shown_rows(counted: &CountedValue) -> ValueRows {
    ValueRows {
        value: Some(shown_value(&counted.value)),
        rows: counted.rows,
    }
}

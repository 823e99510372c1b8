//! Counts the values of a column, as a condition compares them or as the sheet shows them.

use std::borrow::Cow;

use serde_json::Value;

use super::shown_value;
use super::table::ValueRows;
use crate::lists::list_file::{Row, meant_columns};

/// The most different values that are counted.
const FEW: usize = 10;
/// The longest value that is counted, in bytes. A column with longer ones has no few, repeated values.
const MAX_BYTES: usize = 200;

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
        // A name that several columns have selects none of them.
        let are_too_many = meant.len() > 1;
        Self {
            name: name.to_owned(),
            place: row.position(name),
            values: FewValues {
                are_too_many,
                ..FewValues::default()
            },
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

/// The values of a column with their counts, in the order of the list.
#[derive(Debug, Default)]
struct FewValues {
    values: Vec<CountedValue>,
    are_too_many: bool,
}

#[derive(Debug)]
struct CountedValue {
    value: String,
    rows: u64,
}

impl FewValues {
    fn count(&mut self, value: &str) {
        if self.are_too_many {
            return;
        }
        let known = self.values.iter_mut().find(|known| known.value == value);
        if let Some(known) = known {
            known.rows += 1;
        } else if self.values.len() == FEW || value.len() > MAX_BYTES {
            self.are_too_many = true;
            self.values = Vec::new();
        } else {
            self.values.push(CountedValue {
                value: value.to_owned(),
                rows: 1,
            });
        }
    }

    fn are_too_many(&self) -> bool {
        self.are_too_many
    }

    /// The values; None if there are more than a few.
    fn all(&self) -> Option<&[CountedValue]> {
        (!self.are_too_many).then_some(&self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_up_to_the_tenth() {
        let mut few = FewValues::default();
        for number in 0..25 {
            few.count(&(number % FEW).to_string());
        }
        let all = few.all().unwrap();
        let rows: Vec<_> = all.iter().map(|known| known.rows).collect();
        assert_eq!(rows, [3, 3, 3, 3, 3, 2, 2, 2, 2, 2]);
        assert_eq!(all[9].value, "9");
        few.count("");
        assert!(few.all().is_none());
        let mut long = FewValues::default();
        long.count(&"x".repeat(MAX_BYTES + 1));
        assert!(long.all().is_none());
    }
}

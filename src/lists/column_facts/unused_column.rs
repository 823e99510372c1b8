//! Counts the values of a column, if they are few, and whether a column that the message does not use deserves a look.

use std::borrow::Cow;
use std::cmp::Reverse;

use serde_json::Value;

use super::{CellKind, ColumnValues, CountedRow, UnusedColumn, ValueRows, shown_value};
use crate::base::suggest::plain;
use crate::lists::list_file::{Row, meant_columns};
use crate::phone::{Country, PhoneNumber, find_country};

/// How many values of a column are shown.
const SHOWN_VALUES: usize = 3;
/// The number of rows that decide whether a column has phone numbers or countries.
const DECIDING_ROWS: u64 = 100;

/// The counts of a column that the message does not use.
#[derive(Debug)]
pub(super) struct UnusedCounts {
    column: CountedColumn,
    /// How all filled cells so far read.
    kinds: Vec<CellKind>,
    has_cell: bool,
    /// Whether a cell has more than two letters, or the country of its recipient: `no` can be an answer or Norway.
    is_certain: bool,
}

impl UnusedCounts {
    pub(super) fn new(name: &str, row: &Row) -> Self {
        Self {
            column: CountedColumn::new(name, row),
            kinds: CellKind::ALL.to_vec(),
            has_cell: false,
            is_certain: false,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.column.name
    }

    /// Counts the cell of a row, which is the row with this `number`.
    pub(super) fn count(&mut self, counted: CountedRow<'_>, number: u64) {
        let is_deciding = !self.kinds.is_empty() && number <= DECIDING_ROWS;
        if self.column.has_too_many_values() && !is_deciding {
            return;
        }
        let cell = self.column.shown(counted.row).unwrap_or_default();
        if is_deciding && !cell.trim().is_empty() {
            self.has_cell = true;
            self.is_certain = self.is_certain
                || cell.trim().chars().count() > 2
                || is_country_of(&cell, counted.recipient);
            let country = counted.country;
            self.kinds.retain(|kind| kind.has_cell(&cell, country));
        }
        self.column.count(&cell);
    }

    fn kind(&self) -> Option<CellKind> {
        let kind = self.kinds.first().filter(|_| self.has_cell)?;
        let is_shown = self.is_certain || *kind != CellKind::Countries;
        is_shown.then_some(*kind)
    }

    pub(super) fn facts(&self) -> UnusedColumn {
        let mut values = self.column.all_values().unwrap_or_default();
        values.sort_by_key(|known| Reverse(known.rows));
        values.truncate(SHOWN_VALUES);
        UnusedColumn {
            column: self.column.name.clone(),
            reads_as: self.kind(),
            values,
        }
    }
}

fn is_country_of(cell: &str, recipient: &str) -> bool {
    let named = Country::from_name(cell).map(Country::code);
    named.is_some() && named == find_country(recipient)
}

impl CellKind {
    /// The columns are shown in this order.
    const ALL: [Self; 2] = [Self::Phones, Self::Countries];

    /// Returns whether a cell of a row with this `country` reads as one.
    fn has_cell(self, cell: &str, country: Option<Country>) -> bool {
        match self {
            Self::Phones => PhoneNumber::read_in_any_form(cell, country).is_ok(),
            // Digits without a sign can be anything.
            Self::Countries if cell.trim().starts_with('+') => {
                !Country::with_calling_code(cell).is_empty()
            }
            Self::Countries => Country::from_name(cell).is_some(),
        }
    }
}

/// Sorts columns: first those that one of the `texts` names, then those with phone numbers, then those with countries, then
/// in the order of the list.
pub(super) fn sort_unused(unused: &mut [UnusedColumn], texts: &[&str]) {
    let texts: Vec<_> = texts.iter().map(|text| plain_words(text)).collect();
    unused.sort_by_cached_key(|column| {
        let name = plain_words(&column.column);
        let is_in_text = texts.iter().any(|words| stands_in(words, &name));
        let kind = CellKind::ALL
            .iter()
            .position(|kind| column.reads_as == Some(*kind));
        (!is_in_text, kind.unwrap_or(CellKind::ALL.len()))
    });
}

/// Returns the words of a text as lower-case letters and digits without accents.
fn plain_words(text: &str) -> Vec<String> {
    let words = text.split(|sign: char| !sign.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(plain).collect()
}

fn stands_in(words: &[String], name: &[String]) -> bool {
    !name.is_empty() && words.windows(name.len()).any(|found| found == name)
}

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
    /// In the order of the list. None if they are too many.
    values: Option<Vec<CountedValue>>,
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
            // A name that several columns have selects none of them.
            values: (meant.len() <= 1).then(Vec::new),
        }
    }

    /// Counts the stored value of `row`, which a condition compares.
    pub(super) fn count_stored(&mut self, row: &Row) {
        if self.values.is_some() {
            let stored = self.stored(row).unwrap_or_default();
            self.count(&stored);
        }
    }

    /// Counts a value as the list shows it.
    pub(super) fn count(&mut self, value: &str) {
        let Some(values) = &mut self.values else {
            return;
        };
        let known = values.iter_mut().find(|known| known.value == value);
        if let Some(known) = known {
            known.rows += 1;
        } else if values.len() == FEW || value.len() > MAX_BYTES {
            self.values = None;
        } else {
            values.push(CountedValue {
                value: value.to_owned(),
                rows: 1,
            });
        }
    }

    pub(super) fn has_too_many_values(&self) -> bool {
        self.values.is_none()
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

    pub(super) fn facts(&self) -> ColumnValues {
        ColumnValues {
            column: self.name.clone(),
            values: self.all_values(),
        }
    }

    /// The values in the order of the list; None if they are too many.
    pub(super) fn all_values(&self) -> Option<Vec<ValueRows>> {
        let values = self.values.as_ref()?.iter();
        let shown = values.map(|counted| ValueRows {
            value: Some(shown_value(&counted.value)),
            rows: counted.rows,
        });
        Some(shown.collect())
    }
}

/// A value with the number of its rows.
#[derive(Debug)]
struct CountedValue {
    value: String,
    rows: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_in_the_text_come_first() {
        let column = |name: &str, reads_as| UnusedColumn {
            column: name.to_owned(),
            reads_as,
            values: Vec::new(),
        };
        let mut columns = [
            column("correo", None),
            column("Nacionalidad", Some(CellKind::Countries)),
            column("Tel. casa", Some(CellKind::Phones)),
            column("cita", None),
            column("Fecha de Emisión", None),
            column("---", None),
        ];
        sort_unused(
            &mut columns,
            &["Felicitaciones", "[fecha de emision] Hola tel"],
        );
        let names = columns.map(|column| column.column);
        assert_eq!(
            names,
            [
                "Fecha de Emisión",
                "Tel. casa",
                "Nacionalidad",
                "correo",
                "cita",
                "---"
            ]
        );
    }
}

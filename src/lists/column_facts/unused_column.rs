//! The columns that a message does not use: their few values, and whether they deserve a look.

use std::cmp::Reverse;

use super::CountedRow;
use super::counted_column::CountedColumn;
use super::table::{CellKind, UnusedColumn};
use crate::base::suggest::plain;
use crate::lists::list_file::Row;
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
    /// In the order in which columns are shown.
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

//! The columns that a message does not use: their few values, and whether they deserve a look.

use std::cmp::Reverse;

use super::counted_column::CountedColumn;
use super::counted_row::CountedRow;
use super::table::UnusedColumn;
use crate::base::suggest::plain;
use crate::lists::list_file::Row;
use crate::phone::PhoneNumber;

/// How many values of a column are shown.
const SHOWN_VALUES: usize = 3;
/// The number of rows that decide whether a column has phone numbers.
const PHONE_ROWS: u64 = 100;

/// The counts of a column that the message does not use.
#[derive(Debug)]
pub(super) struct UnusedCounts {
    column: CountedColumn,
    /// How many cells read as phone numbers. None after one that does not.
    phones: Option<u64>,
}

impl UnusedCounts {
    pub(super) fn new(name: &str, row: &Row) -> Self {
        Self {
            column: CountedColumn::new(name, row),
            phones: Some(0),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.column.name
    }

    /// Counts the cell of a row, which is the row with this `number`.
    pub(super) fn count(&mut self, counted: CountedRow<'_>, number: u64) {
        let may_be_phones = self.phones.is_some() && number <= PHONE_ROWS;
        if self.column.has_too_many_values() && !may_be_phones {
            return;
        }
        let cell = self.column.shown(counted.row).unwrap_or_default();
        if may_be_phones && !cell.trim().is_empty() {
            let is_phone = PhoneNumber::read(&cell, counted.country).is_ok();
            self.phones = self.phones.filter(|_| is_phone).map(|phones| phones + 1);
        }
        self.column.count(&cell);
    }

    pub(super) fn facts(&self) -> UnusedColumn {
        let mut values = self.column.all_values().unwrap_or_default();
        values.sort_by_key(|known| Reverse(known.rows));
        values.truncate(SHOWN_VALUES);
        UnusedColumn {
            column: self.column.name.clone(),
            has_phones: self.phones.is_some_and(|phones| phones > 0),
            values,
        }
    }
}

/// Sorts columns: first those whose name stands in one of `texts`, then those with phone numbers, otherwise in the order of
/// the list.
pub(super) fn sort_unused(unused: &mut [UnusedColumn], texts: &[&str]) {
    let texts: Vec<_> = texts.iter().map(|text| plain_words(text)).collect();
    unused.sort_by_cached_key(|column| {
        let name = plain_words(&column.column);
        let is_in_text = texts.iter().any(|words| stands_in(words, &name));
        (!is_in_text, !column.has_phones)
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
        let column = |name: &str, has_phones| UnusedColumn {
            column: name.to_owned(),
            has_phones,
            values: Vec::new(),
        };
        let mut columns = [
            column("correo", false),
            column("Tel. casa", true),
            column("cita", false),
            column("Fecha de Emisión", false),
            column("---", false),
        ];
        sort_unused(
            &mut columns,
            &["Felicitaciones", "[fecha de emision] Hola tel"],
        );
        let names = columns.map(|column| column.column);
        assert_eq!(
            names,
            ["Fecha de Emisión", "Tel. casa", "correo", "cita", "---"]
        );
    }
}

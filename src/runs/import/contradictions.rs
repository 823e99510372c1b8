//! Finds columns with cells that contradict the format of their country, such as `1,234` in a column that also has `950.00`.

use std::collections::BTreeMap;

/// The first cell of its kind in a column.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FirstCell {
    pub(super) line: u64,
    pub(super) text: String,
}

/// The cells of some columns, by the position of the column and by the format `F` of the row's country.
#[derive(Debug, Default)]
pub(super) struct Contradictions<F> {
    /// The first cells that may have either format, so the country decides.
    by_country: BTreeMap<(usize, F), FirstCell>,
    /// The first cells in another format than their country's.
    contrary: BTreeMap<(usize, F), FirstCell>,
}

/// Two cells of a column. The first has the format of its country only if the second is wrong.
#[derive(Debug)]
pub(super) struct Contradiction<'c, F> {
    /// The position of the column.
    pub(super) place: usize,
    pub(super) format: F,
    pub(super) by_country: &'c FirstCell,
    pub(super) contrary: &'c FirstCell,
}

impl<F: Copy + Ord> Contradictions<F> {
    pub(super) fn note_by_country(&mut self, place: usize, format: F, line: u64, text: &str) {
        note_first(&mut self.by_country, (place, format), line, text);
    }

    pub(super) fn note_contrary(&mut self, place: usize, format: F, line: u64, text: &str) {
        note_first(&mut self.contrary, (place, format), line, text);
    }

    /// Returns the first column with both kinds of cells, up to the line `last`.
    pub(super) fn first(&self, last: Option<u64>) -> Option<Contradiction<'_, F>> {
        let is_within = |cell: &FirstCell| last.is_none_or(|last| cell.line <= last);
        self.contrary.iter().find_map(|(key, contrary)| {
            let by_country = self.by_country.get(key)?;
            let (place, format) = *key;
            let found = Contradiction {
                place,
                format,
                by_country,
                contrary,
            };
            (is_within(by_country) && is_within(contrary)).then_some(found)
        })
    }
}

fn note_first<K: Ord>(cells: &mut BTreeMap<K, FirstCell>, key: K, line: u64, text: &str) {
    cells.entry(key).or_insert_with(|| FirstCell {
        line,
        text: text.trim().to_owned(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradiction_is_in_one_column_and_one_format_up_to_the_limit() {
        let mut cells = Contradictions::default();
        cells.note_by_country(0, ',', 2, " 1.500 ");
        cells.note_by_country(0, ',', 3, "1.600");
        cells.note_by_country(1, ',', 4, "1.700");
        cells.note_contrary(0, '.', 5, "1,50");
        cells.note_contrary(2, ',', 6, "950.00");
        assert!(cells.first(None).is_none());
        cells.note_contrary(1, ',', 7, "960.00");
        cells.note_contrary(0, ',', 8, "970.00");
        for (last, expected) in [
            (None, Some((0, "1.500", "970.00"))),
            (Some(8), Some((0, "1.500", "970.00"))),
            (Some(7), Some((1, "1.700", "960.00"))),
            (Some(6), None),
            (Some(2), None),
        ] {
            let found = cells.first(last).map(|found| {
                let by_country = found.by_country.text.as_str();
                (found.place, by_country, found.contrary.text.as_str())
            });
            assert_eq!(found, expected, "{last:?}");
        }
    }
}

//! The cells of an Excel sheet that are covered by a merge: the sheet does not show what they store.

use std::cmp::Reverse;
use std::io::Read;
use std::ops::RangeInclusive;

use super::part::XmlPart;
use super::sheet_row::{column_place, row_number};
use crate::input::UsageError;

/// The tag that names a merge, whatever its prefix.
pub(super) const TAG: &str = "mergeCell";

/// Cells that are shown as one.
struct MergedArea {
    rows: RangeInclusive<u64>,
    columns: RangeInclusive<usize>,
}

/// The covered cells of a sheet whose rows are read in order.
#[derive(Default)]
pub(super) struct CoveredCells {
    /// Those that begin further down, the next one last.
    next: Vec<MergedArea>,
    /// Those at the row that was begun last.
    here: Vec<MergedArea>,
}

impl CoveredCells {
    fn of(mut areas: Vec<MergedArea>) -> Self {
        areas.sort_by_key(|area| Reverse(*area.rows.start()));
        Self { next: areas, here: Vec::new() }
    }

    /// From the whole sheet.
    pub(super) fn read(mut part: XmlPart<impl Read>) -> Result<Self, UsageError> {
        let mut areas = Vec::new();
        part.inside(|part, tag| {
            if tag.local_name().as_ref() == TAG {
                let [area] = part.attributes(tag, ["ref"])?;
                areas.extend(area.and_then(|area| MergedArea::read(&area.replace('$', ""))));
            }
            Ok(())
        })?;
        Ok(Self::of(areas))
    }

    /// Goes on to this row.
    pub(super) fn begin_row(&mut self, number: u64) {
        self.here.retain(|area| area.rows.contains(&number));
        while let Some(area) = self.next.pop_if(|area| *area.rows.start() <= number) {
            if area.rows.contains(&number) {
                self.here.push(area);
            }
        }
    }

    /// Whether another cell covers this one of the row `number`, which was begun last.
    pub(super) fn contains(&self, number: u64, column: usize) -> bool {
        let is_first = |area: &MergedArea| (number, column) == (*area.rows.start(), *area.columns.start());
        self.here.iter().any(|area| area.columns.contains(&column) && !is_first(area))
    }
}

impl MergedArea {
    /// `B2:C3`
    fn read(area: &str) -> Option<Self> {
        let (first, last) = area.split_once(':').unwrap_or((area, area));
        let rows = row_number(first)?..=row_number(last)?;
        Some(Self { rows, columns: column_place(first)?..=column_place(last)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_cells_of_a_merge_but_the_first_are_covered() {
        let areas = ["B2:C3", "A3:A5", "D1", "B7:B8"].map(|area| MergedArea::read(area).unwrap());
        let mut covered = CoveredCells::of(areas.into());
        let found = (1..=8).map(|number| {
            covered.begin_row(number);
            (0..5).filter(|column| covered.contains(number, *column)).collect::<Vec<_>>()
        });
        let none = Vec::new();
        let expected = [none.clone(), vec![2], vec![1, 2], vec![0], vec![0], none.clone(), none, vec![1]];
        assert_eq!(found.collect::<Vec<_>>(), expected);
        for area in ["", "B", "2:3", "B2:", "B2:C"] {
            assert!(MergedArea::read(area).is_none(), "{area}");
        }
    }
}

//! The cells of an Excel sheet that are covered by a merge: the sheet does not show what they store.

use std::io::{self, Read};
use std::iter::Peekable;
use std::ops::RangeInclusive;
use std::vec;

use memchr::memmem;
use quick_xml::events::Event;

use super::error::WorkbookError;
use super::part::XmlPart;
use super::sheet_row::{column_place, row_number};

/// The tag that names a merge, in any spelling of its prefix.
const TAG: &str = "mergeCell";
const BUFFER: usize = 64 * 1024;

/// Cells that are shown as one.
struct MergedArea {
    rows: RangeInclusive<u64>,
    columns: RangeInclusive<usize>,
}

/// The covered cells of a sheet whose rows are read in order.
pub(super) struct CoveredCells {
    /// Those that begin further down, by their first row.
    next: Peekable<vec::IntoIter<MergedArea>>,
    /// Those at the row that was begun last.
    here: Vec<MergedArea>,
}

impl Default for CoveredCells {
    fn default() -> Self {
        Self::of(Vec::new())
    }
}

impl CoveredCells {
    fn of(mut areas: Vec<MergedArea>) -> Self {
        areas.sort_by_key(|area| *area.rows.start());
        Self { next: areas.into_iter().peekable(), here: Vec::new() }
    }

    /// Whether the sheet has the name of the tag anywhere.
    pub(super) fn may_be_in(mut sheet: impl Read) -> io::Result<bool> {
        let (finder, mut buffer) = (memmem::Finder::new(TAG), Vec::with_capacity(BUFFER));
        loop {
            // The name may be cut by the end of what was read.
            buffer.drain(..buffer.len().saturating_sub(TAG.len()));
            if sheet.by_ref().take(BUFFER as u64).read_to_end(&mut buffer)? == 0 {
                return Ok(false);
            }
            if finder.find(&buffer).is_some() {
                return Ok(true);
            }
        }
    }

    /// From the whole sheet.
    pub(super) fn read(mut part: XmlPart<impl Read>) -> Result<Self, WorkbookError> {
        let (mut areas, mut buffer) = (Vec::new(), Vec::new());
        loop {
            match part.next(&mut buffer)? {
                Event::Start(start) if start.local_name().as_ref() == TAG => {
                    areas.extend(
                        part.attribute(&start, "ref")?.and_then(|area| MergedArea::read(&area.replace('$', ""))),
                    );
                }
                Event::Eof => return Ok(Self::of(areas)),
                _ => {}
            }
        }
    }

    /// Goes on to this row.
    pub(super) fn begin_row(&mut self, number: u64) {
        self.here.retain(|area| area.rows.contains(&number));
        while let Some(area) = self.next.next_if(|area| *area.rows.start() <= number) {
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

    #[test]
    fn the_tag_is_found_wherever_it_is_cut() {
        for before in [0, 1, BUFFER - TAG.len(), BUFFER - 4, BUFFER - 1, BUFFER, 3 * BUFFER - 5] {
            let sheet = "x".repeat(before) + "<x:mergeCell ref";
            assert!(CoveredCells::may_be_in(sheet.as_bytes()).unwrap(), "{before}");
            assert!(!CoveredCells::may_be_in(&sheet.as_bytes()[..before + 8]).unwrap(), "{before}");
        }
    }
}

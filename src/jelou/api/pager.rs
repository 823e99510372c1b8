//! Decides when a paged listing ends, and whether it is complete. The server's counts are not enough: it may repeat
//! pages, never end, or count nothing.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use crate::base::message::{Message, msg};

/// Whether a listing was read to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ListingCoverage {
    #[default]
    Whole,
    /// A part is missing: a page is repeated, empty or refused although there is more.
    Missing,
    /// The listing continues after this number of pages.
    TooMany(u32),
    /// The reading was interrupted.
    OutOfTime,
}

impl ListingCoverage {
    /// Returns why the listing is incomplete.
    pub(crate) fn problem(self) -> Option<Message> {
        match self {
            Self::Whole => None,
            Self::Missing => Some(msg!("the API did not list everything")),
            Self::OutOfTime => Some(msg!("time ran out before everything was read")),
            Self::TooMany(pages) => Some(msg!("the API has more than {pages} pages", pages)),
        }
    }
}

/// The pages of a listing so far.
#[derive(Debug, Default)]
pub(crate) struct Pager {
    /// The maximum of entries on a page.
    limit: usize,
    max_pages: u32,
    /// The number of pages read.
    pages: u32,
    /// The hashes of all entries. An entry may be listed again in another state, so the id is not enough.
    seen: HashSet<u64>,
    /// The numbers of entries and of new entries on this page.
    entries: usize,
    new: usize,
    was_full: bool,
    /// The numbers of pages and entries of the listing, according to the first page. A later page may count less if the
    /// server has lost its position.
    counted_pages: Option<u64>,
    counted: Option<u64>,
}

impl Pager {
    /// Reads at most `max_pages` pages of at most `limit` entries.
    pub(crate) fn new(max_pages: u32, limit: usize) -> Self {
        Self {
            limit,
            max_pages,
            ..Self::default()
        }
    }

    /// Returns the page to request.
    pub(crate) fn next_page(&self) -> u32 {
        self.pages + 1
    }

    /// Adds an entry of the current page; returns whether it is new.
    pub(crate) fn entry(&mut self, entry: &Value) -> bool {
        let is_new = self.seen.insert(hash(entry));
        self.entries += 1;
        self.new += usize::from(is_new);
        is_new
    }

    /// Ends the current page, which counts `pages` and `total` entries of the listing; returns how it ended, if it did.
    pub(crate) fn end_page(&mut self, [pages, total]: [Option<u64>; 2]) -> Option<ListingCoverage> {
        let page = u64::from(self.next_page());
        if self.pages == 0 {
            self.counted_pages = pages.filter(|pages| *pages > 0);
            self.counted = total;
        }
        self.pages += 1;
        let [entries, new] = [&mut self.entries, &mut self.new].map(std::mem::take);
        let is_full = entries >= self.limit;
        self.was_full |= is_full;
        let lacks_entries = self
            .counted
            .is_some_and(|total| (self.seen.len() as u64) < total);
        if new == 0 {
            // The listing is at its end, or repeats a page.
            let lacks_page = match self.counted_pages {
                // An empty listing can have one page.
                Some(pages) => pages > 1 && page <= pages,
                None => entries > 0 && self.was_full,
            };
            let is_missing = lacks_page || lacks_entries;
            return Some(if is_missing {
                ListingCoverage::Missing
            } else {
                ListingCoverage::Whole
            });
        }
        // The count may be too low: another page may follow a full one.
        let is_last = !is_full && self.counted_pages.is_some_and(|pages| page >= pages);
        if is_last && !lacks_entries {
            return Some(ListingCoverage::Whole);
        }
        // Also limits the entries, because a server may return more on each page than requested.
        let is_rate_limited = self.pages >= self.max_pages
            || self.seen.len() >= self.limit.saturating_mul(self.max_pages as usize);
        is_rate_limited.then_some(ListingCoverage::TooMany(self.pages))
    }
}

fn hash(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Reads the coverage of a listing with these ids on each page, and the number of pages read.
    fn read(pages: &[&[i64]], count: Option<u64>) -> (ListingCoverage, u32) {
        read_counted(pages, &[(count, None)])
    }

    /// Reads a listing with counts for each page. The last counts also apply to later pages.
    fn read_counted(
        pages: &[&[i64]],
        counted: &[(Option<u64>, Option<u64>)],
    ) -> (ListingCoverage, u32) {
        let mut reading = Pager::new(10, 50);
        loop {
            let page = pages[(reading.pages as usize).min(pages.len() - 1)];
            for id in page {
                reading.entry(&json!({ "messageId": id }));
            }
            let (count, total) = counted[(reading.pages as usize).min(counted.len() - 1)];
            if let Some(coverage) = reading.end_page([count, total]) {
                return (coverage, reading.pages);
            }
        }
    }

    #[test]
    fn pager_reports_if_the_listing_is_complete() {
        let full: Vec<_> = (1..=50).collect();
        let endless: Vec<Vec<i64>> = (0..20).map(|page| vec![page]).collect();
        let endless: Vec<_> = endless.iter().map(Vec::as_slice).collect();
        for (pages, total, expected) in [
            (
                &[&[1, 2][..], &[3]][..],
                Some(2),
                (ListingCoverage::Whole, 2),
            ),
            (&[&[1, 2], &[3], &[]], None, (ListingCoverage::Whole, 3)),
            (&[&[]], None, (ListingCoverage::Whole, 1)),
            (&[&[]], Some(0), (ListingCoverage::Whole, 1)),
            (&[&[]], Some(1), (ListingCoverage::Whole, 1)),
            (&[&[1], &[]], Some(2), (ListingCoverage::Missing, 2)),
            (&[&[1], &[]], Some(3), (ListingCoverage::Missing, 2)),
            // The server does not page at all.
            (&[&[1, 2]], None, (ListingCoverage::Whole, 2)),
            (&[&full], None, (ListingCoverage::Missing, 2)),
            (&[&[1, 2]], Some(9), (ListingCoverage::Missing, 2)),
            (&[&[1, 2]], Some(2), (ListingCoverage::Missing, 2)),
            (&endless, None, (ListingCoverage::TooMany(10), 10)),
            (&endless, Some(u64::MAX), (ListingCoverage::TooMany(10), 10)),
        ] {
            assert_eq!(read(pages, total), expected, "{pages:?} {total:?}");
        }
    }

    #[test]
    fn pager_requires_the_highest_reported_count() {
        let [full, next]: [Vec<_>; 2] = [(1..=50).collect(), (51..=100).collect()];
        for (pages, count, expected) in [
            // A page that counts less than the one before it.
            (
                &[&full[..], &[]][..],
                &[(Some(30), Some(1500)), (Some(0), Some(0))][..],
                (ListingCoverage::Missing, 2),
            ),
            (
                &[&full, &[]],
                &[(Some(30), None), (Some(1), None)],
                (ListingCoverage::Missing, 2),
            ),
            (
                &[&full, &[]],
                &[(None, Some(1500)), (None, None)],
                (ListingCoverage::Missing, 2),
            ),
            // The two counts contradict each other.
            (
                &[&full, &[51]],
                &[(Some(1), Some(51))],
                (ListingCoverage::Whole, 2),
            ),
            (
                &[&full, &[]],
                &[(Some(1), Some(51))],
                (ListingCoverage::Missing, 2),
            ),
            (
                &[&full],
                &[(Some(1), Some(1500))],
                (ListingCoverage::Missing, 2),
            ),
            (
                &[&[1, 2]],
                &[(Some(1), Some(2))],
                (ListingCoverage::Whole, 1),
            ),
            (
                &[&full],
                &[(Some(2), Some(100))],
                (ListingCoverage::Missing, 2),
            ),
            // Both counts may be too low: only a page that is not full is the last one.
            (
                &[&full, &next, &[101]],
                &[(Some(1), Some(50))],
                (ListingCoverage::Whole, 3),
            ),
            (
                &[&full, &[]],
                &[(Some(1), Some(50))],
                (ListingCoverage::Whole, 2),
            ),
            (
                &[&full],
                &[(Some(1), Some(50))],
                (ListingCoverage::Whole, 2),
            ),
            (
                &[&full, &next, &[]],
                &[(Some(2), Some(100))],
                (ListingCoverage::Whole, 3),
            ),
            // A repeated entry replaces a missing one.
            (
                &[&full, &full[40..]],
                &[(Some(2), Some(60))],
                (ListingCoverage::Missing, 2),
            ),
            (
                &[&[1, 2]],
                &[(Some(2), Some(3))],
                (ListingCoverage::Missing, 2),
            ),
            (
                &[&[1, 1, 2]],
                &[(Some(1), Some(3))],
                (ListingCoverage::Missing, 2),
            ),
            // While the first page was read, an entry arrived and moved the others.
            (
                &[&full, &[50, 51]],
                &[(Some(2), Some(51)), (Some(2), Some(52))],
                (ListingCoverage::Whole, 2),
            ),
        ] {
            assert_eq!(read_counted(pages, count), expected, "{count:?}");
        }
    }
}

//! When a listing that is read page by page is at its end, and whether all of it was read. What a server says of its pages
//! is not enough: it may repeat them, have no end, or count none.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use super::fields::text_at;
use crate::api::request::LOOK_UP_LIMIT;

/// 100,000 entries: a server that gives new ones for ever is left.
pub(crate) const MOST_PAGES: u32 = 2_000;
/// Pages one after the other without anything new, after which none is expected.
const MOST_BARREN: u32 = 3;

/// Whether a listing was read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListingCoverage {
    Whole,
    /// The server gave the same pages again, though it has more.
    Repeated,
    /// An empty page came before the last one that the server counts.
    Missing,
    /// There was no end after this number of pages.
    TooMany(u32),
}

impl ListingCoverage {
    /// What is missing, in words.
    pub(super) fn problem(self) -> Option<String> {
        match self {
            Self::Whole => None,
            Self::Repeated => Some("the API repeats its pages, though it may have more".to_owned()),
            Self::Missing => Some("the API gave an empty page before its last one".to_owned()),
            Self::TooMany(pages) => Some(format!("the API has more than {pages} pages")),
        }
    }
}

/// What was read so far.
#[derive(Debug)]
pub(super) struct PageTally {
    /// Of entries, by what they are called.
    seen: HashSet<u64>,
    pages: u32,
    most: u32,
    barren: u32,
    /// Whether a page was as long as was asked for, so that more may follow.
    was_full: bool,
    /// Entries of the present page: all, those that are new, and those before the span.
    entries: usize,
    new: usize,
    older: usize,
}

impl PageTally {
    /// `most` pages are read.
    pub(super) fn new(most: u32) -> Self {
        let seen = HashSet::new();
        Self { seen, pages: 0, most, barren: 0, was_full: false, entries: 0, new: 0, older: 0 }
    }

    /// The page to ask for; the first is 1.
    pub(super) fn next_page(&self) -> u32 {
        self.pages + 1
    }

    /// An entry of the present page, which `is_older` than the span that is asked for.
    pub(super) fn entry(&mut self, entry: &Value, is_older: bool) {
        self.entries += 1;
        if is_older {
            self.older += 1;
        } else if self.seen.insert(key(entry)) {
            self.new += 1;
        }
    }

    /// The present page is read, and the server says how many there are; gives how it ended, if it did.
    pub(super) fn end_page(&mut self, total: Option<u64>) -> Option<ListingCoverage> {
        self.pages += 1;
        let (entries, new, older) = (self.entries, self.new, self.older);
        (self.entries, self.new, self.older) = (0, 0, 0);
        self.was_full |= entries >= LOOK_UP_LIMIT;
        self.barren = if new == 0 { self.barren + 1 } else { 0 };
        let total = total.filter(|total| *total > 0);
        if entries == 0 {
            // A listing of nothing can have one page.
            let is_counted = total.is_some_and(|total| total > 1 && u64::from(self.pages) <= total);
            return Some(if is_counted { ListingCoverage::Missing } else { ListingCoverage::Whole });
        }
        if total.is_some_and(|total| u64::from(self.pages) >= total) {
            return Some(ListingCoverage::Whole);
        }
        if self.barren == MOST_BARREN {
            let may_have_more = older < entries && (self.was_full || total.is_some());
            return Some(if may_have_more { ListingCoverage::Repeated } else { ListingCoverage::Whole });
        }
        (self.pages >= self.most).then_some(ListingCoverage::TooMany(self.pages))
    }
}

/// The identity of an entry: its id with its sender and recipient; without an id, its whole content.
pub(crate) fn key(entry: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    text_at(entry, &["/messageId", "/id", "/_id"]).unwrap_or_else(|| entry.to_string()).hash(&mut hasher);
    [text_at(entry, &["/recipient/id"]), text_at(entry, &["/sender/id"])].hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// How it ends where page after page has these ids, and after how many; an id below 0 is before the span.
    fn read(pages: &[&[i64]], total: Option<u64>) -> (ListingCoverage, u32) {
        let mut tally = PageTally::new(10);
        loop {
            let page = pages[(tally.pages as usize).min(pages.len() - 1)];
            for id in page {
                tally.entry(&json!({ "messageId": id }), *id < 0);
            }
            if let Some(coverage) = tally.end_page(total) {
                return (coverage, tally.pages);
            }
        }
    }

    #[test]
    fn ends_where_the_pages_end_and_knows_whether_that_is_all() {
        let full: Vec<_> = (1..=50).collect();
        let endless: Vec<Vec<i64>> = (0..20).map(|page| vec![page]).collect();
        let endless: Vec<_> = endless.iter().map(Vec::as_slice).collect();
        for (pages, total, expected) in [
            (&[&[1, 2][..], &[3]][..], Some(2), (ListingCoverage::Whole, 2)),
            (&[&[1, 2], &[3], &[]], None, (ListingCoverage::Whole, 3)),
            (&[&[]], None, (ListingCoverage::Whole, 1)),
            (&[&[]], Some(0), (ListingCoverage::Whole, 1)),
            (&[&[]], Some(1), (ListingCoverage::Whole, 1)),
            (&[&[1], &[]], Some(2), (ListingCoverage::Missing, 2)),
            (&[&[1], &[]], Some(3), (ListingCoverage::Missing, 2)),
            // It does not page at all.
            (&[&[1, 2]], None, (ListingCoverage::Whole, 4)),
            (&[&full], None, (ListingCoverage::Repeated, 4)),
            (&[&[1, 2]], Some(9), (ListingCoverage::Repeated, 4)),
            // It does not know the span.
            (&[&[1], &[-1, -2]], Some(9), (ListingCoverage::Whole, 4)),
            (&[&[1], &[-1], &[2], &[-1], &[-2], &[-3]], None, (ListingCoverage::Whole, 6)),
            (&endless, None, (ListingCoverage::TooMany(10), 10)),
            (&endless, Some(u64::MAX), (ListingCoverage::TooMany(10), 10)),
        ] {
            assert_eq!(read(pages, total), expected, "{pages:?} {total:?}");
        }
    }
}

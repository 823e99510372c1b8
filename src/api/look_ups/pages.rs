//! Decides when a listing that is read page by page ends, and whether all of it was read. A server's own counts are not
//! enough: it may repeat pages, never end, or count nothing.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::fields::text_at;
use crate::api::request::LOOK_UP_LIMIT;

/// 100,000 entries: a server may return new ones forever.
pub(crate) const MOST_PAGES: u32 = 2_000;
/// Consecutive pages without a new entry, after which no more are expected.
const MOST_BARREN: u32 = 3;
/// Entries are listed newest first; a disorder up to this is ignored.
const ORDER_TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// Whether a listing was read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListingCoverage {
    Whole,
    /// The server returned the same pages again, though it has more.
    Repeated,
    /// A page was empty, or not a page at all, before everything that the server counts was read.
    Missing,
    /// One of the places that can list it refused.
    Refused,
    /// It did not end after this number of pages.
    TooMany(u32),
    /// It was interrupted.
    OutOfTime,
}

impl ListingCoverage {
    /// What is missing.
    pub(super) fn problem(self) -> Option<String> {
        match self {
            Self::Whole => None,
            Self::Repeated => Some("the API repeats its pages, although it may have more".to_owned()),
            Self::Missing => Some("the API counts more than it gave".to_owned()),
            Self::Refused => Some("the API refused to list a part of it".to_owned()),
            Self::OutOfTime => Some("the time was up before all was read".to_owned()),
            Self::TooMany(pages) => Some(format!("the API has more than {pages} pages")),
        }
    }
}

/// The size of a listing according to one of its pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PageCount {
    pub(crate) pages: Option<u64>,
    pub(crate) entries: Option<u64>,
}

/// What was read so far.
#[derive(Debug)]
pub(super) struct PageTally {
    /// The keys of the entries.
    seen: HashSet<u64>,
    pages: u32,
    most: u32,
    barren: u32,
    /// Whether a page was as long as requested, so that more may follow.
    was_full: bool,
    /// When the previous entry was created, and whether an entry was created after the one before it on the same page.
    last_at: Option<Timestamp>,
    is_ascending: bool,
    /// Whether entries before the span were returned: the server's count then includes more than the span.
    was_older: bool,
    /// The highest counts of pages and entries from the server.
    counted: PageCount,
    /// The count of entries on the first page: later ones include what arrived meanwhile.
    counted_first: Option<u64>,
    /// Entries that were read.
    read: u64,
    /// Hashes of whole entries: identical copies count once.
    different: HashSet<u64>,
    /// Entries of the current page: all, new ones, and those before the span.
    entries: usize,
    new: usize,
    older: usize,
}

impl PageTally {
    /// Reads at most `most` pages.
    pub(super) fn new(most: u32) -> Self {
        Self {
            seen: HashSet::new(),
            pages: 0,
            most,
            barren: 0,
            was_full: false,
            last_at: None,
            is_ascending: false,
            was_older: false,
            counted: PageCount::default(),
            counted_first: None,
            read: 0,
            different: HashSet::new(),
            entries: 0,
            new: 0,
            older: 0,
        }
    }

    /// The page to request; the first is 1.
    pub(super) fn next_page(&self) -> u32 {
        self.pages + 1
    }

    /// Adds an entry of the current page; `is_older` than the requested span.
    pub(super) fn entry(&mut self, entry: &Value, at: Option<Timestamp>, is_older: bool) {
        self.entries += 1;
        self.is_ascending |= at.zip(self.last_at).is_some_and(|(at, last)| at > last + ORDER_TOLERANCE);
        self.last_at = at;
        self.different.insert(hash_of(entry));
        if is_older {
            self.older += 1;
        } else if self.seen.insert(key(entry)) {
            self.new += 1;
        }
    }

    /// Ends the current page, whose counts are `counted`; returns how the listing ended, if it did.
    pub(super) fn end_page(&mut self, counted: PageCount) -> Option<ListingCoverage> {
        self.pages += 1;
        let (entries, new, older) = (self.entries, self.new, self.older);
        (self.entries, self.new, self.older) = (0, 0, 0);
        self.was_full |= entries >= LOOK_UP_LIMIT;
        self.was_older |= older > 0;
        self.read += entries as u64;
        self.last_at = None;
        self.barren = if new == 0 { self.barren + 1 } else { 0 };
        // A later page may count less than an earlier one, if the server has lost its position.
        let PageCount { pages, entries: total } = counted;
        self.counted = PageCount { pages: self.counted.pages.max(pages), entries: self.counted.entries.max(total) };
        let (pages, total) = (self.counted.pages.filter(|pages| *pages > 0), self.counted.entries);
        if self.pages == 1 {
            self.counted_first = total;
        }
        let lacks_entries = !self.was_older
            && (total.is_some_and(|total| self.read < total)
                || self.counted_first.is_some_and(|total| (self.different.len() as u64) < total));
        if entries == 0 {
            // A listing of nothing can have one page.
            let lacks_pages = pages.is_some_and(|pages| pages > 1 && u64::from(self.pages) <= pages);
            return Some(if lacks_pages || lacks_entries { ListingCoverage::Missing } else { ListingCoverage::Whole });
        }
        // However far the pages moved, the last page of a complete listing has new entries.
        let is_repeated = new == 0 && older == 0;
        let may_go_on = entries >= LOOK_UP_LIMIT && older == 0;
        match pages.map(|pages| u64::from(self.pages).cmp(&pages)) {
            // The count may be too low: another page may follow a full one.
            Some(Ordering::Equal) if !lacks_entries && !is_repeated && !may_go_on => {
                return Some(ListingCoverage::Whole);
            }
            // The page after the last one is empty, or is the last one again.
            Some(Ordering::Greater) if !lacks_entries && (if is_repeated { self.barren == 1 } else { !may_go_on }) => {
                return Some(ListingCoverage::Whole);
            }
            _ => {}
        }
        if self.barren == MOST_BARREN {
            // Only if entries are listed newest first, older ones are followed only by older ones.
            let may_have_more =
                lacks_entries || (older < entries || self.is_ascending) && (self.was_full || pages.is_some());
            return Some(if may_have_more { ListingCoverage::Repeated } else { ListingCoverage::Whole });
        }
        // As many entries as that number of pages has at most: a server may return more on each page than requested.
        let is_too_much = self.pages >= self.most || self.read >= u64::from(self.most) * LOOK_UP_LIMIT as u64;
        is_too_much.then_some(ListingCoverage::TooMany(self.pages))
    }
}

/// The identity of an entry: its id with its sender and recipient; without an id, its whole content.
pub(crate) fn key(entry: &Value) -> u64 {
    let id = text_at(entry, &["/messageId", "/id", "/_id"]).unwrap_or_else(|| entry.to_string());
    let end = |end: &str| text_at(entry, &[&format!("/{end}/id"), &format!("/{end}")]);
    hash_of(&(id, end("recipient"), end("sender")))
}

fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// How the listing ends if these are the ids on each page, and after how many pages; an id below 0 is before the
    /// span.
    fn read(pages: &[&[i64]], total: Option<u64>) -> (ListingCoverage, u32) {
        read_counted(pages, &[PageCount { pages: total, entries: None }])
    }

    /// The same with a count for each page; the last count also applies to the pages after it.
    fn read_counted(pages: &[&[i64]], counted: &[PageCount]) -> (ListingCoverage, u32) {
        let mut tally = PageTally::new(10);
        loop {
            let page = pages[(tally.pages as usize).min(pages.len() - 1)];
            for id in page {
                tally.entry(&json!({ "messageId": id }), None, *id < 0);
            }
            let counted = counted[(tally.pages as usize).min(counted.len() - 1)];
            if let Some(coverage) = tally.end_page(counted) {
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
            // The server does not page at all.
            (&[&[1, 2]], None, (ListingCoverage::Whole, 4)),
            (&[&full], None, (ListingCoverage::Repeated, 4)),
            (&[&[1, 2]], Some(9), (ListingCoverage::Repeated, 4)),
            (&[&[1, 2]], Some(2), (ListingCoverage::Repeated, 4)),
            // The server ignores the span.
            (&[&[1], &[-1, -2]], Some(9), (ListingCoverage::Whole, 4)),
            (&[&[1], &[-1], &[2], &[-1], &[-2], &[-3]], None, (ListingCoverage::Whole, 6)),
            (&endless, None, (ListingCoverage::TooMany(10), 10)),
            (&endless, Some(u64::MAX), (ListingCoverage::TooMany(10), 10)),
        ] {
            assert_eq!(read(pages, total), expected, "{pages:?} {total:?}");
        }
    }

    #[test]
    fn the_most_that_a_server_has_counted_must_be_there() {
        let [full, next]: [Vec<_>; 2] = [(1..=50).collect(), (51..=100).collect()];
        let counted = |pages, entries| PageCount { pages, entries };
        for (pages, count, expected) in [
            // A page that counts less than the one before it.
            (
                &[&full[..], &[]][..],
                &[counted(Some(30), Some(1500)), counted(Some(0), Some(0))][..],
                (ListingCoverage::Missing, 2),
            ),
            (&[&full, &[]], &[counted(Some(30), None), counted(Some(1), None)], (ListingCoverage::Missing, 2)),
            (&[&full, &[]], &[counted(None, Some(1500)), counted(None, None)], (ListingCoverage::Missing, 2)),
            // The two counts contradict each other.
            (&[&full, &[51]], &[counted(Some(1), Some(51))], (ListingCoverage::Whole, 2)),
            (&[&full, &[]], &[counted(Some(1), Some(51))], (ListingCoverage::Missing, 2)),
            (&[&full], &[counted(Some(1), Some(1500))], (ListingCoverage::Repeated, 4)),
            (&[&[1, 2]], &[counted(Some(1), Some(2))], (ListingCoverage::Whole, 1)),
            (&[&full], &[counted(Some(2), Some(100))], (ListingCoverage::Repeated, 4)),
            // Both counts may be too low: only a page that is not full is the last one.
            (&[&full, &next, &[101]], &[counted(Some(1), Some(50))], (ListingCoverage::Whole, 3)),
            (&[&full, &[]], &[counted(Some(1), Some(50))], (ListingCoverage::Whole, 2)),
            (&[&full], &[counted(Some(1), Some(50))], (ListingCoverage::Whole, 2)),
            (&[&full, &next, &[]], &[counted(Some(2), Some(100))], (ListingCoverage::Whole, 3)),
            // An entry that is given twice takes the place of one that is not given.
            (&[&full, &full[40..]], &[counted(Some(2), Some(60))], (ListingCoverage::Repeated, 4)),
            (&[&[1, 2]], &[counted(Some(2), Some(3))], (ListingCoverage::Repeated, 4)),
            (&[&[1, 1, 2]], &[counted(Some(1), Some(3))], (ListingCoverage::Repeated, 4)),
            // While the first page was read, an entry arrived and moved the others.
            (
                &[&full, &[50, 51]],
                &[counted(Some(2), Some(51)), counted(Some(2), Some(52))],
                (ListingCoverage::Whole, 2),
            ),
            // The server also counts entries before the span.
            (&[&[1, -1]], &[counted(Some(1), Some(1500))], (ListingCoverage::Whole, 1)),
        ] {
            assert_eq!(read_counted(pages, count), expected, "{count:?}");
        }
    }

    #[test]
    fn older_pages_are_the_end_only_where_the_newest_come_first() {
        for (minutes, expected) in [([9, 8, 7], ListingCoverage::Whole), ([1, 3, 5], ListingCoverage::Repeated)] {
            let mut tally = PageTally::new(10);
            let coverage = loop {
                for minute in minutes {
                    let at = Timestamp::from_second(minute * 60).ok();
                    tally.entry(&json!({ "messageId": minute }), at, true);
                }
                if let Some(coverage) = tally.end_page(PageCount { pages: Some(9), entries: None }) {
                    break coverage;
                }
            };
            assert_eq!((coverage, tally.pages), (expected, 3), "{minutes:?}");
        }
    }
}

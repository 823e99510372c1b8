//! Decides when a listing that is read page by page is at its end, and whether all of it was read. A server's own figures are
//! not enough: it may repeat pages, never end, or count nothing.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::fields::text_at;
use crate::api::request::LOOK_UP_LIMIT;

/// 100,000 entries: a server that gives new ones for ever is left.
pub(crate) const MOST_PAGES: u32 = 2_000;
/// Pages one after the other without anything new, after which none is expected.
const MOST_BARREN: u32 = 3;
/// By so much entries can be out of order that are listed the newest first.
const ORDER_TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// Whether a listing was read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListingCoverage {
    Whole,
    /// The server gave the same pages again, though it has more.
    Repeated,
    /// A page was empty, or not a page at all, before everything that the server counts was read.
    Missing,
    /// One of the places that can list it did not.
    Refused,
    /// It did not end after this number of pages.
    TooMany(u32),
    /// It was broken off.
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

/// How much a listing has, as a page of it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PageCount {
    pub(crate) pages: Option<u64>,
    pub(crate) entries: Option<u64>,
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
    /// When the entry before was created, and whether one on the same page was created after the one before it.
    last_at: Option<Timestamp>,
    is_ascending: bool,
    /// Whether there were entries before the span, so that the server does not count those within it.
    was_older: bool,
    /// The most pages and entries that the server has counted.
    counted: PageCount,
    /// Entries that were read.
    read: u64,
    /// Entries of the present page: all, new ones, and those before the span.
    entries: usize,
    new: usize,
    older: usize,
}

impl PageTally {
    /// `most` pages are read.
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
            read: 0,
            entries: 0,
            new: 0,
            older: 0,
        }
    }

    /// The page to ask for; the first is 1.
    pub(super) fn next_page(&self) -> u32 {
        self.pages + 1
    }

    /// An entry of the present page, which `is_older` than the span that is asked for.
    pub(super) fn entry(&mut self, entry: &Value, at: Option<Timestamp>, is_older: bool) {
        self.entries += 1;
        self.is_ascending |= at.zip(self.last_at).is_some_and(|(at, last)| at > last + ORDER_TOLERANCE);
        self.last_at = at;
        if is_older {
            self.older += 1;
        } else if self.seen.insert(key(entry)) {
            self.new += 1;
        }
    }

    /// The present page is read, and says how much there is; gives how the listing ended, if it did.
    pub(super) fn end_page(&mut self, counted: PageCount) -> Option<ListingCoverage> {
        self.pages += 1;
        let (entries, new, older) = (self.entries, self.new, self.older);
        (self.entries, self.new, self.older) = (0, 0, 0);
        self.was_full |= entries >= LOOK_UP_LIMIT;
        self.was_older |= older > 0;
        self.read += entries as u64;
        self.last_at = None;
        self.barren = if new == 0 { self.barren + 1 } else { 0 };
        // A later page may count less than an earlier one, when the server has lost its thread.
        let PageCount { pages, entries: total } = counted;
        self.counted = PageCount { pages: self.counted.pages.max(pages), entries: self.counted.entries.max(total) };
        let (pages, total) = (self.counted.pages.filter(|pages| *pages > 0), self.counted.entries);
        let lacks_entries = !self.was_older && total.is_some_and(|total| self.read < total);
        if entries == 0 {
            // A listing of nothing can have one page.
            let lacks_pages = pages.is_some_and(|pages| pages > 1 && u64::from(self.pages) <= pages);
            return Some(if lacks_pages || lacks_entries { ListingCoverage::Missing } else { ListingCoverage::Whole });
        }
        // However far the pages moved, the last one of a whole listing has entries that were not there before.
        let is_repeated = new == 0 && older == 0;
        let may_go_on = entries >= LOOK_UP_LIMIT && older == 0;
        match pages.map(|pages| u64::from(self.pages).cmp(&pages)) {
            // It may count too few: a full page can have another one behind it.
            Some(Ordering::Equal) if !lacks_entries && !is_repeated && !may_go_on => {
                return Some(ListingCoverage::Whole);
            }
            // Nothing is behind the last one, or that one again.
            Some(Ordering::Greater) if !lacks_entries && (if is_repeated { self.barren == 1 } else { !may_go_on }) => {
                return Some(ListingCoverage::Whole);
            }
            _ => {}
        }
        if self.barren == MOST_BARREN {
            // Only the newest first have nothing but older ones behind older ones.
            let may_have_more =
                lacks_entries || (older < entries || self.is_ascending) && (self.was_full || pages.is_some());
            return Some(if may_have_more { ListingCoverage::Repeated } else { ListingCoverage::Whole });
        }
        // As many entries as that number of pages has at most: a server may put more on each than were requested.
        let is_too_much = self.pages >= self.most || self.read >= u64::from(self.most) * LOOK_UP_LIMIT as u64;
        is_too_much.then_some(ListingCoverage::TooMany(self.pages))
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
        read_counted(pages, &[PageCount { pages: total, entries: None }])
    }

    /// The same where each page counts by itself, and the last one as all that follow.
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
            // It does not page at all.
            (&[&[1, 2]], None, (ListingCoverage::Whole, 4)),
            (&[&full], None, (ListingCoverage::Repeated, 4)),
            (&[&[1, 2]], Some(9), (ListingCoverage::Repeated, 4)),
            (&[&[1, 2]], Some(2), (ListingCoverage::Repeated, 4)),
            // It does not know the span.
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
            // Both counts may be too low: only what is not full is the last page.
            (&[&full, &next, &[101]], &[counted(Some(1), Some(50))], (ListingCoverage::Whole, 3)),
            (&[&full, &[]], &[counted(Some(1), Some(50))], (ListingCoverage::Whole, 2)),
            (&[&full], &[counted(Some(1), Some(50))], (ListingCoverage::Whole, 2)),
            (&[&full, &next, &[]], &[counted(Some(2), Some(100))], (ListingCoverage::Whole, 3)),
            // It counts what is before the span as well.
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

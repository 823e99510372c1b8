//! Decides when a listing that is read page by page ends, and whether all of it was read. A server's own counts are not
//! enough: it may repeat pages, never end, or count nothing.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The pages behind each other that have nothing new, after which no more are expected.
const MOST_BARREN: u32 = 3;
/// Entries are listed newest first; a disorder up to this is ignored.
const ORDER_TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// Whether a listing was read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListingCoverage {
    Whole,
    /// A part of it was not given: a page is repeated, empty or refused although there is more.
    Missing,
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
            Self::Missing => Some("the API did not give all that it has".to_owned()),
            Self::OutOfTime => Some("the time was up before all was read".to_owned()),
            Self::TooMany(pages) => Some(format!("the API has more than {pages} pages")),
        }
    }
}

/// The pages of a listing so far.
#[derive(Debug, Default)]
pub(crate) struct Pager {
    /// How many entries a page has at most.
    limit: usize,
    most: u32,
    first: u32,
    /// The pages that were read.
    pages: u32,
    /// The keys of the entries so far, their contents, and the number of those that were read: an entry may be listed
    /// again in another state.
    seen: HashSet<u64>,
    different: HashSet<u64>,
    read: usize,
    /// The keys of this page and of the one before it.
    page: Vec<u64>,
    last: Vec<u64>,
    /// Those of this page that are new, and those that are older than what was asked for.
    new: usize,
    older: usize,
    last_at: Option<Timestamp>,
    is_ascending: bool,
    was_older: bool,
    was_full: bool,
    barren: u32,
    /// The most pages and entries that a page has counted, and the entries that the first one has counted.
    counted_pages: Option<u64>,
    counted: Option<u64>,
    counted_first: Option<u64>,
}

impl Pager {
    /// Reads at most `most` pages of at most `limit` entries, from page `first` on.
    pub(crate) fn new(first: u32, most: u32, limit: usize) -> Self {
        Self { limit, most, first, ..Self::default() }
    }

    /// The page to request.
    pub(crate) fn next_page(&self) -> u32 {
        self.first.saturating_add(self.pages)
    }

    /// Adds an entry of the current page, which is known by its content; returns whether it is new.
    pub(crate) fn entry(&mut self, entry: &Value) -> bool {
        self.entry_of(hash_of(entry), entry, None, false)
    }

    /// Adds an entry that is known by `key`. `is_older`: it is older than what was asked for.
    pub(crate) fn entry_of(&mut self, key: u64, entry: &Value, at: Option<Timestamp>, is_older: bool) -> bool {
        let is_new = !is_older && self.seen.insert(key);
        self.different.insert(hash_of(entry));
        self.page.push(key);
        self.new += usize::from(is_new);
        self.older += usize::from(is_older);
        self.is_ascending |= at.zip(self.last_at).is_some_and(|(at, last)| at > last + ORDER_TOLERANCE);
        self.last_at = at;
        is_new
    }

    /// Ends the current page, which counts `pages` and `total` entries of the listing; returns how it ended, if it did.
    pub(crate) fn end_page(&mut self, pages: Option<u64>, total: Option<u64>) -> Option<ListingCoverage> {
        let page = u64::from(self.next_page());
        self.pages += 1;
        let (new, older) = (std::mem::take(&mut self.new), std::mem::take(&mut self.older));
        let last = std::mem::replace(&mut self.last, std::mem::take(&mut self.page));
        let entries = self.last.len();
        self.last_at = None;
        self.read += entries;
        self.was_older |= older > 0;
        self.was_full |= entries >= self.limit;
        // A later page may count less than an earlier one, if the server has lost its position.
        self.counted_pages = self.counted_pages.max(pages);
        self.counted = self.counted.max(total);
        if self.pages == 1 {
            self.counted_first = self.counted;
        }
        let whole_unless = |is_missing| if is_missing { ListingCoverage::Missing } else { ListingCoverage::Whole };
        let lacks_entries = !self.was_older
            && (self.counted.is_some_and(|total| (self.read as u64) < total)
                || self.counted_first.is_some_and(|total| (self.different.len() as u64) < total));
        if entries == 0 {
            // A listing of nothing can have one page.
            let lacks_page = self.counted_pages.is_some_and(|pages| pages > 1 && page <= pages);
            return Some(whole_unless(lacks_page || lacks_entries));
        }
        let is_repeated = new == 0 && older == 0;
        // The count may be too low: another page may follow a full one.
        let may_go_on = entries >= self.limit && older == 0;
        let is_last = match self.counted_pages {
            None | Some(0) => false,
            Some(pages) if page > pages => is_repeated || !may_go_on,
            Some(pages) => page == pages && !is_repeated && !may_go_on,
        };
        if is_last && !lacks_entries {
            return Some(ListingCoverage::Whole);
        }
        // A server that does not page gives the same page again; new entries move the others at most a little.
        self.barren = if new > 0 { 0 } else { self.barren + 1 };
        if self.barren == MOST_BARREN || is_repeated && self.last == last {
            // Only if entries are listed newest first, older ones are followed only by older ones.
            let may_have_more = (older < entries || self.is_ascending)
                && (self.was_full || self.counted_pages.is_some_and(|pages| pages > 0));
            return Some(whole_unless(lacks_entries || may_have_more));
        }
        // As many entries as that number of pages has at most: a server may return more on each page than requested.
        let is_too_much = self.pages >= self.most || self.read >= self.limit.saturating_mul(self.most as usize);
        is_too_much.then_some(ListingCoverage::TooMany(self.pages))
    }
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
    fn read(pages: &[&[i64]], count: Option<u64>) -> (ListingCoverage, u32) {
        read_counted(pages, &[(count, None)])
    }

    /// The same with a count for each page; the last count also applies to the pages after it.
    fn read_counted(pages: &[&[i64]], counted: &[(Option<u64>, Option<u64>)]) -> (ListingCoverage, u32) {
        let mut reading = Pager::new(1, 10, 50);
        loop {
            let page = pages[(reading.pages as usize).min(pages.len() - 1)];
            for id in page {
                let entry = json!({ "messageId": id });
                reading.entry_of(hash_of(&entry), &entry, None, *id < 0);
            }
            let (count, total) = counted[(reading.pages as usize).min(counted.len() - 1)];
            if let Some(coverage) = reading.end_page(count, total) {
                return (coverage, reading.pages);
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
            (&[&[1, 2]], None, (ListingCoverage::Whole, 2)),
            (&[&full], None, (ListingCoverage::Missing, 2)),
            (&[&[1, 2]], Some(9), (ListingCoverage::Missing, 2)),
            (&[&[1, 2]], Some(2), (ListingCoverage::Missing, 2)),
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
    fn a_page_that_new_entries_have_moved_is_not_the_end() {
        let [full, next]: [Vec<_>; 2] = [(51..=100).collect(), (1..=49).collect()];
        assert_eq!(read(&[&full, &full[1..], &next], Some(3)), (ListingCoverage::Whole, 3));
    }

    #[test]
    fn the_most_that_a_server_has_counted_must_be_there() {
        let [full, next]: [Vec<_>; 2] = [(1..=50).collect(), (51..=100).collect()];
        for (pages, count, expected) in [
            // A page that counts less than the one before it.
            (&[&full[..], &[]][..], &[(Some(30), Some(1500)), (Some(0), Some(0))][..], (ListingCoverage::Missing, 2)),
            (&[&full, &[]], &[(Some(30), None), (Some(1), None)], (ListingCoverage::Missing, 2)),
            (&[&full, &[]], &[(None, Some(1500)), (None, None)], (ListingCoverage::Missing, 2)),
            // The two counts contradict each other.
            (&[&full, &[51]], &[(Some(1), Some(51))], (ListingCoverage::Whole, 2)),
            (&[&full, &[]], &[(Some(1), Some(51))], (ListingCoverage::Missing, 2)),
            (&[&full], &[(Some(1), Some(1500))], (ListingCoverage::Missing, 2)),
            (&[&[1, 2]], &[(Some(1), Some(2))], (ListingCoverage::Whole, 1)),
            (&[&full], &[(Some(2), Some(100))], (ListingCoverage::Missing, 2)),
            // Both counts may be too low: only a page that is not full is the last one.
            (&[&full, &next, &[101]], &[(Some(1), Some(50))], (ListingCoverage::Whole, 3)),
            (&[&full, &[]], &[(Some(1), Some(50))], (ListingCoverage::Whole, 2)),
            (&[&full], &[(Some(1), Some(50))], (ListingCoverage::Whole, 2)),
            (&[&full, &next, &[]], &[(Some(2), Some(100))], (ListingCoverage::Whole, 3)),
            // An entry that is given twice takes the place of one that is not given.
            (&[&full, &full[40..]], &[(Some(2), Some(60))], (ListingCoverage::Missing, 3)),
            (&[&[1, 2]], &[(Some(2), Some(3))], (ListingCoverage::Missing, 2)),
            (&[&[1, 1, 2]], &[(Some(1), Some(3))], (ListingCoverage::Missing, 2)),
            // While the first page was read, an entry arrived and moved the others.
            (&[&full, &[50, 51]], &[(Some(2), Some(51)), (Some(2), Some(52))], (ListingCoverage::Whole, 2)),
            // The server also counts entries before the span.
            (&[&[1, -1]], &[(Some(1), Some(1500))], (ListingCoverage::Whole, 1)),
        ] {
            assert_eq!(read_counted(pages, count), expected, "{count:?}");
        }
    }

    #[test]
    fn older_pages_are_the_end_only_where_the_newest_come_first() {
        for (minutes, expected) in [([9, 8, 7], ListingCoverage::Whole), ([1, 3, 5], ListingCoverage::Missing)] {
            let mut reading = Pager::new(1, 10, 50);
            let coverage = loop {
                for minute in minutes {
                    let at = Timestamp::from_second(minute * 60).ok();
                    let entry = json!({ "messageId": minute });
                    reading.entry_of(hash_of(&entry), &entry, at, true);
                }
                if let Some(coverage) = reading.end_page(Some(9), None) {
                    break coverage;
                }
            };
            assert_eq!((coverage, reading.pages), (expected, 3), "{minutes:?}");
        }
    }
}

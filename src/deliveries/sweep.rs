//! Asks Jelou about the messages of a run once: by the pages of the period in which they were sent, or one by one if
//! that takes fewer requests.

use std::ops::ControlFlow;

use serde_json::Value;

use super::inquiry::{InquiredRow, Inquiry};
use crate::api::{
    LOOK_UP_LIMIT, ListingCoverage, LookUpError, LookUpList, LookUpSpan, LookUps, MessageSort, SpanStart,
    TrackedMessage,
};
use crate::timestamps::of_milliseconds;

/// A million entries: gives up on a server that always returns new ones.
const MOST_PAGES: u32 = 20_000;
/// How many rows are asked for one by one if the API does not tell its number of pages.
const FEW_ROWS: u64 = 50;

/// How to ask for the rows of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LookUpRoute {
    Nothing,
    /// As many pages as the API reports.
    Pages(Option<u64>),
    Rows(u64),
}

impl LookUpRoute {
    /// The way with fewer requests. Copies can only be counted in pages.
    fn of(rows: u64, pages: Option<u64>, counts_copies: bool) -> Self {
        match pages {
            _ if rows == 0 && !counts_copies => Self::Nothing,
            Some(pages) if counts_copies || pages <= rows => Self::Pages(Some(pages.max(1))),
            None if counts_copies || rows > FEW_ROWS => Self::Pages(None),
            Some(_) | None => Self::Rows(rows),
        }
    }

    /// The minimum number of requests; None if unknown.
    fn requests(self) -> Option<u64> {
        match self {
            Self::Nothing => Some(0),
            Self::Pages(pages) => pages,
            Self::Rows(rows) => Some(rows),
        }
    }
}

/// A run in question.
struct Sweep<'a, 'b> {
    look_ups: &'a mut LookUps<'b>,
    inquiry: &'a mut Inquiry,
    progress: &'a mut dyn FnMut(u64, Option<u64>),
    /// How far this machine's clock is ahead of the ledger's, in milliseconds.
    ahead: i64,
    /// The number of answered requests, and of those to be made.
    answered: u64,
    planned: Option<u64>,
}

/// Asks for the rows of `inquiry`; this machine's clock is ahead of the ledger's by `ahead` milliseconds.
///
/// `progress` is called with the approximate number of answered requests, and how many are to be made, if known.
///
/// # Errors
/// When Jelou cannot be asked; what it said before is in `inquiry`.
pub(crate) async fn sweep<'a>(
    look_ups: &'a mut LookUps<'_>,
    inquiry: &'a mut Inquiry,
    progress: &'a mut dyn FnMut(u64, Option<u64>),
    ahead: i64,
) -> Result<ListingCoverage, LookUpError> {
    Sweep { look_ups, inquiry, progress, ahead, answered: 0, planned: None }.run().await
}

impl Sweep<'_, '_> {
    async fn run(mut self) -> Result<ListingCoverage, LookUpError> {
        let is_template = |sort: MessageSort| sort != MessageSort::FreeForm;
        let is_free_form = |sort: MessageSort| sort == MessageSort::FreeForm;
        let counts_copies = self.inquiry.counts_copies();
        let (templates, template_span) = (self.rows(is_template), self.span(is_template, false));
        let mut has_notifications = true;
        let by_notifications = match self.pages(LookUpList::Notifications, template_span.as_ref()).await {
            Ok(pages) => LookUpRoute::of(templates, pages, false),
            Err(LookUpError::Unavailable { .. }) => {
                has_notifications = false;
                LookUpRoute::Nothing
            }
            Err(error) => return Err(error),
        };
        let in_history = |sort: MessageSort| is_free_form(sort) || !has_notifications;
        let (mut rows, mut span) = (self.rows(in_history), self.span(in_history, counts_copies));
        let pages = self.pages(LookUpList::History, span.as_ref()).await?;
        let mut by_history = LookUpRoute::of(rows, pages, counts_copies);
        self.planned = by_notifications.requests().zip(by_history.requests()).map(|(one, other)| one + other);
        self.inquiry.set_clock(self.clock());
        let mut end = self.read(LookUpList::Notifications, by_notifications, template_span, is_template).await?;
        let left = self.rows(is_template);
        if by_history == LookUpRoute::Nothing && left > 0 {
            // Their ids may be those from the history.
            (rows, span) = (left, self.span(is_template, false));
            let pages = self.pages(LookUpList::History, span.as_ref()).await?;
            by_history = LookUpRoute::of(rows, pages, false);
        }
        let of_history = self.read(LookUpList::History, by_history, span, |_| true).await?;
        if of_history != ListingCoverage::Whole {
            end = of_history;
        }
        Ok(end)
    }

    fn rows(&self, of: impl Fn(MessageSort) -> bool) -> u64 {
        self.inquiry.open_rows(of).count() as u64
    }

    /// How far Jelou's clock is ahead of the ledger's, in milliseconds.
    fn clock(&self) -> i64 {
        i64::try_from(self.look_ups.clock.as_millis()).unwrap_or_default().saturating_add(self.ahead)
    }

    fn span(&self, of: impl Fn(MessageSort) -> bool, counts_copies: bool) -> Option<LookUpSpan> {
        let since = self.inquiry.since(of, counts_copies)?.saturating_add(self.ahead);
        Some(LookUpSpan { start: SpanStart::At(of_milliseconds(since)), until: None })
    }

    async fn pages(&mut self, list: LookUpList, span: Option<&LookUpSpan>) -> Result<Option<u64>, LookUpError> {
        match span {
            None => Ok(Some(0)),
            Some(span) => self.look_ups.pages(list, &self.look_ups.by_its_clock(span)).await,
        }
    }

    /// Reads one listing.
    async fn read(
        &mut self,
        list: LookUpList,
        route: LookUpRoute,
        span: Option<LookUpSpan>,
        of: impl Fn(MessageSort) -> bool,
    ) -> Result<ListingCoverage, LookUpError> {
        match (route, span) {
            (LookUpRoute::Nothing, _) | (LookUpRoute::Pages(_), None) => Ok(ListingCoverage::Whole),
            (LookUpRoute::Pages(_), Some(span)) => self.read_pages(list, &span).await,
            (LookUpRoute::Rows(_), _) => self.read_rows(of).await,
        }
    }

    async fn read_pages(&mut self, list: LookUpList, span: &LookUpSpan) -> Result<ListingCoverage, LookUpError> {
        let Self { look_ups, inquiry, progress, answered, planned, .. } = self;
        let bot = look_ups.bot.to_owned();
        let (mut read, mut unreadable) = (0_u64, false);
        let take = |entry: &Value| {
            unreadable |= !match list {
                LookUpList::History => inquiry.note_message(entry, &bot),
                LookUpList::Notifications => inquiry.note_notification(entry),
            };
            read += 1;
            progress(*answered + pages_of(read), *planned);
            ControlFlow::Continue(())
        };
        let span = look_ups.by_its_clock(span);
        let coverage = look_ups.read(list, None, &span, MOST_PAGES, take).await;
        *answered += pages_of(read);
        Ok(match coverage? {
            ListingCoverage::Whole if unreadable => ListingCoverage::Missing,
            coverage => coverage,
        })
    }

    async fn read_rows(&mut self, of: impl Fn(MessageSort) -> bool) -> Result<ListingCoverage, LookUpError> {
        let tracked = |row: &InquiredRow| {
            let left_at = of_milliseconds(row.left_at.saturating_add(self.ahead));
            let tracked = TrackedMessage::new(row.id.clone()?, row.sort, Some(left_at));
            Some(TrackedMessage { recipient: Some(row.recipient.clone()), ..tracked })
        };
        let rows: Vec<_> = self.inquiry.open_rows(of).filter_map(tracked).collect();
        let mut end = ListingCoverage::Whole;
        for mut tracked in rows {
            self.look_ups.look_for(&mut tracked).await?;
            if tracked.facts.is_none() && !tracked.is_fully_searched() {
                end = tracked.coverage;
            }
            self.inquiry.note_one(&tracked.id, tracked.facts, tracked.notification);
            self.answered += 1;
            (self.progress)(self.answered, self.planned);
        }
        Ok(end)
    }
}

/// The number of pages for this many entries.
fn pages_of(entries: u64) -> u64 {
    entries.div_ceil(LOOK_UP_LIMIT as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_with_fewer_requests_is_taken() {
        for (rows, pages, counts_copies, expected) in [
            (0, Some(9), false, LookUpRoute::Nothing),
            (3, Some(9), false, LookUpRoute::Rows(3)),
            (9, Some(9), false, LookUpRoute::Pages(Some(9))),
            (100_000, Some(2000), false, LookUpRoute::Pages(Some(2000))),
            (3, Some(9), true, LookUpRoute::Pages(Some(9))),
            (0, Some(9), true, LookUpRoute::Pages(Some(9))),
            (3, Some(0), false, LookUpRoute::Pages(Some(1))),
            (50, None, false, LookUpRoute::Rows(50)),
            (51, None, false, LookUpRoute::Pages(None)),
            (1, None, true, LookUpRoute::Pages(None)),
        ] {
            assert_eq!(LookUpRoute::of(rows, pages, counts_copies), expected, "{rows} {pages:?} {counts_copies}");
        }
    }
}

//! The deliveries of a run's messages, which Jelou reports later: which rows to ask for, what the answers mean, and
//! which unknown rows they prove as sent. It uses the look-ups of `api` and writes nothing: the caller stores the
//! results. Here Jelou is asked once: by the pages of the period in which the messages were sent, or one by one if
//! that takes fewer requests.

mod evidence;
mod inquired_row;
mod inquiry;

use std::ops::ControlFlow;

use serde_json::Value;

pub(crate) use self::evidence::UnresolvedReason;
pub(crate) use self::inquired_row::CheckLimits;
use self::inquired_row::CheckedRow;
pub(crate) use self::inquiry::DeliveryCheck;
use crate::base::timestamps::from_millis;
use crate::jelou::api::{
    LOOK_UP_LIMIT, ListingCoverage, LookUpError, LookUpList, LookUpSpan, LookUps, MessageClass,
    Since, TrackedMessage,
};

/// A million entries: gives up on a server that always returns new ones.
const MOST_PAGES: u32 = 20_000;
/// How many rows are asked for one by one if the API does not tell its number of pages.
const FEW_ROWS: u64 = 50;

/// A run in question.
struct DeliveryScan<'a, 'b> {
    look_ups: &'a mut LookUps<'b>,
    inquiry: &'a mut DeliveryCheck,
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
    inquiry: &'a mut DeliveryCheck,
    progress: &'a mut dyn FnMut(u64, Option<u64>),
    ahead: i64,
) -> Result<ListingCoverage, LookUpError> {
    DeliveryScan {
        look_ups,
        inquiry,
        progress,
        ahead,
        answered: 0,
        planned: None,
    }
    .run()
    .await
}

impl DeliveryScan<'_, '_> {
    async fn run(mut self) -> Result<ListingCoverage, LookUpError> {
        let counts_copies = self.inquiry.counts_copies();
        let of_templates = self
            .ask(
                LookUpList::Notifications,
                |sort| sort != MessageClass::FreeForm,
                false,
            )
            .await;
        let of_templates = match of_templates {
            // The history has them, too.
            Err(LookUpError::Unavailable(_)) => ListingCoverage::Whole,
            asked => asked?,
        };
        // The ids of templates that were not found may be those from the history.
        let of_all = self
            .ask(LookUpList::History, |_| true, counts_copies)
            .await?;
        Ok(if of_all == ListingCoverage::Whole {
            of_templates
        } else {
            of_all
        })
    }

    /// Asks for the rows of these sorts that were not found yet: by the pages of a listing, or one by one if that
    /// takes fewer requests. Copies can only be counted in pages.
    async fn ask(
        &mut self,
        list: LookUpList,
        of: impl Fn(MessageClass) -> bool + Copy,
        counts_copies: bool,
    ) -> Result<ListingCoverage, LookUpError> {
        let Some(since) = self.inquiry.since(of, counts_copies) else {
            return Ok(ListingCoverage::Whole);
        };
        let start = Since::At(from_millis(since.saturating_add(self.ahead)));
        let span = LookUpSpan { start, until: None };
        let pages = self
            .look_ups
            .pages(list, &self.look_ups.by_its_clock(&span))
            .await?;
        let clock = i64::try_from(self.look_ups.clock.as_millis()).unwrap_or_default();
        self.inquiry.terms.clock = clock.saturating_add(self.ahead);
        let rows = self.inquiry.open_rows(of).count() as u64;
        if counts_copies || pages.map_or(rows > FEW_ROWS, |pages| pages <= rows) {
            self.planned = pages.map(|pages| self.answered + pages);
            self.read_pages(list, &span).await
        } else {
            self.planned = Some(self.answered + rows);
            self.read_rows(of).await
        }
    }

    async fn read_pages(
        &mut self,
        list: LookUpList,
        span: &LookUpSpan,
    ) -> Result<ListingCoverage, LookUpError> {
        let Self {
            look_ups,
            inquiry,
            progress,
            answered,
            planned,
            ..
        } = self;
        let bot = look_ups.bot.to_owned();
        let mut read = 0_u64;
        let mut unreadable = false;
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

    async fn read_rows(
        &mut self,
        of: impl Fn(MessageClass) -> bool,
    ) -> Result<ListingCoverage, LookUpError> {
        let tracked = |row: &CheckedRow| {
            let left_at = from_millis(row.left_at.saturating_add(self.ahead));
            let tracked = TrackedMessage::new(row.id.clone()?, row.sort, Some(left_at));
            Some(TrackedMessage {
                recipient: Some(row.recipient.clone()),
                ..tracked
            })
        };
        let rows: Vec<_> = self.inquiry.open_rows(of).filter_map(tracked).collect();
        let mut end = ListingCoverage::Whole;
        for mut tracked in rows {
            self.look_ups.look_for(&mut tracked).await?;
            if tracked.facts.is_none() && !tracked.is_fully_searched() {
                end = tracked.coverage;
            }
            self.inquiry
                .note_one(&tracked.id, tracked.facts, tracked.notification);
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

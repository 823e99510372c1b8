//! Checks the delivery status of a run's messages: chooses the rows, reads the responses, and decides which unknown rows
//! they prove as sent. It uses the look-ups of `api` and writes nothing: the caller stores the results. A check reads the
//! pages of the period of the run, or looks up messages one by one if that takes fewer requests.

mod evidence;
mod inquiry;

use std::ops::ControlFlow;

use serde_json::Value;

pub(crate) use self::evidence::UnresolvedReason;
use self::inquiry::InquiredRow;
pub(crate) use self::inquiry::{CheckLimits, DeliveryCheck};
use crate::base::timestamps::from_millis;
use crate::jelou::api::{
    LOOK_UP_LIMIT, ListingCoverage, LookUpError, LookUpList, LookUpSpan, LookUps, MessageClass,
    Since, TrackedMessage,
};

/// A million entries: the limit for a server that always returns new ones.
const MAX_PAGES: u32 = 20_000;
/// How many rows to look up one by one if the API does not report its number of pages.
const FEW_ROWS: u64 = 50;

/// A check in progress.
struct DeliveryScan<'a, 'b> {
    look_ups: &'a mut LookUps<'b>,
    check: &'a mut DeliveryCheck,
    progress: &'a mut dyn FnMut(u64, Option<u64>),
    /// How far this machine's clock is ahead of the ledger's, in milliseconds.
    ahead: i64,
    /// The number of answered requests.
    answered: u64,
    /// The number of all requests, if it is clear.
    planned: Option<u64>,
}

/// Checks the rows of `check`. This machine's clock is ahead of the ledger's by `ahead` milliseconds.
///
/// Calls `progress` with the approximate number of answered requests, and the number of all requests, if it is clear.
///
/// # Errors
/// If a request fails; `check` has the results so far.
pub(crate) async fn sweep<'a>(
    look_ups: &'a mut LookUps<'_>,
    check: &'a mut DeliveryCheck,
    progress: &'a mut dyn FnMut(u64, Option<u64>),
    ahead: i64,
) -> Result<ListingCoverage, LookUpError> {
    DeliveryScan {
        look_ups,
        check,
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
        let counts_copies = self.check.counts_copies();
        let of_templates = self
            .ask(
                LookUpList::Notifications,
                |class| class != MessageClass::FreeForm,
                false,
            )
            .await;
        let of_templates = match of_templates {
            // The history has templates too.
            Err(LookUpError::Unavailable(_)) => ListingCoverage::Whole,
            asked => asked?,
        };
        // The history may have the ids of templates that are missing in the notifications.
        let of_all = self
            .ask(LookUpList::History, |_| true, counts_copies)
            .await?;
        Ok(if of_all == ListingCoverage::Whole {
            of_templates
        } else {
            of_all
        })
    }

    /// Checks the rows of these classes that were not found yet: in the pages of a listing, or one by one if that takes
    /// fewer requests. Only pages can count copies.
    async fn ask(
        &mut self,
        list: LookUpList,
        of: impl Fn(MessageClass) -> bool + Copy,
        counts_copies: bool,
    ) -> Result<ListingCoverage, LookUpError> {
        let Some(since) = self.check.since(of, counts_copies) else {
            return Ok(ListingCoverage::Whole);
        };
        let start = Since::At(from_millis(since.saturating_add(self.ahead)));
        let span = LookUpSpan { start, until: None };
        let pages = self
            .look_ups
            .pages(list, &self.look_ups.by_its_clock(&span))
            .await?;
        let clock = i64::try_from(self.look_ups.clock.as_millis()).unwrap_or_default();
        self.check.terms.clock = clock.saturating_add(self.ahead);
        let rows = self.check.open_rows(of).count() as u64;
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
            check,
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
                LookUpList::History => check.note_message(entry, &bot),
                LookUpList::Notifications => check.note_notification(entry),
            };
            read += 1;
            progress(*answered + page_count(read), *planned);
            ControlFlow::Continue(())
        };
        let span = look_ups.by_its_clock(span);
        let coverage = look_ups.read(list, None, &span, MAX_PAGES, take).await;
        *answered += page_count(read);
        Ok(match coverage? {
            ListingCoverage::Whole if unreadable => ListingCoverage::Missing,
            coverage => coverage,
        })
    }

    async fn read_rows(
        &mut self,
        of: impl Fn(MessageClass) -> bool,
    ) -> Result<ListingCoverage, LookUpError> {
        let tracked = |row: &InquiredRow| {
            let sent_at = from_millis(row.sent_at.saturating_add(self.ahead));
            let tracked = TrackedMessage::new(row.id.clone()?, row.class, Some(sent_at));
            Some(TrackedMessage {
                recipient: Some(row.recipient.clone()),
                ..tracked
            })
        };
        let rows: Vec<_> = self.check.open_rows(of).filter_map(tracked).collect();
        let mut end = ListingCoverage::Whole;
        for mut tracked in rows {
            self.look_ups.look_for(&mut tracked).await?;
            if tracked.facts.is_none() && !tracked.is_fully_searched() {
                end = tracked.coverage;
            }
            self.check
                .note_one(&tracked.id, tracked.facts, tracked.notification);
            self.answered += 1;
            (self.progress)(self.answered, self.planned);
        }
        Ok(end)
    }
}

/// The number of pages for this many entries.
fn page_count(entries: u64) -> u64 {
    entries.div_ceil(LOOK_UP_LIMIT as u64)
}

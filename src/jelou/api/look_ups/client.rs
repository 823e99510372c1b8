//! Asks Jelou for the delivery status of messages. It sends only GETs, one after another, at the rate of the profile.

use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::time::{Interval, MissedTickBehavior, interval};
use url::Url;

use super::error::LookUpError;
use super::tracked::{MessageClass, TrackedMessage};
use crate::base::process::Signals;
use crate::base::timestamps::timestamp;
use crate::jelou::api::answer::{Answer, time_at};
use crate::jelou::api::credentials::Credentials;
use crate::jelou::api::delivery::{Delivery, Event, deliver};
use crate::jelou::api::outcome::Outcome;
use crate::jelou::api::pager::{ListingCoverage, Pager};
use crate::jelou::api::request::{LOOK_UP_LIMIT, ListingQuery, Request};
use crate::jelou::api::transport::Client;

/// A smaller difference between the clocks is ignored.
pub(crate) const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(5);
/// How far into the future a listing without an end goes. Our clock may be wrong until the first answer.
const UNTIL_NOW: SignedDuration = SignedDuration::from_hours(24);
/// The maximum of pages, 100,000 entries, because a server may return new ones forever.
pub(crate) const MOST_PAGES: u32 = 2_000;
/// The maximum of pages in a search for one message.
const MAX_PAGES_FOR_ONE: u32 = 20;

/// Called with a request's progress.
pub(crate) type LookUpWatch<'a> = Box<dyn FnMut(&Request, Event<'_>) + 'a>;

/// The client of the look-ups and its settings.
pub(crate) struct LookUps<'a> {
    pub(crate) client: &'a Client,
    pub(crate) credentials: &'a Credentials,
    pub(crate) base: &'a Url,
    pub(crate) bot: &'a str,
    /// A signal ends a look-up.
    pub(crate) signals: &'a mut Signals,
    /// Called with the progress of each request.
    pub(crate) watch: LookUpWatch<'a>,
    /// How long to wait for a busy or unavailable server, counted from its first failure.
    pub(crate) retry_for: Duration,
    pub(crate) pace: Interval,
    /// The server's clock relative to ours, according to its last answer.
    pub(crate) clock: SignedDuration,
}

/// A listing, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookUpList {
    /// Every message, in both directions.
    History,
    /// Templates that were sent.
    Notifications,
}

/// Which entries of a listing are requested.
#[derive(Clone, Debug)]
pub(crate) struct LookUpSpan {
    pub(crate) start: Since,
    /// Inclusive; None means until now.
    pub(crate) until: Option<Timestamp>,
}

/// The beginning of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    Ever,
    /// The age is by the server's clock.
    Ago(Duration),
    At(Timestamp),
}

impl Since {
    /// Returns the point in time, relative to `now`. A time before 1970 becomes 1970.
    pub(crate) fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ever => Timestamp::UNIX_EPOCH,
            Self::At(at) => at,
            Self::Ago(duration) => now.checked_sub(duration).unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}

/// Creates a timer that ticks this many times a second. It needs a running runtime.
pub(crate) fn look_up_pace(per_second: f64) -> Interval {
    let between = Duration::try_from_secs_f64(per_second.recip()).unwrap_or_default();
    let mut pace = interval(between.max(Duration::from_micros(1)));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace
}

impl LookUps<'_> {
    /// Returns the server's present time.
    fn now(&self) -> Timestamp {
        let ours = timestamp(SystemTime::now());
        ours.saturating_add(self.clock).unwrap_or(ours)
    }

    /// Reads the entries of a listing within `span` and passes each to `take`, until `take` stops it. The same entry
    /// can occur twice, also in another state. Entries before an error are kept.
    ///
    /// # Errors
    /// If a page cannot be read.
    pub(crate) async fn read(
        &mut self,
        listing: LookUpList,
        message_id: Option<&str>,
        span: &LookUpSpan,
        most_pages: u32,
        mut take: impl FnMut(&Value) -> ControlFlow<()>,
    ) -> Result<ListingCoverage, LookUpError> {
        let mut pager = Pager::new(most_pages, LOOK_UP_LIMIT);
        let mut since = span.start.at(self.now());
        let mut until = span.until;
        let mut is_clock_known = false;
        loop {
            let answer = self
                .ask(&self.page(listing, since, until, message_id, pager.next_page()))
                .await?;
            if !is_clock_known {
                is_clock_known = true;
                let begin = span.start.at(self.now());
                let is_off = begin.duration_since(since).abs() > CLOCK_TOLERANCE;
                if matches!(span.start, Since::Ago(_)) && is_off {
                    since = begin;
                    continue;
                }
            }
            let Some(entries) = answer.body.results() else {
                return Ok(ListingCoverage::Missing);
            };
            let mut newest = None;
            for entry in entries {
                let at = time_at(entry, &["/createdAt"]);
                let is_older = at.is_some_and(|at| since.duration_since(at) > CLOCK_TOLERANCE);
                let is_later = at.zip(span.until).is_some_and(|(at, until)| at > until);
                newest = newest.max(at);
                pager.entry(entry);
                if !is_older && !is_later && take(entry).is_break() {
                    return Ok(ListingCoverage::Whole);
                }
            }
            if let Some(coverage) = pager.end_page(answer.body.counted()) {
                return Ok(coverage);
            }
            // With a fixed end, new entries no longer move the pages. The first page must have been complete.
            let now = self.now().max(newest.unwrap_or(Timestamp::MIN));
            until = until.or_else(|| now.checked_add(CLOCK_TOLERANCE).ok());
        }
    }

    /// Converts the span to the server's clock. A start at a fixed time is by our clock.
    pub(crate) fn by_its_clock(&self, span: &LookUpSpan) -> LookUpSpan {
        let start = match span.start {
            Since::At(at) => Since::At(
                at.saturating_add(self.clock - CLOCK_TOLERANCE)
                    .unwrap_or(at),
            ),
            start => start,
        };
        LookUpSpan {
            start,
            ..span.clone()
        }
    }

    /// Returns the number of pages of `listing` in `span`, if the API counts them.
    ///
    /// # Errors
    /// If the request fails.
    pub(crate) async fn pages(
        &mut self,
        listing: LookUpList,
        span: &LookUpSpan,
    ) -> Result<Option<u64>, LookUpError> {
        let answer = self
            .ask(&self.page(listing, span.start.at(self.now()), span.until, None, 1))
            .await?;
        let [pages, _] = answer.body.counted();
        Ok(pages)
    }

    /// Returns the request for a page of a listing. Without `until`, it reads until now.
    fn page(
        &self,
        listing: LookUpList,
        since: Timestamp,
        until: Option<Timestamp>,
        message_id: Option<&str>,
        page: u32,
    ) -> Request {
        let until = until.unwrap_or_else(|| {
            self.now()
                .saturating_add(UNTIL_NOW)
                .unwrap_or(Timestamp::MAX)
        });
        let query = ListingQuery {
            since,
            until,
            message_id,
            page,
        };
        match listing {
            LookUpList::History => Request::history(self.base, self.bot, &query),
            LookUpList::Notifications => Request::notifications(self.base, self.bot, &query),
        }
    }

    /// Looks for `tracked` in every source that can list it, and records the result. If a source fails, the next one
    /// continues. Only the last source is retried, because it lists every message.
    ///
    /// # Errors
    /// If no source answered, or the last one is unavailable. Earlier results are kept.
    pub(crate) async fn look_for(
        &mut self,
        tracked: &mut TrackedMessage,
    ) -> Result<(), LookUpError> {
        tracked.coverage = ListingCoverage::Whole;
        let retry_for = std::mem::take(&mut self.retry_for);
        let mut is_asked = false;
        let mut failure = None;
        let is_template = tracked.sort != MessageClass::FreeForm;
        let last = LookupSource::List(LookUpList::History);
        for place in SOURCES
            .into_iter()
            .filter(|place| is_template || *place == last)
        {
            if place == last {
                self.retry_for = retry_for;
            }
            match self.look_in(place, tracked).await {
                Ok(is_found) => {
                    is_asked = true;
                    if is_found {
                        break;
                    }
                }
                Err(error) if error.signal().is_some() || place == last && !error.is_refusal() => {
                    return Err(error);
                }
                Err(error) => {
                    // An account may lack some sources.
                    let is_unavailable = matches!(error, LookUpError::Unavailable(_));
                    if !is_unavailable {
                        tracked.note_gap(ListingCoverage::Missing);
                    }
                    // The older address may refuse credentials that are right.
                    let is_older = place == LookupSource::Notification { is_older: true };
                    if !is_older && !is_unavailable || place == last {
                        failure = failure.or(Some(error));
                    }
                }
            }
        }
        self.retry_for = retry_for;
        failure.filter(|_| !is_asked).map_or(Ok(()), Err)
    }

    /// Looks for `tracked` in one source, and returns whether it is listed there.
    async fn look_in(
        &mut self,
        place: LookupSource,
        tracked: &mut TrackedMessage,
    ) -> Result<bool, LookUpError> {
        let id = tracked.id.clone();
        let listing = match place {
            LookupSource::List(list) => list,
            LookupSource::Notification { is_older } => {
                let answer = self
                    .ask(&Request::notification(self.base, self.bot, &id, is_older))
                    .await?;
                return Ok(answer
                    .body
                    .json
                    .as_ref()
                    .is_some_and(|entry| tracked.note_notification(entry)));
            }
        };
        let start = tracked.sent_at.map_or(Since::Ever, Since::At);
        let span = self.by_its_clock(&LookUpSpan { start, until: None });
        let bot = self.bot.to_owned();
        let mut is_found = false;
        let take = |entry: &Value| {
            let is_it = match listing {
                LookUpList::Notifications => tracked.note_notification(entry),
                LookUpList::History => tracked.note_message(entry, &bot),
            };
            // A message may be listed several times in a row.
            let is_past = is_found && !is_it;
            is_found |= is_it;
            if is_past {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let coverage = self
            .read(listing, Some(&id), &span, MAX_PAGES_FOR_ONE, take)
            .await?;
        tracked.note_gap(coverage);
        Ok(is_found)
    }

    /// Sends the request when the rate allows it, and retries while the server is busy or unavailable.
    async fn ask(&mut self, request: &Request) -> Result<Answer, LookUpError> {
        let Self {
            client,
            credentials,
            signals,
            watch,
            retry_for,
            pace,
            ..
        } = self;
        tokio::select! {
            biased;
            signal = signals.next() => return Err(LookUpError::new(Delivery::never_begun(signal), request)),
            _ = pace.tick() => {}
        }
        let watch = |event: Event<'_>| watch(request, event);
        let delivery = deliver(
            client,
            request,
            credentials,
            *retry_for,
            None,
            signals.next(),
            watch,
        )
        .await;
        if let Some(date) = delivery.answer.as_ref().and_then(|answer| answer.date) {
            let difference = timestamp(date).duration_since(timestamp(SystemTime::now()));
            self.clock = if difference.abs() > CLOCK_TOLERANCE {
                difference
            } else {
                SignedDuration::ZERO
            };
        }
        match delivery {
            Delivery {
                outcome: Outcome::Sent { .. },
                answer: Some(answer),
                ..
            } => Ok(answer),
            delivery => Err(LookUpError::new(delivery, request)),
        }
    }
}

/// A source that can list a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LookupSource {
    List(LookUpList),
    /// The address of one template.
    Notification {
        is_older: bool,
    },
}

/// The sources in order. Only the last one lists messages that are not templates. The notifications have more details
/// of a template than the history.
const SOURCES: [LookupSource; 4] = [
    LookupSource::List(LookUpList::Notifications),
    LookupSource::Notification { is_older: false },
    LookupSource::Notification { is_older: true },
    LookupSource::List(LookUpList::History),
];

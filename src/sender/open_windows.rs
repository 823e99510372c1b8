//! The users who wrote to the bot recently, so that WhatsApp accepts free-form messages to them.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::connection::{Connection, RequestProgress};
use crate::base::message::msg;
use crate::base::output::{ProgressFormat, ReadProgress};
use crate::base::timestamps::now;
use crate::jelou::api::{
    CLOCK_TOLERANCE, HistoryMessage, LOOK_UP_LIMIT, ListingCoverage, LookUpError, LookUpList,
    LookUpSpan, MessageAuthor, Since, is_person,
};
use crate::phone::person_key;

/// WhatsApp accepts free-form messages for 24 hours after the user wrote. One of these hours remains for sending.
const USABLE_WINDOW: Duration = Duration::from_secs(23 * 60 * 60);
/// A million messages. Stops a server that returns new pages forever.
const MAX_PAGES: u32 = 20_000;

/// The users who wrote within the last 23 hours, each with the time of the last message.
#[derive(Debug, Default)]
pub(crate) struct OpenWindows {
    written_at: HashMap<String, Timestamp>,
    /// The number of messages from users with an id that is not a number. On WhatsApp, this id does not show the
    /// number.
    without_number: usize,
    /// The server's clock relative to this machine's.
    clock: SignedDuration,
}

impl OpenWindows {
    /// Reads the history.
    ///
    /// # Errors
    /// If it cannot be read completely.
    pub(crate) async fn read(connection: &mut Connection) -> Result<Self, LookUpError> {
        let flight = RequestProgress::default();
        let stderr = connection.stderr.clone();
        let bot = connection.bot.clone();
        let mut look_ups = connection.look_ups(&flight);
        let span = LookUpSpan {
            start: Since::Ago(USABLE_WINDOW),
            until: None,
        };
        let pages = look_ups.pages(LookUpList::History, &span).await?;
        stderr.note(msg!("reading Jelou's history: who wrote within 23 hours"));
        let reading = ReadProgress::new(&stderr, ProgressFormat::Auto, "Jelou's history");
        let mut windows = Self::default();
        let mut read = 0_u64;
        let mut unreadable = 0;
        let add = |entry: &Value| {
            read += 1;
            reading.show_requests(read.div_ceil(LOOK_UP_LIMIT as u64), pages);
            match HistoryMessage::read(entry, &bot) {
                Some(message) if windows.note(&message) => {}
                _ => unreadable += 1,
            }
            ControlFlow::Continue(())
        };
        let coverage = look_ups
            .read(LookUpList::History, None, &span, MAX_PAGES, add)
            .await?;
        if coverage != ListingCoverage::Whole || unreadable > 0 {
            return Err(LookUpError::Incomplete {
                coverage,
                unreadable,
            });
        }
        windows.clock = look_ups.clock;
        Ok(windows)
    }

    /// Returns whether the message is complete: a user's message needs its author and its time.
    fn note(&mut self, message: &HistoryMessage) -> bool {
        if message.author != MessageAuthor::User {
            return true;
        }
        let (Some(user), Some(at)) = (&message.user, message.at) else {
            return false;
        };
        self.without_number += usize::from(!is_person(user));
        let last = self
            .written_at
            .entry(person_key(user).into_owned())
            .or_insert(at);
        *last = at.max(*last);
        true
    }

    /// Returns whether the recipient's 24-hour window is open.
    ///
    /// # Errors
    /// If it is not, but an incoming message without a phone number may be from this recipient.
    pub(crate) fn is_open(&self, recipient: &str) -> Result<bool, LookUpError> {
        let is_open = self.is_open_at(recipient, now());
        if !is_open && self.without_number > 0 && is_person(recipient) {
            return Err(LookUpError::Incomplete {
                coverage: ListingCoverage::Whole,
                unreadable: self.without_number,
            });
        }
        Ok(is_open)
    }

    fn is_open_at(&self, recipient: &str, now: Timestamp) -> bool {
        let now = now.saturating_add(self.clock).unwrap_or(now);
        let since = |at: &Timestamp| now.duration_since(*at);
        // A time in the future proves nothing.
        let is_open = |since: SignedDuration| {
            since >= -CLOCK_TOLERANCE
                && since <= SignedDuration::try_from(USABLE_WINDOW).unwrap_or_default()
        };
        self.written_at
            .get(person_key(recipient).as_ref())
            .map(since)
            .is_some_and(is_open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;

    #[test]
    fn window_is_open_23_hours_by_server_clock() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let ago = |seconds: i64| now - SignedDuration::from_secs(seconds);
        for (written_at, clock, expected) in [
            (ago(0), 0, true),
            (ago(23 * HOUR), 0, true),
            (ago(23 * HOUR + 1), 0, false),
            (ago(22 * HOUR + 1800), HOUR, false),
            (ago(23 * HOUR + 1800), -HOUR, true),
            (ago(-4), 0, true),
            (ago(-HOUR), 0, false),
            (ago(-HOUR), HOUR, true),
        ] {
            let windows = OpenWindows {
                written_at: [("5215512345678".to_owned(), written_at)]
                    .into_iter()
                    .map(|(user, at)| (person_key(&user).into_owned(), at))
                    .collect(),
                clock: SignedDuration::from_secs(clock),
                ..OpenWindows::default()
            };
            assert_eq!(
                windows.is_open_at("525512345678", now),
                expected,
                "{written_at} {clock}"
            );
            assert!(!windows.is_open_at("593987654321", now));
        }
    }
}

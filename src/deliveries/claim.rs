//! Determines whether a single message under a key was sent if its process did not learn the outcome. It counts copies
//! as for rows, but over hashes, since a claim stores no texts and no numbers.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::time::Duration;

use serde_json::Value;

use super::evidence::{AttemptWindow, ListedCopy, OwnAttempt, RequestContent, ShownContent, StillUnknown, decide};
use crate::api::{
    DeliveryState, HistoryMessage, ListingCoverage, LookUpError, LookUpList, LookUpSpan, LookUps, MessageAuthor,
    MessageSort, SpanStart, TrackedMessage,
};
use crate::ledger::{KnownAttempt, RowState};
use crate::once::{OnceEntry, OnceHash, OnceHasher, OnceState};
use crate::timestamps::of_milliseconds;

/// The page limit: the user is waiting for an answer.
const MOST_PAGES: u32 = 200;
/// How many messages with known ids are looked for, newest first.
const MOST_EXAMPLES: usize = 3;
/// Everything that is compared has the same content.
const CONTENT: usize = 0;

/// A message with a known id, which shows whether the history can be compared with what was sent.
#[derive(Clone, Debug)]
struct SentExample {
    id: String,
    shown: OnceHash,
    /// By the ledger's clock.
    began_at: i64,
    longest: i64,
}

/// A claim with an unknown end. Times in milliseconds.
#[derive(Debug)]
pub(crate) struct ClaimInquiry<'a> {
    hasher: &'a OnceHasher,
    person: OnceHash,
    kind: OnceHash,
    shown: OnceHash,
    /// When the person was claimed, by the ledger's clock.
    at: i64,
    /// The longest duration of a single send, and of a request.
    longest: i64,
    timeout: i64,
    /// How far Jelou's clock is ahead of the ledger's.
    clock: i64,
    attempts: Vec<OwnAttempt>,
    examples: Vec<SentExample>,
    /// The listed messages with its content, by id.
    copies: HashMap<String, ListedCopy>,
    /// Whether a message of ours, or a listed one, might be such a copy but cannot be identified.
    is_doubted: bool,
    is_proven: bool,
}

impl<'a> ClaimInquiry<'a> {
    /// The inquiry for a person's claim under a key; None if the history does not show the whole message, or if a row
    /// decides.
    pub(crate) fn of(
        hasher: &'a OnceHasher,
        person: OnceHash,
        entry: &OnceEntry,
        timeout: Duration,
        retry_for: Duration,
    ) -> Option<Self> {
        let (Some(kind), Some(shown), None) = (entry.kind, entry.shown, &entry.run) else { return None };
        let milliseconds = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let timeout = milliseconds(timeout);
        Some(Self {
            hasher,
            person,
            kind,
            shown,
            at: entry.at,
            longest: timeout.saturating_add(milliseconds(retry_for)),
            timeout,
            clock: 0,
            attempts: Vec::new(),
            examples: Vec::new(),
            copies: HashMap::new(),
            is_doubted: false,
            is_proven: false,
        })
    }

    pub(crate) fn kind(&self) -> OnceHash {
        self.kind
    }

    /// The period in which attempts of runs count, by the ledger's clock.
    pub(crate) fn counted_span(&self) -> [i64; 2] {
        let window = AttemptWindow::of(self.at, 0, self.longest);
        let width = window.end.saturating_sub(window.begin);
        [window.begin.saturating_sub(width), window.end.saturating_add(width)]
    }

    /// Whether there is a message that can show what the history contains.
    pub(crate) fn has_examples(&self) -> bool {
        !self.examples.is_empty()
    }

    /// Discards the counts so far, to count again.
    pub(crate) fn forget_attempts(&mut self) {
        self.attempts.clear();
        self.examples.clear();
    }

    /// Adds the person's messages from single sends and removed runs, under any key of the bot, including the claim
    /// itself.
    pub(crate) fn add_claim(&mut self, person: OnceHash, entry: &OnceEntry) {
        if entry.state == OnceState::NotSent {
            return;
        }
        // For a claim that was sent, the time of its end is known.
        let (began_at, longest) = match entry.state {
            OnceState::Sent => (entry.at.saturating_sub(self.longest), self.longest.saturating_mul(2)),
            _ => (entry.at, self.longest),
        };
        let window = AttemptWindow::of(began_at, self.clock, longest);
        if let (OnceState::Sent, Some(id), Some(shown), true) =
            (entry.state, &entry.message_id, entry.shown, entry.kind == Some(self.kind))
        {
            self.examples.push(SentExample { id: id.clone(), shown, began_at, longest });
        }
        match entry.shown {
            Some(shown) if shown == self.shown => {
                let is_own = person == self.person && entry.at == self.at && entry.state == OnceState::Unknown;
                let is_first = self.attempts.iter().all(|attempt| attempt.row.is_none());
                let row = (is_own && is_first).then_some(0);
                self.add(OwnAttempt {
                    row,
                    person: name(person),
                    content: CONTENT,
                    window,
                    message_id: entry.message_id.clone(),
                });
            }
            Some(_) => {}
            // Its bubble might look the same.
            None => self.is_doubted |= person == self.person && window.meets(self.window()),
        }
    }

    /// Adds an attempt of one of the bot's runs.
    pub(crate) fn add_attempt(&mut self, attempt: &KnownAttempt) {
        let content = RequestContent::of(&attempt.path, &attempt.body);
        let Some(shown) = content.bubble.as_ref().map(|bubble| bubble.hash(self.hasher)) else { return };
        let window = AttemptWindow::of(attempt.began_at, self.clock, self.timeout);
        let is_kind = content.shown_kind.is_some_and(|kind| self.hasher.kind(kind) == self.kind);
        if let (RowState::Sent, true, Some(id)) = (attempt.row, is_kind, &attempt.message_id) {
            let (began_at, longest) = (attempt.began_at, self.timeout);
            self.examples.push(SentExample { id: id.clone(), shown, began_at, longest });
        }
        if shown == self.shown {
            self.add(OwnAttempt {
                row: None,
                person: name(self.hasher.person(&attempt.recipient)),
                content: CONTENT,
                window,
                message_id: attempt.message_id.clone(),
            });
        }
    }

    fn add(&mut self, attempt: OwnAttempt) {
        if attempt.window.meets(self.window()) {
            self.attempts.push(attempt);
        }
    }

    /// The period in which the message may have been created, by Jelou's clock.
    fn window(&self) -> AttemptWindow {
        AttemptWindow::of(self.at, self.clock, self.longest)
    }

    /// Reads Jelou's list for that period, and looks for a message with a known id. This machine's clock is `ahead` of
    /// the ledger's by that many milliseconds. Returns whether everything was read.
    ///
    /// # Errors
    /// When Jelou cannot be asked.
    pub(crate) async fn ask(&mut self, look_ups: &mut LookUps<'_>, ahead: i64) -> Result<bool, LookUpError> {
        let span = |inquiry: &Self| {
            let AttemptWindow { begin, end } = inquiry.window();
            LookUpSpan { start: SpanStart::At(of_milliseconds(begin)), until: Some(of_milliseconds(end)) }
        };
        // The first answer shows Jelou's clock.
        self.clock = ahead;
        let pages = look_ups.pages(LookUpList::History, &span(self)).await?;
        let clock = i64::try_from(look_ups.clock.as_millis()).unwrap_or_default();
        self.clock = clock.saturating_add(ahead);
        if pages.is_some_and(|pages| pages > u64::from(MOST_PAGES)) {
            return Ok(false);
        }
        let (span, bot) = (span(self), look_ups.bot.to_owned());
        let mut is_readable = true;
        let take = |entry: &Value| {
            match HistoryMessage::read(entry, &bot) {
                Some(message) => self.note(&message),
                None => is_readable = false,
            }
            ControlFlow::Continue(())
        };
        if look_ups.read(LookUpList::History, None, &span, MOST_PAGES, take).await? != ListingCoverage::Whole {
            return Ok(false);
        }
        let mut examples = std::mem::take(&mut self.examples);
        examples.sort_by_key(|example| std::cmp::Reverse(example.began_at));
        for example in examples.into_iter().take(MOST_EXAMPLES) {
            let sent_at = of_milliseconds(example.began_at.saturating_add(ahead));
            let mut tracked = TrackedMessage::new(example.id, MessageSort::FreeForm, Some(sent_at));
            look_ups.look_for(&mut tracked).await?;
            let Some(found) = &tracked.message else { continue };
            let window = AttemptWindow::of(example.began_at, self.clock, example.longest);
            let shown = ShownContent::of_listed(found).map(|content| content.hash(self.hasher));
            self.is_proven = shown == Some(example.shown) && found.at.is_some_and(|at| window.has(at.as_millisecond()));
            if self.is_proven {
                break;
            }
        }
        Ok(is_readable)
    }

    /// Adds a listed message.
    fn note(&mut self, message: &HistoryMessage) {
        let shown = ShownContent::of_listed(message).map(|content| content.hash(self.hasher));
        if message.author == MessageAuthor::User || shown != Some(self.shown) {
            return;
        }
        let (MessageAuthor::Bot, Some(id), Some(person), Some(at)) =
            (message.author, &message.id, &message.user, message.at)
        else {
            self.is_doubted = true;
            return;
        };
        let person = name(self.hasher.person(person));
        let has_failed = message.facts().state == DeliveryState::Undelivered;
        let copy = ListedCopy { id: id.clone(), person, content: CONTENT, at: at.as_millisecond(), has_failed };
        // Two messages with the same id.
        self.is_doubted |= !self.copies.entry(id.clone()).or_insert_with(|| copy.clone()).add(&copy);
    }

    /// The id of the message, if it was sent. All attempts until the end of the reading must be counted first.
    ///
    /// # Errors
    /// Why the outcome stays unknown.
    pub(crate) fn verdict(&self) -> Result<String, StillUnknown> {
        let listed: Vec<_> = self.copies.values().cloned().collect();
        let doubted = if self.is_doubted { HashSet::from([CONTENT]) } else { HashSet::new() };
        let decided = decide(&self.attempts, &listed, &doubted);
        match decided.into_iter().next() {
            Some(Ok(_)) if !self.is_proven => Err(StillUnknown::Unproven),
            Some(Ok(proven)) => Ok(proven.message_id),
            Some(Err((_, why))) => Err(why),
            // It has ended meanwhile.
            None => Err(StillUnknown::NotAsked),
        }
    }
}

/// The person in the form that is used for comparison.
fn name(person: OnceHash) -> String {
    format!("{:02x?}", person.0)
}

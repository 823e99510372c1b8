//! Received messages, in memory, with a limit on their number and bytes. The oldest are dropped first.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::to_raw_value;
use tokio::sync::watch;

use super::stored_message::{Author, DeliveryFault, MessageTimes, StoredMessage, contains_words};

/// The maximum total size of all stored messages, in bytes. One body may have a mebibyte.
const MAX_BYTES: usize = 128 * 1024 * 1024;
/// The length of the 24-hour window after a user's message, and of the messaging limit after a template.
const ONE_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A query for messages. An empty one matches all.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Filter {
    pub(crate) user: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) from: Option<Writers>,
    /// Messages with a greater number.
    pub(crate) since: Option<u64>,
    #[serde(skip)]
    pub(crate) bot: Option<String>,
    /// Messages with a smaller number.
    pub(crate) before: Option<u64>,
    /// Messages with this text in the user's name or in the body.
    #[serde(deserialize_with = "lower_case")]
    pub(crate) search: Option<String>,
    /// Messages with or without a fault.
    pub(crate) fault: Option<bool>,
    /// Messages with or without warnings.
    pub(crate) warning: Option<bool>,
    /// Only the newest ones, at most this many.
    pub(crate) limit: Option<usize>,
    /// Adds how the recipient sees each message, as the page shows it.
    pub(crate) drawn: bool,
}

/// The author of the messages.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Writers {
    Bot,
    User,
    All,
}

fn lower_case<'d, D: Deserializer<'d>>(words: D) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(words).map(|words| words.map(|words| words.to_lowercase()))
}

#[derive(Debug)]
pub(super) struct MessageStore {
    inner: Mutex<Inner>,
    changes: watch::Sender<()>,
    max: usize,
    deliver_after: Duration,
}

#[derive(Debug, Default)]
struct Inner {
    messages: VecDeque<Arc<StoredMessage>>,
    bytes: usize,
    number: u64,
    /// The ids of the bot's and of the users' messages since the last clear.
    ids: [u64; 2],
    counts: StoredCounts,
    /// The time of the last template to each user.
    reached: HashMap<String, SystemTime>,
}

/// The counts of messages in `/sandbox/health`.
#[derive(Clone, Debug, Default)]
pub(super) struct StoredCounts {
    /// How many messages the bot has sent since the start.
    pub(crate) arrived: u64,
    /// How often the store was cleared.
    pub(crate) cleared: u64,
    pub(crate) kept: usize,
    /// Messages that newer ones replaced since the last clear.
    pub(crate) dropped: u64,
    /// The kinds of messages since the last clear.
    pub(crate) kinds: BTreeSet<&'static str>,
}

impl MessageStore {
    pub(crate) fn new(max: usize, deliver_after: Duration, changes: watch::Sender<()>) -> Self {
        Self {
            inner: Mutex::default(),
            changes,
            max,
            deliver_after,
        }
    }

    /// Stores a message, and sets its number and id. `delivery_fault` is the fault of a bot's message, and `answer`
    /// creates its response.
    pub(crate) fn add(
        &self,
        mut message: StoredMessage,
        delivery_fault: DeliveryFault,
        answer: impl FnOnce(&StoredMessage) -> Value,
    ) -> Arc<StoredMessage> {
        let mut inner = self.lock();
        inner.number(&mut message);
        message.answer = to_raw_value(&answer(&message)).unwrap_or_default();
        let at = message.received_at;
        match message.from {
            Author::Bot => {
                message.times = Some(MessageTimes::new(at, self.deliver_after, delivery_fault));
            }
            Author::User => drop(inner.mark(&message.user, |times| times.reply(at))),
        }
        let message = Arc::new(message);
        inner.keep(Arc::clone(&message), self.max);
        drop(inner);
        self.changes.send_replace(());
        message
    }

    /// Marks the chat as read: the user opens it.
    pub(crate) fn open_chat(&self, user: &str) {
        let now = SystemTime::now();
        let is_changed = self.lock().mark(user, |times| times.open(now));
        if is_changed {
            self.changes.send_replace(());
        }
    }

    /// Returns when the next message is delivered or fails, after `time`.
    pub(crate) fn next_arrival(&self, time: SystemTime) -> Option<SystemTime> {
        let inner = self.lock();
        let is_past =
            |message: &Arc<StoredMessage>| message.received_at + self.deliver_after <= time;
        let begin = inner.messages.partition_point(is_past);
        inner
            .messages
            .range(begin..)
            .find_map(|message| Some(message.times.as_ref()?.arrives_at()))
    }

    /// Returns the matching messages, oldest first.
    pub(crate) fn select(&self, filter: &Filter) -> Vec<Arc<StoredMessage>> {
        let inner = self.lock();
        let fitting = inner
            .messages
            .iter()
            .rev()
            .filter(|message| filter.fits(message));
        let mut selected: Vec<_> = fitting
            .take(filter.limit.unwrap_or(usize::MAX))
            .cloned()
            .collect();
        selected.reverse();
        selected
    }

    /// Returns the newest matching message of each user, newest first, and the number of unread
    /// messages.
    pub(crate) fn chats(&self, filter: &Filter) -> Vec<(Arc<StoredMessage>, usize)> {
        let inner = self.lock();
        let mut unread: HashMap<&str, usize> = HashMap::new();
        let is_unread = |times: &MessageTimes| times.opened_at.get().is_none();
        for message in inner
            .messages
            .iter()
            .filter(|message| message.times.as_ref().is_some_and(is_unread))
        {
            *unread.entry(&message.user).or_default() += 1;
        }
        let mut seen = HashSet::new();
        let fitting = inner
            .messages
            .iter()
            .rev()
            .filter(|message| filter.fits(message));
        let newest = fitting
            .filter(|message| seen.insert(message.user.as_str()))
            .take(filter.limit.unwrap_or(usize::MAX));
        newest
            .map(|message| {
                (
                    Arc::clone(message),
                    unread.get(&*message.user).copied().unwrap_or_default(),
                )
            })
            .collect()
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<StoredMessage>> {
        self.lock()
            .messages
            .iter()
            .rev()
            .find(|message| message.id == id)
            .cloned()
    }

    /// Returns the bot of the newest message with this user.
    pub(crate) fn last_bot(&self, user: &str) -> Option<String> {
        self.lock()
            .messages
            .iter()
            .rev()
            .find(|message| message.user == user)
            .map(|message| message.bot.clone())
    }

    /// Deletes everything except the count of received messages.
    pub(crate) fn clear(&self) {
        let mut inner = self.lock();
        let arrived = inner.counts.arrived;
        let cleared = inner.counts.cleared + 1;
        *inner = Inner {
            number: inner.number,
            counts: StoredCounts {
                arrived,
                cleared,
                ..StoredCounts::default()
            },
            ..Inner::default()
        };
        drop(inner);
        self.changes.send_replace(());
    }

    pub(crate) fn counts(&self) -> StoredCounts {
        let inner = self.lock();
        StoredCounts {
            kept: inner.messages.len(),
            ..inner.counts.clone()
        }
    }

    /// Returns whether the 24-hour window of the user is open.
    pub(crate) fn may_write_to(&self, user: &str) -> bool {
        let inner = self.lock();
        let last = inner
            .messages
            .iter()
            .rev()
            .find(|message| message.from == Author::User && message.user == user);
        last.is_some_and(|last| last.received_at.elapsed().is_ok_and(|ago| ago < ONE_DAY))
    }

    /// Counts a user as reached by a template. False if `limit` other users were reached in the last 24 hours.
    pub(crate) fn reach(&self, user: &str, limit: u32) -> bool {
        let mut inner = self.lock();
        let now = SystemTime::now();
        inner
            .reached
            .retain(|_, at| now.duration_since(*at).is_ok_and(|ago| ago < ONE_DAY));
        let has_room = inner.reached.len() < limit as usize || inner.reached.contains_key(user);
        if has_room {
            inner.reached.insert(user.to_owned(), now);
        }
        has_room
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn number(&mut self, message: &mut StoredMessage) {
        let [of_bot, of_users] = &mut self.ids;
        let (count, prefix) = match message.from {
            Author::Bot => (of_bot, "msg_sandbox_"),
            Author::User => (of_users, "msg_sandbox_user_"),
        };
        *count += 1;
        self.number += 1;
        self.counts.arrived += u64::from(message.from == Author::Bot);
        message.number = self.number;
        message.id = format!("{prefix}{count}");
        message.received_at = SystemTime::now();
    }

    /// Marks all messages to `user`. Returns whether any of them changed.
    fn mark(&self, user: &str, mark: impl Fn(&MessageTimes) -> bool) -> bool {
        let messages = self.messages.iter().filter(|message| message.user == user);
        let times = messages.filter_map(|message| message.times.as_ref());
        times.filter(|times| mark(times)).count() > 0
    }

    fn keep(&mut self, message: Arc<StoredMessage>, max: usize) {
        self.bytes += message.size();
        self.counts.kinds.insert(message.kind);
        self.messages.push_back(message);
        while self.messages.len() > max || self.bytes > MAX_BYTES {
            let Some(oldest) = self.messages.pop_front() else {
                break;
            };
            self.bytes -= oldest.size();
            self.counts.dropped += 1;
        }
    }
}

impl Filter {
    fn fits(&self, message: &StoredMessage) -> bool {
        self.since.is_none_or(|since| message.number > since)
            && self.user.as_ref().is_none_or(|user| *user == message.user)
            && self.bot.as_ref().is_none_or(|bot| *bot == message.bot)
            && self.kind.as_ref().is_none_or(|kind| kind == message.kind)
            && match self.from {
                Some(Writers::Bot) => message.from == Author::Bot,
                Some(Writers::User) => message.from == Author::User,
                Some(Writers::All) | None => true,
            }
            && self.fault.is_none_or(|wanted| wanted == message.is_faulty)
            && self
                .warning
                .is_none_or(|wanted| wanted != message.warnings.is_empty())
            && self.before.is_none_or(|before| message.number < before)
            && self.search.as_ref().is_none_or(|words| {
                contains_words(&message.body, words) || message.user.to_lowercase().contains(words)
            })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn large_messages_are_dropped_by_size() {
        let store = MessageStore::new(10_000, Duration::ZERO, watch::Sender::default());
        for _ in 0..150 {
            let body = json!({ "text": "x".repeat(1024 * 1024) });
            let message =
                StoredMessage::new(Author::Bot, "1".to_owned(), "1".to_owned(), "text", body);
            store.add(message, DeliveryFault::default(), |_| Value::Null);
        }
        let kept = store.select(&Filter::default());
        assert!((100..128).contains(&kept.len()), "{}", kept.len());
        assert_eq!(
            (kept[kept.len() - 1].number, store.counts().arrived),
            (150, 150)
        );
    }
}

//! Subscriptions to the status of a bot's templates: stored and read back. What Jelou posts there is unknown, so
//! nothing is posted.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use url::Url;

/// The events that can be subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum EventName {
    DeliveredChannel,
    DeliveredUser,
    Failed,
    Read,
    Reply,
}

/// A client's request.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Subscription {
    pub(crate) url: String,
    pub(crate) events: Vec<EventName>,
}

/// The body of `POST /v1/bots/{bot}/events/webhook`.
#[derive(Debug, Deserialize)]
pub(super) struct NewSubscriptions {
    pub(crate) webhooks: Vec<Subscription>,
}

/// Bot → event → address.
#[derive(Debug, Default)]
pub(super) struct Subscriptions(Mutex<HashMap<String, BTreeMap<EventName, String>>>);

impl Subscription {
    /// Whether its address can be posted to.
    pub(crate) fn has_address(&self) -> bool {
        Url::parse(&self.url).is_ok_and(|url| ["http", "https"].contains(&url.scheme()))
    }
}

impl Subscriptions {
    /// Adds to the bot's subscriptions; an event has one address, the latest.
    pub(crate) fn add(&self, bot: &str, subscriptions: &[Subscription]) {
        let mut all = self.lock();
        let of_bot = all.entry(bot.to_owned()).or_default();
        for Subscription { url, events } in subscriptions {
            of_bot.extend(events.iter().map(|event| (*event, url.clone())));
        }
    }

    pub(crate) fn of(&self, bot: &str) -> BTreeMap<EventName, String> {
        self.lock().get(bot).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, BTreeMap<EventName, String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! One message to look for, and what the look-ups found.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::entries::{HistoryMessage, MessageAuthor, Notification, is_another_person};
use super::facts::DeliveryFacts;
use crate::jelou::api::pager::ListingCoverage;

/// The message type, which decides where to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MessageClass {
    FreeForm,
    Template,
    /// Unknown.
    #[default]
    Either,
}

impl MessageClass {
    /// Returns the class of a request with this path and body.
    pub(crate) fn from_request(path: &str, body: &Map<String, Value>) -> Self {
        if path.ends_with("/hsm") {
            Self::Template
        } else if path.ends_with("/template-messages") || body.contains_key("templateId") {
            Self::Either
        } else {
            Self::FreeForm
        }
    }
}

/// One message that is looked up repeatedly.
#[derive(Debug, Default)]
pub(crate) struct TrackedMessage {
    pub(crate) id: String,
    pub(crate) sort: MessageClass,
    /// When it was sent, by our clock, if known.
    pub(crate) sent_at: Option<Timestamp>,
    /// The recipient, if known.
    pub(crate) recipient: Option<String>,
    /// The delivery status; None if no source listed it.
    pub(crate) facts: Option<DeliveryFacts>,
    /// The latest entry of the API.
    pub(crate) entry: Option<Value>,
    /// The message in the history.
    pub(crate) message: Option<HistoryMessage>,
    /// The message in the notifications.
    pub(crate) notification: Option<Notification>,
    /// Whether the sources that can list it were read completely.
    pub(crate) coverage: ListingCoverage,
}

impl TrackedMessage {
    pub(crate) fn new(id: String, sort: MessageClass, sent_at: Option<Timestamp>) -> Self {
        Self {
            id,
            sort,
            sent_at,
            ..Self::default()
        }
    }

    /// Returns whether every source that can list it was read completely.
    pub(crate) fn is_fully_searched(&self) -> bool {
        self.coverage == ListingCoverage::Whole
    }

    /// Records the coverage of one source. The first gap counts.
    pub(super) fn note_gap(&mut self, coverage: ListingCoverage) {
        if self.is_fully_searched() {
            self.coverage = coverage;
        }
    }

    /// Records an entry of the notifications if it is about this message, and returns whether it is.
    pub(super) fn note_notification(&mut self, entry: &Value) -> bool {
        let is_it = |found: &Notification| {
            found.ids().any(|id| id == self.id) && self.may_be_for(found.destination.as_deref())
        };
        let Some(notification) = Notification::read(entry).filter(is_it) else {
            return false;
        };
        self.merge(notification.facts.clone());
        self.notification = Some(notification);
        self.entry = Some(entry.clone());
        true
    }

    /// Records an entry of the history of `bot` if it is about this message, and returns whether it
    /// is. A message from the user is never this message.
    pub(super) fn note_message(&mut self, entry: &Value, bot: &str) -> bool {
        let is_it = |found: &HistoryMessage| {
            found.id.as_deref() == Some(&self.id)
                && found.author != MessageAuthor::User
                && self.may_be_for(found.user.as_deref())
        };
        let Some(message) = HistoryMessage::read(entry, bot).filter(is_it) else {
            return false;
        };
        self.merge(message.facts());
        self.message = Some(message);
        self.entry = Some(entry.clone());
        true
    }

    /// Returns whether an entry with this recipient can be about the message.
    fn may_be_for(&self, listed: Option<&str>) -> bool {
        !listed
            .zip(self.recipient.as_deref())
            .is_some_and(|(listed, person)| is_another_person(listed, person))
    }

    fn merge(&mut self, seen: DeliveryFacts) {
        match &mut self.facts {
            Some(known) => known.merge(seen),
            None => self.facts = Some(seen),
        }
    }
}

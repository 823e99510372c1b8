//! What was learned about messages after they were accepted: how far they came, as Jelou reported later. It does not
//! affect whether a row may leave, or when the run last changed.

use std::collections::BTreeMap;

use crate::api::{DeliveryFacts, DeliveryState};
use crate::ledger::RowState;

/// An attempt that may have reached Jelou: accepted, unknown, or under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownAttempt {
    pub(crate) n: i64,
    pub(crate) recipient: String,
    /// Path and query below the API's address.
    pub(crate) path: String,
    pub(crate) body: String,
    /// Milliseconds since 1970, by the ledger's clock.
    pub(crate) began_at: i64,
    /// Whether it is the last attempt of its row that may have reached Jelou.
    pub(crate) is_last: bool,
    /// The id of the message, from the answer or from a lookup that found it.
    pub(crate) message_id: Option<String>,
    /// The state of the row, and the number of its last record.
    pub(crate) row: RowState,
    pub(crate) row_number: i64,
    /// What is known about the row's message.
    pub(crate) delivery: Option<KnownDelivery>,
    /// Whether a process that was heard from recently may still report the outcome.
    pub(crate) may_still_speak: bool,
}

/// How far a message came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownDelivery {
    /// The number of records about it.
    pub(crate) number: i64,
    pub(crate) facts: DeliveryFacts,
    /// When its state was learned, in milliseconds since 1970.
    pub(crate) since: i64,
}

/// An addition to what is known about a row's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LearntDelivery {
    pub(crate) n: i64,
    /// The number of records before this addition. If there are more by now, another process has learned something, and
    /// this addition is dropped.
    pub(crate) after: i64,
    pub(crate) steps: Vec<DeliveryFacts>,
    /// The id of the message, if its answer had none.
    pub(crate) message_id: Option<String>,
}

/// An unknown row that was sent, according to Jelou's lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProvenRow {
    pub(crate) n: i64,
    /// The number of its last record.
    pub(crate) number: i64,
    /// The evidence in words, for the decision.
    pub(crate) evidence: String,
}

/// What a check of Jelou's lists adds to the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeliveryNews {
    pub(crate) learnt: Vec<LearntDelivery>,
    /// A row that is no longer unknown does not change, and nothing is learned about it.
    pub(crate) proven: Vec<ProvenRow>,
    /// Set once everything was read: when the check began, and how many rows it asked for.
    pub(crate) asked: Option<(i64, u64)>,
}

/// How far the messages of a run came, each counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeliveryCounts {
    /// When all of them were last asked for, in milliseconds since 1970, and how many there were.
    pub(crate) asked_at: i64,
    pub(crate) asked: u64,
    /// How many are in each state, by its stable name.
    pub(crate) states: BTreeMap<&'static str, u64>,
    /// Asked for and not found.
    pub(crate) not_listed: u64,
    /// Accepted by an answer without a message id.
    pub(crate) no_id: u64,
    /// Accepted after the last check, or too long before it.
    pub(crate) not_asked: u64,
    /// The number of undelivered messages for each code, or else each reason.
    pub(crate) reasons: BTreeMap<String, u64>,
}

impl DeliveryNews {
    pub(crate) fn is_empty(&self) -> bool {
        self.learnt.is_empty() && self.proven.is_empty() && self.asked.is_none()
    }

    /// Adds what was learned `now` about row `n`, and updates `known`.
    pub(crate) fn learn(
        &mut self,
        n: i64,
        known: &mut Option<KnownDelivery>,
        steps: Vec<DeliveryFacts>,
        message_id: Option<&str>,
        now: i64,
    ) {
        let Some(facts) = steps.last().cloned() else { return };
        let after = known.as_ref().map_or(0, |known| known.number);
        let since = known.as_ref().filter(|known| known.facts.state == facts.state).map_or(now, |known| known.since);
        let number = after.saturating_add(i64::try_from(steps.len()).unwrap_or(i64::MAX));
        *known = Some(KnownDelivery { number, facts, since });
        self.learnt.push(LearntDelivery { n, after, steps, message_id: message_id.map(str::to_owned) });
    }
}

impl DeliveryCounts {
    /// Counts `messages` more in this state.
    pub(crate) fn add(&mut self, facts: &DeliveryFacts, messages: u64) {
        *self.states.entry(facts.state.name()).or_default() += messages;
        if facts.state == DeliveryState::Undelivered {
            let reason = facts.code.as_ref().or(facts.reason.as_ref());
            *self.reasons.entry(reason.map_or("no_reason", String::as_str).to_owned()).or_default() += messages;
        }
    }

    /// How many are in this state.
    pub(crate) fn of(&self, state: &DeliveryState) -> u64 {
        self.states.get(state.name()).copied().unwrap_or_default()
    }

    /// Each count with its stable name and its words, in the order of delivery. Those after the states count messages
    /// about which nothing is known.
    pub(crate) fn named(&self) -> Vec<(&'static str, &'static str, u64)> {
        let states = DeliveryState::NAMES.map(|name| {
            let words = match name {
                "at_whatsapp" => "at WhatsApp",
                "other" => "in another state",
                name => name,
            };
            (name, words, self.states.get(name).copied().unwrap_or_default())
        });
        let others = [
            ("not_listed", "not listed", self.not_listed),
            ("no_id", "no id", self.no_id),
            ("not_asked", "not asked", self.not_asked),
        ];
        states.into_iter().chain(others).collect()
    }

    /// How many have a known state.
    pub(crate) fn known(&self) -> u64 {
        self.states.values().sum()
    }
}

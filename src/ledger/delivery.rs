//! What was learnt of messages after they were accepted: how far they came, as Jelou told it later. Beside the records of a run
//! and never among them: whether a row may leave does not depend on it, and it does not change when the run last changed.

use std::collections::BTreeMap;

use crate::api::{DeliveryFacts, DeliveryState};
use crate::ledger::RowState;

/// An attempt that may have reached Jelou: it was accepted, nobody knows, or it is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownAttempt {
    pub(crate) n: i64,
    pub(crate) recipient: String,
    /// Path and query below the API's address.
    pub(crate) path: String,
    pub(crate) body: String,
    /// Milliseconds since 1970, by the ledger's clock.
    pub(crate) began_at: i64,
    /// Whether it is the last one of its row that may have reached Jelou.
    pub(crate) is_last: bool,
    /// Of the message: by the answer, or by a look-up that found it.
    pub(crate) message_id: Option<String>,
    /// The state of the row, and the number of its last record.
    pub(crate) row: RowState,
    pub(crate) row_number: i64,
    /// What is known of the row's message.
    pub(crate) delivery: Option<KnownDelivery>,
    /// Whether a process was heard of just now that may still say what became of it.
    pub(crate) may_still_speak: bool,
}

/// How far a message came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownDelivery {
    /// How many records say so.
    pub(crate) number: i64,
    pub(crate) facts: DeliveryFacts,
    /// Since when its state is known, in milliseconds since 1970.
    pub(crate) since: i64,
}

/// What is added to what is known of a row's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LearntDelivery {
    pub(crate) n: i64,
    /// How many records there were: where there are more by now, another process has learnt something, and this is left out.
    pub(crate) after: i64,
    pub(crate) steps: Vec<DeliveryFacts>,
    /// The id of the message, where its answer had none.
    pub(crate) message_id: Option<String>,
}

/// An unknown row that was sent, by what Jelou lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProvenRow {
    pub(crate) n: i64,
    /// Of its last record.
    pub(crate) number: i64,
    /// In words, for the decision.
    pub(crate) evidence: String,
}

/// What a look at Jelou's lists adds to the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeliveryNews {
    pub(crate) learnt: Vec<LearntDelivery>,
    /// A row that is not unknown any more stays as it is, and nothing is learnt of it.
    pub(crate) proven: Vec<ProvenRow>,
    /// Once all was read: when it was begun, and how many rows were asked for.
    pub(crate) asked: Option<(i64, u64)>,
}

/// How far the messages of a run came, each counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeliveryCounts {
    /// When all of them were last asked for, in milliseconds since 1970, and how many.
    pub(crate) asked_at: i64,
    pub(crate) asked: u64,
    pub(crate) accepted: u64,
    pub(crate) at_whatsapp: u64,
    pub(crate) delivered: u64,
    pub(crate) read: u64,
    pub(crate) replied: u64,
    pub(crate) undelivered: u64,
    /// In a state that we do not know.
    pub(crate) other: u64,
    /// Asked for and not found.
    pub(crate) not_listed: u64,
    /// Accepted by an answer that named no message.
    pub(crate) no_id: u64,
    /// Accepted since, or too long ago to be asked for.
    pub(crate) not_asked: u64,
    /// Of the undelivered ones: how many for each code, or reason.
    pub(crate) reasons: BTreeMap<String, u64>,
}

impl DeliveryNews {
    pub(crate) fn is_empty(&self) -> bool {
        self.learnt.is_empty() && self.proven.is_empty() && self.asked.is_none()
    }

    /// Adds what was learnt `now` of row `n`, of which so much is `known`, and notes it there.
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
    /// So many messages are in this state.
    pub(crate) fn add(&mut self, facts: &DeliveryFacts, messages: u64) {
        *self.of_mut(&facts.state) += messages;
        if facts.state == DeliveryState::Undelivered {
            let reason = facts.code.as_ref().or(facts.reason.as_ref());
            *self.reasons.entry(reason.map_or("no_reason", String::as_str).to_owned()).or_default() += messages;
        }
    }

    /// Of so many that were `sent`, nothing was learnt of `silent` ones with an id, of which those `before` were asked for.
    pub(super) fn add_silent(&mut self, sent: u64, silent: u64, before: u64) {
        self.not_listed = before;
        self.not_asked = silent.saturating_sub(before);
        self.no_id = sent.saturating_sub(self.known() + silent);
    }

    fn of_mut(&mut self, state: &DeliveryState) -> &mut u64 {
        match state {
            DeliveryState::Other(_) => &mut self.other,
            DeliveryState::Accepted => &mut self.accepted,
            DeliveryState::AtWhatsapp => &mut self.at_whatsapp,
            DeliveryState::Undelivered => &mut self.undelivered,
            DeliveryState::Delivered => &mut self.delivered,
            DeliveryState::Read => &mut self.read,
            DeliveryState::Replied => &mut self.replied,
        }
    }

    /// Each count with its stable name and its words, in the order of the way; those behind the states are of messages of which
    /// nothing is known.
    pub(crate) fn named(&self) -> [(&'static str, &'static str, u64); 10] {
        [
            ("accepted", "accepted", self.accepted),
            ("at_whatsapp", "at WhatsApp", self.at_whatsapp),
            ("delivered", "delivered", self.delivered),
            ("read", "read", self.read),
            ("replied", "replied", self.replied),
            ("undelivered", "undelivered", self.undelivered),
            ("other", "in another state", self.other),
            ("not_listed", "not listed", self.not_listed),
            ("no_id", "no id", self.no_id),
            ("not_asked", "not asked", self.not_asked),
        ]
    }

    /// How many have a known state.
    pub(crate) fn known(&self) -> u64 {
        self.accepted + self.at_whatsapp + self.delivered + self.read + self.replied + self.undelivered + self.other
    }
}

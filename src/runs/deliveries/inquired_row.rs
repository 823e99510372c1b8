//! One row of an inquiry: what is known of its message, what may be asked about it, and what an answer adds.

use std::time::Duration;

use super::evidence::{RequestContent, ShownContent, UnresolvedReason};
use crate::jelou::api::{
    DeliveryState, DeliveryStatus, MessageClass, Notification, is_another_person,
};
use crate::runs::ledger::{KnownAttempt, KnownDelivery, RowState};

/// How much longer to look for a message that was read or has failed.
const LONGER: Duration = Duration::from_secs(24 * 60 * 60);

/// The clocks and limits of an inquiry. Times in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CheckLimits {
    /// By the ledger's clock.
    pub(crate) now: i64,
    /// How long after it was sent a message is looked for.
    pub(crate) up_to: Duration,
    /// How far Jelou's clock is ahead of the ledger's.
    pub(crate) clock: i64,
    /// The longest duration of a request.
    pub(crate) timeout: i64,
    /// When the run was last asked about, if ever.
    pub(crate) last_asked_at: Option<i64>,
}

impl CheckLimits {
    /// Whether `at` is at most this long ago.
    pub(super) fn is_within(&self, at: i64, span: Duration) -> bool {
        i64::try_from(span.as_millis()).is_ok_and(|span| self.now.saturating_sub(at) <= span)
    }
}

/// A row that was sent, or may have been.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of the row by itself"
)]
pub(super) struct CheckedRow {
    pub(super) n: i64,
    /// From its last record.
    pub(super) number: i64,
    pub(super) is_unknown: bool,
    pub(super) id: Option<String>,
    pub(super) recipient: String,
    pub(super) sort: MessageClass,
    pub(super) left_at: i64,
    /// What the history shows of it.
    pub(super) shown: Option<ShownContent>,
    pub(super) known: Option<KnownDelivery>,
    pub(super) is_asked: bool,
    /// News that the ledger does not have yet.
    pub(super) steps: Vec<DeliveryStatus>,
    pub(super) is_listed: bool,
    pub(super) may_still_report: bool,
}

impl CheckedRow {
    /// The row of its last attempt.
    pub(super) fn new(attempt: KnownAttempt, terms: &CheckLimits) -> Self {
        let content = RequestContent::new(&attempt.path, &attempt.body);
        let mut row = Self {
            n: attempt.n,
            number: attempt.row_number,
            is_unknown: attempt.row == RowState::Unknown,
            id: attempt.message_id,
            recipient: attempt.recipient,
            sort: content.sort,
            left_at: attempt.began_at,
            shown: content.shown(),
            is_asked: false,
            known: attempt.delivery,
            steps: Vec::new(),
            is_listed: false,
            may_still_report: attempt.may_still_report,
        };
        row.is_asked = row.is_listable() && row.may_change(terms);
        row
    }

    /// Whether an entry about this person can be about the row's message.
    pub(super) fn may_be_for(&self, listed: Option<&str>) -> bool {
        !listed.is_some_and(|listed| is_another_person(listed, &self.recipient))
    }

    /// Whether asking can return anything new: until the message is answered; one that was read or has failed, for one
    /// more day.
    pub(super) fn may_change(&self, terms: &CheckLimits) -> bool {
        let is_open = match self.known.as_ref() {
            None => true,
            Some(known) => match known.facts.state {
                DeliveryState::Replied => false,
                DeliveryState::Read | DeliveryState::Undelivered => {
                    terms.is_within(known.since, LONGER)
                }
                DeliveryState::Other(_)
                | DeliveryState::Accepted
                | DeliveryState::AtWhatsapp
                | DeliveryState::Delivered => true,
            },
        };
        is_open && terms.is_within(self.left_at, terms.up_to)
    }

    /// Whether Jelou's lists can say anything about it.
    pub(super) fn is_listable(&self) -> bool {
        self.id.is_some() || self.is_unknown && self.shown.is_some()
    }

    pub(super) fn learn(&mut self, seen: DeliveryStatus) {
        let known = self
            .steps
            .last()
            .or(self.known.as_ref().map(|known| &known.facts));
        let mut learnt = known.cloned().unwrap_or_else(|| seen.clone());
        learnt.merge(seen);
        if known != Some(&learnt) {
            self.steps.push(learnt);
        }
    }

    pub(super) fn learn_of_template(&mut self, notification: Notification) {
        if let Some(at) = notification.delivered_at {
            self.learn(DeliveryStatus {
                at: Some(at),
                ..DeliveryStatus::new(DeliveryState::Delivered)
            });
        }
        self.learn(notification.facts);
    }

    /// Why it stays unknown.
    pub(super) fn stays(&self, is_whole: bool, why: Option<UnresolvedReason>) -> UnresolvedReason {
        match why {
            _ if self.shown.is_none() => UnresolvedReason::ShownInPart,
            _ if !self.is_asked || self.may_still_report || !is_whole => UnresolvedReason::NotAsked,
            why => why.unwrap_or(UnresolvedReason::FewerListed),
        }
    }
}

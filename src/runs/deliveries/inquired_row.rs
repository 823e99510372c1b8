//! One row of a delivery check: the status of its message, whether to check it, and what a response adds.

use std::time::Duration;

use super::evidence::{BubbleContent, RequestContent, UnresolvedReason};
use crate::jelou::api::{
    DeliveryFacts, DeliveryState, MessageClass, Notification, is_another_person,
};
use crate::runs::ledger::{AttemptToCheck, DeliveryRecord, RowState};

/// How long to check a message after it was read or failed.
const LONGER: Duration = Duration::from_secs(24 * 60 * 60);

/// The clocks and limits of a delivery check. Times are in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CheckLimits {
    /// The time by the ledger's clock.
    pub(crate) now: i64,
    /// How long after its send a message is checked.
    pub(crate) up_to: Duration,
    /// How far Jelou's clock is ahead of the ledger's.
    pub(crate) clock: i64,
    /// The longest duration of a request.
    pub(crate) timeout: i64,
    /// When the run was last checked, if ever.
    pub(crate) last_asked_at: Option<i64>,
}

impl CheckLimits {
    /// Whether `at` is at most this long ago.
    pub(super) fn is_within(&self, at: i64, span: Duration) -> bool {
        i64::try_from(span.as_millis()).is_ok_and(|span| self.now.saturating_sub(at) <= span)
    }
}

/// A row that was or may have been sent.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "the facts are independent")]
pub(super) struct InquiredRow {
    pub(super) index: i64,
    /// The number of its last record.
    pub(super) number: i64,
    pub(super) is_unknown: bool,
    pub(super) id: Option<String>,
    pub(super) recipient: String,
    pub(super) class: MessageClass,
    pub(super) sent_at: i64,
    /// Its content in the history.
    pub(super) shown: Option<BubbleContent>,
    pub(super) known: Option<DeliveryRecord>,
    pub(super) is_checked: bool,
    /// Updates that the ledger does not have yet.
    pub(super) steps: Vec<DeliveryFacts>,
    pub(super) is_listed: bool,
    pub(super) may_still_report: bool,
}

impl InquiredRow {
    /// The row of its last attempt.
    pub(super) fn new(attempt: AttemptToCheck, terms: &CheckLimits) -> Self {
        let content = RequestContent::new(&attempt.path, &attempt.body);
        let mut row = Self {
            index: attempt.index,
            number: attempt.row_number,
            is_unknown: attempt.row == RowState::Unknown,
            id: attempt.message_id,
            recipient: attempt.recipient,
            class: content.class,
            sent_at: attempt.began_at,
            shown: content.into_listed_content(),
            is_checked: false,
            known: attempt.delivery,
            steps: Vec::new(),
            is_listed: false,
            may_still_report: attempt.may_still_report,
        };
        row.is_checked = row.is_listable() && row.may_change(terms);
        row
    }

    /// Forgets the id, which another message of the run also has. Then only the content of an unknown row can be looked up.
    pub(super) fn drop_id(&mut self) {
        self.id = None;
        self.is_checked &= self.is_listable();
    }

    /// Whether an entry about this recipient can be about the row's message.
    pub(super) fn may_be_for(&self, listed: Option<&str>) -> bool {
        !listed.is_some_and(|listed| is_another_person(listed, &self.recipient))
    }

    /// Whether a check can return anything new: until the recipient replies, or for one more day after the message was
    /// read or failed.
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
        is_open && terms.is_within(self.sent_at, terms.up_to)
    }

    /// Whether Jelou's lists can show its status.
    pub(super) fn is_listable(&self) -> bool {
        self.id.is_some() || self.is_unknown && self.shown.is_some()
    }

    pub(super) fn merge(&mut self, seen: DeliveryFacts) {
        let known = self
            .steps
            .last()
            .or(self.known.as_ref().map(|known| &known.facts));
        let mut merged = known.cloned().unwrap_or_else(|| seen.clone());
        merged.merge(seen);
        if known != Some(&merged) {
            self.steps.push(merged);
        }
    }

    pub(super) fn merge_notification(&mut self, notification: Notification) {
        if let Some(at) = notification.delivered_at {
            self.merge(DeliveryFacts {
                at: Some(at),
                ..DeliveryFacts::new(DeliveryState::Delivered)
            });
        }
        self.merge(notification.facts);
    }

    /// Why the row stays unknown.
    pub(super) fn unresolved_reason(
        &self,
        is_whole: bool,
        why: Option<UnresolvedReason>,
    ) -> UnresolvedReason {
        match why {
            _ if self.shown.is_none() => UnresolvedReason::ShownInPart,
            _ if !self.is_checked || self.may_still_report || !is_whole => {
                UnresolvedReason::NotAsked
            }
            why => why.unwrap_or(UnresolvedReason::FewerListed),
        }
    }
}

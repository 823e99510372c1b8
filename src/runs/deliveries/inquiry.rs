//! One delivery check of a run: which messages to look for, what the responses show, and the updates for the ledger.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use serde_json::Value;

use super::evidence::{
    AttemptWindow, BubbleContent, ListedMessage, OwnAttempt, RequestContent, RowProof,
    UnresolvedReason, decide,
};
use crate::base::message::msg;
use crate::jelou::api::{
    DeliveryFacts, DeliveryState, HistoryMessage, MessageAuthor, MessageClass, Notification,
    is_another_person,
};
use crate::phone::person_key;
use crate::runs::ledger::{
    AttemptToCheck, DeliveryRecord, DeliveryUpdates, LOOKS_BACK, ProvenRow, RowState,
};

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct DeliveryCheck {
    pub(crate) terms: CheckLimits,
    rows: Vec<InquiredRow>,
    /// The row of each id of the run's messages. None if two messages have the id, or if no checked row has it.
    by_id: HashMap<String, Option<usize>>,
    /// How many rows have an id that another message of the run has.
    ambiguous_ids: u64,
    /// The checked unknown rows.
    by_n: HashMap<i64, usize>,
    /// The number that stands for each content of the checked unknown rows.
    contents: HashMap<BubbleContent, usize>,
    attempts: Vec<OwnAttempt>,
    /// The listed messages with these contents, by id.
    copies: HashMap<String, ListedMessage>,
    /// The contents with a listed message of an unclear sender.
    ambiguous: HashSet<usize>,
    /// When the first and the last attempt of the run began.
    span: Option<[i64; 2]>,
}

impl DeliveryCheck {
    pub(crate) fn new(terms: CheckLimits) -> Self {
        Self {
            terms,
            ..Self::default()
        }
    }

    /// Adds an attempt of the checked run. Only a row's last attempt counts.
    pub(crate) fn add(&mut self, attempt: AttemptToCheck) {
        let AttemptToCheck { began_at, .. } = attempt;
        self.span = Some(self.span.map_or([began_at; 2], |[first, last]| {
            [first.min(began_at), last.max(began_at)]
        }));
        let is_counted =
            attempt.is_last && matches!(attempt.row, RowState::Sent | RowState::Unknown);
        let place = is_counted.then_some(self.rows.len());
        let is_proof = attempt
            .message_id
            .as_ref()
            .is_none_or(|id| self.is_only_message_with(id, place));
        if !is_counted {
            return;
        }
        let mut row = InquiredRow::new(attempt, &self.terms);
        if !is_proof {
            self.ambiguous_ids += 1;
            row.drop_id();
        }
        if let Some(content) = row
            .shown
            .as_ref()
            .filter(|_| row.is_unknown && row.is_checked)
        {
            let number = self.contents.len();
            self.contents.entry(content.clone()).or_insert(number);
            self.by_n.insert(row.index, self.rows.len());
        }
        self.rows.push(row);
    }

    /// Records the message with this id, of the row at `place`. Returns whether no other message of the run has the id.
    /// An id of two messages proves nothing about either, so the row before loses it, too.
    fn is_only_message_with(&mut self, id: &str, place: Option<usize>) -> bool {
        let Some(before) = self.by_id.get_mut(id) else {
            self.by_id.insert(id.to_owned(), place);
            return true;
        };
        let row = before.take().and_then(|place| self.rows.get_mut(place));
        if let Some(row) = row {
            self.ambiguous_ids += 1;
            row.drop_id();
        }
        false
    }

    /// How many rows are not checked because another message of the run has their id.
    pub(crate) fn ambiguous_ids(&self) -> u64 {
        self.ambiguous_ids
    }

    /// Returns the row of the message with this id.
    fn row_with(&mut self, id: &str) -> Option<&mut InquiredRow> {
        let place = self.by_id.get(id).copied().flatten()?;
        self.rows.get_mut(place)
    }

    /// Counts an attempt of any run of the bot. Add the attempts of this run first.
    pub(crate) fn count(&mut self, attempt: &AttemptToCheck, is_of_this_run: bool) {
        let Some(bubble) = RequestContent::new(&attempt.path, &attempt.body).bubble else {
            return;
        };
        let Some(content) = self.contents.get(&bubble).copied() else {
            return;
        };
        let is_open = is_of_this_run && attempt.is_last;
        let row = if is_open {
            self.by_n.get(&attempt.index).copied()
        } else {
            None
        };
        self.attempts.push(OwnAttempt {
            row,
            recipient: person_key(&attempt.recipient).into_owned(),
            content,
            window: self.window(attempt.began_at),
            message_id: attempt.message_id.clone(),
        });
    }

    fn window(&self, began_at: i64) -> AttemptWindow {
        AttemptWindow::new(began_at, self.terms.clock, self.terms.timeout)
    }

    /// Whether another check can return anything new.
    pub(crate) fn is_open(&self) -> bool {
        self.rows
            .iter()
            .any(|row| row.is_checked && row.may_change(&self.terms))
    }

    /// Whether there are unknown rows that the history can resolve.
    pub(crate) fn counts_copies(&self) -> bool {
        !self.contents.is_empty()
    }

    /// The checked rows of these classes that were not found yet.
    pub(super) fn open_rows(
        &self,
        of: impl Fn(MessageClass) -> bool,
    ) -> impl Iterator<Item = &InquiredRow> {
        self.rows.iter().filter(move |row| {
            row.is_checked && row.id.is_some() && !row.is_listed && of(row.class)
        })
    }

    /// How many rows are checked.
    pub(crate) fn asked(&self) -> u64 {
        self.rows.iter().filter(|row| row.is_checked).count() as u64
    }

    /// The earliest time of these rows' messages by the ledger's clock; None without rows. To count copies, it is the time
    /// of the run's first attempt: someone else may have sent the same content after that.
    pub(crate) fn since(
        &self,
        of: impl Fn(MessageClass) -> bool,
        counts_copies: bool,
    ) -> Option<i64> {
        let first = self.open_rows(of).map(|row| row.sent_at).min();
        let run_start = self
            .counted_span()
            .filter(|_| counts_copies)
            .map(|[first, _]| first);
        first.into_iter().chain(run_start).min()
    }

    /// The period when attempts of other runs count, by the ledger's clock.
    pub(crate) fn counted_span(&self) -> Option<[i64; 2]> {
        let [first, last] = self.span.filter(|_| self.counts_copies())?;
        let around = |at: i64| AttemptWindow::new(at, 0, self.terms.timeout);
        let width = around(0).end - around(0).begin;
        Some([first.saturating_sub(width), last.saturating_add(width)])
    }

    /// Reads an entry of the history. Returns whether the entry identifies its message or its recipient.
    pub(crate) fn note_message(&mut self, entry: &Value, bot: &str) -> bool {
        let Some(message) = HistoryMessage::read(entry, bot) else {
            return false;
        };
        if message.author != MessageAuthor::User {
            self.note_ours(&message);
        }
        message.id.is_some() || message.user.is_some()
    }

    /// Reads a message that is not from the user.
    fn note_ours(&mut self, message: &HistoryMessage) {
        let content = BubbleContent::from_listed(message);
        let facts = message.facts();
        let at = message.at.map(jiff::Timestamp::as_millisecond);
        let row = message.id.as_deref().and_then(|id| self.row_with(id));
        if let Some(row) = row.filter(|row| row.may_be_for(message.user.as_deref())) {
            row.is_listed = true;
            row.merge(facts.clone());
        }
        let Some(number) = content
            .as_ref()
            .and_then(|content| self.contents.get(content).copied())
        else {
            return;
        };
        // Without an author, the message may be ours or someone else's.
        let (MessageAuthor::Bot, Some(id), Some(recipient), Some(at)) = (
            message.author,
            message.id.clone(),
            message.user.as_deref(),
            at,
        ) else {
            self.ambiguous.insert(number);
            return;
        };
        let recipient = person_key(recipient).into_owned();
        let may_be_rejected = !message
            .state
            .as_ref()
            .is_some_and(DeliveryState::is_accepted);
        let copy = ListedMessage {
            id: id.clone(),
            recipient,
            content: number,
            at,
            may_be_rejected,
            facts,
        };
        if let Some(known) = self.copies.get_mut(&id) {
            // Two messages may have the same id.
            if !known.add(copy) {
                self.ambiguous.extend([known.content, number]);
            }
        } else {
            self.copies.insert(id, copy);
        }
    }

    /// Reads an entry of the notifications. Returns whether the entry identifies its message.
    pub(crate) fn note_notification(&mut self, entry: &Value) -> bool {
        let Some(notification) = Notification::read(entry) else {
            return false;
        };
        let is_named = notification.ids().next().is_some();
        let place = notification
            .ids()
            .find_map(|id| self.by_id.get(id).copied().flatten());
        let row = place.and_then(|place| self.rows.get_mut(place));
        if let Some(row) = row.filter(|row| row.may_be_for(notification.destination.as_deref())) {
            row.is_listed = true;
            row.merge_notification(notification);
        }
        is_named
    }

    /// Reads the status of the message with this id only.
    pub(crate) fn note_one(
        &mut self,
        id: &str,
        facts: Option<DeliveryFacts>,
        notification: Option<Notification>,
    ) {
        let Some(row) = self.row_with(id) else {
            return;
        };
        row.is_listed |= facts.is_some();
        if let Some(notification) = notification {
            row.merge_notification(notification);
        }
        if let Some(facts) = facts {
            row.merge(facts);
        }
    }

    /// The updates for the ledger since the last call.
    fn news(&mut self) -> DeliveryUpdates {
        let mut news = DeliveryUpdates::default();
        for row in &mut self.rows {
            news.merge(
                row.index,
                &mut row.known,
                std::mem::take(&mut row.steps),
                None,
                self.terms.now,
            );
        }
        news
    }

    /// Whether this check or an earlier one covers all rows sent within `span`. A check of the newest rows does not cover
    /// the others.
    pub(crate) fn is_complete(&self, span: Duration) -> bool {
        self.rows.iter().all(|row| {
            let is_silent = row.id.is_some() && row.known.is_none();
            let is_covered = row.is_checked
                || self
                    .terms
                    .last_asked_at
                    .is_some_and(|at| (at - LOOKS_BACK..=at).contains(&row.sent_at));
            !is_silent || is_covered || !self.terms.is_within(row.sent_at, span)
        })
    }

    /// Decides the unknown rows. Returns the updates for the ledger, and how many rows stay unknown for each reason.
    /// `is_whole` is whether the check read everything that the decision needs.
    pub(crate) fn decide_rows(
        &mut self,
        is_whole: bool,
    ) -> (DeliveryUpdates, BTreeMap<UnresolvedReason, u64>) {
        let mut news = self.news();
        let mut left = BTreeMap::new();
        let mut why: HashMap<usize, UnresolvedReason> = HashMap::new();
        let listed: Vec<_> = self.copies.values().cloned().collect();
        let decided = if is_whole {
            decide(&self.attempts, &listed, &self.ambiguous)
        } else {
            Vec::new()
        };
        for decided in decided {
            match decided {
                // A message of ours belongs to one row.
                Ok(proven) if self.by_id.contains_key(&proven.message_id) => {
                    why.insert(proven.row, UnresolvedReason::SentByOthers);
                }
                Ok(proven) => self.note_proven(&proven, &mut news),
                Err((place, reason)) => {
                    why.insert(place, reason);
                }
            }
        }
        for (place, row) in self
            .rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.is_unknown)
        {
            *left
                .entry(row.unresolved_reason(is_whole, why.get(&place).copied()))
                .or_default() += 1;
        }
        (news, left)
    }

    /// Records that a row was sent, unless its process may still report the outcome.
    fn note_proven(&mut self, proven: &RowProof, news: &mut DeliveryUpdates) {
        let RowProof {
            row: place,
            message_id,
        } = proven;
        let Some(row) = self.rows.get_mut(*place) else {
            return;
        };
        let Some(copy) = self.copies.get(message_id) else {
            return;
        };
        if row.may_still_report {
            return;
        }
        row.is_unknown = false;
        news.proven.push(ProvenRow {
            index: row.index,
            number: row.number,
            evidence: msg!("Jelou's history has it as {id}", id = message_id),
        });
        news.merge(
            row.index,
            &mut row.known,
            vec![copy.facts.clone()],
            Some(message_id),
            self.terms.now,
        );
    }
}

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
    fn is_within(&self, at: i64, span: Duration) -> bool {
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
    fn drop_id(&mut self) {
        self.id = None;
        self.is_checked &= self.is_listable();
    }

    /// Whether an entry about this recipient can be about the row's message.
    fn may_be_for(&self, listed: Option<&str>) -> bool {
        !listed.is_some_and(|listed| is_another_person(listed, &self.recipient))
    }

    /// Whether a check can return anything new: until the recipient replies, or for one more day after the message was
    /// read or failed.
    fn may_change(&self, terms: &CheckLimits) -> bool {
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
    fn is_listable(&self) -> bool {
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

    fn merge_notification(&mut self, notification: Notification) {
        if let Some(at) = notification.delivered_at {
            self.merge(DeliveryFacts {
                at: Some(at),
                ..DeliveryFacts::new(DeliveryState::Delivered)
            });
        }
        self.merge(notification.facts);
    }

    /// Why the row stays unknown.
    fn unresolved_reason(&self, is_whole: bool, why: Option<UnresolvedReason>) -> UnresolvedReason {
        match why {
            _ if self.shown.is_none() => UnresolvedReason::ShownInPart,
            _ if !self.is_checked || self.may_still_report || !is_whole => {
                UnresolvedReason::NotAsked
            }
            why => why.unwrap_or(UnresolvedReason::FewerListed),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base::message::Lang;
    use crate::runs::ledger::DeliveryRecord;

    const HOUR: i64 = 3_600_000;
    const NOW: i64 = 1_800_000_000_000;
    const SENT_AT: i64 = NOW - HOUR;

    fn terms() -> CheckLimits {
        CheckLimits {
            now: NOW,
            up_to: Duration::from_secs(72 * 3600),
            clock: 0,
            timeout: 30_000,
            last_asked_at: None,
        }
    }

    /// A change to a check that resolves a row.
    type Change = dyn Fn(&mut CheckLimits, &mut Vec<AttemptToCheck>, &mut Vec<Value>);

    /// A text to a recipient: sent with this id, or unknown.
    fn attempt(n: i64, id: Option<&str>) -> AttemptToCheck {
        AttemptToCheck {
            index: n,
            recipient: format!("59399000000{n}"),
            path: "/v1/bots/7/messages".to_owned(),
            body: json!({"type": "text", "text": format!("Hola {n}")}).to_string(),
            began_at: SENT_AT,
            is_last: true,
            message_id: id.map(str::to_owned),
            row: if id.is_some() {
                RowState::Sent
            } else {
                RowState::Unknown
            },
            row_number: 1,
            delivery: None,
            may_still_report: false,
        }
    }

    /// An entry of the history: the text of row `n` to its recipient.
    fn entry(id: &str, n: i64) -> Value {
        json!({
            "messageId": id, "by": "bot", "recipient": {"id": format!("59399000000{n}")}, "sender": {"id": "7"},
            "status": "DELIVERED_USER", "bubble": {"type": "TEXT", "text": format!("Hola {n}")}, "createdAt": SENT_AT,
        })
    }

    /// The resolved rows, and why the others stay unknown.
    fn settled(
        terms: CheckLimits,
        attempts: &[AttemptToCheck],
        entries: &[Value],
        is_whole: bool,
    ) -> (Vec<i64>, Vec<UnresolvedReason>) {
        let mut check = DeliveryCheck::new(terms);
        for attempt in attempts {
            check.add(attempt.clone());
        }
        for entry in entries {
            check.note_message(entry, "7");
        }
        for attempt in attempts {
            check.count(attempt, true);
        }
        let (news, left) = check.decide_rows(is_whole);
        for row in &news.proven {
            let evidence = row.evidence.text(Lang::Es);
            assert!(
                evidence.starts_with("está en el historial de Jelou"),
                "{evidence}"
            );
        }
        let left = left
            .into_iter()
            .flat_map(|(why, rows)| (0..rows).map(move |_| why));
        (
            news.proven.into_iter().map(|row| row.index).collect(),
            left.collect(),
        )
    }

    /// One row is sent, the other unknown, and both are listed. After any one change, nothing is resolved.
    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of inputs and results")]
    fn unmet_condition_resolves_no_row() {
        let attempts = || vec![attempt(1, Some("a")), attempt(2, None)];
        let entries = || vec![entry("a", 1), entry("b", 2)];
        assert_eq!(
            settled(terms(), &attempts(), &entries(), true),
            (vec![2], vec![])
        );
        let changed = |change: &Change| {
            let mut terms = terms();
            let mut attempts = attempts();
            let mut entries = entries();
            change(&mut terms, &mut attempts, &mut entries);
            settled(terms, &attempts, &entries, true)
        };
        let table: Vec<(&str, UnresolvedReason, &Change)> = vec![
            (
                "not listed",
                UnresolvedReason::FewerListed,
                &|_, _, entries| {
                    drop(entries.pop());
                },
            ),
            (
                "to someone else",
                UnresolvedReason::SentByOthers,
                &|_, _, entries| {
                    entries[1]["recipient"]["id"] = json!("593990000009");
                },
            ),
            (
                "by the user",
                UnresolvedReason::FewerListed,
                &|_, _, entries| entries[1]["by"] = json!("user"),
            ),
            (
                "by an agent",
                UnresolvedReason::SentByOthers,
                &|_, _, entries| {
                    entries[1]["by"] = json!("ana@example.com");
                    entries[1]["sender"]["id"] = json!("5f0c2a");
                },
            ),
            (
                "other words",
                UnresolvedReason::FewerListed,
                &|_, _, entries| entries[1]["bubble"]["text"] = json!("Hola"),
            ),
            (
                "undelivered",
                UnresolvedReason::FewerListed,
                &|_, _, entries| entries[1]["status"] = json!("FAILED"),
            ),
            (
                "with an unknown status",
                UnresolvedReason::FewerListed,
                &|_, _, entries| entries[1]["status"] = json!("REJECTED"),
            ),
            (
                "without a status",
                UnresolvedReason::FewerListed,
                &|_, _, entries| entries[1]["status"] = Value::Null,
            ),
            (
                "with a medium",
                UnresolvedReason::FewerListed,
                &|_, _, entries| {
                    entries[1]["bubble"]["mediaUrl"] = json!("https://a");
                },
            ),
            (
                "before",
                UnresolvedReason::SentByOthers,
                &|_, _, entries| {
                    entries[1]["createdAt"] = json!(SENT_AT - 6000);
                },
            ),
            (
                "long after",
                UnresolvedReason::SentByOthers,
                &|_, _, entries| {
                    entries[1]["createdAt"] = json!(SENT_AT + HOUR);
                },
            ),
            (
                "without an id",
                UnresolvedReason::SentByOthers,
                &|_, _, entries| {
                    drop(entries[1].as_object_mut().unwrap().remove("messageId"));
                },
            ),
            (
                "without a time",
                UnresolvedReason::SentByOthers,
                &|_, _, entries| entries[1]["createdAt"] = Value::Null,
            ),
            (
                "without a recipient",
                UnresolvedReason::SentByOthers,
                &|_, _, entries| {
                    entries[1]["recipient"] = json!({"id": "7"});
                },
            ),
            (
                "the same from others",
                UnresolvedReason::SentByOthers,
                &|_, _, entries| {
                    let mut other = entry("c", 2);
                    other["recipient"]["id"] = json!("593990000009");
                    entries.push(other);
                },
            ),
            ("twice", UnresolvedReason::SentByOthers, &|_, _, entries| {
                entries.push(entry("c", 2));
            }),
            (
                "one id for two",
                UnresolvedReason::SentByOthers,
                &|_, _, entries| {
                    let mut other = entry("b", 2);
                    other["createdAt"] = json!(SENT_AT + 1000);
                    entries.push(other);
                },
            ),
            (
                "one more attempt",
                UnresolvedReason::FewerListed,
                &|_, attempts, _| {
                    attempts.push(AttemptToCheck {
                        row: RowState::Failed,
                        ..attempt(2, None)
                    });
                },
            ),
            (
                "it failed",
                UnresolvedReason::FewerListed,
                &|_, _, entries| {
                    entries[1]["status"] = json!("FAILED");
                },
            ),
            (
                "its process may still report",
                UnresolvedReason::NotAsked,
                &|_, attempts, _| {
                    attempts[1].may_still_report = true;
                },
            ),
            (
                "the same with buttons",
                UnresolvedReason::FewerListed,
                &|_, attempts, _| {
                    let body = json!({"type": "quick_reply", "text": "Hola 2"}).to_string();
                    attempts.push(AttemptToCheck {
                        index: 3,
                        body,
                        recipient: attempts[1].recipient.clone(),
                        ..attempt(3, Some("b"))
                    });
                },
            ),
            (
                "buttons",
                UnresolvedReason::ShownInPart,
                &|_, attempts, _| {
                    attempts[1].body = json!({"type": "quick_reply", "text": "Hola 2"}).to_string();
                },
            ),
            ("too old", UnresolvedReason::NotAsked, &|terms, _, _| {
                terms.up_to = Duration::from_secs(60);
            }),
            (
                "another clock",
                UnresolvedReason::SentByOthers,
                &|terms, _, _| terms.clock = HOUR,
            ),
        ];
        for (what, why, change) in table {
            assert_eq!(changed(change), (vec![], vec![why]), "{what}");
        }
        assert_eq!(
            settled(terms(), &attempts(), &entries(), false),
            (vec![], vec![UnresolvedReason::NotAsked])
        );
    }

    #[test]
    fn overlapping_pages_count_each_message_once() {
        let attempts = [attempt(1, Some("a")), attempt(2, None)];
        let mut entries = vec![entry("a", 1), entry("b", 2)];
        let mut later = entry("b", 2);
        later["status"] = json!("READ");
        entries.push(later);
        assert_eq!(
            settled(terms(), &attempts, &entries, true),
            (vec![2], vec![])
        );
    }

    #[test]
    fn messages_are_checked_while_status_may_change() {
        let day = 24 * HOUR;
        let known = |state: DeliveryState, since: i64| {
            Some(DeliveryRecord {
                number: 1,
                facts: DeliveryFacts::new(state),
                since,
            })
        };
        for (sent_at, delivery, expected) in [
            (SENT_AT, None, true),
            (NOW - 72 * HOUR, None, true),
            (NOW - 72 * HOUR - 1, None, false),
            (
                SENT_AT,
                known(DeliveryState::Delivered, NOW - 2 * day),
                true,
            ),
            (SENT_AT, known(DeliveryState::Replied, NOW), false),
            (SENT_AT, known(DeliveryState::Read, NOW - day), true),
            (SENT_AT, known(DeliveryState::Read, NOW - day - 1), false),
            (
                SENT_AT,
                known(DeliveryState::Undelivered, NOW - day - 1),
                false,
            ),
            (
                SENT_AT,
                known(DeliveryState::Other("PAUSED".to_owned()), NOW - 2 * day),
                true,
            ),
        ] {
            let mut check = DeliveryCheck::new(terms());
            check.add(AttemptToCheck {
                began_at: sent_at,
                delivery: delivery.clone(),
                ..attempt(1, Some("a"))
            });
            assert_eq!(
                (check.asked() == 1, check.is_open()),
                (expected, expected),
                "{sent_at} {delivery:?}"
            );
        }
    }

    #[test]
    fn check_of_newest_messages_only_is_incomplete() {
        let days = |days: u64| Duration::from_secs(days * 24 * 3600);
        for (up_to, sent_at, last_asked_at, expected) in [
            (days(3), SENT_AT, None, true),
            (Duration::from_secs(60), SENT_AT, None, false),
            (Duration::from_secs(60), SENT_AT, Some(SENT_AT + 1), true),
            // The row is too old for the check, and does not count.
            (days(3), NOW - 100 * HOUR, None, true),
        ] {
            let mut check = DeliveryCheck::new(CheckLimits {
                up_to,
                last_asked_at,
                ..terms()
            });
            check.add(AttemptToCheck {
                began_at: sent_at,
                ..attempt(1, Some("a"))
            });
            assert_eq!(check.is_complete(days(3)), expected, "{up_to:?} {sent_at}");
        }
    }

    #[test]
    fn entries_for_other_recipients_are_ignored() {
        let mut check = DeliveryCheck::new(terms());
        check.add(attempt(1, Some("a")));
        check.note_message(&entry("a", 2), "7");
        check.note_notification(
            &json!({"id": "a", "destination": "593990000002", "sentStatus": "READ"}),
        );
        assert!(check.news().is_empty());
        check.note_notification(
            &json!({"id": "a", "destination": "593990000001", "sentStatus": "READ"}),
        );
        assert_eq!(check.news().updates.len(), 1);
    }

    /// The second message with the id is of another row, or of an earlier attempt of the same row.
    #[test]
    fn id_of_two_messages_is_no_proof() {
        let earlier = AttemptToCheck {
            is_last: false,
            ..attempt(1, Some("a"))
        };
        let read = json!({"id": "a", "sentStatus": "READ"});
        for (attempts, expected) in [
            (vec![attempt(1, Some("a")), attempt(2, Some("b"))], (0, 1)),
            (vec![attempt(1, Some("a")), attempt(2, Some("a"))], (2, 0)),
            (vec![earlier, attempt(1, Some("a"))], (1, 0)),
        ] {
            let mut check = DeliveryCheck::new(terms());
            for attempt in &attempts {
                check.add(attempt.clone());
            }
            check.note_notification(&read);
            check.note_one("a", Some(DeliveryFacts::new(DeliveryState::Read)), None);
            let found = (check.ambiguous_ids(), check.news().updates.len());
            assert_eq!(found, expected, "{attempts:?}");
        }
    }

    /// An unknown row is not proven by the id of another row's message.
    #[test]
    fn id_of_two_rows_proves_no_unknown_row() {
        let attempts = [
            attempt(1, Some("a")),
            attempt(3, Some("a")),
            attempt(2, None),
        ];
        let entries = [entry("a", 2)];
        assert_eq!(
            settled(terms(), &attempts, &entries, true),
            (vec![], vec![UnresolvedReason::SentByOthers])
        );
    }

    #[test]
    fn delivery_updates_apply_once_in_order() {
        let mut check = DeliveryCheck::new(terms());
        check.add(attempt(1, Some("a")));
        let template =
            json!({"id": "a", "sentStatus": "READ", "deliveryUserAt": 1000, "readAt": 2000});
        check.note_notification(&template);
        check.note_notification(&template);
        let updates = check.news().updates;
        let states: Vec<_> = updates[0]
            .steps
            .iter()
            .map(|facts| facts.state.name())
            .collect();
        assert_eq!(
            (updates.len(), updates[0].after, states),
            (1, 0, vec!["delivered", "read"])
        );
        check.note_message(&entry("a", 1), "7");
        assert!(check.news().is_empty(), "it only goes forward");
    }
}

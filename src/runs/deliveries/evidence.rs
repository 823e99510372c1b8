//! Decides which unknown rows were sent. It counts our attempts that may have been sent, and the messages in Jelou's
//! history with the same content, which has no other sign of the attempt. This file sends no requests and writes nothing.
//! A message that is missing from the history may still have been sent.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::jelou::api::{DeliveryFacts, HistoryMessage, MessageClass};
use crate::jelou::message::MessageKind;

/// How long after its request's timeout Jelou may create a message, in milliseconds.
const LATEST: i64 = 10 * 60 * 1000;
/// How far two clocks may differ and still count as equal, in milliseconds.
const TOLERANCE: i64 = 5000;

/// The period when Jelou may have created the message of an attempt, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AttemptWindow {
    pub(crate) begin: i64,
    pub(crate) end: i64,
}

impl AttemptWindow {
    /// The period, on Jelou's clock, when Jelou may have recorded an attempt. `began_at` is on this machine's clock,
    /// Jelou's is ahead by `clock`, and the attempt took at most `timeout`; all in milliseconds.
    pub(crate) fn new(began_at: i64, clock: i64, timeout: i64) -> Self {
        let begin = began_at.saturating_add(clock);
        Self {
            begin: begin.saturating_sub(TOLERANCE),
            end: begin.saturating_add(timeout).saturating_add(LATEST),
        }
    }

    pub(crate) fn has(self, at: i64) -> bool {
        (self.begin..=self.end).contains(&at)
    }
}

/// An attempt of ours that may have been sent, from any run of the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnAttempt {
    /// The unknown row of the attempt, as its position in the check.
    pub(crate) row: Option<usize>,
    pub(crate) recipient: String,
    /// The number of its content.
    pub(crate) content: usize,
    pub(crate) window: AttemptWindow,
    /// The message's id, if the response or an earlier look-up returned one.
    pub(crate) message_id: Option<String>,
}

/// A message of the bot that Jelou lists, with the content of an unknown row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedMessage {
    pub(crate) id: String,
    pub(crate) recipient: String,
    pub(crate) content: usize,
    pub(crate) at: i64,
    /// Whether any entry has it as undelivered, or without a known status. Jelou may list a rejected request so.
    pub(crate) may_be_rejected: bool,
    pub(crate) facts: DeliveryFacts,
}

impl ListedMessage {
    /// Adds another entry with its id: pages may shift between requests. Returns whether it is the same message.
    pub(crate) fn add(&mut self, again: Self) -> bool {
        self.may_be_rejected |= again.may_be_rejected;
        self.facts.merge(again.facts);
        (&self.recipient, self.content, self.at) == (&again.recipient, again.content, again.at)
    }
}

/// Why an unknown row stays unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum UnresolvedReason {
    /// The history has fewer of these messages than attempts, or one that may be an earlier request that Jelou rejected.
    FewerListed,
    /// Someone else sends the same content, or the history does not show the sender.
    SentByOthers,
    /// The history shows only a part of the message.
    ShownInPart,
    /// The check read only a part of the history, the message is older than the checked period, or its process may still
    /// report its outcome.
    NotAsked,
}

/// The proof that an unknown row was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowProof {
    pub(crate) row: usize,
    /// The id of the listed message.
    pub(crate) message_id: String,
}

/// Decides the unknown rows among `attempts` with the messages in `listed`, which has each message once. A listed message
/// with a content in `ambiguous` may be from anyone.
pub(crate) fn decide(
    attempts: &[OwnAttempt],
    listed: &[ListedMessage],
    ambiguous: &HashSet<usize>,
) -> Vec<Result<RowProof, (usize, UnresolvedReason)>> {
    let mut groups: HashMap<(usize, &str), RecipientCopies<'_>> = HashMap::new();
    for attempt in attempts {
        groups
            .entry((attempt.content, attempt.recipient.as_str()))
            .or_default()
            .attempts
            .push(attempt);
    }
    for copy in listed {
        groups
            .entry((copy.content, copy.recipient.as_str()))
            .or_default()
            .listed
            .push(copy);
    }
    for group in groups.values_mut() {
        group.attempts.sort_by_key(|attempt| attempt.window.begin);
        group.listed.sort_by_key(|copy| copy.at);
    }
    let shared = groups
        .iter()
        .filter(|(_, group)| group.has_others())
        .map(|((content, _), _)| *content);
    let shared: HashSet<_> = shared.chain(ambiguous.iter().copied()).collect();
    let mut decided = Vec::new();
    for ((content, _), RecipientCopies { attempts, listed }) in &groups {
        let verdict = verdict(attempts, listed, shared.contains(content));
        let mut ids = verdict
            .as_ref()
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter();
        // Attempts and messages match in the order of their times.
        for attempt in attempts
            .iter()
            .filter(|attempt| attempt.message_id.is_none())
        {
            let id = ids.next();
            let Some(row) = attempt.row else { continue };
            decided.push(match (&verdict, id) {
                (Ok(_), Some(id)) => Ok(RowProof {
                    row,
                    message_id: (*id).to_owned(),
                }),
                (Ok(_), None) => Err((row, UnresolvedReason::FewerListed)),
                (Err(why), _) => Err((row, *why)),
            });
        }
    }
    decided
}

/// Attempts of one content to one recipient, and the listed copies, both in the order of their times.
#[derive(Default)]
struct RecipientCopies<'a> {
    attempts: Vec<&'a OwnAttempt>,
    listed: Vec<&'a ListedMessage>,
}

impl RecipientCopies<'_> {
    /// Whether someone else sends this content too: a listed copy matches no attempt of ours. All windows are equally
    /// long, so matching copies and attempts have the same order.
    fn has_others(&self) -> bool {
        let Self { attempts, listed } = self;
        let mut left = attempts.iter();
        !listed
            .iter()
            .all(|copy| left.any(|attempt| attempt.window.has(copy.at)))
    }
}

/// The ids of the copies for attempts without an id, in order of creation.
fn verdict<'a>(
    attempts: &[&OwnAttempt],
    listed: &[&'a ListedMessage],
    is_shared: bool,
) -> Result<Vec<&'a str>, UnresolvedReason> {
    if is_shared {
        return Err(UnresolvedReason::SentByOthers);
    }
    let known: HashSet<_> = attempts
        .iter()
        .filter_map(|attempt| attempt.message_id.as_deref())
        .collect();
    let (ours, others): (Vec<&ListedMessage>, Vec<&ListedMessage>) = listed
        .iter()
        .partition(|copy| known.contains(copy.id.as_str()));
    if listed.len() < attempts.len() || others.iter().any(|copy| copy.may_be_rejected) {
        return Err(UnresolvedReason::FewerListed);
    }
    // If ids of ours are missing from the copies, some copies are not ours.
    if ours.len()
        < attempts
            .iter()
            .filter(|attempt| attempt.message_id.is_some())
            .count()
    {
        return Err(UnresolvedReason::SentByOthers);
    }
    Ok(others.into_iter().map(|copy| copy.id.as_str()).collect())
}

/// The kinds with a complete bubble in the history: text, medium, or both. Buttons, lists, flows and templates have more,
/// so two different messages can have the same bubble.
const SHOWN_KINDS: [&str; 6] = ["text", "image", "video", "audio", "file", "sticker"];

/// The content of a bubble. Both parts count: the same text below another image is another message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct BubbleContent {
    text: Option<String>,
    media_url: Option<String>,
}

/// The relevant parts of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestContent {
    /// Its class, which decides where Jelou lists it.
    pub(crate) class: MessageClass,
    /// The text and medium in its bubble. Messages of different kinds can have the same bubble.
    pub(crate) bubble: Option<BubbleContent>,
    /// Whether the bubble shows the whole message.
    is_shown: bool,
}

impl RequestContent {
    /// Reads a request with this path and body.
    pub(crate) fn new(path: &str, body: &str) -> Self {
        let fields: Map<String, Value> = serde_json::from_str(body).unwrap_or_default();
        let class = MessageClass::from_request(path, &fields);
        let text = |name: &str| {
            fields
                .get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let bubble = BubbleContent {
            text: text("text"),
            media_url: text("mediaUrl"),
        };
        let kind = MessageKind::from_body(&fields).map(|message| message.command());
        Self {
            class,
            bubble: (!bubble.is_empty()).then_some(bubble),
            is_shown: kind.is_some_and(|kind| SHOWN_KINDS.contains(&kind)),
        }
    }

    /// Returns its content in the history. None if the history shows only a part of it.
    pub(crate) fn into_listed_content(self) -> Option<BubbleContent> {
        self.bubble.filter(|_| self.is_shown)
    }
}

impl BubbleContent {
    /// Reads a message that Jelou lists; None if its bubble is empty.
    pub(crate) fn from_listed(message: &HistoryMessage) -> Option<Self> {
        let content = Self {
            text: message.text.clone(),
            media_url: message.media_url.clone(),
        };
        (!content.is_empty()).then_some(content)
    }

    fn is_empty(&self) -> bool {
        self.text.is_none() && self.media_url.is_none()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jelou::api::DeliveryState;

    const MINUTE: i64 = 60_000;

    /// An attempt, `minute` minutes after the first one, with its unknown row or the id of its message.
    fn attempt(
        recipient: &str,
        content: usize,
        minute: i64,
        row: Option<usize>,
        id: Option<&str>,
    ) -> OwnAttempt {
        let window = AttemptWindow::new(minute * MINUTE, 0, MINUTE / 2);
        OwnAttempt {
            row,
            recipient: recipient.to_owned(),
            content,
            window,
            message_id: id.map(str::to_owned),
        }
    }

    fn copy(id: &str, recipient: &str, content: usize, minute: i64) -> ListedMessage {
        let facts = DeliveryFacts::new(DeliveryState::Accepted);
        let id = id.to_owned();
        let recipient = recipient.to_owned();
        ListedMessage {
            id,
            recipient,
            content,
            at: minute * MINUTE,
            may_be_rejected: false,
            facts,
        }
    }

    type Decisions = (Vec<(usize, String)>, Vec<(usize, UnresolvedReason)>);

    /// The resolved rows with their ids, and the other rows with the reason.
    fn decide_all(
        attempts: &[OwnAttempt],
        listed: &[ListedMessage],
        ambiguous: &[usize],
    ) -> Decisions {
        let mut found = Vec::new();
        let mut left = Vec::new();
        for row in decide(attempts, listed, &ambiguous.iter().copied().collect()) {
            match row {
                Ok(row) => found.push((row.row, row.message_id)),
                Err(why) => left.push(why),
            }
        }
        found.sort();
        left.sort();
        (found, left)
    }

    fn assert_resolved(
        attempts: &[OwnAttempt],
        listed: &[ListedMessage],
        expected: &[(usize, &str)],
    ) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(row, id)| (*row, (*id).to_owned()))
            .collect();
        assert_eq!(
            decide_all(attempts, listed, &[]),
            (expected, vec![]),
            "{attempts:?} {listed:?}"
        );
    }

    fn assert_unresolved(
        attempts: &[OwnAttempt],
        listed: &[ListedMessage],
        ambiguous: &[usize],
        expected: &[(usize, UnresolvedReason)],
    ) {
        assert_eq!(
            decide_all(attempts, listed, ambiguous),
            (vec![], expected.to_vec()),
            "{attempts:?} {listed:?}"
        );
    }

    #[test]
    fn rows_are_sent_if_all_attempts_are_listed() {
        let one = attempt("a", 0, 0, Some(0), None);
        assert_resolved(
            std::slice::from_ref(&one),
            &[copy("m", "a", 0, 0)],
            &[(0, "m")],
        );
        // Sent messages count, with their own ids.
        let sent = attempt("a", 0, 1, None, Some("s"));
        assert_resolved(
            &[one.clone(), sent.clone()],
            &[copy("m", "a", 0, 0), copy("s", "a", 0, 1)],
            &[(0, "m")],
        );
        // Two unknown rows get the ids in order.
        let second = attempt("a", 0, 2, Some(1), None);
        let listed = [copy("n", "a", 0, 2), copy("m", "a", 0, 1)];
        assert_resolved(&[one.clone(), second], &listed, &[(0, "m"), (1, "n")]);
        // An unknown attempt of another run counts and gets its id, but is not resolved here.
        let other = attempt("a", 0, -1, None, None);
        assert_resolved(
            &[one, other],
            &[copy("o", "a", 0, -1), copy("m", "a", 0, 0)],
            &[(0, "m")],
        );
    }

    #[test]
    fn fewer_listed_than_attempted_resolves_no_row() {
        let one = attempt("a", 0, 0, Some(0), None);
        let two = attempt("a", 0, 1, Some(1), None);
        let sent = attempt("a", 0, 1, None, Some("s"));
        assert_unresolved(
            std::slice::from_ref(&one),
            &[],
            &[],
            &[(0, UnresolvedReason::FewerListed)],
        );
        let both = [
            (0, UnresolvedReason::FewerListed),
            (1, UnresolvedReason::FewerListed),
        ];
        assert_unresolved(&[one.clone(), two], &[copy("m", "a", 0, 0)], &[], &both);
        // The listed message is of the sent row.
        assert_unresolved(
            &[one.clone(), sent.clone()],
            &[copy("s", "a", 0, 1)],
            &[],
            &[(0, UnresolvedReason::FewerListed)],
        );
        // The listed message is of the unknown row; the other one is listed later, or never.
        assert_unresolved(
            &[one, sent],
            &[copy("m", "a", 0, 1)],
            &[],
            &[(0, UnresolvedReason::FewerListed)],
        );
    }

    /// Jelou lists an earlier, rejected request as undelivered. The unknown request may not have arrived.
    #[test]
    fn undelivered_copy_resolves_only_its_own_attempt() {
        let one = attempt("a", 0, 0, Some(0), None);
        let failed = |id, minute| ListedMessage {
            may_be_rejected: true,
            ..copy(id, "a", 0, minute)
        };
        let refused = UnresolvedReason::FewerListed;
        assert_unresolved(
            std::slice::from_ref(&one),
            &[failed("m", 0)],
            &[],
            &[(0, refused)],
        );
        let two = attempt("a", 0, 1, Some(1), None);
        assert_unresolved(
            &[one.clone(), two],
            &[failed("m", 0), copy("n", "a", 0, 1)],
            &[],
            &[(0, refused), (1, refused)],
        );
        let sent = attempt("a", 0, 1, None, Some("s"));
        assert_resolved(
            &[one, sent],
            &[copy("m", "a", 0, 0), failed("s", 1)],
            &[(0, "m")],
        );
    }

    #[test]
    fn content_sent_by_others_resolves_no_row() {
        let not_alone = UnresolvedReason::SentByOthers;
        let attempts = [
            attempt("a", 0, 0, Some(0), None),
            attempt("b", 0, 0, None, Some("s")),
        ];
        let both = [copy("m", "a", 0, 0), copy("s", "b", 0, 0)];
        assert_resolved(&attempts, &both, &[(0, "m")]);
        for other in [
            // To a recipient without an attempt of ours.
            copy("x", "c", 0, 0),
            // More than were attempted: to this recipient, and to another.
            copy("x", "a", 0, 1),
            copy("x", "b", 0, 1),
            // Outside the windows of our attempts.
            copy("x", "a", 0, 60),
            copy("x", "b", 0, -60),
        ] {
            assert_unresolved(
                &attempts,
                &[&both[..], &[other]].concat(),
                &[],
                &[(0, not_alone)],
            );
        }
        // Its sender is unclear.
        assert_unresolved(&attempts, &both, &[0], &[(0, not_alone)]);
        // The ids of the sent messages are not among them.
        let sent = attempt("a", 0, 1, None, Some("s"));
        let listed = [copy("m", "a", 0, 0), copy("n", "a", 0, 1)];
        assert_unresolved(
            &[attempts[0].clone(), sent],
            &listed,
            &[],
            &[(0, not_alone)],
        );
        // Another content is not affected.
        assert_resolved(
            &attempts,
            &[&both[..], &[copy("x", "c", 1, 0)]].concat(),
            &[(0, "m")],
        );
    }

    #[test]
    fn listed_message_must_match_the_attempt_time() {
        let window = AttemptWindow::new(100_000, 0, 30_000);
        for (at, expected) in [
            (95_000, true),
            (94_999, false),
            (100_000, true),
            (730_000, true),
            (730_001, false),
            (i64::MIN, false),
        ] {
            assert_eq!(window.has(at), expected, "{at}");
        }
        // Jelou's clock is an hour ahead.
        assert!(
            AttemptWindow::new(0, 60 * MINUTE, 0).has(60 * MINUTE)
                && !AttemptWindow::new(0, 60 * MINUTE, 0).has(0)
        );
        assert!(AttemptWindow::new(i64::MAX, i64::MAX, i64::MAX).has(i64::MAX));
    }

    #[test]
    fn each_attempt_needs_its_own_listed_message() {
        // On Friday, and again on Monday after the user decided so.
        let attempts = [
            attempt("a", 0, 0, None, None),
            attempt("a", 0, 4000, Some(0), None),
        ];
        assert_resolved(
            &attempts,
            &[copy("m", "a", 0, 0), copy("n", "a", 0, 4000)],
            &[(0, "n")],
        );
        for listed in [copy("m", "a", 0, 0), copy("m", "a", 0, 4000)] {
            assert_unresolved(
                &attempts,
                &[listed],
                &[],
                &[(0, UnresolvedReason::FewerListed)],
            );
        }
        // One of the two is not ours. The copy to a second recipient may come from the same sender.
        let others = [&attempts[..], &[attempt("b", 0, 0, Some(1), None)]].concat();
        for minute in [0, 4000] {
            let listed = [
                copy("m", "a", 0, minute),
                copy("n", "a", 0, minute + 1),
                copy("o", "b", 0, 0),
            ];
            let not_alone = UnresolvedReason::SentByOthers;
            assert_unresolved(&others, &listed, &[], &[(0, not_alone), (1, not_alone)]);
        }
    }

    #[test]
    fn only_fully_listed_content_is_recognized() {
        let messages = "/v1/bots/1/messages";
        let url = "https://a.example/x.png";
        for (path, body, class, expected) in [
            (
                messages,
                json!({"type": "text", "text": "Hola"}),
                MessageClass::FreeForm,
                Some((Some("Hola"), None)),
            ),
            (
                messages,
                json!({"type": "image", "mediaUrl": url, "text": "x"}),
                MessageClass::FreeForm,
                Some((Some("x"), Some(url))),
            ),
            (
                messages,
                json!({"type": "sticker", "mediaUrl": url}),
                MessageClass::FreeForm,
                Some((None, Some(url))),
            ),
            // On the wire a list is a text, with more than its bubble shows.
            (
                messages,
                json!({"type": "text", "text": "x", "options": [{"title": "a"}]}),
                MessageClass::FreeForm,
                None,
            ),
            (
                messages,
                json!({"type": "quick_reply", "text": "x"}),
                MessageClass::FreeForm,
                None,
            ),
            (
                messages,
                json!({"type": "text"}),
                MessageClass::FreeForm,
                None,
            ),
            (
                messages,
                json!({"type": "hologram", "text": "x"}),
                MessageClass::FreeForm,
                None,
            ),
            (
                messages,
                json!({"type": "template", "templateId": "7", "text": "x"}),
                MessageClass::Either,
                None,
            ),
            (
                "/v2/whatsapp/1/hsm",
                json!({"elementName": "a", "text": "x"}),
                MessageClass::Template,
                None,
            ),
            (
                "/v1/bots/1/campaigns/2/template-messages",
                json!({"elementName": "a"}),
                MessageClass::Either,
                None,
            ),
            (messages, json!([]), MessageClass::FreeForm, None),
        ] {
            let content = RequestContent::new(path, &body.to_string());
            let found_class = content.class;
            let found = content.into_listed_content();
            let found = found
                .as_ref()
                .map(|shown| (shown.text.as_deref(), shown.media_url.as_deref()));
            assert_eq!((found_class, found), (class, expected), "{body}");
        }
        assert_eq!(
            RequestContent::new(messages, "{").into_listed_content(),
            None
        );
    }
}

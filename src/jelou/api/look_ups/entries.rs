//! Reads the entries that Jelou lists: messages of a bot's history with author and delivery status, and sent templates
//! with times and the reason of a failure.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::super::answer::{text_at, time_at};
use super::facts::{DeliveryFacts, DeliveryState};
use crate::base::texts::has_only_digits;
use crate::phone::{NUMBER_DIGITS, is_user_id, number_in, person_key};

/// The maximum of bytes of an id. A longer text is not an id, and would be stored with each message.
const MAX_ID_BYTES: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MessageAuthor {
    Bot,
    User,
    /// An agent, or an unidentified sender.
    Other,
}

/// A message in either direction. A field that the entry lacks is None.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HistoryMessage {
    pub(crate) id: Option<String>,
    pub(crate) author: MessageAuthor,
    /// The user of the chat, not the bot.
    pub(crate) user: Option<String>,
    /// The user's name.
    pub(crate) name: Option<String>,
    pub(crate) state: Option<DeliveryState>,
    /// The type as Jelou names it: `TEXT`, `IMAGE`, …
    pub(crate) kind: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) media_url: Option<String>,
    /// When it was created.
    pub(crate) at: Option<Timestamp>,
}

impl HistoryMessage {
    /// Reads an entry of the history of `bot`; None if it is not an object.
    pub(crate) fn read(entry: &Value, bot: &str) -> Option<Self> {
        entry.as_object()?;
        let author = author(entry, bot);
        let ends = match author {
            MessageAuthor::User => ["sender", "recipient"],
            MessageAuthor::Bot | MessageAuthor::Other => ["recipient", "sender"],
        };
        let id_of = |end: &&str| {
            let id = text_at(entry, &[&format!("/{end}/id"), &format!("/{end}")])
                .filter(|id| id != bot)?;
            Some(number_in(&id).map_or(id.clone(), str::to_owned))
        };
        let is_person_end = |end: &&&str| id_of(end).is_some_and(|id| is_person(&id));
        // Another id is a user's only if the entry calls its owner a user.
        let accepts_any_id =
            author != MessageAuthor::User || by(entry).eq_ignore_ascii_case("user");
        let is_any_end = |end: &&&str| accepts_any_id && id_of(end).is_some();
        // A bot may also have a number, so the direction decides first.
        let person_end = ends
            .iter()
            .find(is_person_end)
            .or_else(|| ends.iter().find(is_any_end));
        let by =
            text_at(entry, &["/by"]).filter(|by| author == MessageAuthor::User && is_person(by));
        let name_of =
            |end: &&str| text_at(entry, &[&format!("/{end}/names"), &format!("/{end}/name")]);
        Some(Self {
            id: text_at(entry, &["/messageId", "/id", "/_id"])
                .filter(|id| id.len() <= MAX_ID_BYTES),
            author,
            user: by.or_else(|| id_of(person_end?)),
            name: person_end.and_then(name_of),
            state: text_at(entry, &["/status"]).map(|status| DeliveryState::from_status(&status)),
            kind: text_at(entry, &["/bubble/type"]),
            text: text_at(entry, &["/bubble/text", "/bubble"]),
            media_url: text_at(entry, &["/bubble/mediaUrl"]),
            at: time_at(entry, &["/createdAt"]),
        })
    }

    /// Its delivery status. Jelou accepted every listed message. The history has no reasons, and no time except the
    /// creation.
    pub(crate) fn facts(&self) -> DeliveryFacts {
        let state = self.state.clone().unwrap_or(DeliveryState::Accepted);
        let at = self.at.filter(|_| state == DeliveryState::Accepted);
        DeliveryFacts {
            at,
            ..DeliveryFacts::new(state)
        }
    }
}

/// Returns the identity of an entry: its id with its sender and recipient; without an id, its whole
/// content.
pub(crate) fn entry_key(entry: &Value) -> u64 {
    let id = text_at(entry, &["/messageId", "/id", "/_id"]).unwrap_or_else(|| entry.to_string());
    let end = |end: &str| text_at(entry, &[&format!("/{end}/id"), &format!("/{end}")]);
    let mut hasher = DefaultHasher::new();
    (id, end("recipient"), end("sender")).hash(&mut hasher);
    hasher.finish()
}

/// Returns whether `id` is a phone number or a WhatsApp user id.
pub(crate) fn is_person(id: &str) -> bool {
    let key = person_key(id);
    is_user_id(id) || NUMBER_DIGITS.contains(&key.len()) && has_only_digits(&key)
}

/// Returns whether `listed` is certainly another recipient than `person`. A number and a WhatsApp
/// user id can belong to the same recipient.
pub(crate) fn is_another_person(listed: &str, person: &str) -> bool {
    let sort = |id: &str| (is_user_id(id), is_person(id));
    sort(listed) == sort(person) && person_key(listed) != person_key(person)
}

/// Returns the author as the entry names it, or empty.
fn by(entry: &Value) -> String {
    text_at(entry, &["/by", "/by/type"]).unwrap_or_default()
}

/// Returns the author of an entry. If `by` is user or bot, it decides. Otherwise a sender to the
/// bot is a user. A phone number that is neither the bot nor an agent is a user, too. If another
/// sender writes for the bot, the bot is not the author.
fn author(entry: &Value, bot: &str) -> MessageAuthor {
    let by = by(entry);
    let says = |word: &str| by.eq_ignore_ascii_case(word);
    if says("bot") {
        return MessageAuthor::Bot;
    }
    if says("user") {
        return MessageAuthor::User;
    }
    let sender = text_at(entry, &["/sender/id", "/sender"]);
    let is_to_bot =
        text_at(entry, &["/recipient/id", "/recipient"]).is_some_and(|recipient| recipient == bot);
    match sender {
        Some(sender) if sender == bot && (by.is_empty() || by == bot) => MessageAuthor::Bot,
        Some(sender) if sender == bot => MessageAuthor::Other,
        Some(_) | None if is_to_bot && by != bot => MessageAuthor::User,
        Some(_) | None if says("agent") || says("operator") => MessageAuthor::Other,
        Some(sender) if is_person(&sender) => MessageAuthor::User,
        Some(_) | None if by != bot && is_person(&by) => MessageAuthor::User,
        Some(_) | None => MessageAuthor::Other,
    }
}

/// A sent template. A field that the entry lacks is None.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notification {
    /// All its ids, because it is not documented which of them a send returns.
    ids: Vec<String>,
    pub(crate) destination: Option<String>,
    pub(crate) element_name: Option<String>,
    pub(crate) created_at: Option<Timestamp>,
    /// When it reached the recipient's phone, even if it was read later.
    pub(crate) delivered_at: Option<Timestamp>,
    pub(crate) facts: DeliveryFacts,
}

impl Notification {
    /// Reads an entry; None if it is not an object.
    pub(crate) fn read(entry: &Value) -> Option<Self> {
        entry.as_object()?;
        let ids = ["/messageId", "/id", "/_id", "/internalId"].into_iter();
        Some(Self {
            ids: ids.filter_map(|place| text_at(entry, &[place])).collect(),
            destination: text_at(entry, &["/destination"]),
            element_name: text_at(entry, &["/elementName"]),
            created_at: time_at(entry, &["/createdAt", "/sentDate"]),
            delivered_at: time_at(entry, &["/deliveryUserAt"]),
            facts: facts(entry),
        })
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().map(String::as_str)
    }
}

/// Returns the status, or the state that follows from the times, whichever is further on the
/// ladder.
fn facts(entry: &Value) -> DeliveryFacts {
    let error = entry.get("error").unwrap_or(&Value::Null);
    let status = text_at(entry, &["/sentStatus", "/status"]);
    let reported = status.map_or(DeliveryState::Other(String::new()), |status| {
        DeliveryState::from_status(&status)
    });
    let mut facts = DeliveryFacts::new(reported);
    for (state, places) in [
        (DeliveryState::Accepted, &["/createdAt", "/sentDate"][..]),
        (DeliveryState::AtWhatsapp, &["/deliveryChannelAt"]),
        (DeliveryState::Delivered, &["/deliveryUserAt"]),
        (DeliveryState::Read, &["/readAt"]),
    ] {
        // An unknown status is more specific than the existence of an entry.
        let says_less = match &facts.state {
            DeliveryState::Undelivered => !state.has_reached(&DeliveryState::Delivered),
            DeliveryState::Other(status) => !status.is_empty() && state == DeliveryState::Accepted,
            _ => false,
        };
        if let Some(at) = time_at(entry, places).filter(|_| !says_less) {
            facts.merge(DeliveryFacts {
                at: Some(at),
                ..DeliveryFacts::new(state)
            });
        }
    }
    if entry.get("wasRead") == Some(&Value::Bool(true)) {
        facts.merge(DeliveryFacts::new(DeliveryState::Read));
    }
    if facts.state == DeliveryState::Undelivered {
        facts.failed_with(error)
    } else {
        facts
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PERSON: &str = "593987654321";

    #[test]
    fn documented_message_is_read() {
        let entry = json!({
            "recipient": {"id": PERSON, "names": "Ana"}, "sender": {"id": "77", "name": "Bot", "type": "Whatsapp"},
            "by": "bot", "messageId": "msg_1", "status": "DELIVERED_USER",
            "bubble": {"type": "TEXT", "text": "Hola", "mediaUrl": "https://a.example/x.png"},
            "createdAt": "2025-01-15T10:30:00.000Z",
        });
        let expected = HistoryMessage {
            id: Some("msg_1".to_owned()),
            author: MessageAuthor::Bot,
            user: Some(PERSON.to_owned()),
            name: Some("Ana".to_owned()),
            state: Some(DeliveryState::Delivered),
            kind: Some("TEXT".to_owned()),
            text: Some("Hola".to_owned()),
            media_url: Some("https://a.example/x.png".to_owned()),
            at: "2025-01-15T10:30:00Z".parse().ok(),
        };
        assert_eq!(HistoryMessage::read(&entry, "77"), Some(expected));
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of inputs and results")]
    fn entry_author_and_recipient_are_found() {
        for (entry, author, user) in [
            (
                json!({"by": "bot", "recipient": {"id": PERSON}, "sender": {"id": "77"}}),
                MessageAuthor::Bot,
                Some(PERSON),
            ),
            // The bot's own number instead of its id.
            (
                json!({"by": "bot", "recipient": {"id": PERSON}, "sender": {"id": "593222222222"}}),
                MessageAuthor::Bot,
                Some(PERSON),
            ),
            (
                json!({"by": "user", "recipient": {"id": "593222222222"}, "sender": {"id": PERSON}}),
                MessageAuthor::User,
                Some(PERSON),
            ),
            (
                json!({"by": "USER", "recipient": {"id": PERSON}, "sender": {"id": "77"}}),
                MessageAuthor::User,
                Some(PERSON),
            ),
            (
                json!({"by": PERSON, "recipient": {"id": "77"}, "sender": {"id": "593222222222"}}),
                MessageAuthor::User,
                Some(PERSON),
            ),
            (
                json!({"by": "Ana", "recipient": {"id": "77"}, "sender": {"id": PERSON}}),
                MessageAuthor::User,
                Some(PERSON),
            ),
            (
                json!({"by": "Ana", "recipient": {"id": "77"}, "sender": {"id": 593_987_654_321_u64}}),
                MessageAuthor::User,
                Some(PERSON),
            ),
            (
                json!({"by": {"type": "user"}, "sender": PERSON}),
                MessageAuthor::User,
                Some(PERSON),
            ),
            (
                json!({"by": "user", "sender": {"id": "00593987654321"}}),
                MessageAuthor::User,
                Some(PERSON),
            ),
            (
                json!({"by": "user", "sender": {"id": "593987654321@c.us"}}),
                MessageAuthor::User,
                Some(PERSON),
            ),
            (
                json!({"by": "user", "sender": {"id": 593_987_654_321.0}}),
                MessageAuthor::User,
                Some(PERSON),
            ),
            (
                json!({"sender": {"id": "US.13491208655302741918"}}),
                MessageAuthor::User,
                Some("US.13491208655302741918"),
            ),
            // A sender to the bot is a user, even without a number.
            (
                json!({"by": "client", "recipient": {"id": "77"}, "sender": {"id": "5f0c2a99"}}),
                MessageAuthor::User,
                None,
            ),
            (
                json!({"recipient": "77", "sender": {"id": "5f0c2a99"}}),
                MessageAuthor::User,
                None,
            ),
            (
                json!({"by": "user", "recipient": {"id": "77"}, "sender": {"id": "5f0c2a99"}}),
                MessageAuthor::User,
                Some("5f0c2a99"),
            ),
            // An agent is neither the user nor the bot.
            (
                json!({"by": "agent", "recipient": {"id": PERSON}, "sender": {"id": "593222222222"}}),
                MessageAuthor::Other,
                Some(PERSON),
            ),
            (
                json!({"by": "ana@example.com", "recipient": {"id": PERSON}, "sender": {"id": "5f0c2a"}}),
                MessageAuthor::Other,
                Some(PERSON),
            ),
            (
                json!({"by": "agent", "recipient": {"id": PERSON}}),
                MessageAuthor::Other,
                Some(PERSON),
            ),
            (
                json!({"by": "operator", "recipient": {"id": PERSON}, "sender": {"id": "77"}}),
                MessageAuthor::Other,
                Some(PERSON),
            ),
            (
                json!({"by": "77", "recipient": {"id": PERSON}, "sender": {"id": "77"}}),
                MessageAuthor::Bot,
                Some(PERSON),
            ),
            (
                json!({"recipient": {"id": PERSON}, "sender": {"id": "77"}}),
                MessageAuthor::Bot,
                Some(PERSON),
            ),
            (
                json!({"by": "user", "sender": {"id": "web-visitor"}}),
                MessageAuthor::User,
                Some("web-visitor"),
            ),
            (json!({}), MessageAuthor::Other, None),
            (
                json!({"by": [], "sender": [1], "recipient": null, "bubble": 7, "createdAt": {}}),
                MessageAuthor::Other,
                None,
            ),
        ] {
            let message = HistoryMessage::read(&entry, "77").unwrap();
            assert_eq!(
                (message.author, message.user.as_deref()),
                (author, user),
                "{entry}"
            );
        }
        for (length, expected) in [(MAX_ID_BYTES, true), (MAX_ID_BYTES + 1, false)] {
            let message =
                HistoryMessage::read(&json!({"messageId": "x".repeat(length)}), "77").unwrap();
            assert_eq!(message.id.is_some(), expected, "{length}");
        }
        for entry in [json!(null), json!([]), json!("x"), json!(1)] {
            assert_eq!(HistoryMessage::read(&entry, "77"), None);
        }
    }

    const AT: &str = "2025-01-15T10:30:00.000Z";

    #[test]
    fn delivery_state_combines_status_and_times() {
        use DeliveryState::{Accepted, AtWhatsapp, Delivered, Other, Read, Replied, Undelivered};
        let later = "2025-01-15T10:31:00Z";
        for (entry, state, at) in [
            (
                json!({"sentStatus": "CREATED", "createdAt": AT}),
                Accepted,
                Some(AT),
            ),
            (
                json!({"sentStatus": "DELIVERED_CHANNEL", "createdAt": AT, "deliveryChannelAt": later}),
                AtWhatsapp,
                Some(later),
            ),
            (
                json!({"sentStatus": "DELIVERED_USER", "createdAt": AT, "deliveryUserAt": later}),
                Delivered,
                Some(later),
            ),
            // The status is older than the times, or missing.
            (
                json!({"sentStatus": "DELIVERED_CHANNEL", "deliveryUserAt": AT, "readAt": later}),
                Read,
                Some(later),
            ),
            (json!({"deliveryUserAt": AT}), Delivered, Some(AT)),
            (
                json!({"sentStatus": "DELIVERED_USER", "wasRead": true, "deliveryUserAt": AT}),
                Read,
                None,
            ),
            (json!({"sentStatus": "REPLY", "readAt": AT}), Replied, None),
            // A message that WhatsApp received can still fail; one on the phone cannot.
            (
                json!({"sentStatus": "FAILED", "createdAt": AT, "deliveryChannelAt": AT}),
                Undelivered,
                None,
            ),
            (
                json!({"sentStatus": "FAILED", "deliveryUserAt": AT}),
                Delivered,
                Some(AT),
            ),
            (
                json!({"sentStatus": "HELD"}),
                Other("HELD".to_owned()),
                None,
            ),
            (
                json!({"sentStatus": "HELD", "createdAt": "2026-11-20T13:00:00Z"}),
                Other("HELD".to_owned()),
                None,
            ),
            (json!({}), Other(String::new()), None),
            (
                json!({"sentStatus": {}, "createdAt": [], "wasRead": "yes"}),
                Other(String::new()),
                None,
            ),
        ] {
            let facts = Notification::read(&entry).unwrap().facts;
            let at = at.map(|at| at.parse::<Timestamp>().unwrap());
            assert_eq!((facts.state, facts.at), (state, at), "{entry}");
        }
    }

    #[test]
    fn documented_entry_is_read() {
        let entry = json!({
            "wasRead": false, "destination": "593987654321", "sentStatus": "FAILED", "origin": "BULK", "createdAt": AT,
            "sentDate": AT, "elementName": "order_shipped", "campaignId": null, "error": "Message undeliverable",
            "internalId": "i", "id": "9c1f",
        });
        let read = Notification::read(&entry).unwrap();
        assert!(read.ids().eq(["9c1f", "i"]), "{read:?}");
        assert_eq!(read.facts.code.as_deref(), Some("131026"));
        assert_eq!(read.element_name.as_deref(), Some("order_shipped"));
    }
}

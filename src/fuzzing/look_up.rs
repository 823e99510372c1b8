//! Properties of every answer to a look-up.

use serde_json::Value;

use crate::jelou::api::{
    Body, DeliveryFacts, DeliveryState, HistoryMessage, MessageAuthor, Notification, entry_key,
};

const BOT: &str = "77";

/// Reads any answer without a panic. The bot is never its own recipient. After a message reaches a phone, no later
/// entry changes that.
pub fn look_up(bytes: &[u8]) {
    let body = Body::new(String::from_utf8_lossy(bytes).into_owned(), true);
    let entries = body.results().map_or_else(
        || body.json.iter().collect::<Vec<_>>(),
        |entries| entries.iter().collect(),
    );
    let mut known = DeliveryFacts::new(DeliveryState::Accepted);
    for entry in entries {
        assert_eq!(entry_key(entry), entry_key(&entry.clone()));
        let message = HistoryMessage::read(entry, BOT);
        let notification = Notification::read(entry);
        assert_eq!(
            (message.is_some(), notification.is_some()),
            (entry.is_object(), entry.is_object()),
            "{entry}"
        );
        if let Some(message) = &message {
            assert_ne!(message.user.as_deref(), Some(BOT), "{entry}");
            let says = |who: &str| entry.get("by").and_then(Value::as_str) == Some(who);
            assert!(
                !says("bot") || message.author == MessageAuthor::Bot,
                "{entry}"
            );
            assert!(
                !says("user") || message.author == MessageAuthor::User,
                "{entry}"
            );
        }
        let learnt = [
            message.map(|message| message.facts()),
            notification.map(|read| read.facts),
        ];
        for seen in learnt.into_iter().flatten() {
            let before = known.state.clone();
            known.merge(seen.clone());
            assert!(
                known.state == before || known.state == seen.state,
                "{before:?} {seen:?}"
            );
            let had_arrived = before.has_reached(&DeliveryState::Delivered);
            assert!(
                !had_arrived || known.state.has_reached(&before),
                "{before:?} {seen:?}"
            );
            assert!(
                known
                    .reason
                    .as_ref()
                    .is_none_or(|reason| reason.len() <= 2048),
                "{seen:?}"
            );
        }
    }
}

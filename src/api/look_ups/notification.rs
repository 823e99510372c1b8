//! One sent template in Jelou's notifications, with its times, and the reason if it failed.

use jiff::Timestamp;
use serde_json::Value;

use super::facts::DeliveryFacts;
use super::fields::{text_at, time_at};
use super::ladder::DeliveryState;

/// A template that was sent; what the answer does not say is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notification {
    /// Every id that it has: it is not documented which of them a send returns.
    ids: Vec<String>,
    /// The recipient.
    pub(crate) destination: Option<String>,
    /// The template's name.
    pub(crate) element_name: Option<String>,
    pub(crate) created_at: Option<Timestamp>,
    /// When it reached the person's phone, even if it has been read since.
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

/// The status, or the state that follows from the times beside it; the later of the two on the ladder.
fn facts(entry: &Value) -> DeliveryFacts {
    let error = entry.get("error").unwrap_or(&Value::Null);
    let status = text_at(entry, &["/sentStatus", "/status"]);
    let said = status.map_or(DeliveryState::Other(String::new()), |status| DeliveryState::of_status(&status));
    let mut facts = DeliveryFacts::new(said);
    for (state, places) in [
        (DeliveryState::Accepted, &["/createdAt", "/sentDate"][..]),
        (DeliveryState::AtWhatsapp, &["/deliveryChannelAt"]),
        (DeliveryState::Delivered, &["/deliveryUserAt"]),
        (DeliveryState::Read, &["/readAt"]),
    ] {
        let is_failed_before =
            facts.state == DeliveryState::Undelivered && !state.has_reached(&DeliveryState::Delivered);
        if let Some(at) = time_at(entry, places).filter(|_| !is_failed_before) {
            facts.learn(DeliveryFacts { at: Some(at), ..DeliveryFacts::new(state) });
        }
    }
    if entry.get("wasRead") == Some(&Value::Bool(true)) {
        facts.learn(DeliveryFacts::new(DeliveryState::Read));
    }
    if facts.state == DeliveryState::Undelivered { facts.failed_with(error) } else { facts }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const AT: &str = "2025-01-15T10:30:00.000Z";

    #[test]
    fn the_state_is_what_status_and_times_say_together() {
        use DeliveryState::{Accepted, AtWhatsapp, Delivered, Other, Read, Replied, Undelivered};
        let later = "2025-01-15T10:31:00Z";
        for (entry, state, at) in [
            (json!({"sentStatus": "CREATED", "createdAt": AT}), Accepted, Some(AT)),
            (
                json!({"sentStatus": "DELIVERED_CHANNEL", "createdAt": AT, "deliveryChannelAt": later}),
                AtWhatsapp,
                Some(later),
            ),
            (json!({"sentStatus": "DELIVERED_USER", "createdAt": AT, "deliveryUserAt": later}), Delivered, Some(later)),
            // The status lags behind, or is missing.
            (json!({"sentStatus": "DELIVERED_CHANNEL", "deliveryUserAt": AT, "readAt": later}), Read, Some(later)),
            (json!({"deliveryUserAt": AT}), Delivered, Some(AT)),
            (json!({"sentStatus": "DELIVERED_USER", "wasRead": true, "deliveryUserAt": AT}), Read, None),
            (json!({"sentStatus": "REPLY", "readAt": AT}), Replied, None),
            // A message that WhatsApp received can still fail; one on the phone cannot.
            (json!({"sentStatus": "FAILED", "createdAt": AT, "deliveryChannelAt": AT}), Undelivered, None),
            (json!({"sentStatus": "FAILED", "deliveryUserAt": AT}), Delivered, Some(AT)),
            (json!({"sentStatus": "HELD"}), Other("HELD".to_owned()), None),
            (json!({}), Other(String::new()), None),
            (json!({"sentStatus": {}, "createdAt": [], "wasRead": "yes"}), Other(String::new()), None),
        ] {
            let facts = Notification::read(&entry).unwrap().facts;
            let at = at.map(|at| at.parse::<Timestamp>().unwrap());
            assert_eq!((facts.state, facts.at), (state, at), "{entry}");
        }
    }

    #[test]
    fn reads_an_entry_as_it_is_documented() {
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

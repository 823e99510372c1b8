//! The delivery status of one message: its state, its time and the reason of a failure. Also has the only rule for
//! combining two statuses.

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::super::answer::{excerpt, is_nonempty, text_at};
use super::super::codes::{code_at_start, code_by_title, look_up};
use super::super::refusal;
use crate::base::message::{Lang, ToValue, Value as TextValue};
use crate::base::texts::has_only_digits;

/// The state of a message: one of the statuses that Jelou documents, under our names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeliveryState {
    /// An unknown status, unchanged.
    Other(String),
    /// `CREATED`: Jelou has it.
    Accepted,
    /// `DELIVERED_CHANNEL`: WhatsApp has it.
    AtWhatsapp,
    /// `FAILED`
    Undelivered,
    /// `DELIVERED_USER`: it is on the recipient's phone.
    Delivered,
    /// `READ`; only if the recipient has read receipts.
    Read,
    /// `REPLY`
    Replied,
}

/// Its text for users.
impl ToValue for DeliveryState {
    fn to_value(&self) -> TextValue {
        let english = self.describe();
        TextValue::ByLanguage {
            english: english.to_owned(),
            spanish: self.in_spanish().unwrap_or(english).to_owned(),
        }
    }
}

/// The states from the lowest progress_rank, each with the API's word, the stable name, and Spanish. A failure ranks below the
/// states of a message on a phone, because a message that arrived can no longer fail.
static DELIVERY_ORDER: [(DeliveryState, [&str; 3]); 6] = [
    (DeliveryState::Accepted, ["CREATED", "accepted", "en Jelou"]),
    (
        DeliveryState::AtWhatsapp,
        ["DELIVERED_CHANNEL", "at_whatsapp", "en WhatsApp"],
    ),
    (
        DeliveryState::Undelivered,
        ["FAILED", "undelivered", "no entregado"],
    ),
    (
        DeliveryState::Delivered,
        ["DELIVERED_USER", "delivered", "entregado"],
    ),
    (DeliveryState::Read, ["READ", "read", "leído"]),
    (DeliveryState::Replied, ["REPLY", "replied", "respondido"]),
];

impl DeliveryState {
    /// Reads a status of the API in any case.
    pub(crate) fn from_status(status: &str) -> Self {
        let status = status.trim();
        let known = DELIVERY_ORDER
            .iter()
            .find(|(_, [word, ..])| word.eq_ignore_ascii_case(status));
        known.map_or_else(|| Self::Other(excerpt(status)), |(state, _)| state.clone())
    }

    /// Returns the API's word for it.
    pub(crate) fn status(&self) -> &str {
        match self {
            Self::Other(status) => status,
            known => known.ladder_names().map_or("", |[status, ..]| status),
        }
    }

    /// Returns the stable name: `at_whatsapp`; `other` for an unknown status.
    pub(crate) fn name(&self) -> &'static str {
        self.ladder_names().map_or("other", |[_, name, _]| name)
    }

    /// The stable names.
    pub(crate) const NAMES: [&str; 7] = [
        "accepted",
        "at_whatsapp",
        "delivered",
        "read",
        "replied",
        "undelivered",
        "other",
    ];

    /// Returns the state with this name; `other` gets an empty status.
    pub(crate) fn from_name(name: &str) -> Self {
        let known = DELIVERY_ORDER
            .iter()
            .find(|(_, [_, known, _])| *known == name);
        known.map_or_else(|| Self::Other(String::new()), |(state, _)| state.clone())
    }

    /// Returns the name in Spanish. None for an unknown status.
    pub(crate) fn in_spanish(&self) -> Option<&'static str> {
        self.ladder_names().map(|[.., spanish]| spanish)
    }

    fn ladder_names(&self) -> Option<[&'static str; 3]> {
        DELIVERY_ORDER
            .iter()
            .find(|(state, _)| state == self)
            .map(|(_, words)| *words)
    }

    /// Returns the text for users: `at WhatsApp`; an unknown status is unchanged.
    fn describe(&self) -> &str {
        match self {
            Self::Other(status) => status,
            Self::AtWhatsapp => "at WhatsApp",
            Self::Accepted | Self::Undelivered | Self::Delivered | Self::Read | Self::Replied => {
                self.name()
            }
        }
    }

    /// Returns whether only an accepted message has this status.
    pub(crate) fn is_accepted(&self) -> bool {
        !matches!(self, Self::Other(_) | Self::Undelivered)
    }

    /// Returns the API's word of an unknown status.
    pub(crate) fn unknown(&self) -> Option<&str> {
        match self {
            Self::Other(status) => Some(status),
            _ => None,
        }
    }

    /// Returns the new state of a message after an answer with the state `seen`. It only moves
    /// forward, because an answer can be older than the current state. A delivery replaces a
    /// failure, but the state at WhatsApp does not. An unknown status changes nothing.
    fn after(self, seen: Self) -> Self {
        if seen.progress_rank() > self.progress_rank() {
            seen
        } else {
            self
        }
    }

    /// Returns whether it has reached at least `goal`.
    pub(crate) fn has_reached(&self, goal: &Self) -> bool {
        self.progress_rank() >= goal.progress_rank()
    }

    fn progress_rank(&self) -> Option<usize> {
        DELIVERY_ORDER.iter().position(|(state, _)| state == self)
    }
}

impl Serialize for DeliveryState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The maximum of bytes of a reason.
const MAX_REASON_BYTES: usize = 2048;

/// The delivery status of a message. Its JSON is the field `delivery` of the output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct DeliveryFacts {
    pub(crate) state: DeliveryState,
    /// The time of the state, which Jelou reports only for templates.
    pub(crate) at: Option<Timestamp>,
    /// WhatsApp's or Jelou's code of a failure.
    pub(crate) code: Option<String>,
    /// The reason of a failure, as the API reports it.
    pub(crate) reason: Option<String>,
}

impl DeliveryFacts {
    pub(crate) fn new(state: DeliveryState) -> Self {
        Self {
            state,
            at: None,
            code: None,
            reason: None,
        }
    }

    /// Merges a later status by the rule of [`DeliveryState::after`]. If the state is the same, it fills in missing
    /// fields.
    pub(crate) fn merge(&mut self, seen: Self) {
        if seen.state == self.state {
            self.at = self.at.or(seen.at);
            self.code = self.code.take().or(seen.code);
            self.reason = self.reason.take().or(seen.reason);
        } else if self.state.clone().after(seen.state.clone()) == seen.state {
            *self = seen;
        }
    }

    /// Returns code and reason of a failure, each once.
    pub(crate) fn failure(&self) -> Option<String> {
        if self.state != DeliveryState::Undelivered {
            return None;
        }
        match (&self.code, &self.reason) {
            (Some(code), Some(reason)) if !reason.contains(code.as_str()) => {
                Some(format!("{code}: {reason}"))
            }
            (code, reason) => reason.clone().or_else(|| code.clone()),
        }
    }

    /// Adds the reason of a failure from `error`: a code, a text, or an object with either.
    pub(super) fn failed_with(self, error: &Value) -> Self {
        // The error can be an object that is encoded as a text.
        let within = error
            .as_str()
            .and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(within) = within.filter(Value::is_object) {
            return self.failed_with(&within);
        }
        let title = text_at(
            error,
            &["/title", "/0/title", "/errors/0/title", "/error/title"],
        );
        let code = text_at(
            error,
            &[
                "/code",
                "/error_code",
                "/0/code",
                "/errors/0/code",
                "/errors/0/error/code",
                "/error/code",
            ],
        );
        let description = Some(refusal::describe(
            &json!({ "error": error }),
            Lang::En,
            MAX_REASON_BYTES,
        ))
        .filter(|text| !text.is_empty());
        let unchanged = Some(error.to_string()).filter(|_| code.is_none() && is_nonempty(error));
        let words = description
            .or(title.clone())
            .or(unchanged)
            .unwrap_or_default();
        let code = code.or_else(|| {
            let of_title = || code_by_title(title.as_deref().unwrap_or(&words), "");
            code_at_start(&words, "")
                .or_else(of_title)
                .or_else(|| known_code_in(&words))
                .map(str::to_owned)
        });
        let reason = Some(excerpt(&words))
            .filter(|reason| !reason.is_empty() && Some(reason) != code.as_ref());
        Self {
            code: code.map(|code| excerpt(&code)),
            reason,
            ..self
        }
    }
}

/// Finds the first WhatsApp code in a text, as a separate number.
fn known_code_in(words: &str) -> Option<&str> {
    words
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .find(|word| word.len() == 6 && has_only_digits(word) && look_up(word).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::DeliveryState::{
        Accepted, AtWhatsapp, Delivered, Other, Read, Replied, Undelivered,
    };
    use super::*;

    const KNOWN_STATES: [DeliveryState; 6] =
        [Accepted, AtWhatsapp, Undelivered, Delivered, Read, Replied];

    fn any_state() -> impl Strategy<Value = DeliveryState> {
        prop_oneof![
            6 => (0..KNOWN_STATES.len()).prop_map(|progress_rank| KNOWN_STATES[progress_rank].clone()),
            1 => "[A-Z_]{0,12}".prop_map(|status| DeliveryState::from_status(&status)),
        ]
    }

    #[test]
    fn documented_statuses_are_read_and_others_kept() {
        for (status, expected) in [
            ("CREATED", Accepted),
            ("DELIVERED_CHANNEL", AtWhatsapp),
            ("DELIVERED_USER", Delivered),
            ("READ", Read),
            ("REPLY", Replied),
            ("FAILED", Undelivered),
            (" delivered_user ", Delivered),
            ("DELIVERED", Other("DELIVERED".to_owned())),
            ("", Other(String::new())),
        ] {
            assert_eq!(DeliveryState::from_status(status), expected, "{status}");
            assert_eq!(
                DeliveryState::from_status(expected.status()),
                expected,
                "{status}"
            );
        }
    }

    #[test]
    fn delivery_state_advances_even_after_a_failure() {
        for (known, seen, expected) in [
            (Accepted, AtWhatsapp, AtWhatsapp),
            (Delivered, AtWhatsapp, Delivered),
            (Read, Delivered, Read),
            (AtWhatsapp, Undelivered, Undelivered),
            (Delivered, Undelivered, Delivered),
            (Undelivered, Delivered, Delivered),
            (Undelivered, AtWhatsapp, Undelivered),
            (Undelivered, Other("PAUSED".to_owned()), Undelivered),
            (Delivered, Other("PAUSED".to_owned()), Delivered),
            (Other("PAUSED".to_owned()), Accepted, Accepted),
        ] {
            assert_eq!(
                known.clone().after(seen.clone()),
                expected,
                "{known:?} {seen:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn reached_delivery_state_never_goes_back(seen in proptest::collection::vec(any_state(), 1..20)) {
            let mut known = Accepted;
            let mut furthest = Accepted;
            for state in seen {
                let before = known.clone();
                known = known.after(state.clone());
                prop_assert!(known == before || known == state);
                prop_assert!(known.clone().after(state.clone()) == known, "merged twice");
                prop_assert!(known.has_reached(&before), "{before:?} {state:?} {known:?}");
                if state.has_reached(&Delivered) && !furthest.has_reached(&state) {
                    furthest = state;
                }
                prop_assert!(known.has_reached(&furthest) || furthest == Accepted, "{furthest:?} {known:?}");
            }
        }

        #[test]
        fn delivery_updates_merge_in_any_order(mut seen in proptest::collection::vec(0..KNOWN_STATES.len(), 1..10)) {
            let merge = |seen: &[usize]| seen.iter().fold(Accepted, |known, at| known.after(KNOWN_STATES[*at].clone()));
            let merged = merge(&seen);
            seen.sort_unstable();
            prop_assert_eq!(merged, merge(&seen));
        }
    }

    #[test]
    fn failure_reason_is_read_in_any_shape() {
        for (error, code, reason) in [
            (json!(131_026), Some("131026"), None),
            (json!("131026"), Some("131026"), None),
            (
                json!("Message undeliverable"),
                Some("131026"),
                Some("Message undeliverable"),
            ),
            (
                json!("(#131047) Re-engagement message"),
                Some("131047"),
                Some("(#131047) Re-engagement message"),
            ),
            (json!("it broke"), None, Some("it broke")),
            (
                json!({"code": 131_049, "title": "x", "message": "held back"}),
                Some("131049"),
                Some("held back"),
            ),
            (
                json!({"title": "Message undeliverable"}),
                Some("131026"),
                Some("Message undeliverable"),
            ),
            (
                json!([{"code": 131_026, "error_data": {"details": "gone"}}]),
                Some("131026"),
                Some("gone"),
            ),
            (json!({"errors": [{"code": 131_026}]}), Some("131026"), None),
            (
                json!("131050: User opted out"),
                Some("131050"),
                Some("131050: User opted out"),
            ),
            (json!("Error 131050"), Some("131050"), Some("Error 131050")),
            (
                json!(r#"{"code":131050,"message":"stopped"}"#),
                Some("131050"),
                Some("stopped"),
            ),
            (
                json!({"error_data": {"details": "131050"}}),
                Some("131050"),
                None,
            ),
            (json!({"error_code": 131_050}), Some("131050"), None),
            (
                json!({"reason": {"x": "gone"}}),
                None,
                Some(r#"{"reason":{"x":"gone"}}"#),
            ),
            (
                json!("order 131050123 failed"),
                None,
                Some("order 131050123 failed"),
            ),
            (json!({}), None, None),
            (json!(""), None, None),
            (json!(null), None, None),
            (json!(false), None, None),
        ] {
            let facts = DeliveryFacts::new(DeliveryState::Undelivered).failed_with(&error);
            let found = (facts.code.as_deref(), facts.reason.as_deref());
            assert_eq!(found, (code, reason), "{error}");
        }
        let long =
            DeliveryFacts::new(DeliveryState::Undelivered).failed_with(&json!("x".repeat(1 << 20)));
        assert_eq!(
            long.reason.map(|reason| reason.len()),
            Some(MAX_REASON_BYTES)
        );
    }

    #[test]
    fn later_delivery_updates_only_add_details() {
        let at = |second| Timestamp::from_second(second).ok();
        let mut known = DeliveryFacts::new(DeliveryState::Accepted);
        known.merge(DeliveryFacts::new(DeliveryState::Undelivered));
        let reason = || Some("Message undeliverable".to_owned());
        known.merge(DeliveryFacts {
            reason: reason(),
            ..DeliveryFacts::new(DeliveryState::Undelivered)
        });
        assert_eq!(known.reason, reason());
        known.merge(DeliveryFacts {
            at: at(7),
            ..DeliveryFacts::new(DeliveryState::Delivered)
        });
        known.merge(DeliveryFacts {
            at: at(9),
            reason: reason(),
            ..DeliveryFacts::new(DeliveryState::Undelivered)
        });
        known.merge(DeliveryFacts {
            at: at(8),
            ..DeliveryFacts::new(DeliveryState::Delivered)
        });
        assert_eq!(
            known,
            DeliveryFacts {
                at: at(7),
                ..DeliveryFacts::new(DeliveryState::Delivered)
            }
        );
    }
}

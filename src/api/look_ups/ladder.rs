//! How far a message got on its way to the person, and the one rule for later states.

use serde::{Serialize, Serializer};

use super::super::answer::clipped;

/// The statuses that Jelou documents, in our words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeliveryState {
    /// A status that this version does not know, unchanged.
    Other(String),
    /// `CREATED`: Jelou has it.
    Accepted,
    /// `DELIVERED_CHANNEL`: WhatsApp has it.
    AtWhatsapp,
    /// `FAILED`
    Undelivered,
    /// `DELIVERED_USER`: it is on the person's phone.
    Delivered,
    /// `READ`; only if the person has read receipts.
    Read,
    /// `REPLY`
    Replied,
}

/// The states from the lowest rung on, each with the API's word, the stable name, and what it is in Spanish. A failure ranks
/// below the states of a message on a phone: a message that arrived cannot fail any more.
static LADDER: [(DeliveryState, [&str; 3]); 6] = [
    (DeliveryState::Accepted, ["CREATED", "accepted", "en Jelou"]),
    (DeliveryState::AtWhatsapp, ["DELIVERED_CHANNEL", "at_whatsapp", "en WhatsApp"]),
    (DeliveryState::Undelivered, ["FAILED", "undelivered", "no entregado"]),
    (DeliveryState::Delivered, ["DELIVERED_USER", "delivered", "entregado"]),
    (DeliveryState::Read, ["READ", "read", "leído"]),
    (DeliveryState::Replied, ["REPLY", "replied", "respondido"]),
];

impl DeliveryState {
    /// Reads a status of the API; capitals do not matter.
    pub(crate) fn of_status(status: &str) -> Self {
        let status = status.trim();
        let known = LADDER.iter().find(|(_, [word, ..])| word.eq_ignore_ascii_case(status));
        known.map_or_else(|| Self::Other(clipped(status).into_owned()), |(state, _)| state.clone())
    }

    /// The API's word for it.
    pub(crate) fn status(&self) -> &str {
        match self {
            Self::Other(status) => status,
            known => known.words_for_it().map_or("", |[status, ..]| status),
        }
    }

    /// The stable name: `at_whatsapp`; `other` for a status that we do not know.
    pub(crate) fn name(&self) -> &'static str {
        self.words_for_it().map_or("other", |[_, name, _]| name)
    }

    /// The stable names.
    pub(crate) const NAMES: [&str; 7] =
        ["accepted", "at_whatsapp", "delivered", "read", "replied", "undelivered", "other"];

    /// The state of this name, with any status if it is `other`.
    pub(crate) fn of_name(name: &str) -> Self {
        let known = LADDER.iter().find(|(_, [_, known, _])| *known == name);
        known.map_or_else(|| Self::Other(String::new()), |(state, _)| state.clone())
    }

    /// In Spanish, if this version knows it.
    pub(crate) fn in_spanish(&self) -> Option<&'static str> {
        self.words_for_it().map(|[.., spanish]| spanish)
    }

    fn words_for_it(&self) -> Option<[&'static str; 3]> {
        LADDER.iter().find(|(state, _)| state == self).map(|(_, words)| *words)
    }

    /// Text for people: `at WhatsApp`; an unknown status is unchanged.
    pub(crate) fn words(&self) -> &str {
        match self {
            Self::Other(status) => status,
            Self::AtWhatsapp => "at WhatsApp",
            Self::Accepted | Self::Undelivered | Self::Delivered | Self::Read | Self::Replied => self.name(),
        }
    }

    /// The API's word of a status that we do not know.
    pub(crate) fn unknown(&self) -> Option<&str> {
        match self {
            Self::Other(status) => Some(status),
            _ => None,
        }
    }

    /// The state of a message that had this state when it is `seen` in another. It only moves forward, because answers
    /// can be older than the known state: an arrival after a failure counts, but being at WhatsApp came before the
    /// failure. An unknown status changes nothing.
    #[must_use]
    pub(crate) fn after(self, seen: Self) -> Self {
        if seen.rung() > self.rung() { seen } else { self }
    }

    /// Whether it has reached at least `goal`.
    pub(crate) fn has_reached(&self, goal: &Self) -> bool {
        self.rung() >= goal.rung()
    }

    fn rung(&self) -> Option<usize> {
        LADDER.iter().position(|(state, _)| state == self)
    }
}

impl Serialize for DeliveryState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::DeliveryState::{Accepted, AtWhatsapp, Delivered, Other, Read, Replied, Undelivered};
    use super::*;

    const STATES: [DeliveryState; 6] = [Accepted, AtWhatsapp, Undelivered, Delivered, Read, Replied];

    fn any_state() -> impl Strategy<Value = DeliveryState> {
        prop_oneof![
            6 => (0..STATES.len()).prop_map(|rung| STATES[rung].clone()),
            1 => "[A-Z_]{0,12}".prop_map(|status| DeliveryState::of_status(&status)),
        ]
    }

    #[test]
    fn reads_what_jelou_documents_and_keeps_the_rest_as_it_stands() {
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
            assert_eq!(DeliveryState::of_status(status), expected, "{status}");
            assert_eq!(DeliveryState::of_status(expected.status()), expected, "{status}");
        }
    }

    #[test]
    fn goes_forward_and_counts_what_arrives_after_a_failure() {
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
            assert_eq!(known.clone().after(seen.clone()), expected, "{known:?} {seen:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_reached_the_person_is_ever_taken_back(seen in proptest::collection::vec(any_state(), 1..20)) {
            let mut known = Accepted;
            let mut furthest = Accepted;
            for state in seen {
                let before = known.clone();
                known = known.after(state.clone());
                prop_assert!(known == before || known == state);
                prop_assert!(known.clone().after(state.clone()) == known, "learnt twice");
                prop_assert!(known.has_reached(&before), "{before:?} {state:?} {known:?}");
                if state.has_reached(&Delivered) && !furthest.has_reached(&state) {
                    furthest = state;
                }
                prop_assert!(known.has_reached(&furthest) || furthest == Accepted, "{furthest:?} {known:?}");
            }
        }

        #[test]
        fn the_order_does_not_matter(mut seen in proptest::collection::vec(0..STATES.len(), 1..10)) {
            let learn = |seen: &[usize]| seen.iter().fold(Accepted, |known, at| known.after(STATES[*at].clone()));
            let learnt = learn(&seen);
            seen.sort_unstable();
            prop_assert_eq!(learnt, learn(&seen));
        }
    }
}

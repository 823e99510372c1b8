//! The state of a person under a key.

use serde::Serialize;

use super::key::OnceKey;

/// The key, with the bot and the API address for which it counts: another bot has other people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OnceScope {
    pub(crate) key: OnceKey,
    pub(crate) bot: String,
    pub(crate) address: String,
}

/// The state of a person's one message under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnceState {
    /// Accepted by Jelou.
    Sent,
    /// It may have been sent.
    Unknown,
    /// A process is sending it at this moment.
    UnderWay,
    /// An unfinished run will send it.
    ToBeSent,
    /// Every attempt failed for certain, so the person is free.
    NotSent,
}

impl OnceState {
    pub(crate) const ALL: [Self; 5] = [Self::Sent, Self::Unknown, Self::UnderWay, Self::ToBeSent, Self::NotSent];

    /// The name under which it is stored.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Unknown => "unknown",
            Self::UnderWay => "under_way",
            Self::ToBeSent => "to_be_sent",
            Self::NotSent => "not_sent",
        }
    }

    pub(crate) fn words(self) -> String {
        self.name().replace('_', " ")
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether another message may be sent to the person under the key.
    pub(crate) fn is_free(self) -> bool {
        match self {
            Self::NotSent => true,
            Self::Sent | Self::Unknown | Self::UnderWay | Self::ToBeSent => false,
        }
    }
}

/// The state of a person under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OnceEntry {
    pub(crate) state: OnceState,
    /// Since when, in milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) message_id: Option<String>,
    /// The run whose row it was.
    pub(crate) run: Option<String>,
    /// Whether that run exists. If so, its row decides.
    pub(crate) is_row: bool,
}

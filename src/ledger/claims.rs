//! Claims under keys that are not rows of a file: single sends, and the people that removed runs reached. In a
//! database, they include the claims of rows.

use super::error::LedgerError;
use super::message::SameMessage;
use crate::once::{NewClaim, OnceEntry, OnceHash, OnceHasher, OnceKey, OncePeople, OnceScope, OnceState};

/// The contents of one key, in counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OnceSummary {
    pub(crate) scope: OnceScope,
    /// How many people are in each state, in the order of [`OnceState::ALL`].
    pub(crate) people: [u64; OnceState::ALL.len()],
    /// The last change, in milliseconds since 1970.
    pub(crate) at: i64,
}

impl OnceSummary {
    pub(crate) fn new(scope: OnceScope) -> Self {
        Self { scope, people: Default::default(), at: 0 }
    }

    /// Counts `people` more in this state, the last of them changed at `at`.
    pub(crate) fn count(&mut self, state: OnceState, people: u64, at: i64) {
        let counts = self.people.iter_mut().zip(OnceState::ALL);
        counts.filter(|(_, of)| *of == state).for_each(|(count, _)| *count += people);
        self.at = self.at.max(at);
    }
}

/// The claims of a store. They can be read at any time. To claim for a new message, a process first holds off the
/// others ([`super::LedgerStore::try_hold_claims`], or a new run's `try_hold`), from before it reads until it has
/// claimed.
pub(crate) trait OnceClaims {
    fn hasher(&self) -> &OnceHasher;

    /// The state of every person under the key. A single send whose process is gone is unknown.
    fn people(&self, scope: &OnceScope) -> Result<OncePeople, LedgerError>;

    /// The state of one person under the key, as in [`OnceClaims::people`].
    fn person(&self, scope: &OnceScope, person: &OnceHash) -> Result<Option<OnceEntry>, LedgerError>;

    /// Claims the person, if free, for a message that this process is about to send. The claim is on the disk when this
    /// returns. If the write fails, nothing is claimed.
    fn claim(&self, scope: &OnceScope, claim: &NewClaim) -> Result<Claimed, LedgerError>;

    /// Adds people of a run that is being removed or began without the key, in one transaction that is on the disk when
    /// this returns. For a person who already has a claim, the one that outweighs the other stays. Returns how many
    /// were new or changed. If the write fails, none is added.
    fn add(
        &self,
        scope: &OnceScope,
        people: &mut dyn Iterator<Item = (OnceHash, OnceEntry)>,
    ) -> Result<u64, LedgerError>;

    /// Records how an unknown message of a single send or a removed run ended, as a person decided or Jelou's history
    /// shows. False if it is not unknown.
    fn decide(&self, scope: &OnceScope, person: &OnceHash, end: &ClaimEnd) -> Result<bool, LedgerError>;

    /// Forgets one person or everybody under the key, except messages under way. Returns how many were forgotten. If
    /// the write fails, none is forgotten.
    fn forget(&self, scope: &OnceScope, person: Option<&OnceHash>) -> Result<u64, LedgerError>;

    /// Every key, of every bot.
    fn keys(&self) -> Result<Vec<OnceSummary>, LedgerError>;
}

/// The result of trying to claim a person.
pub(crate) enum Claimed {
    /// This process has claimed the person.
    Now(Box<dyn HeldClaim>),
    /// The person is not free, for this reason.
    Before(OnceEntry),
}

/// A person that this process has claimed. If it is dropped early, or the process is killed, the message is unknown.
pub(crate) trait HeldClaim {
    /// Writes how it ended; it can be tried again where the error may pass. If the write fails, the message may have
    /// been sent, as far as the key is concerned.
    fn end(&mut self, end: &ClaimEnd) -> Result<(), LedgerError>;
}

/// How a claimed message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClaimEnd {
    Sent { message_id: Option<String> },
    NotSent,
    Unknown,
}

impl ClaimEnd {
    pub(super) fn state(&self) -> OnceState {
        match self {
            Self::Sent { .. } => OnceState::Sent,
            Self::NotSent => OnceState::NotSent,
            Self::Unknown => OnceState::Unknown,
        }
    }

    pub(super) fn message_id(&self) -> Option<&str> {
        match self {
            Self::Sent { message_id } => message_id.as_deref(),
            Self::NotSent | Self::Unknown => None,
        }
    }
}

/// The hash of the words of a request, however its number and its JSON are written.
pub(crate) fn hash_of_words(hasher: &OnceHasher, path: &str, recipient: &str, body: &str) -> OnceHash {
    hasher.words(&SameMessage::of(path, recipient, body).parts())
}

/// The scope of a stored key; none if no version could have written it.
pub(super) fn scope_of(key: &str, bot: String, address: String) -> Option<OnceScope> {
    Some(OnceScope { key: key.parse::<OnceKey>().ok()?, bot, address })
}

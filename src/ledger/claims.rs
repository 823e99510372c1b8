//! The claims under keys that are not rows of a file: single sends, and the people whom removed runs reached. In a database
//! the claims of rows are among them.

use super::error::LedgerError;
use super::message::SameMessage;
use crate::once::{NewClaim, OnceEntry, OnceHash, OnceHasher, OnceKey, OncePeople, OnceScope, OnceState};

/// What there is under one key, in counts.
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

    /// Counts `people` more in this state, the last of them since `at`.
    pub(crate) fn count(&mut self, state: OnceState, people: u64, at: i64) {
        let counts = self.people.iter_mut().zip(OnceState::ALL);
        counts.filter(|(_, of)| *of == state).for_each(|(count, _)| *count += people);
        self.at = self.at.max(at);
    }
}

/// The claims of a store. It may be looked at at any time; who claims for a new message holds off the others
/// ([`super::LedgerStore::try_hold_claims`], or a new run's `try_hold`) from before looking until it has claimed.
pub(crate) trait OnceClaims {
    fn hasher(&self) -> &OnceHasher;

    /// What everybody has under the key. Of a single send whose process is gone nobody knows whether it was sent.
    fn people(&self, scope: &OnceScope) -> Result<OncePeople, LedgerError>;

    /// What one person has under the key, as [`OnceClaims::people`] has it.
    fn person(&self, scope: &OnceScope, person: &OnceHash) -> Result<Option<OnceEntry>, LedgerError>;

    /// What is kept of single sends of the bot and of whom its removed runs reached, under every key: all of this kind, and all
    /// to this person. Each with its person, as [`OnceClaims::people`] has it.
    fn alike(&self, bot: &str, kind: &OnceHash, person: &OnceHash) -> Result<Vec<(OnceHash, OnceEntry)>, LedgerError>;

    /// Claims the person for a message that this process is about to send, where they are free: on the disk when this returns.
    /// When it cannot be written, nothing is claimed.
    fn claim(&self, scope: &OnceScope, claim: &NewClaim) -> Result<Claimed, LedgerError>;

    /// Adds people of a run that is removed or began without the key, in one transaction that is on the disk when this
    /// returns. Where a person is known already, what outweighs the other stays. Says how many were new or changed. When it
    /// cannot be written, nobody is added.
    fn add(
        &self,
        scope: &OnceScope,
        people: &mut dyn Iterator<Item = (OnceHash, OnceEntry)>,
    ) -> Result<u64, LedgerError>;

    /// A person decides what an unknown message of a single send or a removed run was. False where it is not unknown.
    fn decide(&self, scope: &OnceScope, person: &OnceHash, found: &OnceFinding) -> Result<bool, LedgerError>;

    /// Forgets one person or everybody under the key, but for what is under way. Says how many were forgotten. When it cannot
    /// be written, nobody is forgotten.
    fn forget(&self, scope: &OnceScope, person: Option<&OnceHash>) -> Result<u64, LedgerError>;

    /// Every key, of every bot.
    fn keys(&self) -> Result<Vec<OnceSummary>, LedgerError>;
}

/// What was found out of a message that may have been sent.
#[derive(Clone, Debug)]
pub(crate) struct OnceFinding {
    pub(crate) was_sent: bool,
    pub(crate) message_id: Option<String>,
}

/// What became of a claim.
pub(crate) enum Claimed {
    /// The person is this process's.
    Now(Box<dyn HeldClaim>),
    /// The person is not free, and this is why.
    Before(OnceEntry),
}

/// A person whom this process has claimed. Dropped before it has ended, or killed, nobody knows whether it was sent.
pub(crate) trait HeldClaim {
    /// Writes how it ended. When it cannot be written, the message may have been sent, as far as the key is concerned.
    fn end(self: Box<Self>, end: &ClaimEnd) -> Result<(), LedgerError>;
}

/// How a message ended whose person was claimed.
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

/// The hash of the words of a request, whichever way its number and its JSON are written.
pub(crate) fn hash_of_words(hasher: &OnceHasher, path: &str, recipient: &str, body: &str) -> OnceHash {
    hasher.words(&SameMessage::of(path, recipient, body).parts())
}

/// A scope of what is stored; nothing of a key that no version wrote.
pub(super) fn scope_of(key: &str, bot: String, address: String) -> Option<OnceScope> {
    Some(OnceScope { key: key.parse::<OnceKey>().ok()?, bot, address })
}

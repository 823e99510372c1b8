//! The earlier runs that a new list is compared with, wherever they are.

use super::duplicate_window::EarlierError;
use super::name::RunName;
use crate::ledger::LedgerDraft;
use crate::once::OnceKey;

/// People of a list whom earlier runs wrote to a short time ago.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WrittenTo {
    /// How many they are, whatever the messages.
    pub(crate) people: u64,
    /// Those of them who had another message than this list has for them.
    pub(crate) otherwise: Option<OtherMessages>,
}

/// Messages that differ from those of a list, to people of that list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherMessages {
    pub(crate) people: u64,
    /// The last of these messages: its run and its time, in milliseconds since 1970.
    pub(crate) run: String,
    pub(crate) at: i64,
}

impl WrittenTo {
    /// Adds what is known of other people.
    pub(super) fn add(&mut self, of_others: Self) {
        self.people += of_others.people;
        self.otherwise = match (self.otherwise.take(), of_others.otherwise) {
            (Some(one), Some(other)) => {
                let people = one.people + other.people;
                Some(OtherMessages { people, ..if one.at < other.at { other } else { one } })
            }
            (one, other) => one.or(other),
        };
    }
}

/// Those that count for a list.
pub(crate) trait KnownRuns {
    /// Notes in `draft` what they have too.
    fn compare(&mut self, draft: &LedgerDraft) -> Result<(), EarlierError>;

    /// Notes in `draft` the rows whose person has a message under `key`, whatever its words.
    fn find_claimed(&mut self, draft: &LedgerDraft, key: &OnceKey) -> Result<(), EarlierError>;

    /// The people of `draft` whom one of them has written to in the last 24 hours.
    fn people_written_to(&mut self, draft: &LedgerDraft) -> Result<WrittenTo, EarlierError>;

    /// Those that are unfinished and have messages for people of `draft`, each with how many people that is.
    fn unfinished(&mut self, draft: &LedgerDraft) -> Result<Vec<(RunName, u64)>, EarlierError>;

    /// Checks only that they can be read.
    fn check(&mut self) -> Result<(), EarlierError> {
        Ok(())
    }
}

//! How to treat rows that need not be sent, or cannot be sent as they are.

use clap::ValueEnum;

use crate::runs::ledger::{LimitUnit, RunConditions};

/// How to treat rows that cannot be taken as they are.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct ImportPolicy {
    pub(crate) skip_invalid: bool,
    pub(crate) allow_duplicates: bool,
    /// Whether only the first of several rows to one person is sent.
    pub(crate) one_per_person: bool,
    /// How to treat rows that the sheet hides or shows crossed out; None if the flag was not given.
    pub(crate) hidden: Option<HiddenRule>,
    /// Whether rows to recipients that are not allowed are skipped.
    pub(crate) skip_not_allowed: bool,
    /// Whether the draft records every row that will not be sent, even if nothing is sent.
    pub(crate) notes_rejects: bool,
    /// Whether only people who have written recently get a message.
    pub(crate) only_in_window: bool,
}

/// What to do with rows that the sheet hides, by hand or by a filter, or shows crossed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HiddenRule {
    /// They are left out
    Skip,
    /// They are sent like the others
    Send,
}

impl ImportPolicy {
    /// What counts towards the limit.
    pub(super) fn limit_of(self) -> LimitUnit {
        match (self.one_per_person, self.allow_duplicates) {
            (true, _) => LimitUnit::People,
            (false, false) => LimitUnit::Messages,
            (false, true) => LimitUnit::Rows,
        }
    }
}

/// What to do with messages that an earlier run or a report has as sent, or as ones that may have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DuplicatePolicy {
    /// Nothing is sent as long as there are any.
    Refused,
    /// `--skip-sent`
    LeftOut,
    /// They are treated as all others: `--again`, or a key, which then decides alone who gets a message.
    Meant,
}

impl DuplicatePolicy {
    /// From `--again` and `--skip-sent`, as typed or as kept by a run. With a key, nothing else is refused by default.
    pub(crate) fn new(
        RunConditions {
            again,
            skip_sent,
            once,
            ..
        }: &RunConditions,
    ) -> Self {
        match (again, skip_sent) {
            (false, true) => Self::LeftOut,
            (false, false) if once.is_none() => Self::Refused,
            (true, _) | (false, false) => Self::Meant,
        }
    }
}

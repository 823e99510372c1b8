//! What to do with rows that cannot or need not be sent.

use clap::ValueEnum;

use super::finding::{Finding, Severity};
use crate::base::message::Message;
use crate::runs::ledger::{LimitUnit, RunConditions};

/// What to do with the rows of a list.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "the flags are independent")]
pub(crate) struct ImportPolicy {
    pub(crate) skip_invalid: bool,
    /// Whether to skip recipients that are not allowed.
    pub(crate) skip_not_allowed: bool,
    pub(crate) allow_duplicates: bool,
    /// Whether to send only the first of several rows to one recipient.
    pub(crate) one_per_recipient: bool,
    /// What to do with rows that are hidden or crossed out in the sheet; None without the flag.
    pub(crate) hidden: Option<HiddenRule>,
    /// Whether the draft records every row that will not be sent, even if nothing is sent.
    pub(crate) notes_rejects: bool,
    /// Whether to skip recipients outside the 24-hour window.
    pub(crate) only_in_window: bool,
}

/// What to do with rows that are crossed out in the sheet, or hidden by hand or by a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HiddenRule {
    /// Skip them
    Skip,
    /// Send them like other rows
    Send,
}

impl ImportPolicy {
    /// Returns the finding of a row that cannot be sent unchanged.
    pub(super) fn finding(self, line: u64, problem: Message) -> Finding {
        if self.skip_invalid {
            Finding::for_row(line, Severity::Warning, problem).in_row(|row| row.is_skipped = true)
        } else {
            Finding::for_row(line, Severity::Fault, problem)
        }
    }

    /// What counts towards the limit.
    pub(super) fn limit_unit(self) -> LimitUnit {
        match (self.one_per_recipient, self.allow_duplicates) {
            (true, _) => LimitUnit::People,
            (false, false) => LimitUnit::Messages,
            (false, true) => LimitUnit::Rows,
        }
    }
}

/// What to do with messages that were or may have been sent according to an earlier run or a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DuplicatePolicy {
    /// Send nothing if there are any.
    Refuse,
    /// `--skip-sent`
    Skip,
    /// Treat them like all others: `--again`, or a key. With a key, only the key decides who gets a message.
    Send,
}

impl DuplicatePolicy {
    /// The policy from `--again` and `--skip-sent`, as typed or stored in a run. A key replaces the default refusal.
    pub(crate) fn new(
        RunConditions {
            again,
            skip_sent,
            once,
            ..
        }: &RunConditions,
    ) -> Self {
        match (again, skip_sent) {
            (false, true) => Self::Skip,
            (false, false) if once.is_none() => Self::Refuse,
            (true, _) | (false, false) => Self::Send,
        }
    }
}

//! A report that is sent again: rows of which it says that they were sent, or may have been. No ledger need be there that
//! says the same: it may be another machine's, or too old to count.

use crate::ledger::SkipReason;
use crate::list::{ReportedOutcome, ReportedSent};

/// What becomes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportedRule {
    /// They are rows as all others.
    NotCounted,
    /// Nothing is sent as long as there are any.
    Refused,
    LeftOut,
}

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReportedRows {
    pub(crate) sent: u64,
    pub(crate) may_have_been_sent: u64,
}

impl ReportedRule {
    /// Why a row would be left out that a report says `outcome` of.
    ///
    /// # Errors
    /// When nobody can tell whether the report says that it was sent.
    pub(super) fn reason_of(self, outcome: Option<&ReportedOutcome>) -> Result<Option<SkipReason>, String> {
        let (Some(outcome), Self::Refused | Self::LeftOut) = (outcome, self) else { return Ok(None) };
        Ok(match outcome.is_sent()? {
            ReportedSent::Yes => Some(SkipReason::AlreadySent),
            ReportedSent::Unknown => Some(SkipReason::MayHaveBeenSent),
            ReportedSent::No => None,
        })
    }
}

impl ReportedRows {
    pub(super) fn note(&mut self, reason: SkipReason) {
        if reason == SkipReason::AlreadySent {
            self.sent += 1;
        } else {
            self.may_have_been_sent += 1;
        }
    }
}

/// For the report on the row.
pub(super) fn problem_of_report(reason: SkipReason) -> &'static str {
    if reason == SkipReason::AlreadySent {
        "the report that was sent again has it as sent"
    } else {
        "the report that was sent again has it as one that may have been sent"
    }
}

//! The reasons for skipping a row with a valid message, for a note and for the draft.

use super::import_result::{NOT_ALLOWED, RowFault, RowProblem, describe_exclusion};
use super::reported::reported_problem;
use crate::runs::ledger::{SkipDetail, SkipReason};

/// Why a row with a message is skipped.
#[derive(Clone, Copy)]
pub(super) enum Skipped<'a> {
    /// The exclusion list with this name excludes the recipient.
    Excluded(&'a str),
    /// For this reason, as in the report that is sent again.
    KeptOut(SkipReason),
    /// `allow_to` does not allow its recipient.
    NotAllowed,
}

impl Skipped<'_> {
    pub(super) fn fault(self) -> RowFault {
        match self {
            Self::Excluded(list) => RowFault::Excluded(list.to_owned()),
            Self::KeptOut(reason) => RowFault::KeptOut(reason),
            Self::NotAllowed => RowFault::Remark(RowProblem::NotAllowed),
        }
    }

    /// The reason and its text for the draft.
    pub(super) fn detail(self) -> SkipDetail {
        match self {
            Self::Excluded(list) => SkipDetail {
                reason: SkipReason::Excluded,
                problem: describe_exclusion(list).into(),
            },
            Self::KeptOut(reason) => with_problem(reason),
            Self::NotAllowed => SkipDetail {
                reason: SkipReason::NotAllowed,
                problem: NOT_ALLOWED.into(),
            },
        }
    }
}

/// Adds the text to a reason from a report.
pub(super) fn with_problem(reason: SkipReason) -> SkipDetail {
    SkipDetail {
        reason,
        problem: reported_problem(reason).into(),
    }
}

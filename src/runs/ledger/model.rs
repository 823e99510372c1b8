//! The state of a row, its meaning, and the number of rows in each state; also the reasons to skip
//! a row. Only this file decides whether a row is final and whether it was sent.

use std::collections::BTreeMap;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::error::LedgerError;
use crate::base::clock;
use crate::base::message::{Message, msg};
use crate::base::output::{Sent, Tally};

/// The state of a row. A row ends as sent, failed or unknown; a skipped row was never in flight.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    ValueEnum,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum RowState {
    /// Not sent yet
    Pending,
    /// Request in flight
    Inflight,
    /// Accepted by Jelou
    Sent,
    /// Rejected by the API
    Failed,
    /// May have been sent
    Unknown,
    /// Skipped; the report has the reason in `code`
    Skipped,
}

impl RowState {
    pub(crate) const ALL: &[Self] = Self::VARIANTS;

    /// Returns the name that the ledger stores and that scripts read.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Returns the state of a message in words.
    pub(crate) fn describe(self) -> Message {
        match self {
            Self::Pending => msg!("pending"),
            Self::Inflight => msg!("in flight"),
            Self::Sent => msg!("sent"),
            Self::Failed => msg!("failed"),
            Self::Unknown => msg!("unknown"),
            Self::Skipped => msg!("skipped"),
        }
    }

    /// Returns whether a row may change to the state `to`, in every ledger.
    pub(crate) fn can_become(self, to: Self) -> bool {
        match self {
            Self::Pending => matches!(to, Self::Inflight | Self::Skipped | Self::Unknown),
            Self::Inflight => matches!(
                to,
                Self::Pending | Self::Sent | Self::Failed | Self::Unknown
            ),
            Self::Unknown => matches!(to, Self::Pending | Self::Sent | Self::Failed),
            Self::Failed => matches!(to, Self::Pending | Self::Unknown),
            Self::Sent | Self::Skipped => false,
        }
    }

    /// Returns whether the row needs no more work.
    fn is_final(self) -> bool {
        match self {
            Self::Pending | Self::Inflight => false,
            Self::Sent | Self::Failed | Self::Unknown | Self::Skipped => true,
        }
    }

    /// Returns whether the message was sent, as records and reports name it.
    pub(crate) fn sent(self) -> Sent {
        match self {
            Self::Sent => Sent::Yes,
            Self::Inflight | Self::Unknown => Sent::Unknown,
            Self::Pending | Self::Failed | Self::Skipped => Sent::No,
        }
    }

    /// Returns the state of the row in a ledger that may have lost its last records. A failed row
    /// may have been sent again in the meantime.
    pub(crate) fn with_lost_records(self) -> Self {
        match self {
            Self::Pending | Self::Inflight | Self::Failed => Self::Unknown,
            Self::Sent | Self::Unknown | Self::Skipped => self,
        }
    }
}

/// The number of rows in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Counts {
    pub(crate) pending: u64,
    pub(crate) inflight: u64,
    pub(crate) sent: u64,
    pub(crate) failed: u64,
    pub(crate) unknown: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    pub(crate) fn count(mut self, state: RowState) -> u64 {
        *self.count_mut(state)
    }

    pub(crate) fn count_mut(&mut self, state: RowState) -> &mut u64 {
        match state {
            RowState::Pending => &mut self.pending,
            RowState::Inflight => &mut self.inflight,
            RowState::Sent => &mut self.sent,
            RowState::Failed => &mut self.failed,
            RowState::Unknown => &mut self.unknown,
            RowState::Skipped => &mut self.skipped,
        }
    }

    pub(crate) fn all(&self) -> u64 {
        RowState::ALL
            .iter()
            .copied()
            .map(|state| self.count(state))
            .sum()
    }

    /// Counts the rows that are not yet final.
    pub(crate) fn count_open(&self) -> u64 {
        RowState::ALL
            .iter()
            .copied()
            .filter(|state| !state.is_final())
            .map(|state| self.count(state))
            .sum()
    }

    /// Returns whether every row is final.
    pub(crate) fn is_finished(&self) -> bool {
        self.count_open() == 0
    }

    /// Corrects the counts for a ledger that may have lost its last records.
    pub(crate) fn with_lost_records(self) -> Self {
        let mut counts = Self::default();
        for state in RowState::ALL.iter().copied() {
            *counts.count_mut(state.with_lost_records()) += self.count(state);
        }
        counts
    }

    /// Returns the counts as progress shows them.
    pub(crate) fn tally(&self) -> Tally {
        let Self {
            sent,
            failed,
            unknown,
            skipped,
            ..
        } = *self;
        Tally {
            rows: self.all(),
            sent,
            failed,
            unknown,
            skipped,
            remaining: self.count_open(),
            elsewhere: 0,
        }
    }

    /// Moves a row from one state to another. The code that writes the row checks the change.
    pub(crate) fn change(&mut self, from: RowState, to: RowState) {
        *self.count_mut(from) = self.count(from).saturating_sub(1);
        *self.count_mut(to) += 1;
    }
}

/// Why a row is skipped. If several reasons apply, it is the first in this order.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    ValueEnum,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[strum(serialize_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub(crate) enum SkipReason {
    /// It makes no message that can be sent
    Invalid,
    /// Its recipient is on an exclusion list
    Excluded,
    /// An earlier run has sent the same message to the same recipient
    AlreadySent,
    /// An earlier run may have sent it
    MayHaveBeenSent,
    /// An unfinished run will send it
    ToBeSent,
    /// An earlier row of the list has the same message, or the same recipient
    Repeated,
    /// The sheet hides it, or shows it crossed out
    Hidden,
    /// `allow_to` does not allow its recipient
    NotAllowed,
    /// `--skip-if` or `--only-if` leaves it out
    NotSelected,
    /// The run was cancelled before it was sent
    Cancelled,
    /// It is a free-form message, and its recipient has not written within 23 hours
    OutsideWindow,
}

impl SkipReason {
    pub(crate) const ALL: &[Self] = Self::VARIANTS;

    /// Returns the name that the ledger stores and that scripts read.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Returns whether you must still check the row. If not, it was skipped on purpose.
    fn needs_attention(self) -> bool {
        match self {
            Self::Invalid | Self::MayHaveBeenSent => true,
            Self::Excluded
            | Self::OutsideWindow
            | Self::AlreadySent
            | Self::ToBeSent
            | Self::Repeated
            | Self::Hidden
            | Self::NotAllowed
            | Self::NotSelected
            | Self::Cancelled => false,
        }
    }
}

/// The state of the one message of a recipient under a key of `--once`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum OnceState {
    /// Accepted by Jelou.
    Sent,
    /// May have been sent.
    Unknown,
    /// A process is sending it now.
    Inflight,
    /// An unfinished run will send it.
    ToBeSent,
    /// Every attempt certainly failed, so the recipient is free.
    NotSent,
}

impl OnceState {
    pub(crate) const ALL: &[Self] = Self::VARIANTS;

    /// Returns the name that the ledger stores and that scripts read.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    pub(crate) fn describe(self) -> Message {
        match self {
            Self::Inflight => msg!("in flight"),
            Self::Sent => msg!("sent"),
            Self::Unknown => msg!("unknown"),
            Self::ToBeSent => msg!("to be sent"),
            Self::NotSent => msg!("not sent"),
        }
    }

    /// Returns whether the recipient may get another message under the key.
    pub(crate) fn is_free(self) -> bool {
        self == Self::NotSent
    }
}

/// The reason for the remaining rows of a cancelled run.
pub(crate) const CANCELLED: SkipDetail = SkipDetail {
    reason: SkipReason::Cancelled,
    problem: msg!("the run was cancelled"),
};

/// The reason to skip a row, and its text.
#[derive(Clone, Debug)]
pub(crate) struct SkipDetail {
    pub(crate) reason: SkipReason,
    pub(crate) problem: Message,
}

/// Parses the name of a reason, as the ledger stores it.
pub(super) fn reason_named(name: &str) -> Result<SkipReason, LedgerError> {
    let damaged = || LedgerError::damaged(format!("no row is skipped for the reason `{name}`"));
    SkipReason::from_name(name).ok_or_else(damaged)
}

/// The number of skipped rows for each reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SkipCounts(BTreeMap<SkipReason, u64>);

impl SkipCounts {
    /// Counts more rows that are skipped for this reason.
    pub(crate) fn add(&mut self, reason: SkipReason, rows: u64) {
        *self.0.entry(reason).or_default() += rows;
    }

    /// Returns the reasons that occur, each with its number of rows, in the order of
    /// [`SkipReason`].
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SkipReason, u64)> {
        self.0.iter().map(|(reason, rows)| (*reason, *rows))
    }

    /// Returns the number of rows skipped for this reason.
    pub(crate) fn rows(&self, reason: SkipReason) -> u64 {
        self.0.get(&reason).copied().unwrap_or_default()
    }

    /// Returns the number of skipped rows.
    pub(crate) fn all(&self) -> u64 {
        self.0.values().sum()
    }

    /// Returns the increase for each reason since `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let more = self
            .iter()
            .map(|(reason, rows)| (reason, rows.saturating_sub(before.rows(reason))));
        Self(more.filter(|(_, rows)| *rows > 0).collect())
    }

    /// Returns the number of rows that you must still check.
    pub(crate) fn needing_attention(&self) -> u64 {
        self.iter()
            .filter(|(reason, _)| reason.needs_attention())
            .map(|(_, rows)| rows)
            .sum()
    }
}

/// Returns the time of this machine, in milliseconds since 1970.
pub(crate) fn now() -> i64 {
    clock::unix_millis()
}

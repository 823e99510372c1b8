//! The state of a row, what it means, and how many rows are in each. Only this file decides whether a row is final and
//! whether it was sent.

use std::time::{SystemTime, UNIX_EPOCH};

use clap::ValueEnum;
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use serde::Serialize;

use crate::output::{Sent, Tally};

/// The state of a row. It ends as sent, failed or unknown; a skipped one never began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum)]
pub(crate) enum RowState {
    /// Still to be sent; certainly not sent so far
    Pending,
    /// A request is under way
    Inflight,
    /// Accepted by Jelou
    Sent,
    /// Rejected by the API
    Failed,
    /// It may have been sent
    Unknown,
    /// Left out; `code` in the report says why
    Skipped,
}

impl RowState {
    pub(crate) const ALL: [Self; 6] =
        [Self::Pending, Self::Inflight, Self::Sent, Self::Failed, Self::Unknown, Self::Skipped];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Inflight => "inflight",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
        }
    }

    /// The transitions that a row may make, in every ledger.
    pub(crate) fn may_become(self, to: Self) -> bool {
        match self {
            Self::Pending => matches!(to, Self::Inflight | Self::Skipped | Self::Unknown),
            Self::Inflight => matches!(to, Self::Pending | Self::Sent | Self::Failed | Self::Unknown),
            Self::Unknown => matches!(to, Self::Pending | Self::Sent | Self::Failed),
            Self::Failed => matches!(to, Self::Pending),
            Self::Sent | Self::Skipped => false,
        }
    }

    /// Whether the row needs no more work.
    pub(crate) fn is_final(self) -> bool {
        match self {
            Self::Pending | Self::Inflight => false,
            Self::Sent | Self::Failed | Self::Unknown | Self::Skipped => true,
        }
    }

    /// Whether the message was sent, in the words of records and reports.
    pub(crate) fn sent(self) -> Sent {
        match self {
            Self::Sent => Sent::Yes,
            Self::Inflight | Self::Unknown => Sent::Unknown,
            Self::Pending | Self::Failed | Self::Skipped => Sent::No,
        }
    }

    /// The state of the row in a ledger that may have lost its last records: a failed row may have been sent again
    /// since.
    pub(crate) fn where_records_are_lost(self) -> Self {
        match self {
            Self::Pending | Self::Inflight | Self::Failed => Self::Unknown,
            Self::Sent | Self::Unknown | Self::Skipped => self,
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl ToSql for RowState {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.name()))
    }
}

impl FromSql for RowState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::of_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

/// The number of rows in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) pending: u64,
    pub(crate) inflight: u64,
    pub(crate) sent: u64,
    pub(crate) failed: u64,
    pub(crate) unknown: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    pub(crate) fn of(mut self, state: RowState) -> u64 {
        *self.of_mut(state)
    }

    pub(crate) fn of_mut(&mut self, state: RowState) -> &mut u64 {
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
        RowState::ALL.into_iter().map(|state| self.of(state)).sum()
    }

    /// Rows that are not yet final.
    pub(crate) fn left(&self) -> u64 {
        RowState::ALL.into_iter().filter(|state| !state.is_final()).map(|state| self.of(state)).sum()
    }

    /// Whether every row is final.
    pub(crate) fn is_finished(&self) -> bool {
        self.left() == 0
    }

    /// The counts as the next process will find them: rows that were under way may have been sent.
    pub(crate) fn at_rest(self) -> Self {
        Self { inflight: 0, unknown: self.unknown + self.inflight, ..self }
    }

    /// The counts of a ledger that may have lost its last records.
    pub(crate) fn where_records_are_lost(self) -> Self {
        let mut counts = Self::default();
        for state in RowState::ALL {
            *counts.of_mut(state.where_records_are_lost()) += self.of(state);
        }
        counts
    }

    /// The counts for a person who watches.
    pub(crate) fn shown(&self) -> Tally {
        let Self { sent, failed, unknown, skipped, .. } = *self;
        Tally { rows: self.all(), sent, failed, unknown, skipped, left: self.left() }
    }

    /// Moves a row from one state to another.
    pub(crate) fn change(&mut self, from: RowState, to: RowState) {
        debug_assert!(from.may_become(to), "{from:?} to {to:?}");
        *self.of_mut(from) = self.of(from).saturating_sub(1);
        *self.of_mut(to) += 1;
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

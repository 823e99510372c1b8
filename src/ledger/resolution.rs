//! How a person decides the state of rows: all or nothing, and only for rows that are in the expected state.

use super::error::LedgerError;
use super::model::RowState;

/// Which rows are decided, and their new state.
#[derive(Clone, Debug)]
pub(crate) enum Resolution {
    /// Moves every row in the first state to the second.
    All([RowState; 2]),
    /// Rows at these lines of the list, and rows for these people.
    Some { change: [RowState; 2], lines: Vec<u64>, people: Vec<String> },
}

impl Resolution {
    /// The states before and after.
    pub(super) fn change(&self) -> [RowState; 2] {
        match self {
            Self::All(change) | Self::Some { change, .. } => *change,
        }
    }

    /// Whether rows are to be sent again.
    pub(crate) fn sends_again(&self) -> bool {
        self.change()[1] == RowState::Pending
    }
}

/// The current state of a row.
#[derive(Clone, Debug)]
pub(crate) struct StandingRow {
    pub(crate) n: i64,
    pub(crate) number: i64,
    pub(crate) line: u64,
    pub(crate) state: RowState,
    /// None if no request could be made.
    pub(crate) recipient: Option<String>,
    /// The process that sent it last, and whether that was lost before it reported the outcome.
    pub(super) worker: Option<i64>,
    pub(super) is_open: bool,
}

impl StandingRow {
    /// The row, if it is in the first of these states.
    pub(super) fn checked(&self, [wanted, _]: [RowState; 2]) -> Result<Self, LedgerError> {
        if self.state != wanted {
            let (line, state) = (self.line, self.state.name());
            return Err(LedgerError::other_rows(format!("line {line} is {state}, not {}", wanted.name())));
        }
        Ok(self.clone())
    }
}

/// The text that is recorded with a decided row.
pub(crate) fn decided_by_hand([from, to]: [RowState; 2]) -> String {
    format!("decided by hand: {} as {}", from.name(), to.name())
}

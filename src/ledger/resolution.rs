//! How a person decides the state of rows: all or nothing, and only for rows that are in the expected state. It works
//! the same for every ledger, wherever its rows are read from.

use std::collections::BTreeMap;

use thiserror::Error;

use super::duplicate_window::EarlierError;
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

/// Why nothing was decided.
#[derive(Debug, Error)]
pub(crate) enum ResolveError {
    #[error("the list of the run has no row at line {line}")]
    NoSuchLine { line: u64 },
    #[error("the run has no message to {recipient}")]
    NobodyOf { recipient: String },
    #[error("line {line} is {}, not {}", state.name(), wanted.name())]
    OtherState { line: u64, state: RowState, wanted: RowState },
    /// The rows of a run in a database, which other processes change.
    #[error("a process that sends the run has changed one of these rows just now")]
    ChangedMeanwhile,
    #[error("the run is cancelled: nothing of it is sent any more")]
    Cancelled { run: String },
    #[error("a process that was not heard of again may still send these rows")]
    MayStillSend,
    /// Only for a run with a key, which allows one message for each person.
    #[error("line {line}: {problem}")]
    NotFree { line: u64, problem: String },
    #[error(transparent)]
    Earlier(#[from] EarlierError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<rusqlite::Error> for ResolveError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Ledger(error.into())
    }
}

impl Resolution {
    /// The change of rows that are to be sent again.
    pub(super) fn again(&self) -> Option<[RowState; 2]> {
        match self {
            Self::All(change) | Self::Some { change, .. } => Some(*change).filter(|[_, to]| *to == RowState::Pending),
        }
    }

    /// Whether rows are to be sent again.
    pub(crate) fn sends_again(&self) -> bool {
        self.again().is_some()
    }

    /// The `rows` whose people are free under the key of the run. If rows were chosen one by one, all must be free.
    /// `taken` holds the numbers of those that are not, and why.
    pub(super) fn free_rows(
        &self,
        rows: Vec<DecidedRow>,
        taken: &BTreeMap<i64, String>,
        line: impl Fn(i64) -> Result<u64, LedgerError>,
    ) -> Result<Vec<DecidedRow>, ResolveError> {
        match (self, rows.iter().find_map(|row| Some((row.n, taken.get(&row.n)?)))) {
            (_, None) => Ok(rows),
            (Self::All(_), Some(_)) => Ok(rows.into_iter().filter(|row| !taken.contains_key(&row.n)).collect()),
            (_, Some((n, problem))) => Err(ResolveError::NotFree { line: line(n)?, problem: problem.clone() }),
        }
    }
}

/// A row that is being decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DecidedRow {
    pub(crate) n: i64,
    /// The number of its last record.
    pub(crate) number: i64,
    pub(crate) change: [RowState; 2],
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
}

impl StandingRow {
    pub(super) fn decided(&self, change: [RowState; 2]) -> Result<DecidedRow, ResolveError> {
        let [wanted, _] = change;
        if self.state != wanted {
            return Err(ResolveError::OtherState { line: self.line, state: self.state, wanted });
        }
        Ok(DecidedRow { n: self.n, number: self.number, change })
    }
}

/// The text that is recorded with a decided row.
pub(crate) fn decided_by_hand([from, to]: [RowState; 2]) -> String {
    format!("decided by hand: {} as {}", from.name(), to.name())
}

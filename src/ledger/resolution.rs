//! How a person decides the state of rows: all or nothing, and only for rows that are in the expected state. It works
//! the same for every ledger, wherever its rows are read from.

use std::collections::BTreeMap;

use thiserror::Error;

use super::duplicate_window::EarlierError;
use super::error::LedgerError;
use super::model::RowState;
use crate::output::Sent;
use crate::phone::person_key;
use crate::timestamps::{of_milliseconds, read_time};

/// Which rows are decided, and their new state.
#[derive(Clone, Debug)]
pub(crate) enum Resolution {
    /// Moves every row in the first state to the second.
    All([RowState; 2]),
    /// Rows at these lines of the list, and rows for these people.
    Some { change: [RowState; 2], lines: Vec<u64>, people: Vec<String> },
    /// Unknown rows, by line, with what a report says about them.
    Reported(BTreeMap<u64, RowOfReport>),
}

/// What a report says about a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowOfReport {
    /// The position of the row in the report.
    pub(crate) line: u64,
    pub(crate) sent: Sent,
    /// The recipient, or why it cannot be read.
    pub(crate) recipient: Result<String, String>,
    /// When the row last changed, as written in the report.
    pub(crate) at: String,
}

/// Why nothing was decided.
#[derive(Debug, Error)]
pub(crate) enum ResolveError {
    #[error("the list of the run has no row at line {line}")]
    NoSuchLine { line: u64 },
    #[error("the run has no message to {recipient}")]
    NobodyOf { recipient: String },
    #[error("line {of_report} of the report is to {said}, but line {line} of the run is to {recipient}")]
    OtherRecipient { of_report: u64, said: String, line: u64, recipient: String },
    #[error("line {of_report} of the report has no recipient ({problem}); line {line} of the run is to {recipient}")]
    NoRecipient { of_report: u64, problem: String, line: u64, recipient: String },
    #[error("line {of_report} of the report is as of `{}`, but line {line} of the run {}", said.escape_debug(), changed(*at))]
    OtherTime { of_report: u64, said: String, line: u64, at: Option<i64> },
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
            Self::Reported(_) => None,
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
    /// When it entered its state.
    pub(crate) at: Option<i64>,
    /// When its last attempt began, if that is kept. A report has this time for a row that was under way when a process
    /// ended.
    pub(crate) began_at: Option<i64>,
}

impl StandingRow {
    pub(super) fn decided(&self, change: [RowState; 2]) -> Result<DecidedRow, ResolveError> {
        let [wanted, _] = change;
        if self.state != wanted {
            return Err(ResolveError::OtherState { line: self.line, state: self.state, wanted });
        }
        Ok(DecidedRow { n: self.n, number: self.number, change })
    }

    /// Rejects a report about other people: runs on two machines may share a name, or one column of a sheet may have
    /// been sorted alone.
    pub(super) fn check_recipient(&self, said: &RowOfReport) -> Result<(), ResolveError> {
        let Some(recipient) = self.recipient.clone() else { return Ok(()) };
        let (of_report, line) = (said.line, self.line);
        match &said.recipient {
            Ok(said) if person_key(said) == person_key(&recipient) => Ok(()),
            Ok(said) => Err(ResolveError::OtherRecipient { of_report, said: said.clone(), line, recipient }),
            Err(problem) => Err(ResolveError::NoRecipient { of_report, problem: problem.clone(), line, recipient }),
        }
    }

    /// Rejects a report about another request: a removed run may have had the same name and the same list.
    pub(super) fn check_time(&self, said: &RowOfReport) -> Result<(), ResolveError> {
        let mut known = [self.at, self.began_at].into_iter().flatten();
        if read_time(said.at.trim()).is_some_and(|times| known.any(|at| times.contains(&at))) {
            return Ok(());
        }
        Err(ResolveError::OtherTime { of_report: said.line, said: said.at.clone(), line: self.line, at: self.at })
    }
}

/// The words for a row whose time in the report differs.
fn changed(at: Option<i64>) -> String {
    at.map_or("has no time".to_owned(), |at| format!("last changed at {:.3}", of_milliseconds(at)))
}

/// The text that is recorded with a decided row.
pub(crate) fn decided_by_hand([from, to]: [RowState; 2]) -> String {
    format!("decided by hand: {} as {}", from.name(), to.name())
}

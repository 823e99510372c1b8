//! What a person decides of rows: all or nothing, and only of rows that are in the state that was meant. It is the same for
//! every ledger, wherever its rows are read from.

use std::collections::BTreeMap;

use thiserror::Error;

use super::duplicate_window::EarlierError;
use super::error::LedgerError;
use super::model::RowState;
use crate::output::Sent;
use crate::phone::person_key;
use crate::timestamps::{is_time, of_milliseconds};

/// Which rows are decided, and as what.
#[derive(Clone, Debug)]
pub(crate) enum Resolution {
    /// Every row that is in the first state is in the second from now on.
    All([RowState; 2]),
    /// Rows at these lines of the list, and rows to these people.
    Some { change: [RowState; 2], lines: Vec<u64>, people: Vec<String> },
    /// Unknown rows, by their lines, are what a report says of them.
    Reported(BTreeMap<u64, RowOfReport>),
}

/// What a report says of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowOfReport {
    /// Where it stands in the report.
    pub(crate) line: u64,
    pub(crate) sent: Sent,
    /// The recipient, or why it cannot be read.
    pub(crate) recipient: Result<String, String>,
    /// When it last changed, as it stands there.
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
    /// Others change the rows of a run in a database.
    #[error("a process that sends the run has changed one of these rows just now")]
    ChangedMeanwhile,
    #[error("the run is cancelled: nothing of it is sent any more")]
    Cancelled,
    #[error("a process that was not heard of again may still send these rows")]
    MayStillSend,
    /// Of a run with a key, whose people get one message at most.
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
    /// Whether rows are to be sent again.
    pub(crate) fn sends_again(&self) -> bool {
        match self {
            Self::All([_, to]) | Self::Some { change: [_, to], .. } => *to == RowState::Pending,
            Self::Reported(_) => false,
        }
    }

    /// The `rows` whose people are free under the key of the run. Where rows were chosen one by one, all must be: `taken` are
    /// the numbers of those that are not, with why.
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

/// A row as it is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DecidedRow {
    pub(crate) n: i64,
    /// Of its last record.
    pub(crate) number: i64,
    pub(crate) change: [RowState; 2],
}

/// A row as it stands.
#[derive(Clone, Debug)]
pub(crate) struct StandingRow {
    pub(crate) n: i64,
    pub(crate) number: i64,
    pub(crate) line: u64,
    pub(crate) state: RowState,
    /// Nobody, where no request could be made.
    pub(crate) recipient: Option<String>,
    /// Since when it is in its state.
    pub(crate) at: Option<i64>,
    /// When its last attempt began, where that is kept: what is reported of a row that was under way when a process ended.
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

    /// Refuses a report of other people: runs on two machines may have one name, and one column of a sheet may have been sorted alone.
    pub(super) fn check_recipient(&self, said: &RowOfReport) -> Result<(), ResolveError> {
        let Some(recipient) = self.recipient.clone() else { return Ok(()) };
        let (of_report, line) = (said.line, self.line);
        match &said.recipient {
            Ok(said) if person_key(said) == person_key(&recipient) => Ok(()),
            Ok(said) => Err(ResolveError::OtherRecipient { of_report, said: said.clone(), line, recipient }),
            Err(problem) => Err(ResolveError::NoRecipient { of_report, problem: problem.clone(), line, recipient }),
        }
    }

    /// Refuses what was reported of another request: a run that was removed may have had the same name and the same list.
    pub(super) fn check_time(&self, said: &RowOfReport) -> Result<(), ResolveError> {
        let text = said.at.trim();
        if [self.at, self.began_at].into_iter().flatten().any(|at| is_time(text, at)) {
            return Ok(());
        }
        Err(ResolveError::OtherTime { of_report: said.line, said: said.at.clone(), line: self.line, at: self.at })
    }
}

/// For a person who has it as of another time.
fn changed(at: Option<i64>) -> String {
    at.map_or("has no time".to_owned(), |at| format!("last changed at {:.3}", of_milliseconds(at)))
}

/// What is written beside a row that was decided.
pub(crate) fn decided_by_hand([from, to]: [RowState; 2]) -> String {
    format!("decided by hand: {} as {}", from.name(), to.name())
}

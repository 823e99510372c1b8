//! What can be wrong with a ledger, or with the choice of a run, and how to fix it.

use std::io;
use std::path::PathBuf;

use rusqlite::types::FromSqlError;
use rusqlite::{Error, ErrorCode};
use thiserror::Error;

use super::name::RunName;
use crate::ledger::DatabaseError;
use crate::nearest::nearest;
use crate::places::{HOME, STATE};
use crate::private_file::FileError;

#[derive(Debug, Error)]
pub(crate) enum LedgerError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("run {run} is in use by another process")]
    InUse { run: String },
    #[error("run {run} has changed meanwhile")]
    Changed { run: String },
    #[error("the place of the ledgers is not known: there is no home directory, or `{HOME}` is not an absolute path")]
    NoDirectory,
    #[error(transparent)]
    File(#[from] FileError),
    /// The file does not exist, or is not a ledger that this version can open.
    #[error("the ledger {} cannot be opened: {cause}", path.display())]
    NotOpened { path: PathBuf, cause: io::Error },
    #[error("the ledger {} was removed or replaced while the run went on", path.display())]
    Removed { path: PathBuf },
    #[error("the ledger is of version {version}, newer than this jelouctl")]
    Newer { version: i32 },
    #[error("the ledger is of version {version}, older than this jelouctl reads")]
    Older { version: i32 },
    #[error("{run}.db-wal is the log of another run")]
    ForeignLog { run: String },
    #[error("{file} is a copy of run {run}, or its file under another name")]
    Copy { file: String, run: String },
    /// Records are missing or were changed.
    #[error("the ledger is damaged: {problem}")]
    Incomplete { run: String, problem: String },
    /// The database may have lost rows of an unfinished run.
    #[error("{problem}")]
    Doubtful { run: String, problem: String },
    /// It cannot be read as a ledger, or is no longer the same run.
    #[error("the ledger is damaged: {problem}")]
    Damaged { problem: String },
    #[error("the row of line {line} has a time that is out of range: {at} ms since 1970")]
    TimeOutOfRange { line: u64, at: i64 },
    #[error("the ledger cannot be read or written: {0}")]
    Sqlite(String),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The error of one run, when several are read.
    #[error("run {run} cannot be read ({}): {error}", path.display())]
    Unreadable { run: String, path: PathBuf, error: Box<LedgerError> },
    #[error("the thread that writes the ledger is gone")]
    WriterGone,
    #[error("the store of the keys, {}, {problem}", path.display())]
    Claims { path: PathBuf, problem: ClaimsProblem },
}

/// What is wrong with the store of the claims under keys.
#[derive(Debug, Error)]
pub(crate) enum ClaimsProblem {
    #[error("is damaged: {0}")]
    Damaged(String),
    #[error("is of version {0}, newer than this jelouctl")]
    Newer(i32),
    #[error("cannot be read or written: {0}")]
    Failed(String),
}

impl ClaimsProblem {
    fn hint(&self) -> &'static str {
        match self {
            Self::Damaged(_) => {
                "if you move the file away, the next send makes a new one; that, and an older copy of the file, lets people \
                 get a second message under the same key"
            }
            Self::Newer(_) => "use the newer jelouctl",
            Self::Failed(_) => "check that the disk is not full and that the directory can be written",
        }
    }
}

impl From<Error> for LedgerError {
    fn from(error: Error) -> Self {
        // A value of the wrong type is damage, just like a page that cannot be read.
        let is_other_value = matches!(
            error,
            Error::FromSqlConversionFailure(..)
                | Error::InvalidColumnType(..)
                | Error::IntegralValueOutOfRange(..)
                | Error::Utf8Error(..)
        );
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::damaged(error),
            _ if is_other_value => Self::damaged(error),
            _ => Self::Sqlite(error.to_string()),
        }
    }
}

impl From<FromSqlError> for LedgerError {
    fn from(error: FromSqlError) -> Self {
        Error::from(error).into()
    }
}

impl LedgerError {
    /// The error if what is in the ledger cannot be read.
    #[expect(clippy::needless_pass_by_value, reason = "`map_err` gives the error itself")]
    pub(crate) fn damaged(problem: impl ToString) -> Self {
        Self::Damaged { problem: problem.to_string() }
    }

    /// The error if a process sends the run.
    pub(crate) fn in_use_by(run: &RunName, worker: &str) -> Self {
        Self::InUse { run: format!("{run} ({worker})") }
    }

    /// The same error, met while the run is under way.
    pub(crate) fn in_mid_run(self) -> Self {
        match self {
            Self::Database(error) => Self::Database(error.in_mid_run()),
            other => other,
        }
    }

    /// Whether a database is away that may be back soon.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Database(error) if error.may_pass())
    }

    /// Whether a command that ends with this error before it has begun to send may report that nothing was sent. Not if
    /// the error is about a run that exists: that run may have sent.
    pub(crate) fn nothing_was_sent(&self) -> bool {
        match self {
            Self::NoDirectory | Self::Claims { .. } => true,
            // This is the directory of the runs. Any other file belongs to a run.
            Self::File(error) => matches!(error.action, "create" | "read"),
            Self::Database(error) => error.nothing_was_sent(),
            Self::Run(_)
            | Self::InUse { .. }
            | Self::Changed { .. }
            | Self::NotOpened { .. }
            | Self::Removed { .. }
            | Self::Newer { .. }
            | Self::Older { .. }
            | Self::ForeignLog { .. }
            | Self::Copy { .. }
            | Self::Incomplete { .. }
            | Self::Doubtful { .. }
            | Self::Damaged { .. }
            | Self::TimeOutOfRange { .. }
            | Self::Unreadable { .. }
            | Self::Sqlite(_)
            | Self::WriterGone => false,
        }
    }

    /// The remedy, for the hint line.
    pub(crate) fn hint(&self) -> String {
        let hint = match self {
            Self::Run(error) => error.hint(),
            Self::Unreadable { error, .. } => return error.hint(),
            Self::Claims { problem, .. } => problem.hint(),
            Self::InUse { .. } => "watch it with `jelouctl bulk status RUN`, or stop it with `jelouctl bulk stop RUN`",
            Self::Changed { .. } => "see how it stands with `jelouctl bulk status`, then decide again",
            Self::TimeOutOfRange { .. } => "set the clock of this machine; --state leaves such a row out of the report",
            Self::NoDirectory => return format!("set {HOME} or {}", STATE.variable),
            Self::NotOpened { .. } => {
                "put the file back where it is missing; where it is another user's, let them give you the right to read it; \
                 `jelouctl bulk remove RUN` removes the run and its record of recipients"
            }
            Self::Newer { .. } => "use the newer jelouctl",
            Self::Older { .. } => "use the jelouctl that made it, or `jelouctl bulk remove` it",
            Self::Copy { file, run } if file.parse::<RunName>().is_err() => {
                return format!(
                    "that is not the name of a run: if this is the only file of run {run}, name it {run}.db again, \
                     {file}.db-wal with it, and {file}.lock where {run}.lock is missing; else move it out of the directory"
                );
            }
            Self::Copy { file, run } => {
                return format!(
                    "go on with run {run}; if this is its only file, name it {run}.db again, {file}.db-wal with it, \
                     and {file}.lock where {run}.lock is missing; a copy goes with `jelouctl bulk remove {file}`"
                );
            }
            Self::ForeignLog { run } => {
                return format!(
                    "put the log of {run} back, else take {run}.db-wal away: `jelouctl bulk resolve {run} --pending-as \
                     unknown` accepts the ledger without that log"
                );
            }
            Self::Incomplete { run, .. } => {
                return format!(
                    "put the files back if you have them; else `jelouctl bulk resolve {run} --pending-as unknown` takes \
                     the ledger as it is, with every row that may have been sent as unknown; `jelouctl bulk report \
                     {run}` and `jelouctl bulk remove {run}` work too"
                );
            }
            Self::Doubtful { run, .. } => {
                return format!(
                    "compare jelouctl bulk report {run} --state unknown with what Jelou has sent; `jelouctl bulk resume \
                     {run}` then takes the ledger as it is"
                );
            }
            Self::Database(error) => return error.hint(),
            Self::Removed { .. } => "put it back before you resume; rows without a state may have been sent",
            Self::File(FileError { action: "create", .. }) => {
                return format!("make it a place that you can write, or name another one with {}", STATE.variable);
            }
            Self::File(_) | Self::Sqlite(_) | Self::WriterGone => {
                "check that the disk is not full and the directory can be written; then `jelouctl bulk resume` continues a run that \
                 had begun"
            }
            Self::Damaged { .. } => {
                "keep the file, and put an earlier copy back if you have one; `jelouctl bulk remove RUN` removes the run and its \
                 record of recipients"
            }
        };
        hint.to_owned()
    }
}

/// The most runs that an error lists.
const NAMED: usize = 5;

#[derive(Debug, Error)]
pub(crate) enum RunError {
    #[error("there is no run {name}{}", instead(name, known))]
    NoSuchRun { name: RunName, known: Vec<RunName> },
    #[error("there are no runs")]
    NoRuns,
    #[error("no run is unfinished{}", list(known))]
    NoneUnfinished { known: Vec<RunName> },
    /// Whether the others are finished is unknown.
    #[error("no readable run is unfinished; left alone: {}", names(unreadable))]
    NoneReadable { unreadable: Vec<RunName> },
    #[error("several runs are unfinished: {}", names(known))]
    Several { known: Vec<RunName> },
    #[error("run {name} already exists")]
    Exists { name: RunName },
}

impl RunError {
    /// The remedy, for the hint line.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::NoSuchRun { .. } | Self::Several { .. } | Self::NoneUnfinished { .. } => {
                "name one; `jelouctl bulk list` shows them"
            }
            Self::NoneReadable { .. } => "`jelouctl bulk list` says why, and what to do about it",
            Self::NoRuns => "start one with `jelouctl bulk send FILE KIND`",
            Self::Exists { .. } => {
                "choose another name; `jelouctl bulk resume NAME` continues one that is not complete, and `bulk cancel` ends it"
            }
        }
    }
}

/// The run that was probably meant, or else the runs that exist.
fn instead(name: &RunName, known: &[RunName]) -> String {
    let names: Vec<_> = known.iter().map(ToString::to_string).collect();
    match nearest(&name.to_string(), names.iter().map(String::as_str)) {
        Some(nearest) => format!("; the nearest is {nearest}"),
        None => list(known),
    }
}

fn list(known: &[RunName]) -> String {
    if known.is_empty() { "; there are none".to_owned() } else { format!("; there are: {}", names(known)) }
}

fn names(runs: &[RunName]) -> String {
    let mut names: Vec<_> = runs.iter().take(NAMED).map(ToString::to_string).collect();
    match runs.len().saturating_sub(NAMED) {
        0 => {}
        more => names.push(format!("and {more} more")),
    }
    names.join(", ")
}

//! What can be wrong with a ledger, or with the choice of a run, and how to fix it.

use std::path::PathBuf;
use std::time::Duration;

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
    /// The file is not one that this process can use.
    #[error("{message}")]
    Unusable { message: String, hint: &'static str },
    /// It was copied or put back, or its database failed over: it may lack messages that were sent since.
    #[error("the store is not the one in which the run was begun: messages that were sent since may be missing here")]
    Doubtful { run: String },
    #[error("there are runs of an older jelouctl in {}: their people would get their messages again", path.display())]
    OlderLayout { path: PathBuf },
    /// It cannot be read as a ledger, or is no longer the same run.
    #[error("the ledger is damaged: {problem}")]
    Damaged { problem: String },
    #[error("the row of line {line} has a time that is out of range: {at} ms since 1970")]
    TimeOutOfRange { line: u64, at: i64 },
    #[error("the ledger cannot be read or written: {0}")]
    Sqlite(String),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// An exchange arrived after its process had come back by another connection: it changed nothing.
    #[error("an older connection to the ledger was answered")]
    Stale,
    #[error("the thread that writes the ledger is gone")]
    WriterGone,
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
        match self {
            Self::Database(error) => error.may_pass(),
            error => matches!(error, Self::Stale),
        }
    }

    /// The error after retries for this time.
    pub(super) fn after(self, tried: Duration) -> Self {
        if self.may_pass() {
            return DatabaseError::gone(tried, &self.to_string()).into();
        }
        self.in_mid_run()
    }

    /// Whether a command that ends with this error before it has begun to send may report that nothing was sent. Not if
    /// the error is about a run that exists: that run may have sent.
    pub(crate) fn nothing_was_sent(&self) -> bool {
        match self {
            Self::NoDirectory | Self::OlderLayout { .. } => true,
            // This is the directory of the runs. Any other file belongs to a run.
            Self::File(error) => matches!(error.action, "create" | "read"),
            Self::Database(error) => error.nothing_was_sent(),
            Self::Run(_)
            | Self::InUse { .. }
            | Self::Changed { .. }
            | Self::Unusable { .. }
            | Self::Doubtful { .. }
            | Self::Damaged { .. }
            | Self::TimeOutOfRange { .. }
            | Self::Stale
            | Self::Sqlite(_)
            | Self::WriterGone => false,
        }
    }

    /// The remedy, for the hint line.
    pub(crate) fn hint(&self) -> String {
        let hint = match self {
            Self::Run(error) => error.hint(),
            Self::InUse { .. } => "watch it with `jelouctl bulk status RUN`, or stop it with `jelouctl bulk stop RUN`",
            Self::Changed { .. } => "see how it stands with `jelouctl bulk status`, then decide again",
            Self::TimeOutOfRange { .. } => "set the clock of this machine; --state leaves such a row out of the report",
            Self::NoDirectory => return format!("set {HOME} or {}", STATE.variable),
            Self::Unusable { hint, .. } => hint,
            Self::OlderLayout { path } => {
                return format!(
                    "finish these runs with the jelouctl that made them, then move {} away, or remove it; until then only the \
                     sandbox takes a new list or a key",
                    path.display()
                );
            }
            Self::Doubtful { run } => {
                return format!(
                    "compare jelouctl bulk report {run} --state unknown with what Jelou has sent; `jelouctl bulk resume \
                     {run}` then takes the ledger as it is"
                );
            }
            Self::Database(error) => return error.hint(),
            Self::File(FileError { action: "create", .. }) => {
                return format!("make it a place that you can write, or name another one with {}", STATE.variable);
            }
            Self::File(_) | Self::Sqlite(_) | Self::WriterGone | Self::Stale => {
                "check that the disk is not full and the directory can be written; then `jelouctl bulk resume` continues a run that \
                 had begun"
            }
            Self::Damaged { .. } => {
                "keep the file, and put an earlier copy back if you have one: what that lacks may have been sent, and its \
                 unfinished runs say so"
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

//! What can be wrong with a ledger, and the way out.

use std::path::PathBuf;

use rusqlite::ErrorCode;
use thiserror::Error;

use crate::private_file::FileError;

#[derive(Debug, Error)]
pub(crate) enum LedgerError {
    #[error("run {run} is in use by another process")]
    InUse { run: String },
    #[error("the place of the ledgers is not known: there is no home directory")]
    NoDirectory,
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the ledger {} was removed or replaced while the run went on", path.display())]
    Removed { path: PathBuf },
    #[error("the ledger is of version {version}, newer than this jelouctl")]
    Newer { version: i32 },
    #[error("the ledger is damaged: {problem}")]
    Damaged { problem: String },
    #[error("the ledger cannot be read or written: {0}")]
    Sqlite(String),
    #[error("the thread that writes the ledger is gone")]
    WriterGone,
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged { problem: error.to_string() },
            _ => Self::Sqlite(error.to_string()),
        }
    }
}

impl LedgerError {
    /// The way out, for the hint line.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "wait for it, or watch it with `jelouctl bulk status`",
            Self::NoDirectory => "set HOME or XDG_STATE_HOME; nothing was sent",
            Self::Newer { .. } => "use the newer jelouctl; nothing was sent",
            Self::Removed { .. } => "put it back before you resume; rows without a state may have been sent",
            Self::File(_) | Self::Sqlite(_) | Self::WriterGone => {
                "check that the disk is not full and the directory can be written; a run that was begun is then resumed"
            }
            Self::Damaged { .. } => "keep the file; `jelouctl bulk report` gives what can still be read",
        }
    }
}

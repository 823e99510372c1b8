//! The ledger of a run: an SQLite file with one true state for every row. All SQL for SQLite is in this folder.

mod commit;
mod comparison;
mod delivery;
mod directory;
mod draft;
mod draft_rows;
mod earlier_runs;
mod file_run;
#[cfg(any(test, fuzzing))]
pub(crate) mod fixture;
mod integrity;
mod lock;
mod lock_file;
mod locked_run;
mod once_bucket;
mod once_store;
mod opening;
mod reading;
mod record;
mod repeated_rows;
mod rows;
mod run_files;
mod stop_mark;
mod store;

pub(crate) use self::directory::Runs;
pub(crate) use self::draft::{DraftRequest, DraftRow, LedgerDraft};
pub(crate) use self::draft_rows::{DraftOverview, DraftedRow, RowKey};
#[cfg(test)]
pub(crate) use self::file_run::FileRun;
pub(crate) use self::lock::ReservedRun;
pub(crate) use self::lock_file::RunNote;
pub(crate) use self::repeated_rows::LimitOf;
pub(crate) use self::stop_mark::StopWatch;

use std::time::Duration;

use rusqlite::{Connection, Params, Row as SqlRow};

#[cfg(any(test, fuzzing))]
pub(crate) use self::fixture::damaged_ledger;
use self::lock_file::LockFile;
use self::record::RecordSummary;
use self::run_files::Identity;
use super::{Counts, LedgerError, Run};

/// How long a statement waits for a reader that blocks it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The ledger of a run that exists.
pub(crate) struct Ledger {
    db: Connection,
    files: Identity,
    progress: LedgerProgress,
    /// The lock file, if the ledger is open for writing.
    mark: Option<LockFile>,
    /// Why the ledger is incomplete. None if it is open for writing.
    damage: Option<LedgerError>,
    /// No process held the run when the ledger was opened for reading. Its rows under way may have been sent.
    is_at_rest: bool,
    /// No row before this one is pending. Only known if the ledger is open for writing.
    first_pending: i64,
    /// No row from this one on has a record, unless it is skipped. Only known if the ledger is open for writing.
    untouched: i64,
}

/// The progress of the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LedgerProgress {
    opened: i64,
    began: i64,
    closed: i64,
    commits: u64,
    records: RecordSummary,
}

impl Ledger {
    /// When the run ended, in milliseconds since 1970. None while a row is not final, or may not be.
    pub(crate) fn finished_at(&self) -> Result<Option<i64>, LedgerError> {
        let records = self.read_progress()?.records;
        Ok((self.damage.is_none() && records.counts.is_finished()).then_some(records.changed_at))
    }

    fn read_progress(&self) -> Result<LedgerProgress, LedgerError> {
        let query = "SELECT opened, began, closed, commits, records, pending, inflight, sent, failed, unknown, skipped, \
                     changed_at FROM progress";
        Ok(self.db.query_row(query, [], |row| {
            let counts = Counts {
                pending: row.get(5)?,
                inflight: row.get(6)?,
                sent: row.get(7)?,
                failed: row.get(8)?,
                unknown: row.get(9)?,
                skipped: row.get(10)?,
            };
            Ok(LedgerProgress {
                opened: row.get(0)?,
                began: row.get(1)?,
                closed: row.get(2)?,
                commits: row.get(3)?,
                records: RecordSummary { sum: row.get(4)?, counts, changed_at: row.get(11)? },
            })
        })?)
    }

    /// The contents of its lock file, except the commits.
    fn note(&self) -> Result<RunNote, LedgerError> {
        Ok(RunNote::new(&self.details()?, &self.identity()?))
    }

    fn identity(&self) -> Result<[u8; 16], LedgerError> {
        Ok(self.db.query_row("SELECT identity FROM run", [], |row| row.get(0))?)
    }

    /// The number of rows in the list.
    fn rows(&self) -> Result<u64, LedgerError> {
        Ok(self.db.query_row("SELECT rows FROM run", [], |row| row.get(0))?)
    }

    /// The error for an incomplete ledger whose remaining contents a person can accept.
    fn damaged(&self, problem: String) -> LedgerError {
        match self.name() {
            Ok(run) => LedgerError::Incomplete { run, problem },
            Err(error) => error,
        }
    }
}

/// Passes the rows of `query` to `each`, one by one, until there are no more or it fails.
fn walk(
    db: &Connection,
    query: &str,
    parameters: impl Params,
    mut each: impl FnMut(&SqlRow<'_>) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let mut statement = db.prepare_cached(query)?;
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        each(row)?;
    }
    Ok(())
}

/// The text in a column of a row. Any other type is an error.
fn text_of<'a>(row: &'a SqlRow<'_>, column: usize) -> Result<&'a str, LedgerError> {
    Ok(row.get_ref(column)?.as_str()?)
}

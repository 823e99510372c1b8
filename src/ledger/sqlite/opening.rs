//! Opens a ledger for writing, and closes it. The ledger must be complete (`integrity.rs`), unless a person accepts it
//! in its present state.

use std::path::Path;

use rusqlite::types::ValueRef;

use super::Ledger;
use super::lock_file::{LockFile, RunNote};
use super::record::{RecordKind, text};
use super::run_files::Identity;
use crate::ledger::{ENDED_UNDER_WAY, LedgerError, RowState, Run, now};

/// How to treat a ledger that has lost something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    Refused,
    /// A person accepts what is left.
    Accepted,
}

impl Ledger {
    /// Opens the ledger to continue the run, whose lock the caller holds. The ledger is checked, and rows that were
    /// under way when the last process ended become unknown.
    pub(crate) fn resume(path: &Path, mark: LockFile) -> Result<Self, LedgerError> {
        Ok(Self::open_to_write(path, mark, Loss::Refused)?.0)
    }

    /// Like [`Ledger::resume`], but also accepts a ledger that has lost records. In the same commit every row that is
    /// still to be sent becomes unknown, and if records are lost, so does every failed row. Returns the number of these
    /// rows.
    pub(crate) fn accept_loss(path: &Path, mark: LockFile) -> Result<(Self, u64), LedgerError> {
        Self::open_to_write(path, mark, Loss::Accepted)
    }

    fn open_to_write(path: &Path, mark: LockFile, loss: Loss) -> Result<(Self, u64), LedgerError> {
        let mut ledger = Self::open(path)?;
        let noted = mark.note();
        let mut progress = ledger.read_progress()?;
        ledger.check_run(path, &progress)?;
        let problem = ledger.loss(&progress, &noted)?;
        let scan = ledger.integrity_scan()?;
        let doubted = match (loss, problem.or_else(|| scan.problem(&progress).map(str::to_owned))) {
            (Loss::Refused, Some(problem)) => return Err(ledger.damaged(problem)),
            (Loss::Refused, None) => Vec::new(),
            (Loss::Accepted, problem) => ledger.rows_in_doubt(problem.is_some())?,
        };
        let note = ledger.note()?;
        let noted_commits = noted.of_run(&ledger.identity()?).map(|noted| noted.commits);
        progress.commits = progress.commits.max(noted_commits.unwrap_or_default());
        progress.records = scan.records;
        progress.opened = progress.opened.max(progress.began).max(progress.closed) + 1;
        ledger.mark = Some(mark);
        ledger.progress = progress;
        ledger.write(|batch| doubted.iter().try_for_each(|row| batch.doubt(*row)))?;
        // Not earlier: the lock file would vouch for rows that this commit makes unknown.
        if let Some(mark) = ledger.mark.as_ref().filter(|_| noted_commits.is_none()) {
            mark.write(&RunNote { commits: ledger.progress.commits, ..note })?;
        }
        // From here on, the file itself says that there is a log.
        if !ledger.fold_log_in()? {
            return Err(LedgerError::InUse { run: ledger.name()? });
        }
        ledger.keep_log(false)?;
        ledger.files = Identity::of(path, ledger.mark.as_ref().map(LockFile::path));
        ledger.progress.began = ledger.progress.opened;
        ledger.first_pending = scan.first_pending;
        ledger.untouched = scan.untouched;
        ledger.end_inflight(&scan.inflight)?;
        Ok((ledger, doubted.len() as u64))
    }

    /// Rows that were under way when the last process ended may have been sent. This is the first commit in the log.
    fn end_inflight(&mut self, rows: &[(i64, i64, i64)]) -> Result<(), LedgerError> {
        self.write(|batch| {
            for (n, number, began_at) in rows {
                let at = now().max(*began_at);
                let fields = [
                    ValueRef::Integer(*n),
                    ValueRef::Integer(*number),
                    ValueRef::Integer(at),
                    text(Some(RowState::Unknown.name())),
                    ValueRef::Null,
                    ValueRef::Null,
                    text(Some("unknown")),
                    text(Some(ENDED_UNDER_WAY)),
                    ValueRef::Null,
                ];
                batch.add(RecordKind::Outcome, &fields, [RowState::Inflight, RowState::Unknown], at)?;
            }
            Ok(())
        })
    }

    /// Writes the log back into the file. False if a reader blocks it.
    fn fold_log_in(&self) -> Result<bool, LedgerError> {
        let is_busy: bool = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        Ok(!is_busy)
    }

    /// Closes the ledger cleanly. Returns whether every row is final.
    pub(crate) fn close(mut self) -> Result<bool, LedgerError> {
        self.progress.closed = self.progress.opened;
        let is_finished = self.progress.records.counts.is_finished();
        let end = if is_finished { self.end()? } else { None };
        self.write(|batch| end.iter().try_for_each(|end| batch.event(end)))?;
        // This does not wait for readers, since the contents of the log count too.
        self.db.busy_timeout(std::time::Duration::ZERO)?;
        let _ = self.fold_log_in();
        Ok(is_finished)
    }
}

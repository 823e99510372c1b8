//! How a ledger is opened to be written, and closed again. What is opened must be all that was ever written: a ledger
//! without its log looks like one that has sent nothing.

use std::path::Path;

use rusqlite::types::ValueRef;

use super::commit_mark::{CommitMark, RunNote};
use super::file::Identity;
use super::record::{RecordKind, text};
use super::survey::Survey;
use super::types::LedgerProgress;
use super::{Ledger, LedgerError, RowState, now};

/// What is done with a ledger that has lost something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    Refused,
    /// A person takes what is left as it is.
    Accepted,
}

impl Ledger {
    /// Opens the ledger to go on with the run, whose lock the caller has: it is checked, and a row that was under way when
    /// the last process ended becomes unknown.
    ///
    /// # Errors
    /// When it is not all that was written, is a copy, or cannot be written.
    pub(crate) fn resume(path: &Path, mark: CommitMark) -> Result<Self, LedgerError> {
        Self::open_to_write(path, mark, Loss::Refused)
    }

    /// As [`Ledger::resume`], but also of a ledger that has lost records, which is taken as it is from then on. The caller
    /// must decide that nothing of it is to be sent.
    pub(crate) fn accept_loss(path: &Path, mark: CommitMark) -> Result<Self, LedgerError> {
        Self::open_to_write(path, mark, Loss::Accepted)
    }

    fn open_to_write(path: &Path, mark: CommitMark, loss: Loss) -> Result<Self, LedgerError> {
        let mut ledger = Self::read(path)?;
        ledger.check_place(path)?;
        ledger.check_seal()?;
        let mut progress = ledger.read_progress()?;
        let (rows, created_at) =
            ledger.db.query_row("SELECT rows, created_at FROM run", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let survey = Survey::of(&ledger.db, rows, created_at)?;
        let note = ledger.note()?;
        let noted = mark.read().filter(|noted| noted.identity == note.identity);
        if loss == Loss::Refused {
            ledger.check_whole(progress, &survey, noted.as_ref())?;
        }
        progress.commits = progress.commits.max(noted.as_ref().map_or(0, |noted| noted.commits));
        progress.records = survey.records;
        progress.opened = progress.opened.max(progress.began).max(progress.closed) + 1;
        if noted.is_none() {
            mark.write(&RunNote { commits: progress.commits, ..note })?;
        }
        ledger.mark = Some(mark);
        ledger.progress = progress;
        ledger.write(|_| Ok(()))?;
        // From here on the file itself says that there is a log.
        if !ledger.fold_log_in()? {
            return Err(LedgerError::InUse { run: ledger.name()? });
        }
        ledger.identity = Identity::of(path, ledger.mark.as_ref().map(CommitMark::path));
        ledger.progress.began = ledger.progress.opened;
        ledger.first_pending = survey.first_pending;
        ledger.untouched = survey.untouched;
        ledger.end_what_was_under_way(&survey.under_way)?;
        Ok(ledger)
    }

    /// A file under another name is a copy: both would be sent.
    fn check_place(&self, path: &Path) -> Result<(), LedgerError> {
        let name = self.name()?;
        match path.file_stem().and_then(|stem| stem.to_str()) {
            Some(stem) if stem == name => Ok(()),
            stem => Err(LedgerError::Copy { file: stem.unwrap_or_default().to_owned(), run: name }),
        }
    }

    /// Compares what the ledger says of itself with its records, and with the lock file.
    fn check_whole(
        &self,
        progress: LedgerProgress,
        survey: &Survey,
        noted: Option<&RunNote>,
    ) -> Result<(), LedgerError> {
        let run = self.name()?;
        let noted_commits = noted.map(|noted| noted.commits);
        let problem = if noted_commits.is_some_and(|noted| noted > progress.commits) {
            let noted = noted_commits.unwrap_or_default();
            format!("{run}.db-wal is missing or has lost its end: of {noted} commits {} are left", progress.commits)
        } else if noted.is_none() && progress.opened != progress.began {
            format!("{run}.lock is missing or changed, and {run}.db-wal too may be missing")
        } else if noted.is_none() && progress.opened != progress.closed {
            format!("{run}.lock is missing or changed, so that {run}.db-wal may have lost its end")
        } else if let Some(problem) = survey.problem(&progress) {
            problem.to_owned()
        } else {
            return Ok(());
        };
        Err(self.damaged(problem))
    }

    /// What was under way when the last process ended may have been sent. This is the first commit of the log.
    fn end_what_was_under_way(&mut self, rows: &[(i64, i64, i64)]) -> Result<(), LedgerError> {
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
                    text(Some("jelouctl ended while the request was under way")),
                    ValueRef::Null,
                ];
                batch.add(RecordKind::Outcome, &fields, [RowState::Inflight, RowState::Unknown], at)?;
            }
            Ok(())
        })
    }

    /// Writes the log back into the file; false when a reader is in the way.
    fn fold_log_in(&self) -> Result<bool, LedgerError> {
        let is_busy: bool = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        Ok(!is_busy)
    }

    /// Closes the ledger in order; says whether nothing is left to be done.
    pub(crate) fn close(mut self) -> Result<bool, LedgerError> {
        self.progress.closed = self.progress.opened;
        let is_finished = self.progress.records.counts.is_finished();
        let end = if is_finished { self.end()? } else { None };
        self.write(|batch| end.iter().try_for_each(|end| batch.event(end)))?;
        // Who reads it is not waited for: what is in the log counts too.
        self.db.busy_timeout(std::time::Duration::ZERO)?;
        let _ = self.fold_log_in();
        Ok(is_finished)
    }
}

//! People who asked meanwhile not to be written to: `do_not_contact` of the profile is read again when a question was
//! answered, when a run goes on, and when the hours open that it waited for.

use std::path::Path;

use super::row_notes::{RowNotes, excluded_words};
use crate::commands::CommandError;
use crate::context::Context;
use crate::import::ExcludedBy;
use crate::ledger::{Ledger, LedgerDraft, LedgerError, RunId, RunLock, SharedRuns, Skip, SkipReason};
use crate::people::Exclusions;

/// Rows whose recipients are on a list by now.
#[derive(Default)]
struct ExcludedRows {
    /// Each with the reason in words.
    rows: Vec<(i64, String)>,
    notes: RowNotes,
}

impl ExcludedRows {
    /// Looks at row `n`, which begins at `line`.
    fn look(&mut self, exclusions: &Exclusions, (n, line): (i64, u64), recipients: &[String]) {
        if let Some((_, list)) = exclusions.find(recipients.iter().map(String::as_str)) {
            self.rows.push((n, ExcludedBy::List(list).problem()));
            self.notes.add(excluded_words(list), line.to_string(), "");
        }
    }

    fn skips(&self) -> Vec<(i64, Skip<'_>)> {
        let skip = |problem| Skip { reason: SkipReason::Excluded, problem, run: None };
        self.rows.iter().map(|(n, problem)| (*n, skip(problem))).collect()
    }
}

/// Leaves out the rows still to be sent of the run in the file at `path`, and says so.
pub(crate) fn leave_out_of_file(
    context: &Context,
    path: &Path,
    lock: &RunLock,
    exclusions: &Exclusions,
) -> Result<(), CommandError> {
    if exclusions.is_empty() {
        return Ok(());
    }
    let mut excluded = ExcludedRows::default();
    let ledger = Ledger::read(path, &lock.mark()?.note())?.into_whole()?;
    let (mut written, mut after) = (None, 0);
    // A part of the rows at a time, so that the memory it takes does not grow with them.
    loop {
        let rows = ledger.pending_behind(after)?;
        let Some(last) = rows.last() else { break };
        after = last.n;
        for row in &rows {
            excluded.look(exclusions, (row.n, row.line), &row.recipients()?);
        }
        if excluded.rows.is_empty() {
            continue;
        }
        let written = match &mut written {
            Some(written) => written,
            None => written.insert(Ledger::resume(path, lock.mark()?)?),
        };
        written.skip(&excluded.skips())?;
        excluded.rows.clear();
    }
    if let Some(written) = written {
        written.close()?;
    }
    excluded.notes.tell(&context.stderr);
    Ok(())
}

/// As [`leave_out_of_file`], of a run in a database.
pub(crate) fn leave_out_excluded(
    context: &Context,
    runs: &SharedRuns,
    run: RunId,
    exclusions: &Exclusions,
) -> Result<(), LedgerError> {
    if exclusions.is_empty() {
        return Ok(());
    }
    let mut excluded = ExcludedRows::default();
    runs.pending_requests::<LedgerError>(run, |row| {
        excluded.look(exclusions, (row.n, row.line), &row.recipients()?);
        Ok(())
    })?;
    runs.skip(run, &excluded.skips())?;
    excluded.notes.tell(&context.stderr);
    Ok(())
}

/// Leaves out the rows of a list whose run is about to begin, and says so.
pub(crate) fn leave_out_of_draft(
    context: &Context,
    draft: &mut LedgerDraft,
    exclusions: &Exclusions,
) -> Result<(), LedgerError> {
    if exclusions.is_empty() {
        return Ok(());
    }
    let mut excluded = ExcludedRows::default();
    draft.recipients(|place, recipients| excluded.look(exclusions, place, recipients))?;
    for (n, skip) in excluded.skips() {
        draft.skip(n, skip)?;
    }
    excluded.notes.tell(&context.stderr);
    Ok(())
}

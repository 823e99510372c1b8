//! People who asked meanwhile not to be written to: `do_not_contact` of the profile is read again when a question was
//! answered, when a run goes on, and when the hours open that it waited for.

use std::path::Path;

use super::row_notes::{RowNotes, excluded_words};
use crate::bulk::{ExcludedBy, Ledger, LedgerDraft, LedgerError, RunLock, Skip, SkipReason, StoredRun};
use crate::commands::CommandError;
use crate::context::Context;
use crate::message::recipients_in;
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
    fn look(&mut self, exclusions: &Exclusions, (n, line): (i64, u64), recipient: &str, body: &str) {
        let body = serde_json::from_str(body).unwrap_or_default();
        if let Some((_, list)) = exclusions.find(std::iter::once(recipient).chain(recipients_in(&body))) {
            self.rows.push((n, ExcludedBy::List(list).problem()));
            self.notes.add(excluded_words(list), line.to_string(), "");
        }
    }

    fn skips(&self) -> Vec<(i64, Skip<'_>)> {
        let skip = |problem| Skip { reason: SkipReason::Excluded, problem, run: None };
        self.rows.iter().map(|(n, problem)| (*n, skip(problem))).collect()
    }
}

/// Leaves out, by `skip`, the rows still to be sent of `run`, and says so.
pub(crate) fn leave_out_excluded(
    context: &Context,
    run: &StoredRun<'_>,
    exclusions: &Exclusions,
    skip: impl FnOnce(&[(i64, Skip<'_>)]) -> Result<(), LedgerError>,
) -> Result<(), CommandError> {
    if exclusions.is_empty() {
        return Ok(());
    }
    let mut excluded = ExcludedRows::default();
    run.pending_requests::<LedgerError>(|row| {
        excluded.look(exclusions, (row.n, row.line), &row.recipient, &row.body);
        Ok(())
    })?;
    if excluded.rows.is_empty() {
        return Ok(());
    }
    skip(&excluded.skips())?;
    excluded.notes.tell(&context.stderr);
    Ok(())
}

/// As [`leave_out_excluded`], of a run in the file at `path`.
pub(crate) fn leave_out_of_file(
    context: &Context,
    path: &Path,
    lock: &RunLock,
    exclusions: &Exclusions,
) -> Result<(), CommandError> {
    let run = StoredRun::File(Box::new(Ledger::read(path)?));
    leave_out_excluded(context, &run, exclusions, |skips| {
        let mut ledger = Ledger::resume(path, lock.mark()?)?;
        ledger.skip(skips)?;
        ledger.close().map(|_| ())
    })
}

/// Leaves out the rows of a list whose run is about to begin, and says so.
pub(crate) fn leave_out_of_draft(
    context: &Context,
    draft: &mut LedgerDraft,
    exclusions: &Exclusions,
) -> Result<(), CommandError> {
    if exclusions.is_empty() {
        return Ok(());
    }
    let mut excluded = ExcludedRows::default();
    draft.recipients::<LedgerError>(|place, recipient, body| {
        excluded.look(exclusions, place, recipient, body);
        Ok(())
    })?;
    for (n, skip) in excluded.skips() {
        draft.skip(n, skip)?;
    }
    excluded.notes.tell(&context.stderr);
    Ok(())
}

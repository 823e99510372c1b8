//! People who are not to be written to any more when a run goes on: `do_not_contact` of the profile is read again then.

use std::path::Path;

use super::row_notes::{RowNotes, excluded_words};
use crate::bulk::{ExcludedBy, Ledger, RunLock, Skip, SkipReason};
use crate::commands::CommandError;
use crate::context::Context;
use crate::people::Exclusions;

/// Leaves out the rows still to be sent whose recipients are on a list by now, and says so.
pub(crate) fn leave_out_excluded(
    context: &Context,
    path: &Path,
    lock: &RunLock,
    exclusions: &Exclusions,
) -> Result<(), CommandError> {
    if exclusions.is_empty() {
        return Ok(());
    }
    let mut notes = RowNotes::default();
    let ledger = Ledger::read(path)?;
    let (mut written, mut after) = (None, 0);
    // A part of the rows at a time, so that the memory it takes does not grow with them.
    loop {
        let rows = ledger.pending_behind(after)?;
        let Some(last) = rows.last() else { break };
        after = last.n;
        let mut left_out = Vec::new();
        for row in &rows {
            if let Some((_, list)) = exclusions.find(row.recipients()?.iter().map(String::as_str)) {
                left_out.push((row.n, ExcludedBy::List(list).problem()));
                notes.add(excluded_words(list), row.line.to_string(), "");
            }
        }
        if left_out.is_empty() {
            continue;
        }
        let skips: Vec<_> = left_out
            .iter()
            .map(|(n, problem)| (*n, Skip { reason: SkipReason::Excluded, problem, run: None }))
            .collect();
        let written = match &mut written {
            Some(written) => written,
            None => written.insert(Ledger::resume(path, lock.mark()?)?),
        };
        written.skip(&skips)?;
    }
    if let Some(written) = written {
        written.close()?;
    }
    notes.tell(&context.stderr);
    Ok(())
}

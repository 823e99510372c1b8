//! Skips people who are excluded while a run waits: `do_not_contact` of the profile is read again after a question,
//! when a run continues, and when its hours open.

use super::list_notes::{RowNotes, excluded_words};
use crate::context::Context;
use crate::import::problem_of_excluded;
use crate::ledger::{HeldRun, LedgerDraft, LedgerError, Skip, SkipReason};
use crate::people::Exclusions;

/// Rows whose recipients are now on a list.
#[derive(Default)]
struct ExcludedRows {
    /// Each with its list.
    rows: Vec<(i64, usize)>,
    /// In words.
    reasons: Vec<String>,
    notes: RowNotes,
}

impl ExcludedRows {
    /// Checks row `n`, which begins at `line`.
    fn look(&mut self, exclusions: &Exclusions, (n, line): (i64, u64), recipients: &[String]) {
        if let Some((_, list)) = exclusions.find(recipients.iter().map(String::as_str)) {
            let reason = problem_of_excluded(list);
            let known = self.reasons.iter().position(|known| *known == reason);
            self.rows.push((n, known.unwrap_or(self.reasons.len())));
            if known.is_none() {
                self.reasons.push(reason);
            }
            self.notes.add(excluded_words(list), line.to_string(), "");
        }
    }

    fn skips(&self) -> impl Iterator<Item = (i64, Skip<'_>)> {
        let reason = |place: usize| self.reasons.get(place).map_or("", String::as_str);
        let skip = move |place| Skip { reason: SkipReason::Excluded, problem: reason(place), run: None };
        self.rows.iter().map(move |(n, place)| (*n, skip(*place)))
    }
}

/// Skips the rows of a run for people who are excluded now, and prints a note.
pub(crate) fn leave_out_excluded(
    context: &Context,
    run: &mut dyn HeldRun,
    exclusions: &Exclusions,
) -> Result<(), LedgerError> {
    if exclusions.is_empty() {
        return Ok(());
    }
    let mut excluded = ExcludedRows::default();
    run.read()?.into_whole()?.pending_requests::<LedgerError>(|row| {
        excluded.look(exclusions, (row.n, row.line), &row.recipients()?);
        Ok(())
    })?;
    run.skip(&mut excluded.skips())?;
    excluded.notes.tell(&context.stderr);
    Ok(())
}

/// Skips such rows of a list whose run is about to begin, and prints a note.
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

//! People who are not to be written to any more when a run goes on: `do_not_contact` of the profile is read again then.

use super::row_notes::{RowNotes, excluded_words};
use crate::bulk::{ExcludedBy, LedgerError, Skip, SkipReason, StoredRun};
use crate::commands::CommandError;
use crate::context::Context;
use crate::message::recipients_in;
use crate::people::Exclusions;

/// Leaves out, by `skip`, the rows still to be sent whose recipients are on a list by now, and says so.
pub(crate) fn leave_out_excluded(
    context: &Context,
    run: &StoredRun<'_>,
    exclusions: &Exclusions,
    skip: impl FnOnce(&[(i64, Skip<'_>)]) -> Result<(), LedgerError>,
) -> Result<(), CommandError> {
    if exclusions.is_empty() {
        return Ok(());
    }
    let mut notes = RowNotes::default();
    let mut left_out = Vec::new();
    run.pending_requests::<LedgerError>(|row| {
        let body = serde_json::from_str(&row.body).unwrap_or_default();
        let recipients = std::iter::once(row.recipient.as_str()).chain(recipients_in(&body));
        if let Some((_, list)) = exclusions.find(recipients) {
            left_out.push((row.n, ExcludedBy::List(list).problem()));
            notes.add(excluded_words(list), row.line.to_string(), "");
        }
        Ok(())
    })?;
    if left_out.is_empty() {
        return Ok(());
    }
    let skips: Vec<_> =
        left_out.iter().map(|(n, problem)| (*n, Skip { reason: SkipReason::Excluded, problem, run: None })).collect();
    skip(&skips)?;
    notes.tell(&context.stderr);
    Ok(())
}

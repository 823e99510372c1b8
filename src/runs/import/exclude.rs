//! Skips recipients of a list or a run that must not get its messages now. It reads `do_not_contact` again after a
//! question, when a run continues, and when its hours open. With `--only-in-window`, it skips recipients that have not
//! written recently, because WhatsApp would reject a free-form message to them.

use std::collections::BTreeMap;

use super::error::BulkError;
use super::finding::Finding;
use super::finding::RowNotes;
use super::import_result::describe_exclusion;
use super::plan::WindowCheck;
use crate::base::message::msg;
use crate::jelou::api::LookUpError;
use crate::lists::exclusions::Exclusions;
use crate::runs::ledger::{LedgerDraft, Run, SkipDetail, SkipReason};

/// The rows that may still be skipped.
pub(crate) enum UnsentRows<'a> {
    OfRun(&'a Run),
    /// The rows of a list that is about to become a run.
    OfDraft(&'a mut LedgerDraft),
}

/// Skips the rows of excluded recipients, and the rows of recipients outside the window. Returns notes of them.
pub(crate) fn skip_excluded(
    rows: UnsentRows<'_>,
    exclusions: &Exclusions,
    is_in_window: WindowCheck<'_>,
) -> Result<Vec<Finding>, BulkError> {
    let mut notes = RowNotes::default();
    if exclusions.is_empty() && is_in_window.is_none() {
        return Ok(notes.findings());
    }
    let mut found = BTreeMap::<_, (SkipDetail, Vec<_>)>::new();
    let is_run = matches!(rows, UnsentRows::OfRun(_));
    let mut note_refusal = |n: i64, line: u64, recipients: &[String]| {
        let (reason, problem) = match exclusions.find(recipients.iter().map(String::as_str)) {
            Some((_, list)) => (SkipReason::Excluded, describe_exclusion(list)),
            None if is_outside(is_in_window, recipients)? => {
                let problem = msg!("the recipient has not written within 23 hours");
                (SkipReason::OutsideWindow, problem)
            }
            None => return Ok(()),
        };
        let (_, rows) = found.entry(problem.to_string()).or_insert_with(|| {
            let problem = problem.clone();
            (SkipDetail { reason, problem }, Vec::new())
        });
        rows.push(n);
        // A list counts the rows outside the window before its question.
        if is_run || reason == SkipReason::Excluded {
            notes.add(Finding::skipped_row(line, problem));
        }
        Ok::<_, BulkError>(())
    };
    match &rows {
        UnsentRows::OfRun(run) => {
            run.pending_requests(|row| {
                note_refusal(row.index, row.line, &row.request().recipients()?)
            })?;
        }
        UnsentRows::OfDraft(draft) => {
            draft.each_row_to_send(|row, request| {
                note_refusal(row.index, row.line, &request.recipients()?)
            })?;
        }
    }
    match rows {
        UnsentRows::OfRun(run) => run.skip(&mut skips(&found))?,
        UnsentRows::OfDraft(draft) => {
            skips(&found).try_for_each(|(n, skip)| draft.skip(n, &skip))?;
        }
    }
    Ok(notes.findings())
}

/// Returns the rows to skip for each problem, with the reason.
fn skips(
    found: &BTreeMap<String, (SkipDetail, Vec<i64>)>,
) -> impl Iterator<Item = (i64, SkipDetail)> {
    found
        .values()
        .flat_map(|(skip, rows)| rows.iter().map(|n| (*n, skip.clone())))
}

/// Returns whether one of the recipients is outside the window.
fn is_outside(is_in_window: WindowCheck<'_>, recipients: &[String]) -> Result<bool, LookUpError> {
    let Some(is_in_window) = is_in_window else {
        return Ok(false);
    };
    for recipient in recipients {
        if !is_in_window(recipient)? {
            return Ok(true);
        }
    }
    Ok(false)
}

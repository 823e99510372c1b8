//! Skips recipients of a list or a run that must not get its messages now. It reads `do_not_contact` again after a
//! question, when a run continues, and when its hours open. With `--only-in-window`, it skips recipients that have not
//! written recently, because WhatsApp would reject a free-form message to them.

use std::collections::BTreeMap;

use super::row_notes::RowNotes;
use crate::base::message::msg;
use crate::base::process::block_on;
use crate::command_error::CommandError;
use crate::jelou::api::LookUpError;
use crate::lists::exclusions::Exclusions;
use crate::runs::import::{Finding, describe_exclusion};
use crate::runs::ledger::{LedgerDraft, Run, SkipDetail, SkipReason};
use crate::sender::context::Context;
use crate::sender::{OpenWindows, Sender};

/// The rows that may still be skipped.
pub(super) enum UnsentRows<'a> {
    OfRun(&'a Run),
    /// The rows of a list that is about to become a run.
    OfDraft(&'a mut LedgerDraft),
}

/// Skips the rows of excluded recipients, and with `windows` the rows of recipients that have not written recently;
/// prints notes of them.
pub(super) fn skip_excluded(
    context: &Context,
    rows: UnsentRows<'_>,
    exclusions: &Exclusions,
    windows: Option<&OpenWindows>,
) -> Result<(), CommandError> {
    if exclusions.is_empty() && windows.is_none() {
        return Ok(());
    }
    let mut notes = RowNotes::default();
    let mut found = BTreeMap::<_, (SkipDetail, Vec<_>)>::new();
    let is_run = matches!(rows, UnsentRows::OfRun(_));
    let mut note_refusal = |n: i64, line: u64, recipients: &[String]| {
        let (reason, problem) = match exclusions.find(recipients.iter().map(String::as_str)) {
            Some((_, list)) => (SkipReason::Excluded, describe_exclusion(list)),
            None if is_outside(windows, recipients)? => {
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
        Ok::<_, CommandError>(())
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
    notes.print(&context.stderr);
    Ok(())
}

/// Returns the rows to skip for each problem, with the reason.
fn skips(
    found: &BTreeMap<String, (SkipDetail, Vec<i64>)>,
) -> impl Iterator<Item = (i64, SkipDetail)> {
    found
        .values()
        .flat_map(|(skip, rows)| rows.iter().map(|n| (*n, skip.clone())))
}

/// Returns whether a recipient has not written recently, if `--only-in-window` applies.
fn is_outside(windows: Option<&OpenWindows>, recipients: &[String]) -> Result<bool, LookUpError> {
    let Some(windows) = windows else {
        return Ok(false);
    };
    for recipient in recipients {
        if !windows.is_open(recipient)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads, over a separate connection, which recipients have written recently.
pub(super) fn look_up_windows(
    context: &Context,
    sender: &Sender,
) -> Result<OpenWindows, CommandError> {
    block_on(async {
        let mut connection = sender.connect(context).await?;
        Ok(OpenWindows::read(&mut connection).await?)
    })
}

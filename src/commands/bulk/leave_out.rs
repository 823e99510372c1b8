//! Leaves out people who must not get the messages of a list or a run now: those who are excluded while it waits, since
//! `do_not_contact` is read again after a question, when a run continues, and when its hours open; and with
//! `--only-in-window` those who have not written recently, since WhatsApp would refuse a free-form message to them.

use std::collections::BTreeMap;

use super::list_notes::{RowNotes, excluded_words};
use super::send_args::BulkSendArgs;
use super::words::NOT_WRITTEN;
use crate::command_error::CommandError;
use crate::context::Context;
use crate::import::problem_of_excluded;
use crate::input::UsageError;
use crate::ledger::{LedgerDraft, LedgerError, Run, Skip, SkipReason};
use crate::message::Message;
use crate::output::counted_are;
use crate::people::Exclusions;
use crate::process::block_on;
use crate::sending::{OpenWindows, Sender};

/// The rows that may still be left out.
pub(super) enum UnsentRows<'a> {
    OfRun(&'a Run),
    /// Those of a list whose run is about to begin.
    OfDraft(&'a mut LedgerDraft),
}

/// Skips the rows for people who are excluded now, and with `windows` those for people who have not written recently.
pub(super) fn leave_out(
    context: &Context,
    mut rows: UnsentRows<'_>,
    exclusions: &Exclusions,
    windows: Option<&OpenWindows>,
) -> Result<(), CommandError> {
    if !exclusions.is_empty() {
        leave_out_excluded(context, &mut rows, exclusions)?;
    }
    windows.map_or(Ok(()), |windows| leave_others_out(context, windows, rows))
}

/// Skips the rows for people who are excluded, and prints a note.
fn leave_out_excluded(
    context: &Context,
    rows: &mut UnsentRows<'_>,
    exclusions: &Exclusions,
) -> Result<(), LedgerError> {
    let mut notes = RowNotes::default();
    rows.skip::<LedgerError>(SkipReason::Excluded, |line, recipients| {
        let found = exclusions.find(recipients.iter().map(String::as_str));
        Ok(found.map(|(_, list)| {
            notes.add(excluded_words(list), line.to_string(), "", false);
            problem_of_excluded(list)
        }))
    })?;
    notes.tell(&context.stderr);
    Ok(())
}

/// The people who have written recently, for a list that becomes a run; None without the flag.
pub(super) fn windows_for_list(
    context: &Context,
    args: &BulkSendArgs,
    kind: &Message,
    sender: &Sender,
) -> Result<Option<OpenWindows>, CommandError> {
    if !args.only_in_window {
        return Ok(None);
    }
    if kind.command() == "template" {
        let message = "--only-in-window is for free-form messages; a template can be sent at any time";
        return Err(UsageError::new(message, "leave --only-in-window out").into());
    }
    if !args.makes_run(context.mode) {
        context.stderr.note("--only-in-window is applied when the run is made, and ignored here");
        return Ok(None);
    }
    look_up_windows(context, sender).map(Some)
}

/// Reads over a connection of its own who has written recently.
pub(super) fn look_up_windows(context: &Context, sender: &Sender) -> Result<OpenWindows, CommandError> {
    block_on(async {
        let mut connection = sender.connect(context).await?;
        Ok(OpenWindows::read(&mut connection).await?)
    })
}

/// Skips the rows for other people, and prints a note of those of a run.
pub(super) fn leave_others_out(
    context: &Context,
    windows: &OpenWindows,
    mut rows: UnsentRows<'_>,
) -> Result<(), CommandError> {
    let is_run = matches!(rows, UnsentRows::OfRun(_));
    let rows = rows.skip(SkipReason::OutsideWindow, |_, recipients| outside(windows, recipients))?;
    if is_run && rows > 0 {
        context.stderr.note(&format!("{} left out: {NOT_WRITTEN}", counted_are(rows, "row")));
    }
    Ok(())
}

/// The problem of a row with a recipient who has not written.
fn outside(windows: &OpenWindows, recipients: &[String]) -> Result<Option<String>, CommandError> {
    for recipient in recipients {
        if !windows.is_open(recipient)? {
            return Ok(Some(NOT_WRITTEN.to_owned()));
        }
    }
    Ok(None)
}

impl UnsentRows<'_> {
    /// Skips each row for which `problem_of`, given its line and recipients, returns a problem; returns their number.
    fn skip<E: From<LedgerError>>(
        &mut self,
        reason: SkipReason,
        mut problem_of: impl FnMut(u64, &[String]) -> Result<Option<String>, E>,
    ) -> Result<u64, E> {
        let mut found = BTreeMap::<_, Vec<_>>::new();
        let mut look = |n: i64, line, recipients: &[String]| {
            if let Some(problem) = problem_of(line, recipients)? {
                found.entry(problem).or_default().push(n);
            }
            Ok::<_, E>(())
        };
        match self {
            Self::OfRun(run) => run.pending_requests(|row| look(row.n, row.line, &row.recipients()?))?,
            Self::OfDraft(draft) => draft.each_sent(|row, request| look(row.n, row.line, &request.recipients()?))?,
        }
        for (problem, rows) in &found {
            let mut skips = rows.iter().map(|n| (*n, Skip { reason, problem }));
            match self {
                Self::OfRun(run) => run.skip(&mut skips)?,
                Self::OfDraft(draft) => skips.try_for_each(|(n, skip)| draft.skip(n, skip))?,
            }
        }
        Ok(found.values().map(|rows| rows.len() as u64).sum())
    }
}

//! `--only-in-window`: skips people who have not written recently, since WhatsApp would refuse a free message to them.

use serde_json::{Map, Value};

use super::send_args::BulkSendArgs;
use crate::api::MessageSort;
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::ledger::{HeldRun, LedgerDraft, LedgerError, Skip, SkipReason};
use crate::message::Message;
use crate::output::counted_are;
use crate::process::block_on;
use crate::sending::{Connection, Flight, OpenWindows, Sender};

const OUTSIDE: Skip<'static> =
    Skip { reason: SkipReason::OutsideWindow, problem: "the person has not written within 23 hours", run: None };

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
        return Err(refusal().into());
    }
    if !args.makes_run(context.mode) {
        context.stderr.note("--only-in-window counts when the run is made: it leaves nobody out here");
        return Ok(None);
    }
    block_on(async {
        let mut connection = sender.connect(context).await?;
        read_windows(context, sender, &mut connection).await.map(Some)
    })
}

/// Reads who has written recently.
pub(super) async fn read_windows(
    context: &Context,
    sender: &Sender,
    connection: &mut Connection,
) -> Result<OpenWindows, CommandError> {
    let (flight, settings) = (Flight::default(), &sender.settings);
    let mut look_ups = connection.look_ups(&context.stderr, settings, sender.bot.as_str(), &flight);
    Ok(OpenWindows::read(&mut look_ups, &context.stderr, settings.rate.value.per_second()).await?)
}

fn refusal() -> UsageError {
    let message = "--only-in-window is for free messages; a template can be sent at any time";
    UsageError::new(message, "leave --only-in-window out")
}

/// Skips the rows of a list for other people; does nothing without the flag.
pub(super) fn leave_others_out_of_draft(
    windows: Option<&OpenWindows>,
    draft: &mut LedgerDraft,
) -> Result<(), CommandError> {
    let Some(windows) = windows else { return Ok(()) };
    draft.requests::<CommandError>(
        |_, path, body| if is_template(path, body) { Err(refusal().into()) } else { Ok(()) },
    )?;
    let mut outside = Vec::new();
    draft.recipients(|(n, _), recipients| {
        if !are_open(windows, recipients) {
            outside.push(n);
        }
    })?;
    Ok(outside.into_iter().try_for_each(|n| draft.skip(n, OUTSIDE))?)
}

/// Whether a request is a template: its path or the `templateId` of its body says so.
fn is_template(path: &str, body: &str) -> bool {
    let may_name_one = body.contains("\"templateId\"");
    let fields: Map<String, Value> =
        if may_name_one { serde_json::from_str(body).unwrap_or_default() } else { Map::new() };
    MessageSort::of(path, &fields) != MessageSort::Free
}

/// Skips the unsent rows of a run for other people, and prints a note.
pub(super) fn leave_others_out(
    context: &Context,
    windows: &OpenWindows,
    run: &mut dyn HeldRun,
) -> Result<(), LedgerError> {
    let mut outside = Vec::new();
    run.read()?.into_whole()?.pending_requests::<LedgerError>(|row| {
        if !are_open(windows, &row.recipients()?) {
            outside.push(row.n);
        }
        Ok(())
    })?;
    run.skip(&mut outside.iter().map(|n| (*n, OUTSIDE)))?;
    let rows = outside.len() as u64;
    if rows > 0 {
        let these_have = if rows == 1 { "the person has" } else { "these people have" };
        let rows_are = counted_are(rows, "row");
        context.stderr.note(&format!("{rows_are} left out: {these_have} not written within 23 hours"));
    }
    Ok(())
}

fn are_open(windows: &OpenWindows, recipients: &[String]) -> bool {
    recipients.iter().all(|recipient| windows.is_open(recipient))
}

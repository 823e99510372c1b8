//! The messages of `--test-to`: the messages of the first rows, to the recipient of the test.

use super::send_args::BulkSendArgs;
use crate::base::input::UsageError;
use crate::base::message::msg;
use crate::command_error::CommandError;
use crate::commands::read_recipient;
use crate::jelou::message::{InvalidMessage, Outgoing, TypedRecipient};
use crate::lists::list_file::ListReader;
use crate::runs::import::ImportPlan;
use crate::runs::ledger::{LedgerDraft, LedgerError};
use crate::sender::Sender;
use crate::sender::context::Context;

/// Reads the recipient of the test; None without the flag.
pub(super) fn read_tester(
    context: &Context,
    args: &BulkSendArgs,
    sender: &Sender,
) -> Result<Option<TypedRecipient>, InvalidMessage> {
    match &args.test_to {
        Some(to) => {
            let country = args.choices.country.or(sender.settings.country);
            read_recipient(context, "--test-to", to, country).map(Some)
        }
        None => Ok(None),
    }
}

/// Returns the messages of the first `rows`, with `recipient` instead.
pub(super) fn first_messages(
    list: &ListReader,
    draft: &LedgerDraft,
    import: &ImportPlan<'_>,
    recipient: &TypedRecipient,
    rows: u8,
) -> Result<Vec<Outgoing>, CommandError> {
    let mut messages = Vec::new();
    draft.each_row_to_send_up_to(rows.into(), |drafted, _| {
        let row = list.read_back(drafted.cells);
        let row = row.ok_or_else(|| {
            LedgerError::damaged(format!("line {} cannot be read back", drafted.line))
        })?;
        let made = import.message(&row, recipient.clone());
        let (outgoing, _) = made.map_err(|error| {
            let message = error.message();
            UsageError::bare(msg!("line {line}: {message}", line = drafted.line, message))
        })?;
        messages.push(outgoing);
        Ok::<_, CommandError>(())
    })?;
    Ok(messages)
}

//! How many different recipients a run may send templates to in 24 hours.

use crate::base::input::UsageError;
use crate::base::message::{ToValue, msg};
use crate::base::output::count_value;
use crate::jelou::message::MessageKind;
use crate::runs::ledger::{DailyLimit, Ledger, LedgerDraft, LedgerError, RunSettings};
use crate::sender::context::Context;

/// Returns the limit of a run of this kind: the typed one, or else the `current` one. Only templates count.
pub(super) fn run_messaging_limit(
    typed: Option<u32>,
    current: Option<u32>,
    kind: &MessageKind,
) -> Result<Option<u32>, UsageError> {
    if kind.may_be_template() {
        return Ok(typed.or(current));
    }
    match typed {
        None => Ok(None),
        Some(_) => Err(UsageError::bare(msg!(
            "--per-day counts recipients of templates; a message of kind {kind} is not a template",
            kind = kind.command()
        ))),
    }
}

/// Warns before the question if the messaging limit has no room now for all new recipients; returns whether it warned.
pub(crate) fn report_limit(
    context: &Context,
    ledger: Option<&Ledger>,
    details: &RunSettings,
    draft: &LedgerDraft,
) -> Result<bool, LedgerError> {
    let Some(daily) = DailyLimit::for_draft(ledger, details, draft)? else {
        return Ok(false);
    };
    if details.sandbox {
        context.stderr.note(msg!(
            "the sandbox does not count recipients, so --per-day has no effect here"
        ));
        return Ok(false);
    }
    let DailyLimit {
        limit,
        new: recipients,
        room,
    } = daily;
    if recipients <= room {
        return Ok(false);
    }
    let room = if room == 0 {
        msg!("none").to_value()
    } else {
        count_value(room)
    };
    context.stderr.warning(msg!(
        "templates may go to {limit} different recipients in 24 hours: this list has {recipients} new ones, and there is room \
         for {room}; the run waits at the limit and then continues, if this command keeps running",
        limit = count_value(limit),
        recipients = count_value(recipients),
        room
    ));
    Ok(true)
}

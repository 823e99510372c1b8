//! How many different people a run may reach with templates in 24 hours.

use crate::base::input::UsageError;
use crate::base::output::grouped;
use crate::jelou::message::MessageKind;
use crate::runs::ledger::{DailyLimit, Ledger, LedgerDraft, LedgerError, RunSettings};
use crate::sender::context::Context;

/// The limit of a run of this kind: as typed, or else `kept`. Only templates count.
pub(super) fn limit_of_run(
    typed: Option<u32>,
    kept: Option<u32>,
    kind: &MessageKind,
) -> Result<Option<u32>, UsageError> {
    if kind.may_be_template() {
        return Ok(typed.or(kept));
    }
    match typed {
        None => Ok(None),
        Some(_) => Err(UsageError::new(
            format!(
                "--per-day: it counts people who get a template, and a message of kind {} is not one",
                kind.command()
            ),
            "leave it out; --rate and --between say when messages leave",
        )),
    }
}

/// Warns before the question that the limit of people has no room now for all new ones of a list; returns whether it does.
pub(crate) fn report_limit(
    context: &Context,
    store: Option<&Ledger>,
    details: &RunSettings,
    draft: &LedgerDraft,
) -> Result<bool, LedgerError> {
    let Some(daily) = DailyLimit::for_draft(store, details, draft)? else {
        return Ok(false);
    };
    if details.sandbox {
        context
            .stderr
            .note("the sandbox does not count people, so --per-day has no effect here");
        return Ok(false);
    }
    let DailyLimit {
        limit,
        new: people,
        room,
    } = daily;
    if people <= room {
        return Ok(false);
    }
    let room = if room == 0 {
        "none".to_owned()
    } else {
        grouped(room)
    };
    let limit = grouped(limit);
    let people = grouped(people);
    context.stderr.warning(&format!(
        "templates reach at most {limit} different people in 24 hours: of this list, {people} would be new in that time, and \
         there is room for {room}; the run waits for the others and goes on by itself, as long as this command runs"
    ));
    Ok(true)
}

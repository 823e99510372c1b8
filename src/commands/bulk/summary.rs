//! A run in figures: what goes to standard output at its end, and what `bulk status` shows.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::earlier::report_skipped;
use crate::bulk::{Counts, LedgerDraft, RunName, SkipCounts, SkipReason};
use crate::commands::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::output::{Format, StreamError, counted};

/// Of the run `name`, or of a list of which nothing was left; `written_to` people were written to by an earlier run.
pub(crate) fn summary(name: Option<&RunName>, counts: &Counts, skips: &SkipCounts, written_to: u64) -> Value {
    json!({
        "schema_version": 1,
        "run": name.map(ToString::to_string),
        "complete": counts.is_finished(),
        "rows": counts.all(),
        "sent": counts.sent,
        "failed": counts.failed,
        "unknown": counts.unknown,
        "skipped": counts.skipped,
        "skipped_reasons": skips.iter().map(|(reason, rows)| (reason.name(), rows)).collect::<BTreeMap<_, _>>(),
        "pending": counts.pending,
        "inflight": counts.inflight,
        "written_to_within_24_hours": written_to,
    })
}

/// Says that every row was left out, so that there is no run. Gives the code of that.
pub(crate) fn nothing_to_send(context: &Context, draft: &LedgerDraft) -> Result<ExitCode, CommandError> {
    let skips = draft.skip_counts()?;
    report_skipped(context, &skips);
    let skipped = skips.iter().map(|(_, rows)| rows).sum();
    context.stderr.note(&format!("nothing is left to send: {} left out, and no run is made", were(skipped)));
    let to_be_sent: u64 =
        skips.iter().filter(|(reason, _)| *reason == SkipReason::ToBeSent).map(|(_, rows)| rows).sum();
    if to_be_sent > 0 {
        let rows = counted(to_be_sent, "message");
        context.stderr.warning(&format!("{rows} of an unfinished run are not sent by this: jelouctl bulk resume"));
    }
    print_summary(context, &summary(None, &Counts { skipped, ..Counts::default() }, &skips, 0), None)?;
    Ok(of_counts(&Counts::default(), &skips))
}

/// The code of a run that is complete.
pub(super) fn of_counts(counts: &Counts, skips: &SkipCounts) -> ExitCode {
    if counts.failed + counts.unknown + skips.needing_attention() == 0 {
        ExitCode::Success
    } else {
        ExitCode::Incomplete
    }
}

fn were(rows: u64) -> String {
    if rows == 1 { "the only row is".to_owned() } else { format!("all {rows} rows are") }
}

/// What a person should know of rows that may have been sent, with the way to see them; nothing where there are none.
pub(crate) fn may_have_been_sent(name: &RunName, counts: &Counts) -> Option<String> {
    let rows = counts.unknown + counts.inflight;
    let states = if counts.inflight > 0 { "--state unknown --state inflight" } else { "--state unknown" };
    let look = format!("jelouctl bulk report {name} {states}");
    match rows {
        0 => None,
        1 => Some(format!("1 message may have been sent and is left alone: {look}")),
        _ => Some(format!("{rows} messages may have been sent and are left alone: {look}")),
    }
}

/// `--output id` is the run's name.
pub(crate) fn print_summary(context: &Context, summary: &Value, name: Option<&RunName>) -> Result<(), StreamError> {
    match context.stdout.format {
        Format::Id => name.map_or(Ok(()), |name| context.stdout.value(&name.to_string())),
        Format::Response | Format::Record => context.stdout.json(summary),
        Format::None => Ok(()),
    }
}

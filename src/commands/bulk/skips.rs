//! Describes rows that are not sent, by their reason.

use crate::base::message::{Message, msg};
use crate::runs::ledger::{SkipCounts, SkipReason};
use crate::sender::context::Context;

/// Describes the skipped rows: `3 invalid, 2 already sent`; None if no row was skipped.
pub(super) fn describe_skips(skips: &SkipCounts) -> Option<Message> {
    list_rows(skips.iter())
}

fn list_rows(skips: impl Iterator<Item = (SkipReason, u64)>) -> Option<Message> {
    let some = skips.filter(|(_, rows)| *rows > 0);
    let reasons: Vec<_> = some.map(|(reason, rows)| describe(reason, rows)).collect();
    (!reasons.is_empty()).then(|| Message::joined(reasons, ", "))
}

fn describe(reason: SkipReason, rows: u64) -> Message {
    match reason {
        SkipReason::Invalid => msg!("{rows} invalid", rows),
        SkipReason::Excluded => msg!("{rows} excluded", rows),
        SkipReason::NotAllowed => msg!("{rows} not allowed", rows),
        SkipReason::Hidden => msg!("{rows} hidden", rows),
        SkipReason::NotSelected => msg!("{rows} not selected", rows),
        SkipReason::Repeated => msg!("{rows} repeated", rows),
        SkipReason::AlreadySent => msg!("{rows} already sent", rows),
        SkipReason::MayHaveBeenSent => msg!("{rows} may have been sent", rows),
        SkipReason::ToBeSent => msg!("{rows} will be sent by another run or send", rows),
        SkipReason::OutsideWindow => msg!("{rows} outside the 24-hour window", rows),
        SkipReason::Cancelled => msg!("{rows} cancelled", rows),
    }
}

/// Prints how many rows are skipped because of earlier runs and sends, the 24-hour window, or their values. Rows with
/// another reason were reported earlier.
pub(super) fn report_skipped(context: &Context, skips: &SkipCounts) {
    use SkipReason::{AlreadySent, MayHaveBeenSent, NotSelected, OutsideWindow, ToBeSent};
    let reported = [
        AlreadySent,
        MayHaveBeenSent,
        ToBeSent,
        OutsideWindow,
        NotSelected,
    ];
    let skips = reported.map(|reason| (reason, skips.rows(reason)));
    let rows: u64 = skips.iter().map(|(_, rows)| rows).sum();
    if let Some(reasons) = list_rows(skips.into_iter()) {
        let note = msg!(
            "{rows} {rows|row is|rows are} skipped: {reasons}",
            rows,
            reasons
        );
        context.stderr.note(note);
    }
}

//! Describes rows that are not sent, by their reason.

use crate::base::output::{counted_are, grouped};
use crate::runs::ledger::{SkipCounts, SkipReason};
use crate::sender::context::Context;

/// Why a row is skipped with `--only-in-window`.
pub(super) const NOT_WRITTEN: &str = "the recipient has not written within 23 hours";

/// Describes counts: `3 failed, 2 may have been sent`; zero counts are omitted.
pub(super) fn describe_counts(
    counts: impl IntoIterator<Item = (u64, impl AsRef<str>)>,
) -> Option<String> {
    let some = counts.into_iter().filter(|(count, _)| *count > 0);
    let words: Vec<_> = some
        .map(|(count, what)| format!("{} {}", grouped(count), what.as_ref()))
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// Describes the skipped rows: `3 invalid, 2 already sent`; None if no row was skipped.
pub(super) fn describe_skips(skips: &SkipCounts) -> Option<String> {
    describe_counts(
        skips
            .iter()
            .map(|(reason, rows)| (rows, describe_reason(reason))),
    )
}

fn describe_reason(reason: SkipReason) -> String {
    match reason {
        SkipReason::ToBeSent => "will be sent by another run or send".to_owned(),
        SkipReason::OutsideWindow => "outside the 24-hour window".to_owned(),
        reason => reason.name().replace('_', " "),
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
    let rows = reported.map(|reason| (skips.rows(reason), describe_reason(reason)));
    let all = rows.iter().map(|(rows, _)| rows).sum();
    if let Some(reasons) = describe_counts(rows) {
        context
            .stderr
            .note(&format!("{} skipped: {reasons}", counted_are(all, "row")));
    }
}

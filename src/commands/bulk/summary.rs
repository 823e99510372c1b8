//! The summary of a run, printed at its end and by `bulk status`: as data, or in words at a terminal.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::pauses::{cancellation_as_json, describe_repeats};
use super::skips::{describe_counts, describe_skips, report_skipped};
use crate::base::exit::ExitCode;
use crate::base::output::{
    Format, RecordError, SystemError, counted, counted_are, grouped, rounded,
};
use crate::command_error::CommandError;
use crate::jelou::message::merge;
use crate::lists::column_facts::ColumnTable;
use crate::runs::cost::RunCost;
use crate::runs::ledger::{
    Cancellation, Counts, LedgerDraft, LedgerError, RESOLVED, Run, RunName, RunSettings,
    SkipCounts, SkipReason,
};
use crate::runs::report::report_to_correct;
use crate::sender::context::Context;

/// The state of a run.
#[derive(Debug, Default)]
pub(crate) struct RunSummary {
    /// None for a list without any row to send.
    name: Option<RunName>,
    pub(crate) counts: Counts,
    pub(crate) skips: SkipCounts,
    /// The number of failed and unknown rows for each reason.
    reasons: BTreeMap<String, u64>,
    /// What the rows send, column by column. It has no cell.
    columns: Option<ColumnTable>,
    /// The number of recipients that got a message of an earlier run in the 24 hours before.
    written_to: u64,
    /// None without prices.
    cost: Option<RunCost>,
    /// The command for the rows to correct.
    again: Option<String>,
    /// Set if `bulk cancel` ended it.
    pub(crate) cancellation: Option<Cancellation>,
    /// Why the process that prints it did not send every row, if it knows.
    pub(crate) error: Option<RecordError>,
    /// Why rows that are not recorded as sent may have been sent. They then count as unknown.
    pub(crate) stale: Option<LedgerError>,
    /// The description of the rows of a stale run that may have been sent.
    repeats: Option<String>,
}

impl RunSummary {
    pub(crate) fn new(run: &Run, details: &RunSettings) -> Result<Self, LedgerError> {
        let (counts, (skips, reasons)) = (run.counts()?, run.reasons()?);
        let stale = run.stale_reason()?;
        let repeats = match stale {
            Some(_) => describe_repeats(run)?,
            None => None,
        };
        Ok(Self {
            name: Some(run.name().clone()),
            again: report_to_correct(
                run.name(),
                details,
                counts.failed,
                skips.rows(SkipReason::Invalid),
            ),
            counts,
            skips,
            reasons,
            columns: Some(details.column_table.without_cells()),
            written_to: details.written_to,
            cost: run.spent()?,
            cancellation: run.cancellation()?,
            error: None,
            stale,
            repeats,
        })
    }

    /// Returns whether every row is final.
    pub(crate) fn is_complete(&self) -> bool {
        self.stale.is_none() && self.counts.is_finished()
    }

    pub(crate) fn to_json(&self) -> Value {
        let Self {
            name,
            counts,
            skips,
            reasons,
            columns,
            written_to,
            cost,
            cancellation,
            error,
            ..
        } = self;
        let mut summary = json!({
            "schema_version": 1,
            "run": name.as_ref().map(ToString::to_string),
            "complete": self.is_complete(),
            "cancelled": cancellation.is_some(),
            "rows": counts.all(),
            "skipped_reasons": skips.iter().map(|(reason, rows)| (reason.name(), rows)).collect::<Value>(),
            "reasons": reasons,
            "columns": columns,
            "written_to_within_24_hours": written_to,
            "cost": cost.as_ref().map(RunCost::to_json),
        });
        merge(&mut summary, json!(counts));
        if let Some(cancellation) = cancellation {
            merge(&mut summary, cancellation_as_json(cancellation));
        }
        if let Some(error) = error {
            merge(&mut summary, json!({ "error": error }));
        }
        summary
    }

    /// Describes the summary in words. `took` is the duration of the run.
    pub(crate) fn describe(&self, took: Option<Duration>) -> Vec<String> {
        let counts = self.counts;
        let time = took
            .map(|took| format!(" in {}", rounded(took)))
            .unwrap_or_default();
        let mut lines = vec![format!(
            "{} of {} sent{time}",
            grouped(counts.sent),
            grouped(counts.all())
        )];
        let ended_badly = [
            (counts.failed, "failed"),
            (counts.unknown, "may have been sent"),
        ];
        if let Some(ended_badly) = describe_counts(ended_badly) {
            lines.push(format!("{ended_badly}{}", self.describe_reasons()));
        }
        if let Some(reasons) = describe_skips(&self.skips) {
            lines.push(format!("{} skipped: {reasons}", grouped(counts.skipped)));
        }
        lines.extend(describe_counts([
            (counts.inflight, "in flight"),
            (counts.pending, "not sent yet"),
        ]));
        lines.extend(self.cost.as_ref().map(RunCost::describe));
        let written_to = grouped(self.written_to);
        lines.extend((self.written_to > 0).then(|| {
            format!(
                "{written_to} of these recipients got a message of another run in the 24 hours before this run"
            )
        }));
        lines
    }

    /// Describes the reasons: `; by reason: E0422 3, network 1`
    fn describe_reasons(&self) -> String {
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|(_, rows)| Reverse(**rows));
        let named: Vec<_> = reasons
            .into_iter()
            .map(|(reason, rows)| format!("{reason} {}", grouped(*rows)))
            .collect();
        if named.is_empty() {
            String::new()
        } else {
            format!("; by reason: {}", named.join(", "))
        }
    }

    /// Returns the exit code of a complete run.
    pub(crate) fn exit_code(&self) -> ExitCode {
        let Counts {
            failed,
            unknown,
            pending,
            ..
        } = self.counts;
        if self.stale.is_some() {
            ExitCode::Ledger
        } else if failed + unknown + pending + self.skips.needing_attention() == 0 {
            ExitCode::Success
        } else {
            ExitCode::Incomplete
        }
    }

    /// Prints it, for a run that took `took`.
    pub(crate) fn print(
        &self,
        context: &Context,
        took: Option<Duration>,
    ) -> Result<(), SystemError> {
        print_run(
            context,
            self.name.as_ref(),
            &self.to_json(),
            &self.describe(took),
        )
    }

    /// Prints it after a finished action, which stays successful even if standard output fails.
    pub(crate) fn print_totals(&self, context: &Context, name: &RunName, took: Option<Duration>) {
        if let Err(error) = self.print(context, took) {
            let why = error.cause;
            let watch = format!("jelouctl bulk status {name}");
            context.stderr.error(
                format!("cannot print the state of the run: {why}"),
                &[],
                Some(&watch.into()),
            );
        }
    }

    /// Returns whether the message itself is probably wrong: Jelou rejected it for several recipients, always for the
    /// same reason, and never accepted it.
    fn is_message_wrong(&self) -> bool {
        let Counts {
            sent,
            failed,
            unknown,
            ..
        } = self.counts;
        let was_accepted = sent + unknown + self.skips.rows(SkipReason::AlreadySent) > 0;
        let mut reasons = self.reasons.keys();
        let common = reasons.next().filter(|_| reasons.next().is_none());
        failed > 1 && !was_accepted && common.is_some_and(|reason| reason != RESOLVED)
    }

    /// Prints the commands for the rows that were not sent.
    pub(crate) fn print_next_steps(&self, context: &Context, name: &RunName) {
        if self.stale.is_some() && self.cancellation.is_none() {
            if let Some(repeats) = &self.repeats {
                context.stderr.note(repeats);
            }
        } else if let Some(undecided) = undecided(name, &self.counts) {
            context.stderr.note(&undecided);
        }
        let perhaps = self.skips.rows(SkipReason::MayHaveBeenSent);
        if perhaps > 0 {
            let rows = counted_are(perhaps, "row");
            context.stderr.note(&format!(
                "{rows} skipped that may have been sent before: jelouctl bulk report {name} --reason may_have_been_sent"
            ));
        }
        if !self.is_complete() {
            return;
        }
        if self.is_message_wrong() {
            context.stderr.note(
                "Jelou accepted no message of this run: correct the message, then send the list again",
            );
        } else if let Some(report) = &self.again {
            let rows = counted(
                self.counts.failed + self.skips.rows(SkipReason::Invalid),
                "row",
            );
            context.stderr.note(&format!(
                "to correct and resend {rows}: {report}; then send that file with the same message and flags, \
                 except --sheet, --header-row, --encoding, --skip and --run"
            ));
        }
    }
}

/// Returns how to set the state of the run's unknown rows.
pub(crate) fn how_to_resolve(name: &RunName, is_cancelled: bool) -> String {
    let states = if is_cancelled {
        "sent or failed"
    } else {
        "sent, failed or pending"
    };
    format!("to set their state to {states}: jelouctl bulk resolve {name} --unknown-as STATE")
}

/// Prints `words` at a terminal without `-o`, the run's name with `-o id`, nothing with `-o none` or `-o to`, and
/// otherwise JSON.
pub(super) fn print_run(
    context: &Context,
    name: Option<&RunName>,
    json: &Value,
    words: &[String],
) -> Result<(), SystemError> {
    let stdout = &context.stdout;
    match stdout.format {
        Format::Id => name.map_or(Ok(()), |name| stdout.value(&name.to_string())),
        _ if stdout.wants_words() => words.iter().try_for_each(|line| stdout.value(line)),
        Format::Response | Format::Record => stdout.json(json),
        Format::None | Format::To => Ok(()),
    }
}

/// Prints that every row was skipped, so that there is no run. Returns the exit code.
pub(crate) fn nothing_to_send(
    context: &Context,
    draft: &LedgerDraft,
) -> Result<ExitCode, CommandError> {
    let skips = draft.skip_counts().clone();
    report_skipped(context, &skips);
    let rows = counted_are(skips.all(), "row");
    context.stderr.note(&format!(
        "nothing to send: {rows} skipped, and no run is created"
    ));
    let counts = Counts {
        skipped: skips.all(),
        ..Counts::default()
    };
    let summary = RunSummary {
        counts,
        skips,
        ..RunSummary::default()
    };
    summary.print(context, None)?;
    Ok(summary.exit_code())
}

/// Describes the unknown messages, with the command that decides them or prints how to: `3 messages may have been sent; …`
pub(crate) fn undecided(name: &RunName, counts: &Counts) -> Option<String> {
    let messages = counted(counts.unknown, "message");
    let check = format!("to check with Jelou: jelouctl bulk deliveries {name}");
    (counts.unknown > 0).then(|| format!("{messages} may have been sent; {check}"))
}

//! The state of a run: its rows, why they were not sent, why it does not send now, and their delivery status. It is printed
//! at the end of the run and by `bulk status`, as data or, at a terminal, in words.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::base::exit::ExitCode;
use crate::base::message::{Message, ToValue, Value as MessageValue, msg};
use crate::base::output::{
    Format, RecordError, Retry, SystemError, WaitReason, Waiting, count_value, duration_value,
};
use crate::base::texts::shell_argument;
use crate::base::timestamps::{self, from_millis, time_value};
use crate::command_error::CommandError;
use crate::jelou::message::merge;
use crate::lists::column_facts::ColumnTable;
use crate::runs::cost::RunCost;
use crate::runs::hours::{Hours, SendingHours};
use crate::runs::import::idle_runs;
use crate::runs::ledger::{
    Cancellation, Counts, DeliveryCounts, Ledger, LedgerDraft, LedgerError, PauseReason, RESOLVED,
    RowState, Run, RunName, RunPause, RunSettings, SkipCounts, SkipReason,
};
use crate::runs::report::report_to_correct;
use crate::sender::context::Context;

/// The reason of a failed row for which Jelou has no code.
const REJECTED: &str = "rejected";

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
    again: Option<MessageValue>,
    /// The flags that skip rows of its list.
    narrowed_by: Vec<String>,
    /// The runs that have skipped rows of its list while no process sends them.
    waiting_in: Vec<RunName>,
    /// Set if `bulk cancel` ended it.
    pub(crate) cancellation: Option<Cancellation>,
    /// Why rows that are not recorded as sent may have been sent. They then count as unknown.
    pub(crate) stale: Option<LedgerError>,
    /// The description of the rows of a stale run that may have been sent.
    repeats: Option<Message>,
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
            narrowed_by: details.narrowed_by.clone(),
            waiting_in: idle_runs(run.ledger(), &details.awaited_runs)?,
            counts,
            skips,
            reasons,
            columns: Some(details.column_table.without_cells()),
            written_to: details.written_to,
            cost: run.spent()?,
            cancellation: run.cancellation()?,
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
            waiting_in,
            cancellation,
            ..
        } = self;
        // A list without a run is not complete while its rows wait in others.
        let is_complete = self.is_complete() && (name.is_some() || waiting_in.is_empty());
        let waiting_in: Vec<_> = waiting_in.iter().map(ToString::to_string).collect();
        let mut summary = json!({
            "run": name.as_ref().map(ToString::to_string),
            "complete": is_complete,
            "waiting_in": waiting_in,
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
        summary
    }

    /// Describes the summary in words. `took` is the duration of the run.
    pub(crate) fn describe(&self, took: Option<Duration>) -> Vec<Message> {
        let counts = self.counts;
        let [sent, all] = [counts.sent, counts.all()].map(count_value);
        let mut lines = vec![match took {
            Some(took) => msg!(
                "{sent} of {all} sent in {time}",
                sent,
                all,
                time = duration_value(took)
            ),
            None => msg!("{sent} of {all} sent", sent, all),
        }];
        if let Some(ended_badly) = joined_counts([
            (counts.failed, msg!("{rows} failed", rows = counts.failed)),
            (counts.unknown, may_have_been_sent(counts.unknown)),
        ]) {
            lines.push(match self.reasons_in_words() {
                Some(reasons) => msg!("{ended_badly}; by reason: {reasons}", ended_badly, reasons),
                None => ended_badly,
            });
        }
        if let Some(reasons) = describe_skips(self.skips.iter()) {
            lines.push(msg!("skipped: {reasons}", reasons));
        }
        lines.extend(joined_counts([
            (
                counts.inflight,
                msg!("{rows} in flight", rows = count_value(counts.inflight)),
            ),
            (counts.pending, not_sent_yet(counts.pending)),
        ]));
        lines.extend(self.cost.as_ref().map(RunCost::describe));
        lines
    }

    /// Returns the codes of the rows, except those that say no more than the state: `E0422 3, network 1`
    fn reasons_in_words(&self) -> Option<String> {
        let says_more = |reason: &str| reason != REJECTED && reason != RowState::Unknown.name();
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.retain(|(reason, _)| says_more(reason));
        reasons.sort_by_key(|(_, rows)| Reverse(**rows));
        let reasons: Vec<_> = reasons
            .iter()
            .map(|(reason, rows)| format!("{reason} {rows}"))
            .collect();
        (!reasons.is_empty()).then(|| reasons.join(", "))
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
        } else if failed + unknown + pending + self.skips.needing_attention() == 0
            && self.waiting_in.is_empty()
        {
            ExitCode::Success
        } else {
            ExitCode::Incomplete
        }
    }

    /// Returns the record of a command that exits with `code` and leaves the run in this state.
    fn record(&self, context: &Context, code: ExitCode, error: Option<&RecordError>) -> Value {
        let mut head = context.stdout.head(code, error);
        let is_left = self.name.is_some() && !self.is_complete() && self.cancellation.is_none();
        let has_faults = self.counts.failed + self.skips.rows(SkipReason::Invalid) > 0;
        if error.is_some_and(|error| error.retry.is_some()) {
            // The error knows more.
        } else if is_left || !self.waiting_in.is_empty() {
            head.retry = Retry::Resume;
        } else if code == ExitCode::Incomplete && !has_faults {
            head.retry = Retry::Never;
        }
        let mut record = json!(head);
        merge(&mut record, self.to_json());
        record
    }

    /// Prints it, for a run that took `took`, as the record of a command that exits with `code`.
    pub(crate) fn print(
        &self,
        context: &Context,
        took: Option<Duration>,
        code: ExitCode,
        error: Option<&RecordError>,
    ) -> Result<(), SystemError> {
        print_run(
            context,
            self.name.as_ref(),
            &self.record(context, code, error),
            &self.describe(took),
        )
    }

    /// Prints it after a finished action, which stays successful even if standard output fails.
    pub(crate) fn print_totals(
        &self,
        context: &Context,
        name: &RunName,
        took: Option<Duration>,
        code: ExitCode,
        error: Option<&RecordError>,
    ) {
        if let Err(error) = self.print(context, took, code, error) {
            let why = error.cause;
            let watch = Message::verbatim(format!("jelouctl bulk status {name}"));
            context.stderr.error(
                msg!("cannot print the state of the run: {why}", why),
                &[],
                Some(&watch),
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
            context.stderr.note(undecided);
        }
        let perhaps = self.skips.rows(SkipReason::MayHaveBeenSent);
        if perhaps > 0 {
            context.stderr.note(msg!(
                "{rows} {rows|row is|rows are} skipped that may have been sent before: jelouctl bulk report {run} --reason \
                 may_have_been_sent",
                rows = perhaps,
                run = name
            ));
        }
        if !self.is_complete() {
            return;
        }
        report_idle_runs(context, &self.waiting_in);
        if self.is_message_wrong() {
            context.stderr.note(msg!(
                "Jelou accepted no message of this run: correct the message, then send the list again"
            ));
        } else if let Some(report) = &self.again {
            let rows = self.counts.failed + self.skips.rows(SkipReason::Invalid);
            let flags = self.narrowed_by.join(", ");
            context.stderr.note(if flags.is_empty() {
                msg!(
                    "to correct and resend {rows} {rows|row|rows}: {report}; then send that file with the same message",
                    rows,
                    report
                )
            } else {
                msg!(
                    "to correct and resend {rows} {rows|row|rows}: {report}; then send that file with the same message and \
                     the same {flags}",
                    rows,
                    report,
                    flags
                )
            });
        }
    }
}

/// Joins the texts with a count above zero: `3 failed, 2 may have been sent`.
pub(super) fn joined_counts(counts: impl IntoIterator<Item = (u64, Message)>) -> Option<Message> {
    let some = counts.into_iter().filter(|(count, _)| *count > 0);
    let texts: Vec<_> = some.map(|(_, text)| text).collect();
    (!texts.is_empty()).then(|| Message::joined(texts, ", "))
}

pub(super) fn may_have_been_sent(rows: u64) -> Message {
    msg!("{rows} may have been sent", rows)
}

pub(super) fn not_sent_yet(rows: u64) -> Message {
    msg!("{rows} not sent yet", rows = count_value(rows))
}

/// Prints `words` at a terminal without `-o`, the run's name with `-o id`, nothing with `-o none` or `-o to`, and
/// otherwise JSON.
pub(super) fn print_run(
    context: &Context,
    name: Option<&RunName>,
    json: &Value,
    words: &[Message],
) -> Result<(), SystemError> {
    let stdout = &context.stdout;
    match stdout.format {
        Format::Id => name.map_or(Ok(()), |name| stdout.value(&name.to_string())),
        _ if stdout.wants_words() => words
            .iter()
            .try_for_each(|line| stdout.value(&line.text(context.lang()))),
        Format::Response | Format::Record => stdout.json(json),
        Format::None | Format::To => Ok(()),
    }
}

/// Warns of runs that have unsent rows of a list while no process sends them.
pub(super) fn report_idle_runs(context: &Context, idle: &[RunName]) {
    for run in idle {
        context.stderr.warning_with_hint(
            msg!(
                "run {run} has unsent rows of this list, but no process is sending it",
                run = run
            ),
            to_continue(run),
        );
    }
}

/// Prints that every row was skipped, so that there is no run. Returns the exit code.
pub(crate) fn nothing_to_send(
    context: &Context,
    ledger: Option<&Ledger>,
    draft: &LedgerDraft,
) -> Result<ExitCode, CommandError> {
    let waiting_in = match ledger {
        Some(ledger) => idle_runs(ledger, &draft.awaited_runs()?)?,
        None => Vec::new(),
    };
    let skips = draft.skip_counts().clone();
    report_skipped(context, &skips);
    context.stderr.note(msg!(
        "nothing to send: {rows} {rows|row is|rows are} skipped, and no run is created",
        rows = skips.all()
    ));
    let counts = Counts {
        skipped: skips.all(),
        ..Counts::default()
    };
    let summary = RunSummary {
        counts,
        skips,
        waiting_in,
        ..RunSummary::default()
    };
    let code = summary.exit_code();
    summary.print(context, None, code, None)?;
    Ok(code)
}

/// Describes the unknown messages, with the command that decides them or prints how to: `3 messages may have been sent; …`
pub(crate) fn undecided(name: &RunName, counts: &Counts) -> Option<Message> {
    (counts.unknown > 0).then(|| {
        msg!(
            "{messages} {messages|message|messages} may have been sent; to check with Jelou: jelouctl bulk deliveries {run}",
            messages = counts.unknown,
            run = name
        )
    })
}

/// Describes skipped rows: `3 invalid, 2 already sent`; None without any.
pub(super) fn describe_skips(skips: impl Iterator<Item = (SkipReason, u64)>) -> Option<Message> {
    joined_counts(skips.map(|(reason, rows)| (rows, describe(reason, rows))))
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
        SkipReason::ToBeSent => msg!("{rows} to be sent by another run or send", rows),
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
    if let Some(reasons) = describe_skips(skips.into_iter()) {
        let note = msg!(
            "{rows} {rows|row is|rows are} skipped: {reasons}",
            rows,
            reasons
        );
        context.stderr.note(note);
    }
}

/// Returns delivery counts as JSON.
pub(crate) fn deliveries_as_json(counts: &DeliveryCounts) -> Value {
    let DeliveryCounts {
        asked_at,
        asked,
        reasons,
        ..
    } = counts;
    let mut json =
        json!({ "asked_at": asked_at.map(utc), "asked": asked, "undelivered_reasons": reasons });
    merge(&mut json, counts.list_counts().into_iter().collect());
    json
}

/// Describes the counts: `delivered 400, read 310, not listed 3, as of 2026-11-20 10:15 -05:00`
pub(crate) fn describe_deliveries(counts: &DeliveryCounts, zone: &TimeZone) -> Message {
    let some = counts
        .list_counts()
        .into_iter()
        .filter(|(_, messages)| *messages > 0);
    let mut words: Vec<_> = some
        .map(|(name, messages)| {
            let state = describe_state(name);
            msg!(
                "{state} {messages}",
                state,
                messages = count_value(messages)
            )
        })
        .collect();
    if words.is_empty() {
        words.push(msg!("no messages"));
    }
    let asked_at = counts.asked_at.map(|at| time_value(zone, at));
    words.extend(asked_at.map(|time| msg!("as of {time}", time)));
    Message::joined(words, ", ")
}

/// Returns the words for a delivery status, or for a message without one, by its name.
pub(super) fn describe_state(name: &str) -> Message {
    match name {
        "accepted" => msg!("accepted{#delivery}"),
        "at_whatsapp" => msg!("at WhatsApp"),
        "delivered" => msg!("delivered"),
        "read" => msg!("read"),
        "replied" => msg!("replied"),
        "undelivered" => msg!("undelivered"),
        "other" => msg!("in another state"),
        "not_listed" => msg!("not listed"),
        "no_id" => msg!("no id"),
        "not_asked" => msg!("not asked"),
        name => Message::verbatim(name),
    }
}

/// Formats a time in UTC: `2026-11-20T15:15:00.123Z`
pub(crate) fn utc(at: i64) -> String {
    format!("{:.3}", from_millis(at))
}

/// Warns of a stale run, with a hint; returns its exit code, or success if the run is not stale.
pub(super) fn report_stale(
    context: &Context,
    run: impl ToValue,
    stale: Option<&LedgerError>,
) -> ExitCode {
    let Some(stale) = stale else {
        return ExitCode::Success;
    };
    let message = msg!(
        "run {run}: {stale}; rows that are not recorded as sent or skipped are shown as unknown",
        run,
        stale = stale.message
    );
    context
        .stderr
        .warning_with_hint(message, stale.hint.clone());
    ExitCode::Ledger
}

/// Describes the reason: `stopped by `jelouctl bulk stop` (ana at build-7)`
pub(super) fn why(RunPause { reason, by, .. }: &RunPause) -> Message {
    let why = match reason {
        PauseReason::Person => msg!("stopped by `jelouctl bulk stop`"),
        PauseReason::Undelivered => {
            msg!("stopped by `jelouctl bulk deliveries --pause-if-undelivered`")
        }
        PauseReason::Unknown => msg!("too many messages have an unknown outcome"),
        PauseReason::AllRejected => msg!("Jelou has not accepted any message"),
        PauseReason::Credentials => msg!("Jelou rejected the credentials"),
        PauseReason::Account => msg!("WhatsApp has blocked the business account"),
        PauseReason::ProxyCredentials => msg!("the proxy asks for credentials"),
        PauseReason::Configuration => msg!("the profile's rules could not be read again"),
        PauseReason::Network => msg!("the API could not be reached"),
        PauseReason::RateLimit => msg!("the API limited the rate for too long"),
    };
    msg!("{why} ({by})", why, by)
}

/// Describes the pause with its time: `paused since 2026-11-20 10:15 -05:00: stopped by `jelouctl
/// bulk stop` (ana at build-7)`
pub(super) fn since_when(pause: &RunPause, zone: &TimeZone) -> Message {
    let time = time_value(zone, pause.at);
    msg!("paused since {time}: {why}", time, why = why(pause))
}

/// Returns the pause as a field of a record.
pub(super) fn pause_as_json(pause: &RunPause) -> Value {
    json!({ "reason": pause.reason.name(), "by": pause.by, "at": utc(pause.at) })
}

/// Describes who cancelled the run, and when: `cancelled by ana at build-7 at 2026-11-20 10:15 -05:00`
pub(super) fn describe_cancellation(cancellation: &Cancellation, zone: &TimeZone) -> Message {
    let time = time_value(zone, cancellation.at);
    msg!("cancelled by {by} at {time}", by = cancellation.by, time)
}

/// Returns the cancellation as fields of a record.
pub(super) fn cancellation_as_json(cancellation: &Cancellation) -> Value {
    let at = from_millis(cancellation.at);
    json!({ "cancelled_by": cancellation.by, "cancelled_at": format!("{at:.3}") })
}

/// Returns how to resume a run.
pub(super) fn to_continue(name: &RunName) -> Message {
    msg!("to continue: jelouctl bulk resume {run}", run = name)
}

/// Returns how to go on after a pause for this reason. If Jelou has accepted no message, it would reject the rest, too.
pub(super) fn hint_after_pause(
    reason: PauseReason,
    name: &RunName,
    settings: &RunSettings,
) -> Message {
    if reason != PauseReason::AllRejected {
        return to_continue(name);
    }
    let ways = msg!(
        "to stop here: jelouctl bulk cancel {run}; to send the rest anyway: jelouctl bulk resume {run} --keep-going",
        run = name
    );
    if settings.message.is_some() {
        msg!("the other rows have the same message; {ways}", ways)
    } else {
        ways
    }
}

/// Describes the rows of a stale run that may have been sent, and how to skip their recipients. None without any.
pub(super) fn describe_repeats(run: &Run) -> Result<Option<Message>, LedgerError> {
    let count = run.pending()?;
    if count == 0 {
        return Ok(None);
    }
    let since = from_millis(run.created_at()?).strftime("%Y-%m-%dT%H:%MZ");
    Ok(Some(msg!(
        "run {run}: up to {count} unsent {count|message|messages} may have been sent; to skip the recipients that got one \
         since the run began: jelouctl messages list {of_run} --by bot --since {since} -o to > sent.txt, then jelouctl bulk \
         resume {run} --accept-stale --exclude sent.txt",
        run = run.name(),
        count,
        of_run = flags_of(&run.details()?),
        since = since.to_string()
    )))
}

/// Returns the flags of a command that must use the profile and the bot of the run.
fn flags_of(run: &RunSettings) -> String {
    let bot = format!("--bot {}", shell_argument(&run.bot));
    match &run.profile {
        _ if run.sandbox => format!("--sandbox {bot}"),
        Some(profile) => format!("--profile {} {bot}", shell_argument(profile)),
        None => bot,
    }
}

/// Returns what to check before resuming the run `name`.
pub(super) fn next_check(name: &RunName) -> Message {
    msg!("to see its state: jelouctl bulk status {run}", run = name)
}

/// Warns before the question that the run will not send immediately.
pub(super) fn report_closed(context: &Context, hours: &SendingHours) {
    if let Some((first, until)) = closed(hours)
        && context.can_ask()
        && !context.assume_yes
    {
        context.stderr.note(msg!(
            "outside the sending hours, {hours}: nothing is sent before {time}",
            hours,
            time = first.local_value(until)
        ));
    }
}

/// Prints that the sandbox sends outside the sending hours, unlike a run at Jelou.
pub(super) fn report_ignored_hours(context: &Context, hours: &SendingHours) {
    if let Some((first, until)) = closed(hours) {
        context.stderr.note(msg!(
            "outside the sending hours, {hours}: a run to Jelou would wait until {time}",
            hours,
            time = first.local_value(until)
        ));
    }
}

/// Returns what a run in another process waits for: its sending hours, or the messaging limit that
/// the process has recorded.
pub(super) fn waiting(
    run: &Run,
    details: &RunSettings,
    zone: &TimeZone,
) -> Result<Option<Waiting>, LedgerError> {
    let last = run.events()?.pop();
    let now = run.ledger().now()?;
    let limit = last
        .and_then(|event| event.limit_until())
        .filter(|until| *until > now);
    let hours = details.conditions.sending_hours();
    if let Some((_, until)) = closed(&hours).filter(|_| !details.sandbox)
        && limit.is_none_or(|limit| limit <= until.as_millisecond())
    {
        return Ok(hours.wait_until(until));
    }
    Ok(limit.map(|until| Waiting {
        reason: WaitReason::MessagingLimit,
        until: format!("{:.0}", from_millis(until)),
        since: None,
        duration_text: msg!(
            "until {time}, for its messaging limit",
            time = time_value(zone, until)
        ),
        reason_text: Message::default(),
        is_new: false,
    }))
}

/// Returns the first of the hours and their next opening, if they are closed now.
fn closed(hours: &SendingHours) -> Option<(&Hours, Timestamp)> {
    let now = timestamps::now();
    let until = hours.next_opening(now)?;
    let first = hours.first()?;
    (until > now).then_some((first, until))
}

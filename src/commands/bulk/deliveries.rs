//! `bulk deliveries`: the delivery status of a run's messages according to Jelou, and which unknown rows were sent.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use clap::Args;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::run_log::{change_fields, log_row_decision};
use super::run_sender::resolve_run_sender;
use super::summary::to_continue;
use super::summary::{deliveries_as_json, describe_deliveries, may_have_been_sent, print_run};
use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::base::output::{
    ProgressFormat, ReadProgress, RecordError, Retry, count_value, duration_value,
};
use crate::base::process::block_on;
use crate::base::timestamps::parse_duration;
use crate::command_error::CommandError;
use crate::commands::open_ledger::{find_or_newest, open_ledger_to_show};
use crate::commands::zone::sender_zone;
use crate::jelou::api::{DeliveryState, ListingCoverage, LookUpError, LookUps};
use crate::jelou::message::merge;
use crate::runs::deliveries::{CheckLimits, DeliveryCheck, UnresolvedReason, sweep};
use crate::runs::ledger::{
    Counts, DeliveryCounts, LOOKS_BACK, LedgerError, PauseReason, Run, RunEvent, RunEventKind,
    RunName, RunSettings, now,
};
use crate::sender::AuditLog;
use crate::sender::config::timeout;
use crate::sender::context::Context;
use crate::sender::{RequestProgress, Sender};

/// How long after sending a message is still checked, by default.
const UP_TO: Duration = Duration::from_millis(LOOKS_BACK.unsigned_abs());

/// The default time between two look-ups.
const EVERY: Duration = Duration::from_secs(30);
/// The default time to keep watching.
const WITHIN: Duration = Duration::from_secs(60 * 60);
/// The longest time after sending that a message is looked up: WhatsApp tries that long.
const LONGEST_UP_TO: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Stops a run only if at least this many messages were delivered or failed.
const FEWEST_JUDGED: u64 = 10;
/// WhatsApp's codes for an account that is unpaid or locked.
const BUSINESS_CODES: [&str; 2] = ["131042", "131031"];

/// Check the delivery status of a run's messages, and save it
///
/// Examples:
///   jelouctl bulk deliveries
///   jelouctl bulk deliveries people-20261120-101500 --watch --for 2h
///   jelouctl bulk deliveries people-20261120-101500 --up-to 30d
///
/// Reads Jelou's history, and sends nothing. Counts each message once, by its status: accepted, at WhatsApp,
/// delivered, read, replied, undelivered or not listed. An unknown row becomes sent only if the history
/// proves it.
/// Exits with 10 if rows are unknown, and with 5 if the account cannot look up messages.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct BulkDeliveriesArgs {
    /// Name of the run [default: the newest one]
    ///
    /// Without --sandbox, sandbox runs are not the default.
    run: Option<RunName>,

    /// Keep checking until every status is final
    #[arg(long)]
    watch: bool,

    /// Wait this long between checks [default: 30s]
    #[arg(long, value_name = "DURATION", requires = "watch", value_parser = timeout)]
    every: Option<Duration>,

    /// Keep checking for this long [default: 1h]
    #[arg(long = "for", value_name = "DURATION", requires = "watch", value_parser = timeout)]
    within: Option<Duration>,

    /// With --watch: stop the run if over half of its messages are undelivered
    ///
    /// Decides once 10 messages are delivered or undelivered. Also stops the run if WhatsApp has blocked the business:
    /// code 131042 or 131031.
    #[arg(long, requires = "watch")]
    pause_if_undelivered: bool,

    /// Check messages up to this age, at most 30d [default: 72h]
    #[arg(long, value_name = "DURATION", value_parser = up_to)]
    up_to: Option<Duration>,
}

/// Reads a value of `--up-to`.
fn up_to(raw: &str) -> Result<Duration, Message> {
    let shown = raw.escape_debug().to_string();
    let read = parse_duration(
        raw,
        |_| true,
        |shown| msg!("`{shown}` is not a duration such as 72h or 30d", shown),
    )?;
    match read {
        read if read > LONGEST_UP_TO => Err(msg!(
            "`{shown}` is too long; WhatsApp tries for 30d at most",
            shown
        )),
        read if read < Duration::from_secs(1) => {
            Err(msg!("`{shown}` is too short; it is 1s to 30d", shown))
        }
        read => Ok(read),
    }
}

pub(crate) fn run(
    context: &mut Context,
    args: &BulkDeliveriesArgs,
) -> Result<ExitCode, CommandError> {
    let ledger = open_ledger_to_show(context)?;
    let run = find_or_newest(context, &ledger, args.run.as_ref())?;
    let name = run.name();
    let mut asked = RunToCheck::open(context, &run, args.up_to.unwrap_or(UP_TO))?;
    let zone = sender_zone(&asked.details, &asked.sender);
    let result = block_on(check_until_end(context, &mut asked, args));
    if asked.settled > 0 {
        context.stderr.note(msg!(
            "found {rows} unknown {rows|row|rows} of run {run} in Jelou's history: now sent",
            rows = asked.settled,
            run = name
        ));
        let counts = result.as_ref().ok().map(|result| &result.counts);
        let ended = result.as_ref().and_then(CheckResult::ended);
        log_row_decision(context, "bulk resolve", name, &asked.details, counts, ended);
    }
    let result = result?;
    let unknown = result.counts.unknown;
    let mut words = vec![describe_deliveries(&result.deliveries, &zone)];
    words.extend((unknown > 0).then(|| may_have_been_sent(unknown)));
    let ended = result.ended();
    let code = ended.unwrap_or_else(|problem| problem.code);
    let error = ended.err().map(RecordError::from);
    let is_cancelled = asked.run.cancellation()?.is_some();
    let mut head = context.stdout.head(code, error.as_ref());
    if error.is_none() && !result.counts.is_finished() && !is_cancelled {
        head.retry = Retry::Resume;
    } else if code == ExitCode::Incomplete {
        // A later check may find more.
        head.retry = Retry::Later;
    }
    let mut record = json!(head);
    merge(&mut record, to_json(&asked, &result));
    let printed = print_run(context, Some(name), &record, &words);
    for note in still_unknown(name, is_cancelled, &result) {
        context.stderr.note(note);
    }
    match result.problem {
        Some(problem) => Err(problem),
        None => Ok(printed.map(|()| code)?),
    }
}

/// Checks once; with `--watch`, repeats until every status is final or the time is up.
async fn check_until_end(
    context: &Context,
    asked: &mut RunToCheck<'_>,
    args: &BulkDeliveriesArgs,
) -> Result<CheckResult, CommandError> {
    let zone = sender_zone(&asked.details, &asked.sender);
    let mut connection = asked.sender.connect(context).await?;
    let flight = RequestProgress::default();
    let mut look_ups = connection.look_ups(&flight);
    let every = args.every.unwrap_or(EVERY);
    let end = args
        .watch
        .then(|| Instant::now() + args.within.unwrap_or(WITHIN));
    let mut watch = Watch::default();
    let mut is_stopped = false;
    loop {
        let checked = asked.check(context, &mut look_ups, end).await;
        let mut result = match watch.judge(checked, &flight)? {
            ControlFlow::Continue(result) => result,
            ControlFlow::Break(last) => return Ok(last),
        };
        if args.pause_if_undelivered && result.may_change && !is_stopped {
            is_stopped = stop_if_undelivered(context, asked.run, &result.since_resume)?;
        }
        let next = Instant::now() + every;
        let goes_on = match &result.problem {
            Some(problem) => problem.may_pass(),
            None => result.may_change,
        };
        if !goes_on || end.is_none_or(|end| next > end) {
            return Ok(result);
        }
        watch.print(context, &result, every, &zone);
        tokio::select! {
            biased;
            signal = look_ups.signals.next() => {
                result.problem = Some(CommandError::interrupted(signal));
                return Ok(result);
            }
            () = tokio::time::sleep_until(next) => {}
        }
        watch.last = Some(result);
    }
}

/// The state of `--watch` between two checks.
#[derive(Default)]
struct Watch {
    last: Option<CheckResult>,
    /// The counts that were printed last.
    shown: Option<Vec<(&'static str, u64)>>,
    /// Whether the last check failed.
    is_away: bool,
}

impl Watch {
    /// Returns the result of this check. Breaks with the result of the previous one if that counts instead.
    fn judge(
        &mut self,
        checked: Result<CheckResult, CommandError>,
        flight: &RequestProgress,
    ) -> Result<ControlFlow<CheckResult, CheckResult>, CommandError> {
        let Some(last) = self.last.take() else {
            return checked.map(ControlFlow::Continue);
        };
        Ok(match checked {
            // This check was still reading, so the result of the previous one counts. Its findings are saved.
            Ok(result)
                if result.is_cut && flight.last_problem().is_none() && last.problem.is_none() =>
            {
                ControlFlow::Break(CheckResult {
                    counts: result.counts,
                    ..last
                })
            }
            Ok(result) => ControlFlow::Continue(result),
            // Rows that an earlier check set to sent are still printed and logged.
            Err(error) => ControlFlow::Break(CheckResult {
                problem: Some(error),
                ..last
            }),
        })
    }

    /// Prints changed counts. If the check failed, prints the error, but only once.
    fn print(&mut self, context: &Context, result: &CheckResult, every: Duration, zone: &TimeZone) {
        match &result.problem {
            None => self.print_counts(context, &result.deliveries, zone),
            Some(problem) if !self.is_away => {
                context.stderr.warning(msg!(
                    "{problem}; checking again every {every}",
                    problem = problem.message,
                    every = duration_value(every)
                ));
            }
            Some(_) => {}
        }
        self.is_away = result.problem.is_some();
    }

    fn print_counts(&mut self, context: &Context, deliveries: &DeliveryCounts, zone: &TimeZone) {
        let counts = Some(deliveries.list_counts());
        if counts != self.shown {
            context.stderr.note(describe_deliveries(deliveries, zone));
            self.shown = counts;
        }
    }
}

/// Stops a run that fails silently. Returns whether it did.
fn stop_if_undelivered(
    context: &Context,
    run: &Run,
    counts: &DeliveryCounts,
) -> Result<bool, CommandError> {
    let Some(why) = silent_failure(counts) else {
        return Ok(false);
    };
    let name = run.name();
    let is_stopped = run.stop(Some(why.clone()))?.has_rows_left();
    if is_stopped {
        let details = run.details()?;
        let stopped = RunEventKind::Stopped.name();
        let reason = Some(PauseReason::Undelivered.name());
        let change = change_fields(run.ledger(), name, &details, stopped, reason);
        AuditLog::after_change(&context.flags, &context.stderr)
            .for_run(&details.bot, &details.client_id)
            .add(&context.stderr, "change", "bulk deliveries", change);
        context.stderr.warning_with_hint(
            msg!("stopped run {run}: {why}", run = name, why),
            to_continue(name),
        );
    }
    Ok(is_stopped)
}

/// Returns why a run should not continue although its messages are accepted: they are not
/// delivered.
fn silent_failure(counts: &DeliveryCounts) -> Option<Message> {
    let refused = BUSINESS_CODES
        .into_iter()
        .find(|code| counts.reasons.contains_key(*code));
    if let Some(code) = refused {
        return Some(msg!(
            "WhatsApp has blocked the business account ({code})",
            code
        ));
    }
    let arrived = [
        DeliveryState::Delivered,
        DeliveryState::Read,
        DeliveryState::Replied,
    ]
    .map(|state| counts.count(&state));
    let undelivered = counts.count(&DeliveryState::Undelivered);
    let judged = arrived.iter().sum::<u64>() + undelivered;
    (judged >= FEWEST_JUDGED && undelivered * 2 > judged).then(|| {
        msg!(
            "{undelivered} of {judged} messages were not delivered",
            undelivered = count_value(undelivered),
            judged = count_value(judged)
        )
    })
}

fn to_json(asked: &RunToCheck<'_>, result: &CheckResult) -> Value {
    let CheckResult {
        counts, deliveries, ..
    } = result;
    let mut all = json!({
        "run": asked.run.name().to_string(),
        "complete": counts.is_finished(),
        "whole": result.problem.is_none(),
        "sent": counts.sent,
        "unknown": counts.unknown,
        "settled": asked.settled,
    });
    merge(&mut all, deliveries_as_json(deliveries));
    all
}

/// Returns why rows stay unknown, and what to do.
fn still_unknown(name: &RunName, is_cancelled: bool, result: &CheckResult) -> Vec<Message> {
    let sentence = |(why, rows): (&UnresolvedReason, &u64)| {
        let why = match why {
            UnresolvedReason::FewerListed => msg!(
                "Jelou's history has fewer of these messages than were attempted, or one is undelivered"
            ),
            UnresolvedReason::SentByOthers => msg!(
                "another sender sends the same message, or Jelou's history does not name the sender"
            ),
            UnresolvedReason::ShownInPart => {
                msg!("Jelou's history shows only a part of these messages")
            }
            UnresolvedReason::NotAsked => msg!(
                "the check was incomplete, a process may still report them, or they were sent too long ago"
            ),
        };
        msg!(
            "{rows} unknown {rows|row|rows}: {why}; {way}",
            rows,
            why,
            way = how_to_resolve(name, is_cancelled)
        )
    };
    result.unresolved.iter().map(sentence).collect()
}

/// Returns how to set the state of the run's unknown rows.
fn how_to_resolve(run: &RunName, is_cancelled: bool) -> Message {
    if is_cancelled {
        return msg!(
            "to set their state to sent or failed: jelouctl bulk resolve {run} --unknown-as STATE",
            run
        );
    }
    msg!(
        "to set their state to sent, failed or pending: jelouctl bulk resolve {run} --unknown-as STATE",
        run
    )
}

/// A run to check.
struct RunToCheck<'a> {
    run: &'a Run,
    details: RunSettings,
    sender: Sender,
    /// How long after sending a message is still checked.
    up_to: Duration,
    /// Whether the number of messages was printed.
    was_reported: bool,
    /// How many messages were printed to share their id with another one.
    ambiguous_ids: u64,
    /// Unknown rows that are now sent.
    settled: u64,
}

/// The result of a check.
struct CheckResult {
    counts: Counts,
    deliveries: DeliveryCounts,
    /// The same counts for messages sent since the run began or was resumed.
    since_resume: DeliveryCounts,
    /// Why rows stay unknown.
    unresolved: BTreeMap<UnresolvedReason, u64>,
    /// Whether another check can find something new.
    may_change: bool,
    /// Whether the time ran out during the check.
    is_cut: bool,
    /// The error that made the check incomplete.
    problem: Option<CommandError>,
}

impl CheckResult {
    /// Returns the exit code, or the error of an incomplete check.
    fn ended(&self) -> Result<ExitCode, &CommandError> {
        match &self.problem {
            Some(problem) => Err(problem),
            None if self.counts.unknown == 0 => Ok(ExitCode::Success),
            None => Ok(ExitCode::Incomplete),
        }
    }
}

impl<'a> RunToCheck<'a> {
    /// Opens the run `name` for a check, with the sender that began it.
    fn open(context: &mut Context, run: &'a Run, up_to: Duration) -> Result<Self, CommandError> {
        if let Some(stale) = run.stale_reason()? {
            return Err(stale.into());
        }
        run.ledger().ensure_writable()?;
        let details = run.details()?;
        let sender = resolve_run_sender(context, run, &details)?;
        Ok(Self {
            run,
            details,
            sender,
            up_to,
            was_reported: false,
            ambiguous_ids: 0,
            settled: 0,
        })
    }

    /// Checks once, until `end` at the latest, and saves the findings even if it then fails.
    async fn check(
        &mut self,
        context: &Context,
        look_ups: &mut LookUps<'_>,
        end: Option<Instant>,
    ) -> Result<CheckResult, CommandError> {
        let run = &self.run.reconnected()?;
        run.prepare()?;
        // This check does not include rows that are sent while it runs.
        let is_sent = run.is_running()?;
        let mut inquiry = self.inquiry(run)?;
        let at = inquiry.terms.now;
        let asked = inquiry.asked();
        self.report_asked(context, asked);
        self.warn_about_ids(context, inquiry.ambiguous_ids());
        let HistoryReading { ended, answered } =
            read_history(context, run, look_ups, &mut inquiry, end).await?;
        // The history may already list an attempt that began during the reading.
        let counted = if ended.is_ok() {
            count_attempts(run, &self.details, &mut inquiry)
        } else {
            Ok(None)
        };
        if let Ok(Some(stale)) = &counted {
            context.stderr.warning(stale);
        }
        let is_whole = matches!(ended, Ok(ListingCoverage::Whole));
        let is_cut = matches!(ended, Ok(ListingCoverage::OutOfTime)) && answered > 0;
        let (mut updates, unresolved) =
            inquiry.decide_rows(is_whole && matches!(counted, Ok(None)));
        let is_of_all = is_whole && asked > 0 && inquiry.is_complete(UP_TO);
        updates.asked = is_of_all.then_some((at, asked));
        if !updates.is_empty() {
            self.settled += run.save_deliveries(&updates)?;
        }
        counted?;
        Ok(CheckResult {
            counts: run.counts()?,
            deliveries: DeliveryCounts {
                asked_at: Some(at),
                asked,
                ..run.all_deliveries()?
            },
            since_resume: run.deliveries(resumed_at(run)?)?,
            unresolved,
            may_change: inquiry.is_open() || is_sent,
            is_cut,
            problem: coverage_problem(ended),
        })
    }

    /// Prints once how many messages are checked.
    fn report_asked(&mut self, context: &Context, asked: u64) {
        if asked == 0 || std::mem::replace(&mut self.was_reported, true) {
            return;
        }
        context.stderr.note(msg!(
            "checking {messages} {messages|message|messages} of run {run}",
            messages = asked,
            run = self.run.name()
        ));
    }

    /// Warns about messages that have the id of another message of the run, each once.
    fn warn_about_ids(&mut self, context: &Context, ambiguous_ids: u64) {
        if ambiguous_ids <= self.ambiguous_ids {
            return;
        }
        self.ambiguous_ids = ambiguous_ids;
        context.stderr.warning(msg!(
            "cannot check the delivery status of {messages} {messages|message|messages} of run {run}: another message of \
             the run has the same id",
            messages = ambiguous_ids,
            run = self.run.name()
        ));
    }

    /// Returns what to look up.
    fn inquiry(&self, run: &Run) -> Result<DeliveryCheck, LedgerError> {
        let timeout = self.sender.settings.timeout;
        let mut inquiry = DeliveryCheck::new(CheckLimits {
            now: run.ledger().now()?,
            up_to: self.up_to,
            clock: 0,
            timeout: i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX),
            last_asked_at: run.asked_at()?,
        });
        run.each_attempt([i64::MIN, i64::MAX], &mut |attempt| inquiry.add(attempt))?;
        Ok(inquiry)
    }
}

/// How far Jelou's history was read.
struct HistoryReading {
    ended: Result<ListingCoverage, LookUpError>,
    /// The number of requests that were answered.
    answered: u64,
}

/// Reads what the check of `run` still needs, until `end` at the latest.
async fn read_history(
    context: &Context,
    run: &Run,
    look_ups: &mut LookUps<'_>,
    inquiry: &mut DeliveryCheck,
    end: Option<Instant>,
) -> Result<HistoryReading, LedgerError> {
    let mut reading = HistoryReading {
        ended: Ok(ListingCoverage::Whole),
        answered: 0,
    };
    if !inquiry.is_open() {
        return Ok(reading);
    }
    let name = run.name().to_string();
    let shown = ReadProgress::new(&context.stderr, ProgressFormat::Auto, &name);
    let mut progress = |done, planned| {
        reading.answered = done;
        shown.show_requests(done, planned);
    };
    let clock = now().saturating_sub(run.ledger().now()?);
    let sweep = sweep(look_ups, inquiry, &mut progress, clock);
    reading.ended = match end {
        Some(end) => timeout_at(end, sweep)
            .await
            .unwrap_or(Ok(ListingCoverage::OutOfTime)),
        None => sweep.await,
    };
    Ok(reading)
}

/// Returns why not everything was read.
fn coverage_problem(ended: Result<ListingCoverage, LookUpError>) -> Option<CommandError> {
    match ended {
        Ok(ListingCoverage::Whole) => None,
        Ok(coverage) => {
            let error = LookUpError::Incomplete {
                coverage,
                unreadable: 0,
            };
            Some(error.into())
        }
        Err(error) => Some(error.into()),
    }
}

/// Returns when the run began, or was last resumed.
fn resumed_at(run: &Run) -> Result<i64, LedgerError> {
    let is_start =
        |event: &&RunEvent| matches!(event.kind, RunEventKind::Begun | RunEventKind::Resumed);
    Ok(run
        .events()?
        .iter()
        .rfind(is_start)
        .map_or(i64::MIN, |event| event.at))
}

/// Adds the attempts of every run of the bot to `inquiry`. If one of the runs is stale, the attempts cannot be counted:
/// returns the reason.
fn count_attempts(
    run: &Run,
    details: &RunSettings,
    inquiry: &mut DeliveryCheck,
) -> Result<Option<Message>, LedgerError> {
    let Some([first, last]) = inquiry.counted_span() else {
        return Ok(None);
    };
    for other in run.ledger().runs()? {
        let is_this = other.name() == run.name();
        // The address is ignored: one server can have several names, and extra attempts never mark a row as sent by
        // mistake.
        if other.details()?.bot != details.bot || !is_this && other.created_at()? > last {
            continue;
        }
        if let Some(error) = other.stale_reason()? {
            return Ok(Some(msg!(
                "unknown rows were not checked: cannot read run {run}: {error}",
                run = other.name(),
                error = error.message
            )));
        }
        other.each_attempt([first, last], &mut |attempt| {
            inquiry.count(&attempt, is_this);
        })?;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jelou::api::DeliveryFacts;

    #[test]
    fn silent_failure_needs_most_undelivered_or_blocked_account() {
        let counts = |delivered, undelivered, code: &str| {
            let mut counts = DeliveryCounts::default();
            counts.add(&DeliveryFacts::new(DeliveryState::Delivered), delivered);
            let code = Some(code.to_owned());
            counts.add(
                &DeliveryFacts {
                    code,
                    ..DeliveryFacts::new(DeliveryState::Undelivered)
                },
                undelivered,
            );
            counts
        };
        for (delivered, undelivered, code, expected) in [
            (4, 6, "131026", true),
            (5, 5, "131026", false),
            (3, 6, "131026", false),
            (0, 10, "no_reason", true),
            (100, 1, "131042", true),
            (0, 1, "131031", true),
            (0, 0, "131026", false),
        ] {
            let failing = silent_failure(&counts(delivered, undelivered, code)).is_some();
            assert_eq!(failing, expected, "{delivered} {undelivered} {code}");
        }
    }

    #[test]
    fn up_to_is_at_most_thirty_days() {
        for (raw, expected) in [
            ("72h", Some(72)),
            ("30d", Some(720)),
            ("31d", None),
            ("0s", None),
            ("3", None),
            ("", None),
            ("-1h", None),
        ] {
            assert_eq!(
                up_to(raw).ok(),
                expected.map(|hours: u64| Duration::from_secs(hours * 3600)),
                "{raw}"
            );
        }
    }
}

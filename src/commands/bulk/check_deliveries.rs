//! Checks the messages of a run: reads its rows, the attempts of other runs and Jelou's history, and saves the findings
//! in the ledger.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::run_sender::resolve_run_sender;
use crate::base::message::{Message, msg};
use crate::base::output::{ProgressFormat, ReadProgress};
use crate::command_error::CommandError;
use crate::jelou::api::{ListingCoverage, LookUpError, LookUps};
use crate::runs::deliveries::{CheckLimits, DeliveryCheck, UnresolvedReason, sweep};
use crate::runs::ledger::{
    Counts, DeliveryCounts, LOOKS_BACK, LedgerError, Run, RunEvent, RunEventKind, RunSettings, now,
};
use crate::sender::Sender;
use crate::sender::context::Context;

/// How long after sending a message is still checked, by default.
pub(crate) const UP_TO: Duration = Duration::from_millis(LOOKS_BACK.unsigned_abs());

/// A run to check.
pub(crate) struct RunToCheck<'a> {
    pub(crate) run: &'a Run,
    pub(crate) details: RunSettings,
    pub(crate) sender: Sender,
    /// How long after sending a message is still checked.
    pub(crate) up_to: Duration,
    /// Whether the number of messages was printed.
    was_reported: bool,
    /// How many messages were printed to share their id with another one.
    ambiguous_ids: u64,
    /// Unknown rows that are now sent.
    pub(crate) settled: u64,
}

/// The result of a check.
pub(crate) struct CheckResult {
    pub(crate) counts: Counts,
    pub(crate) deliveries: DeliveryCounts,
    /// The same counts for messages sent since the run began or was resumed.
    pub(crate) since_resume: DeliveryCounts,
    /// Why rows stay unknown.
    pub(crate) unresolved: BTreeMap<UnresolvedReason, u64>,
    /// Whether another check can find something new.
    pub(crate) may_change: bool,
    /// Whether the time ran out during the check.
    pub(crate) is_cut: bool,
    /// The error that made the check incomplete.
    pub(crate) problem: Option<CommandError>,
}

impl<'a> RunToCheck<'a> {
    /// Opens the run `name` for a check, with the sender that began it.
    pub(crate) fn open(
        context: &mut Context,
        run: &'a Run,
        up_to: Duration,
    ) -> Result<Self, CommandError> {
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
    pub(crate) async fn check(
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
        let (mut updates, unresolved) = inquiry.settle(is_whole && matches!(counted, Ok(None)));
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
            let unreadable = 0;
            Some(
                LookUpError::Incomplete {
                    coverage,
                    unreadable,
                }
                .into(),
            )
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

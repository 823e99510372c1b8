//! Looks up the messages of a run: reads its rows and the attempts of other runs, asks Jelou, and writes the findings
//! to the ledger. `bulk deliveries` and `bulk resolve --ask` use it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::run_sender::sender_of_run;
use crate::api::{ListingCoverage, LookUpError, LookUps};
use crate::commands::CommandError;
use crate::context::Context;
use crate::deliveries::{Inquiry, InquiryTerms, StillUnknown, SweepError, SweepListener, sweep};
use crate::ledger::{
    Counts, DeliveryCounts, DeliveryNews, Details, LedgerError, Run, RunEvent, RunEventKind, RunName, now,
};
use crate::output::{ProgressFormat, Reading, counted, grouped, rounded};
use crate::sending::{Sender, UnresolvedSender};

/// How long after sending a message is still looked up, by default.
pub(super) const UP_TO: Duration = Duration::from_secs(72 * 60 * 60);

/// A run to look up.
pub(super) struct AskedRun<'a> {
    pub(super) run: &'a Run,
    pub(super) details: Details,
    pub(super) sender: Sender,
    /// How long after sending a message is still looked up.
    pub(super) up_to: Duration,
    /// Whether only unknown rows are looked up.
    pub(super) only_unknown: bool,
    /// Whether the size of the look-up was printed.
    is_told: bool,
    /// Unknown rows that are now sent.
    pub(super) settled: u64,
}

/// The result of a look-up.
pub(super) struct Look {
    pub(super) counts: Counts,
    pub(super) deliveries: DeliveryCounts,
    /// The same counts for messages sent since the run began or was resumed.
    pub(super) of_late: DeliveryCounts,
    /// Why rows stay unknown.
    pub(super) left: BTreeMap<StillUnknown, u64>,
    /// Whether asking again can find something new.
    pub(super) may_change: bool,
    /// Whether the time ran out while Jelou was answering.
    pub(super) is_cut: bool,
    /// The error that kept it from reading everything.
    pub(super) problem: Option<CommandError>,
}

impl<'a> AskedRun<'a> {
    /// Opens the run `name` for a look-up, with the sender who began it.
    pub(super) fn open(
        context: &mut Context,
        run: &'a Run,
        up_to: Duration,
        only_unknown: bool,
    ) -> Result<Self, CommandError> {
        let unresolved = UnresolvedSender::claim(context)?;
        if let Some(doubt) = run.doubt()? {
            return Err(doubt.into());
        }
        run.store().require_write()?;
        let details = run.details()?;
        let sender = sender_of_run(context, unresolved, run, &details)?;
        Ok(Self { run, details, sender, up_to, only_unknown, is_told: false, settled: 0 })
    }

    /// Asks once, until `end` at the latest, and stores the findings, even if it then fails.
    pub(super) async fn look(
        &mut self,
        context: &Context,
        look_ups: &mut LookUps<'_>,
        end: Option<Instant>,
    ) -> Result<Look, CommandError> {
        let run = &self.run.reconnected()?;
        run.note_lost()?;
        // Rows that are sent while Jelou answers are not asked about yet.
        let is_sent = run.is_held()?;
        let mut inquiry = self.inquiry(run)?;
        let answered = Cell::new(0);
        let ended = if inquiry.is_open() {
            let sweep = self.sweep(context, run, look_ups, &mut inquiry, &answered);
            match end {
                Some(end) => timeout_at(end, sweep).await.unwrap_or(Ok(ListingCoverage::OutOfTime)),
                None => sweep.await,
            }
        } else {
            Ok(ListingCoverage::Whole)
        };
        // An attempt that began while the history was read may be listed in it already.
        let doubt = if ended.is_ok() { count_attempts(run, &self.details, &mut inquiry)? } else { None };
        if let Some(doubt) = &doubt {
            context.stderr.warning(doubt);
        }
        let is_whole = matches!(ended, Ok(ListingCoverage::Whole));
        let is_cut = matches!(ended, Ok(ListingCoverage::OutOfTime)) && answered.get() > 0;
        let mut news = inquiry.news();
        let found = inquiry.settle(is_whole && doubt.is_none());
        news.learnt.extend(found.news.learnt);
        news.proven = found.news.proven;
        let is_of_all = is_whole && !self.only_unknown && inquiry.asked() > 0 && inquiry.is_complete(UP_TO);
        news.asked = is_of_all.then(|| inquiry.asked_record());
        self.settled += learn(run, &news)?;
        let problem = match ended {
            Ok(ListingCoverage::Whole) => None,
            Ok(coverage) => Some(LookUpError::Incomplete { coverage, unreadable: 0 }.into()),
            Err(SweepError::LookUp(error)) => Some(error.into()),
            Err(SweepError::Ledger(error)) => return Err(error.into()),
        };
        let is_start = |event: &&RunEvent| matches!(event.kind, RunEventKind::Begun | RunEventKind::Resumed);
        let resumed_at = run.events()?.iter().rfind(is_start).map_or(i64::MIN, |event| event.at);
        Ok(Look {
            counts: run.counts()?,
            deliveries: inquiry.counts(is_whole, i64::MIN),
            of_late: inquiry.counts(is_whole, resumed_at),
            left: found.left,
            may_change: inquiry.is_open() || is_sent,
            is_cut,
            problem,
        })
    }

    /// Asks for the rows of `inquiry`, and says first how long that takes.
    async fn sweep(
        &mut self,
        context: &Context,
        run: &Run,
        look_ups: &mut LookUps<'_>,
        inquiry: &mut Inquiry,
        answered: &Cell<u64>,
    ) -> Result<ListingCoverage, SweepError> {
        let (name, asked) = (run.name(), inquiry.asked());
        let rate = self.sender.settings.rate.value.per_second();
        let is_told = std::mem::replace(&mut self.is_told, true);
        let planned = Cell::new(None);
        let shown = name.to_string();
        let reading = Reading::new(&context.stderr, ProgressFormat::Auto, &shown);
        let mut plan = |requests| {
            planned.set(requests);
            if !is_told && asked > 0 {
                context.stderr.note(&plan_in_words(asked, name, requests, rate));
            }
        };
        let mut progress = |done| {
            answered.set(done);
            reading.show_requests(done, planned.get());
        };
        let settled = &mut self.settled;
        let mut keep = |news: DeliveryNews| -> Result<(), LedgerError> {
            *settled += learn(run, &news)?;
            Ok(())
        };
        let listener = SweepListener { plan: &mut plan, progress: &mut progress, keep: &mut keep };
        sweep(look_ups, inquiry, listener, now().saturating_sub(run.store().now()?)).await
    }

    /// What to ask for.
    fn inquiry(&self, run: &Run) -> Result<Inquiry, LedgerError> {
        let timeout = self.sender.settings.timeout.value.duration();
        let mut inquiry = Inquiry::new(InquiryTerms {
            now: run.store().now()?,
            up_to: self.up_to,
            clock: 0,
            timeout: i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX),
            last_asked_at: run.delivery_counts()?.map(|counts| counts.asked_at),
            only_unknown: self.only_unknown,
        });
        run.each_attempt([i64::MIN, i64::MAX], &mut |attempt| inquiry.add(attempt))?;
        Ok(inquiry)
    }
}

/// Stores `news`; returns the number of unknown rows that are now sent.
fn learn(run: &Run, news: &DeliveryNews) -> Result<u64, LedgerError> {
    if news.is_empty() { Ok(0) } else { run.learn(news) }
}

/// Adds the attempts of every run of the bot to `inquiry`. If one of them is in doubt, nothing can be counted; the error
/// says why.
fn count_attempts(run: &Run, of: &Details, inquiry: &mut Inquiry) -> Result<Option<String>, LedgerError> {
    let Some([first, last]) = inquiry.counted_span() else { return Ok(None) };
    for other in run.store().runs()? {
        let is_this = other.name() == run.name();
        // The address does not matter: one server can have several names, and extra attempts do not settle anything
        // wrongly.
        if other.details()?.bot != of.bot || !is_this && other.created_at()? > last {
            continue;
        }
        if let Some(error) = other.doubt()? {
            return Ok(Some(format!(
                "unknown rows are left as they are: what run {} has sent is not known: {error}; {}",
                other.name(),
                error.hint
            )));
        }
        other.each_attempt([first, last], &mut |attempt| inquiry.count(&attempt, is_this))?;
    }
    Ok(None)
}

/// `asking Jelou about 480 messages of run r: 11 requests, 3 s at 5/s`
fn plan_in_words(rows: u64, name: &RunName, requests: Option<u64>, rate: f64) -> String {
    let messages = counted(rows, "message");
    let Some(requests) = requests else {
        return format!("asking Jelou about {messages} of run {name}; it does not say how many pages it has");
    };
    #[expect(clippy::cast_precision_loss, reason = "it is shown in seconds")]
    let took = Duration::try_from_secs_f64(requests as f64 / rate).unwrap_or_default();
    let s = if requests == 1 { "" } else { "s" };
    format!(
        "asking Jelou about {messages} of run {name}: {} request{s} or more, {} at {rate}/s",
        grouped(requests),
        rounded(took)
    )
}

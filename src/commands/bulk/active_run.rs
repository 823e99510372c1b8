//! A run that this process sends: it joins the run, sends rows, and joins again when the hours of the run open.

use std::cell::RefCell;
use std::process::id;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use super::options::ReplacedRules;
use super::run_log::change_fields;
use crate::base::clock;
use crate::base::message::msg;
use crate::base::output::{Progress, ProgressFormat};
use crate::base::process::{block_on, host_name};
use crate::base::timestamps::now;
use crate::command_error::{CommandError, Phase};
use crate::commands::open_ledger::wait_for_turn;
use crate::commands::zone::sender_zone;
use crate::jelou::api::Problem;
use crate::jelou::message::MessageKind;
use crate::lists::exclusions::Exclusions;
use crate::runs::hours::{Hours, SendingHours};
use crate::runs::import::{self, UnsentRows, WindowCheck, earlier_runs_error, skips_sent_rows};
use crate::runs::ledger::{
    Counts, DraftRequest, Joined, LedgerError, Run, RunConditions, RunSettings, RunWorker, Worker,
};
use crate::runs::sending::{ApiSession, Driver, RunEnd, RunLimits, StopReason};
use crate::sender::config::Settings;
use crate::sender::context::Context;
use crate::sender::{
    AuditLog, Connection, OpenWindows, ProfileRules, Sender, check_allowed, check_allowed_by,
    no_client,
};

/// In milliseconds: a row is sent by rules of the profile that were read within this time.
const READ_AGAIN_AFTER: i64 = 60_000;

pub(crate) struct ActiveRun {
    pub(crate) run: Run,
    pub(crate) sender: Sender,
    /// The settings, with the options that it continues with.
    pub(crate) settings: RunSettings,
    /// The recipients that were excluded when it began.
    pub(crate) exclusions: Exclusions,
    /// The rules of the profile that typed flags replace.
    pub(crate) replaced: ReplacedRules,
    /// The profile's rules as last read.
    pub(crate) rules: RefCell<ProfileRules>,
}

/// The result of sending the rows.
pub(super) struct SendingEnd {
    /// The error, if the run could not continue after a wait.
    pub(super) end: Result<RunEnd, CommandError>,
    /// How long it took; None if some rows had been sent before.
    pub(super) took: Option<Duration>,
}

/// A run that this process has joined, with everything for sending rows.
struct JoinedRun {
    worker: Worker,
    counts: Counts,
    /// The conditions when this process joined. They do not change until it leaves the run.
    conditions: RunConditions,
}

impl ActiveRun {
    /// Sends the remaining rows. With a `worker`, this process has joined the run already.
    ///
    /// # Errors
    /// If this process cannot join the run: then it sends nothing.
    pub(super) async fn send_rows(
        &self,
        context: &Context,
        worker: Option<Worker>,
        mut connection: Connection,
        progress: ProgressFormat,
    ) -> Result<SendingEnd, CommandError> {
        let session = match self.session(&connection) {
            Ok(session) => Arc::new(session),
            Err(error) => {
                close_unused(worker);
                return Err(error);
            }
        };
        connection.signals.keep();
        let began = Instant::now();
        let mut joined = if let Some(worker) = worker {
            JoinedRun {
                worker,
                counts: self.run.counts()?,
                conditions: self.settings.conditions.clone(),
            }
        } else {
            self.join(context, &self.run, &mut connection, None).await?
        };
        self.log_change(context, "started", None);
        let is_first = joined.counts.sent == 0;
        let end = loop {
            let progress = Progress::new(&context.stderr, progress);
            let session = Arc::clone(&session);
            let end = self
                .drive(context, joined, session, &mut connection, progress)
                .await;
            let must_rejoin = matches!(
                end,
                Ok(RunEnd::Stopped {
                    reason: StopReason::MustRejoin,
                    ..
                })
            );
            if !must_rejoin {
                break end;
            }
            match self.join_after_wait(context, &mut connection).await {
                Ok(again) => joined = again,
                Err(error) => break Err(error.in_phase(Phase::AfterWait)),
            }
        };
        let took = is_first.then(|| began.elapsed());
        Ok(SendingEnd { end, took })
    }

    /// Sends rows as a process that has `joined` the run, until it must join again or the run ends.
    async fn drive(
        &self,
        context: &Context,
        joined: JoinedRun,
        session: Arc<ApiSession>,
        connection: &mut Connection,
        mut progress: Progress<'_>,
    ) -> Result<RunEnd, CommandError> {
        let JoinedRun {
            worker,
            counts,
            conditions,
        } = joined;
        let limits = match self.limits(conditions) {
            Ok(limits) => limits,
            Err(error) => {
                close_unused(Some(worker));
                return Err(error);
            }
        };
        let is_allowed = |request: &DraftRequest<'_>| {
            self.allows(context, request).map_err(|error| Problem {
                code: error.name,
                api_code: None,
                message: error.message,
                hint: error.hint.unwrap_or_default(),
                retry_after: None,
            })
        };
        let driver = Driver::new(session, worker, counts, limits, &is_allowed, &mut progress);
        let next_signal = async || connection.signals.next_request().await;
        Ok(driver.run(next_signal).await)
    }

    /// Returns the number of other processes that send the run.
    pub(super) fn count_others(&self) -> Result<u64, LedgerError> {
        // A process that sends updates its record more often than every five seconds.
        let is_own =
            |process: &RunWorker| process.pid == i64::from(id()) && process.host == host_name();
        let is_other = |process: &&RunWorker| !is_own(process) && process.seen_s < 5.0;
        let others = self.run.workers()?.iter().filter(is_other).count();
        Ok(others as u64)
    }

    /// Returns the zone for the times of the run.
    pub(super) fn zone(&self) -> TimeZone {
        sender_zone(&self.settings, &self.sender)
    }

    /// Returns the audit log for this run.
    pub(super) fn log(&self) -> AuditLog {
        AuditLog::from_settings(&self.sender.settings).with(&self.exclusions)
    }

    /// Logs what this process does with the run. The `reason` is a flag.
    pub(super) fn log_change(&self, context: &Context, change: &str, reason: Option<&str>) {
        let ledger = self.run.ledger();
        let fields = change_fields(ledger, self.run.name(), &self.settings, change, reason);
        self.log().add(&context.stderr, "change", "bulk", fields);
    }

    fn session(&self, connection: &Connection) -> Result<ApiSession, CommandError> {
        let keeps_alive = !self.settings.no_keep_alive;
        Ok(ApiSession {
            client: connection.client.for_run(keeps_alive).map_err(no_client)?,
            credentials: connection.credentials.clone(),
            base: connection.base.url().clone(),
            accepts: self.settings.accepts.clone(),
        })
    }

    fn limits(&self, conditions: RunConditions) -> Result<RunLimits, CommandError> {
        let profile_hours = self.profile_hours(&self.rules.borrow().settings)?;
        Ok(RunLimits {
            concurrency: self.settings.concurrency,
            max_wait: self.settings.max_wait,
            hours: self.join_hours(conditions.hours, profile_hours),
            zone: self.zone(),
            keep_going: conditions.keep_going,
        })
    }

    /// Joins the processes that send `run`, unless it has rows that other runs have sent.
    async fn join(
        &self,
        context: &Context,
        run: &Run,
        connection: &mut Connection,
        windows: Option<&OpenWindows>,
    ) -> Result<JoinedRun, CommandError> {
        wait_for_turn(run.ledger(), &mut connection.signals).await?;
        self.apply_rules(context, run, windows)?;
        let leaves_out = skips_sent_rows(&run.details()?);
        let limit = self.profile_limit(&self.rules.borrow().settings);
        let joined = run.join(self.sender.settings.timeout, leaves_out, limit)?;
        let (worker, mut counts) = match joined {
            Joined::Sender { worker, counts } => (*worker, counts),
            Joined::HasEarlierMessages(found) => {
                let zone = self.zone();
                return Err(earlier_runs_error(run, &found, &zone)?.into());
            }
        };
        if run.has_decided_rows()? {
            // They may have become pending after the first check. This cannot happen once this process has joined.
            if let Err(error) = self.skip_excluded_rows(context, run, None) {
                close_unused(Some(worker));
                return Err(error);
            }
            worker.note_alive()?;
            counts = run.counts()?;
        }
        Ok(JoinedRun {
            worker,
            counts,
            conditions: run.details()?.conditions,
        })
    }

    /// Checks that the run and the profile allow the recipients of all unsent rows.
    pub(super) fn check_allowed(&self, run: &Run, profile: &Settings) -> Result<(), CommandError> {
        if !self.has_allow_to(profile) {
            return Ok(());
        }
        run.pending_requests(|row| self.check_recipients(&row.request().recipients()?, profile))
    }

    fn has_allow_to(&self, profile: &Settings) -> bool {
        profile.allow_to.is_some() || self.settings.allow_to.is_some()
    }

    fn check_recipients(
        &self,
        recipients: &[String],
        profile: &Settings,
    ) -> Result<(), CommandError> {
        let recipients = recipients.iter().map(String::as_str);
        check_allowed(profile, recipients.clone())?;
        let origin = msg!("run {run}", run = self.run.name());
        check_allowed_by(self.settings.allow_to.as_deref(), &origin, recipients)
    }

    /// Returns whether a row may be sent now. It passed these checks before, but the profile's rules may be others now,
    /// and another program may have changed the ledger.
    ///
    /// # Errors
    /// If the rules are old, and cannot be read again.
    fn allows(&self, context: &Context, request: &DraftRequest<'_>) -> Result<bool, CommandError> {
        let age = clock::unix_millis() - self.rules.borrow().read_at;
        if !(0..READ_AGAIN_AFTER).contains(&age) {
            let before = self.reread_rules(context)?.settings;
            let now = &self.rules.borrow().settings;
            // With other hours or another limit, this process joins again.
            let has_other_hours = self.profile_hours(now)? != self.profile_hours(&before)?;
            if has_other_hours || now.limit_24h != before.limit_24h {
                return Ok(false);
            }
        }
        let rules = self.rules.borrow();
        let lists = [&self.exclusions, &rules.exclusions];
        if !self.has_allow_to(&rules.settings) && lists.iter().all(|list| list.is_empty()) {
            return Ok(true);
        }
        let Ok(recipients) = request.recipients() else {
            return Ok(false);
        };
        let is_excluded = |list: &&Exclusions| {
            let found = list.find(recipients.iter().map(String::as_str));
            found.is_some()
        };
        Ok(!lists.iter().any(is_excluded)
            && self.check_recipients(&recipients, &rules.settings).is_ok())
    }

    /// Returns the messaging limit of the profile, unless a flag replaces it. Only templates count.
    pub(super) fn profile_limit(&self, profile: &Settings) -> Option<u32> {
        let kind = MessageKind::from_name(&self.settings.kind);
        let counts = kind.is_none_or(|kind| kind.may_be_template());
        profile.limit_24h.filter(|_| counts && !self.replaced.limit)
    }

    /// Returns the hours of the profile, unless a flag replaces them.
    ///
    /// # Errors
    /// If they need a time zone, or do not open within a year.
    fn profile_hours(&self, profile: &Settings) -> Result<Option<Hours>, CommandError> {
        if self.replaced.hours {
            return Ok(None);
        }
        let hours = profile.hours.clone().with_flags(&[], &[], None, now());
        hours.map_err(|error| CommandError::bare_configuration(error.message))
    }

    /// Joins the hours of the run with those of the profile. In the sandbox, neither applies.
    fn join_hours(&self, run: Option<Hours>, profile: Option<Hours>) -> SendingHours {
        if self.settings.sandbox {
            SendingHours::default()
        } else {
            SendingHours::new(run, profile)
        }
    }

    /// Returns the hours of the run together with those of the profile.
    ///
    /// # Errors
    /// If they are never open at the same time.
    pub(super) fn sending_hours(&self) -> Result<SendingHours, CommandError> {
        let run_hours = self.settings.conditions.hours.clone();
        let hours = self.join_hours(run_hours, self.profile_hours(&self.sender.settings)?);
        if hours.next_opening(now()).is_some() {
            return Ok(hours);
        }
        let run = self.run.name();
        Err(CommandError::guard(
            msg!(
                "the sending hours of run {run} and of this machine's profile are never open at the same time: {hours}",
                run,
                hours
            ),
            msg!(
                "to send at other hours: jelouctl bulk resume {run} --between HOURS",
                run
            ),
        ))
    }

    /// Reads the profile's rules again, and applies them to the unsent rows of `run`.
    ///
    /// # Errors
    /// If the rules cannot be read, or do not allow the recipient of a row.
    pub(super) fn apply_rules(
        &self,
        context: &Context,
        run: &Run,
        windows: Option<&OpenWindows>,
    ) -> Result<(), CommandError> {
        self.reread_rules(context)?;
        self.skip_excluded_rows(context, run, windows)
    }

    /// Reads the profile's rules again, and returns the rules before.
    fn reread_rules(&self, context: &Context) -> Result<ProfileRules, CommandError> {
        let fresh = self.rules.borrow().read_again(context, None)?;
        self.profile_hours(&fresh.settings)?;
        Ok(self.rules.replace(fresh))
    }

    fn skip_excluded_rows(
        &self,
        context: &Context,
        run: &Run,
        windows: Option<&OpenWindows>,
    ) -> Result<(), CommandError> {
        let rules = self.rules.borrow();
        skip_excluded(context, UnsentRows::OfRun(run), &self.exclusions, None)?;
        skip_excluded(context, UnsentRows::OfRun(run), &rules.exclusions, windows)?;
        self.check_allowed(run, &rules.settings)
    }

    /// Opens the run again when its sending hours start, after a wait of up to days, or after a safety check refused a
    /// row.
    async fn join_after_wait(
        &self,
        context: &Context,
        connection: &mut Connection,
    ) -> Result<JoinedRun, CommandError> {
        let windows = if self.settings.conditions.only_in_window {
            Some(OpenWindows::read(connection).await?)
        } else {
            None
        };
        // The connection may have closed during the wait.
        let run = self.run.reconnected()?;
        self.join(context, &run, connection, windows.as_ref()).await
    }
}

/// Closes a worker that sends nothing. Otherwise, other processes would wait for it.
fn close_unused(worker: Option<Worker>) {
    if let Some(worker) = worker {
        let _ = worker.close();
    }
}

/// Skips the rows of excluded recipients, and with `windows` the rows of recipients outside the 24-hour window; prints
/// notes of them.
pub(super) fn skip_excluded(
    context: &Context,
    rows: UnsentRows<'_>,
    exclusions: &Exclusions,
    windows: Option<&OpenWindows>,
) -> Result<(), CommandError> {
    let is_in_window = windows.map(|windows| |recipient: &str| windows.is_open(recipient));
    let is_in_window: WindowCheck<'_> = is_in_window.as_ref().map(|check| check as _);
    for note in import::skip_excluded(rows, exclusions, is_in_window)? {
        context.stderr.note(note.line());
    }
    Ok(())
}

/// Reads, over a separate connection, which recipients have written recently.
pub(super) fn look_up_windows(
    context: &Context,
    sender: &Sender,
) -> Result<OpenWindows, CommandError> {
    block_on(async {
        let mut connection = sender.connect(context).await?;
        Ok(OpenWindows::read(&mut connection).await?)
    })
}

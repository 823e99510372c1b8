//! A run that this process sends: it joins the run, sends rows, and joins again when the hours of the run open.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use crate::base::output::{Progress, ProgressFormat};
use crate::base::process::block_on;
use crate::command_error::{CommandError, Phase};
use crate::commands::open_ledger::wait_for_turn;
use crate::commands::zone::sender_zone;
use crate::lists::exclusions::Exclusions;
use crate::runs::import::{self, UnsentRows, WindowCheck, earlier_runs_error, skips_sent_rows};
use crate::runs::ledger::{Counts, DraftRequest, Joined, Run, RunConditions, RunSettings, Worker};
use crate::runs::sending::{ApiSession, Driver, RunEnd, RunLimits, StopReason};
use crate::sender::context::Context;
use crate::sender::{
    Connection, OpenWindows, Sender, check_allowed, no_client, reread_do_not_contact,
};

pub(crate) struct ActiveRun {
    pub(crate) run: Run,
    pub(crate) sender: Sender,
    /// The settings, with the options that it continues with.
    pub(crate) settings: RunSettings,
    /// The recipients that were excluded when it began.
    pub(crate) exclusions: Exclusions,
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
    /// The recipients on the profile's list, if it was read again for this join.
    excluded_now: Exclusions,
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
        let mut joined = match worker {
            Some(worker) => JoinedRun {
                worker,
                counts: self.run.counts()?,
                conditions: self.settings.conditions.clone(),
                excluded_now: Exclusions::default(),
            },
            None => self.join(context, &self.run, &mut connection).await?,
        };
        let is_first = joined.counts.sent == 0;
        let end = loop {
            let mut progress = Progress::new(&context.stderr, progress);
            let limits = self.limits(joined.conditions);
            let session = Arc::clone(&session);
            let excluded_now = joined.excluded_now;
            let is_allowed = |request: &DraftRequest<'_>| self.allows(request, &excluded_now);
            let driver = Driver::new(
                session,
                joined.worker,
                joined.counts,
                limits,
                &is_allowed,
                &mut progress,
            );
            let end = driver
                .run(async || connection.signals.next_request().await)
                .await;
            let waits = matches!(
                end,
                RunEnd::Stopped {
                    reason: StopReason::WaitOver,
                    ..
                }
            );
            if !waits {
                break Ok(end);
            }
            match self.join_after_wait(context, &mut connection).await {
                Ok(again) => joined = again,
                Err(error) => break Err(error.in_phase(Phase::AfterWait)),
            }
        };
        let took = is_first.then(|| began.elapsed());
        Ok(SendingEnd { end, took })
    }

    /// Returns the zone for the times of the run.
    pub(super) fn zone(&self) -> TimeZone {
        sender_zone(&self.settings, &self.sender)
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

    fn limits(&self, conditions: RunConditions) -> RunLimits {
        RunLimits {
            concurrency: self.settings.concurrency,
            max_wait: self.settings.max_wait,
            hours: conditions.hours.filter(|_| !self.settings.sandbox),
            zone: self.zone(),
            keep_going: conditions.keep_going,
        }
    }

    /// Joins the processes that send `run`, unless it has rows that other runs have sent.
    async fn join(
        &self,
        context: &Context,
        run: &Run,
        connection: &mut Connection,
    ) -> Result<JoinedRun, CommandError> {
        wait_for_turn(run.ledger(), &mut connection.signals).await?;
        let leaves_out = skips_sent_rows(&run.details()?);
        let (worker, mut counts) = match run.join(self.sender.settings.timeout, leaves_out)? {
            Joined::Sender { worker, counts } => (*worker, counts),
            Joined::HasEarlierMessages(found) => {
                let zone = self.zone();
                return Err(earlier_runs_error(run, &found, &zone)?.into());
            }
        };
        if run.has_decided_rows()? {
            if let Err(error) = self.skip_newly_excluded_rows(context, run, &worker) {
                close_unused(Some(worker));
                return Err(error);
            }
            counts = run.counts()?;
        }
        Ok(JoinedRun {
            worker,
            counts,
            conditions: run.details()?.conditions,
            excluded_now: Exclusions::default(),
        })
    }

    /// Skips excluded recipients again: rows may have become pending after the first check. This cannot happen once this
    /// process has joined.
    fn skip_newly_excluded_rows(
        &self,
        context: &Context,
        run: &Run,
        worker: &Worker,
    ) -> Result<(), CommandError> {
        let excluded_now = reread_do_not_contact(&self.sender.settings)?;
        for exclusions in [&self.exclusions, &excluded_now] {
            skip_excluded(context, UnsentRows::OfRun(run), exclusions, None)?;
            worker.note_alive()?;
        }
        self.check_allowed(run)?;
        Ok(worker.note_alive()?)
    }

    /// Checks that the profile allows the recipients of all unsent rows.
    pub(super) fn check_allowed(&self, run: &Run) -> Result<(), CommandError> {
        let settings = &self.sender.settings;
        if settings.allow_to.is_none() {
            return Ok(());
        }
        run.pending_requests(|row| {
            let recipients = row.request().recipients()?;
            check_allowed(settings, recipients.iter().map(String::as_str))
        })
    }

    /// Returns whether a row may be sent now. Its row passed these checks before, but another program may have changed
    /// the ledger.
    fn allows(&self, request: &DraftRequest<'_>, excluded_now: &Exclusions) -> bool {
        let settings = &self.sender.settings;
        let lists = [&self.exclusions, excluded_now];
        if settings.allow_to.is_none() && lists.iter().all(|list| list.is_empty()) {
            return true;
        }
        let Ok(recipients) = request.recipients() else {
            return false;
        };
        let recipients = || recipients.iter().map(String::as_str);
        let is_excluded = lists.iter().any(|list| list.find(recipients()).is_some());
        !is_excluded && check_allowed(settings, recipients()).is_ok()
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
        let excluded_now = reread_do_not_contact(&self.sender.settings)?;
        // The connection may have closed during the wait.
        let run = self.run.reconnected()?;
        wait_for_turn(run.ledger(), &mut connection.signals).await?;
        skip_excluded(context, UnsentRows::OfRun(&run), &self.exclusions, None)?;
        let rows = UnsentRows::OfRun(&run);
        skip_excluded(context, rows, &excluded_now, windows.as_ref())?;
        self.check_allowed(&run)?;
        let joined = self.join(context, &run, connection).await?;
        Ok(JoinedRun {
            excluded_now,
            ..joined
        })
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

//! Carries out a run, new or resumed, and continues it when its hours open.

use std::sync::Arc;
use std::time::Instant;

use super::ending::RunOnItsWay;
use super::hours;
use super::leave_out::{UnsentRows, leave_others_out, leave_out_excluded, read_windows};
use super::options::RunOptions;
use super::summary::Elapsed;
use crate::api::{HEADERS_OF_A_POST, signed};
use crate::commands::CommandError;
use crate::exit::ExitCode;
use crate::ledger::{Counts, LedgerError, Worker};
use crate::output::Progress;
use crate::run::{ApiSession, Engine, RunEnd, RunLimits, StopReason};
use crate::sending::{Connection, reread_do_not_contact};

impl RunOnItsWay<'_> {
    /// Sends the remaining rows and reports the result.
    pub(crate) async fn carry_out(
        &self,
        connection: Connection,
        options: &RunOptions,
    ) -> Result<ExitCode, CommandError> {
        self.send_rows(connection, options).await.map_err(CommandError::after_sending)
    }

    async fn send_rows(&self, mut connection: Connection, options: &RunOptions) -> Result<ExitCode, CommandError> {
        let Self { context, details, .. } = self;
        let credentials = connection.credentials.clone();
        let session = Arc::new(ApiSession {
            client: connection.client.for_run(!options.work.no_keep_alive && !details.no_keep_alive)?,
            headers: signed(HEADERS_OF_A_POST, &credentials),
            credentials,
            base: connection.base.url().clone(),
            accepts: details.accepts.clone(),
        });
        let hours = details.conditions.hours.as_ref();
        if details.sandbox {
            hours::report_not_waited_for(context, hours);
        }
        let limits = RunLimits {
            concurrency: options.work.concurrency_or(details.concurrency),
            max_wait: options.work.max_wait_or(details.max_wait),
            hours: hours.filter(|_| !details.sandbox).cloned(),
            keep_going: details.conditions.keep_going,
        };
        let began = Instant::now();
        let mut opened = self.run.join(self.sender.settings.timeout.value.duration())?;
        let sent_before = opened.1.sent;
        let end = loop {
            let (ledger, counts) = opened;
            let mut progress = Progress::new(&context.stderr, options.work.progress);
            let engine = Engine::new(Arc::clone(&session), Box::new(ledger), counts, limits.clone(), &mut progress);
            let end = engine.run(async || connection.signals.next().await).await;
            if !matches!(end, RunEnd::Stopped { reason: StopReason::HoursOpened, .. }) {
                break Ok(end);
            }
            match self.after_opening(&mut connection).await {
                Ok(again) => opened = again,
                Err(error) => break Err(error),
            }
        };
        self.report(end, Elapsed { took: began.elapsed(), sent_before })
    }

    /// Opens the run again after its hours have opened: it may have waited for a night, or for days.
    async fn after_opening(&self, connection: &mut Connection) -> Result<(Worker, Counts), CommandError> {
        let Self { context, sender, .. } = self;
        let windows = if self.details.conditions.only_in_window {
            Some(read_windows(context, sender, connection).await?)
        } else {
            None
        };
        let exclusions = reread_do_not_contact(&sender.settings)?;
        // The connection may not have survived the wait.
        let run = self.run.reconnected().map_err(LedgerError::in_mid_run)?;
        leave_out_excluded(context, UnsentRows::OfRun(&run), &exclusions).map_err(LedgerError::in_mid_run)?;
        if let Some(windows) = windows {
            leave_others_out(context, &windows, &run)?;
        }
        Ok(run.join(sender.settings.timeout.value.duration()).map_err(LedgerError::in_mid_run)?)
    }
}

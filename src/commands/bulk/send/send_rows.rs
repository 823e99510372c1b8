//! Carries out a run, new or resumed, and continues it when its hours open.

use std::sync::Arc;
use std::time::Instant;

use super::report_end::ActiveRun;
use crate::base::exit::ExitCode;
use crate::base::output::{Progress, ProgressFormat};
use crate::command_error::{CommandError, Phase};
use crate::commands::bulk::earlier::{leaves_out_sent, refusal_of_rest};
use crate::commands::bulk::exclude::{UnsentRows, leave_out};
use crate::commands::store::wait_for_turn;
use crate::runs::ledger::{Counts, Joined, Run, RunConditions, Worker};
use crate::runs::sending::{ApiSession, Engine, RunEnd, RunLimits, StopReason};
use crate::sender::{Connection, OpenWindows, no_client, reread_do_not_contact};

impl ActiveRun<'_> {
    /// Sends the remaining rows and reports the result. Any error comes after messages that may have been sent.
    pub(crate) async fn carry_out(
        &self,
        mut connection: Connection,
        progress: ProgressFormat,
    ) -> Result<ExitCode, CommandError> {
        let Self {
            context, details, ..
        } = self;
        let session = Arc::new(ApiSession {
            client: connection
                .client
                .for_run(!details.no_keep_alive)
                .map_err(no_client)?,
            credentials: connection.credentials.clone(),
            base: connection.base.url().clone(),
            accepts: details.accepts.clone(),
        });
        connection.signals.keep();
        let began = Instant::now();
        let mut joined = self.join(&self.run, &mut connection).await?;
        let nothing_sent = joined.1.sent == 0;
        let end = loop {
            let (ledger, counts, conditions) = joined;
            let limits = RunLimits {
                concurrency: details.concurrency,
                max_wait: details.max_wait,
                hours: conditions.hours.filter(|_| !details.sandbox),
                keep_going: conditions.keep_going,
            };
            let mut progress = Progress::new(&context.stderr, progress);
            let engine = Engine::new(Arc::clone(&session), ledger, counts, limits, &mut progress);
            let end = engine
                .run(async || connection.signals.next_request().await)
                .await;
            if !matches!(
                end,
                RunEnd::Stopped {
                    reason: StopReason::WaitOver,
                    ..
                }
            ) {
                break Ok(end);
            }
            match self.after_opening(&mut connection).await {
                Ok(again) => joined = again,
                Err(error) => break Err(error.in_phase(Phase::AfterWait)),
            }
        };
        self.report(end, nothing_sent.then(|| began.elapsed()))
    }

    /// Joins the processes that send `run`, unless it has rows that other runs have sent. Its conditions may have changed
    /// before; they do not change until this process leaves it.
    async fn join(
        &self,
        run: &Run,
        connection: &mut Connection,
    ) -> Result<(Worker, Counts, RunConditions), CommandError> {
        wait_for_turn(run.store(), &mut connection.signals).await?;
        match run.join(
            self.sender.settings.timeout,
            leaves_out_sent(&run.details()?),
        )? {
            Joined::Sender { worker, counts } if !run.has_decided_rows()? => {
                Ok((*worker, counts, run.details()?.conditions))
            }
            Joined::Sender { worker, .. } => match self.check_decided_rows(run, &worker) {
                Ok(()) => Ok((*worker, run.counts()?, run.details()?.conditions)),
                Err(error) => {
                    // Otherwise, other processes would wait for this worker.
                    let _ = worker.close();
                    Err(error)
                }
            },
            Joined::HasEarlierMessages(found) => Err(refusal_of_rest(run, &found)?),
        }
    }

    /// Skips excluded recipients again: rows may have become pending after the first check. This cannot happen once this
    /// process has joined.
    fn check_decided_rows(&self, run: &Run, worker: &Worker) -> Result<(), CommandError> {
        let Self {
            context,
            sender,
            exclusions,
            ..
        } = self;
        for exclusions in [*exclusions, &reread_do_not_contact(&sender.settings)?] {
            leave_out(context, UnsentRows::OfRun(run), exclusions, None)?;
            worker.stay()?;
        }
        self.check_allowed(run)?;
        Ok(worker.stay()?)
    }

    /// Opens the run again when its sending hours start, after a wait of up to days.
    async fn after_opening(
        &self,
        connection: &mut Connection,
    ) -> Result<(Worker, Counts, RunConditions), CommandError> {
        let Self {
            context, sender, ..
        } = self;
        let windows = if self.details.conditions.only_in_window {
            Some(OpenWindows::read(connection).await?)
        } else {
            None
        };
        let exclusions = reread_do_not_contact(&sender.settings)?;
        // The connection may have closed during the wait.
        let run = self.run.reconnected()?;
        wait_for_turn(run.store(), &mut connection.signals).await?;
        leave_out(
            context,
            UnsentRows::OfRun(&run),
            &exclusions,
            windows.as_ref(),
        )?;
        self.join(&run, connection).await
    }
}

//! Carries out a run, new or resumed, and continues it when its hours open.

use std::sync::Arc;
use std::time::Instant;

use super::ending::{RunOnItsWay, report};
use super::hours;
use super::leave_out::{UnsentRows, leave_others_out, leave_out_excluded, read_windows};
use super::options::RunOptions;
use super::summary::Elapsed;
use crate::api::{HEADERS_OF_A_POST, signed};
use crate::commands::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::ledger::{Counts, Details, LedgerError, Run, Worker};
use crate::output::Progress;
use crate::people::Exclusions;
use crate::run::{ApiSession, Engine, RunEnd, RunLimits, StopReason};
use crate::sending::{Connection, OpenWindows, Sender, reread_do_not_contact};

/// Sends the remaining rows of `run` and reports the result.
pub(crate) async fn carry_out(
    context: &Context,
    sender: &Sender,
    connection: Connection,
    run: Run,
    details: &Details,
    exclusions: &Exclusions,
    options: &RunOptions,
) -> Result<ExitCode, CommandError> {
    let run = RunOnItsWay { held: &run, details, exclusions };
    send_rows(context, sender, connection, run, options).await.map_err(CommandError::after_sending)
}

async fn send_rows(
    context: &Context,
    sender: &Sender,
    mut connection: Connection,
    run: RunOnItsWay<'_>,
    options: &RunOptions,
) -> Result<ExitCode, CommandError> {
    let details = run.details;
    let credentials = connection.credentials.clone();
    let session = Arc::new(ApiSession {
        client: connection.client.for_run(!options.work.no_keep_alive && !details.no_keep_alive)?,
        headers: signed(HEADERS_OF_A_POST, &credentials),
        credentials,
        base: connection.base.url().clone(),
        accepts: details.accepts.clone(),
    });
    if details.sandbox {
        hours::report_not_waited_for(context, details.conditions.hours.as_ref());
    }
    let limits = RunLimits {
        concurrency: options.work.concurrency_or(details.concurrency),
        max_wait: options.work.max_wait_or(details.max_wait),
        hours: details.conditions.hours.clone().filter(|_| !details.sandbox),
        keep_going: details.conditions.keep_going,
    };
    let timeout = sender.settings.timeout.value.duration();
    let began = Instant::now();
    let mut opened = run.held.join(timeout)?;
    let sent_before = opened.1.sent;
    let end = loop {
        let (ledger, counts) = opened;
        let mut progress = Progress::new(&context.stderr, options.work.progress);
        let engine = Engine::new(Arc::clone(&session), Box::new(ledger), counts, limits.clone(), &mut progress);
        let end = engine.run(async || connection.signals.next().await).await;
        if !matches!(end, RunEnd::Stopped { reason: StopReason::HoursOpened, .. }) {
            break Ok(end);
        }
        let windows = if details.conditions.only_in_window {
            read_windows(context, sender, &mut connection).await.map(Some)
        } else {
            Ok(None)
        };
        match windows.and_then(|windows| after_opening(context, sender, windows.as_ref(), run.held)) {
            Ok(again) => opened = again,
            Err(error) => break Err(error),
        }
    };
    report(context, sender, run, end, Elapsed { took: began.elapsed(), sent_before })
}

/// Opens the run again after its hours have opened: it may have waited for a night, or for days.
fn after_opening(
    context: &Context,
    sender: &Sender,
    windows: Option<&OpenWindows>,
    run: &Run,
) -> Result<(Worker, Counts), CommandError> {
    let exclusions = reread_do_not_contact(&sender.settings)?;
    // The connection may not have survived the wait.
    let run = run.reconnected().map_err(LedgerError::in_mid_run)?;
    leave_out_excluded(context, UnsentRows::OfRun(&run), &exclusions).map_err(LedgerError::in_mid_run)?;
    if let Some(windows) = windows {
        leave_others_out(context, windows, &run)?;
    }
    Ok(run.join(sender.settings.timeout.value.duration()).map_err(LedgerError::in_mid_run)?)
}

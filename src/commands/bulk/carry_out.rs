//! A run on its way, begun or resumed: the engine, and once more where its hours open.

use std::future::pending;
use std::sync::Arc;
use std::time::Instant;

use super::arguments::RunOptions;
use super::ending::{log_end, report};
use super::hours;
use super::running_run::RunningRun;
use super::summary::Stretch;
use crate::api::{HEADERS_OF_A_POST, SwapWatch, signed};
use crate::commands::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::ledger::{Counts, LedgerError, RunLedger, StopWatch};
use crate::output::Progress;
use crate::run::{ApiSession, Engine, RunEnd, RunLimits, StopReason, StopRequest};
use crate::sending::{Connection, Sender, reread_do_not_contact};

/// Sends rows of `run`, from here at most so many a second.
pub(crate) async fn send_rows(
    context: &Context,
    sender: &Sender,
    connection: Connection,
    mut run: impl RunningRun,
    options: RunOptions,
    rate: f64,
) -> Result<ExitCode, CommandError> {
    let Connection { base, client, credentials, mut signals } = connection;
    let no_keep_alive = options.no_keep_alive || run.details().no_keep_alive;
    let session = Arc::new(ApiSession {
        client: if no_keep_alive { client } else { client.keep_connections()? },
        headers: signed(HEADERS_OF_A_POST, &credentials),
        credentials,
        base: base.url().clone(),
        accepts: run.details().accepts.clone(),
        swaps: SwapWatch::default(),
    });
    let details = run.details();
    if details.sandbox {
        hours::report_not_waited_for(context, details.conditions.hours.as_ref());
    }
    let limits = RunLimits {
        rate,
        concurrency: options.concurrency.unwrap_or(details.concurrency),
        max_wait: options.max_wait.unwrap_or(details.max_wait),
        hours: details.conditions.hours.clone().filter(|_| !details.sandbox),
        keep_going: details.conditions.keep_going,
    };
    let (mut stop, began) = (run.stop_watch(), Instant::now());
    let mut opened = run.open()?;
    let sent_before = opened.1.sent;
    let end = loop {
        let (ledger, counts) = opened;
        let mut progress = Progress::new(&context.stderr, options.progress);
        let engine = Engine::new(Arc::clone(&session), ledger, counts, limits.clone(), &mut progress);
        let end = engine
            .run(async || {
                tokio::select! {
                    signal = signals.next() => StopRequest::Signal(signal),
                    () = seen(stop.as_mut()) => StopRequest::Command,
                }
            })
            .await;
        if !matches!(end, RunEnd::Stopped { reason: StopReason::HoursOpened, .. }) {
            break Ok(end);
        }
        match after_opening(context, sender, &mut run) {
            Ok(again) => opened = again,
            Err(error) => break Err(error),
        }
    };
    let (ended, counts) = report(context, sender, &run, end, Stretch { took: began.elapsed(), sent_before });
    log_end(context, sender, &run, &ended, counts.as_ref());
    ended
}

/// The run once more, where its hours have opened: it may have waited for a night, or for days.
fn after_opening(
    context: &Context,
    sender: &Sender,
    run: &mut impl RunningRun,
) -> Result<(Box<dyn RunLedger>, Counts), CommandError> {
    run.leave_out(context, &reread_do_not_contact(&sender.settings)?)?;
    Ok(run.open().map_err(LedgerError::in_mid_run)?)
}

/// Ends once somebody asks the run to stop.
async fn seen(stop: Option<&mut StopWatch>) {
    match stop {
        Some(stop) => stop.seen().await,
        None => pending().await,
    }
}

//! Sends a run, new or resumed.

pub(crate) mod active_run;
mod continued_run;
mod report_end;
pub(crate) mod resume;
pub(crate) mod work;

use self::active_run::ActiveRun;
use self::report_end::report_end;
use crate::base::exit::ExitCode;
use crate::base::output::ProgressFormat;
use crate::command_error::{CommandError, Phase};
use crate::runs::ledger::Worker;
use crate::sender::Connection;
use crate::sender::context::Context;

/// Sends the unsent rows of a run, and reports its end and its state. With a `worker`, this process has joined the run
/// already.
///
/// # Errors
/// If this process cannot join the run, or cannot write or read its end. Messages may have been sent.
pub(crate) async fn send(
    context: &Context,
    active: &ActiveRun,
    worker: Option<Worker>,
    connection: Connection,
    progress: ProgressFormat,
) -> Result<ExitCode, CommandError> {
    let sent = active
        .send_rows(context, worker, connection, progress)
        .await;
    sent.and_then(|ended| report_end(context, active, ended))
        .map_err(|error| error.in_phase(Phase::Sending))
}

//! `bulk stop`: stops a run in another process after its requests in flight.

use clap::Args;

use crate::base::exit::ExitCode;
use crate::command_error::CommandError;
use crate::commands::bulk::pauses::report_stale;
use crate::commands::bulk::summary::resume_hint;
use crate::commands::open_ledger::open_ledger;
use crate::runs::ledger::RunName;
use crate::sender::context::Context;

/// Stop a run in another process, after its requests in flight
///
/// Examples:
///   jelouctl bulk stop people-20261120-101500
///
/// Every process that sends the run stops within a second and exits with 11. To continue, use
/// `bulk resume`.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct BulkStopArgs {
    /// Name of the run [default: the only unfinished one, or the one in progress]
    ///
    /// With --sandbox, the default prefers sandbox runs. Without it, the default prefers other
    /// runs.
    run: Option<RunName>,
}

pub(crate) fn run(context: &Context, args: &BulkStopArgs) -> Result<ExitCode, CommandError> {
    let ledger = open_ledger(context)?;
    let stderr = &context.stderr;
    let Some(run) = ledger.named_or_unfinished(args.run.as_ref(), true)? else {
        stderr.note("nothing to stop: no unfinished runs");
        return Ok(ExitCode::Success);
    };
    run.require_change()?;
    let name = run.name();
    let is_sent = run.is_running()?;
    if run.stop(None)? {
        let state = if is_sent {
            format!(
                "is stopping: it sends no more messages after those in flight; to see its state: jelouctl bulk status {name}"
            )
        } else {
            "is stopped".to_owned()
        };
        let resume = resume_hint(name);
        stderr.note(&format!("run {name} {state}; {resume}"));
    } else {
        stderr.note(&format!("nothing to stop: run {name} is complete"));
    }
    Ok(report_stale(context, name, run.stale_reason()?.as_ref()))
}

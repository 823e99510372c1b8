//! `bulk stop`: lets a run in another process finish what is under way and stop.

use clap::Args;

use super::store::open_store;
use super::summary::to_continue;
use super::words::{report_damage, warn_of_left_alone};
use crate::commands::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::ledger::RunName;

/// Stop a run that another process sends; what is under way ends first
///
/// Examples:
///   jelouctl bulk stop people-20261120-101500
///
/// That process sees it within a second, also while it waits, and ends with 11; `bulk resume`
/// continues it.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct BulkStopArgs {
    /// Name of the run [default: the unfinished one that is being sent]
    ///
    /// A run on the sandbox is the default only if there is no other.
    run: Option<RunName>,
}

pub(crate) fn run(context: &Context, args: &BulkStopArgs) -> Result<ExitCode, CommandError> {
    let (store, stderr) = (open_store(context)?, &context.stderr);
    let Some(name) = store.named_or_unfinished(args.run.as_ref(), true, &mut warn_of_left_alone(context))? else {
        stderr.note("no run is unfinished: there is nothing to stop");
        return Ok(ExitCode::Success);
    };
    if store.stop(&name)? {
        stderr.note(&if store.is_shared() {
            let then = to_continue(&name);
            format!("run {name} sends no more messages in any process; those under way end first; {then}")
        } else {
            format!(
                "run {name} sends no more messages, and ends once those under way have ended: jelouctl bulk status {name}"
            )
        });
        return Ok(ExitCode::Success);
    }
    let run = store.overview(&name)?;
    let nobody_sends = format!("no process sends run {name}: there is nothing to stop");
    if run.damage.is_some() {
        stderr.note(&nobody_sends);
    } else if run.is_finished {
        stderr.note(&format!("run {name} is complete: there is nothing to stop"));
    } else {
        stderr.note(&format!("{nobody_sends}; {}", to_continue(&name)));
    }
    Ok(report_damage(context, &name, run.damage.as_ref()))
}

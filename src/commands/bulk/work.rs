//! `bulk work`: sends rows of a run together with other processes. It is for scripts: it does not ask, and does not
//! resume a paused run.

use clap::Args;

use super::continued_run::{
    OpenedRun, chosen_flags, continue_run, recheck_pending_rows, report_if_cancelled,
};
use super::options::{ContinueOptions, ReplacedRules, WorkOptions, describe_run_default};
use super::run_log::log_refused_run;
use crate::base::exit::ExitCode;
use crate::base::message::msg;
use crate::base::process::block_on;
use crate::command_error::{CommandError, Phase};
use crate::runs::ledger::RunName;
use crate::sender::context::Context;

/// Send a run in a script, alone or with other processes
///
/// Examples:
///   jelouctl bulk work --ledger postgres://jelou@db.example/jelou
///   jelouctl bulk work people-20261120-101500 --concurrency 16
///
/// For scripts and containers: never prompts, and does not resume a paused run (exits with 4, 5, 8 or
/// 11). To resume one, use `bulk resume`. All processes share the run's rate, on one machine or several.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment, mut_args(describe_run_default))]
pub(crate) struct BulkWorkArgs {
    /// Name of the run [default: the only unfinished one]
    run: Option<RunName>,

    #[command(flatten)]
    continued: ContinueOptions,

    #[command(flatten)]
    work: WorkOptions,
}

pub(crate) fn run(context: &mut Context, args: &BulkWorkArgs) -> Result<ExitCode, CommandError> {
    let ended = work(context, args).map_err(|error| error.in_phase(Phase::Resuming));
    log_refused_run(context, args.run.as_ref(), &ended);
    ended
}

fn work(context: &mut Context, args: &BulkWorkArgs) -> Result<ExitCode, CommandError> {
    let name = args.run.as_ref();
    let Some(opened) = OpenedRun::open(context, name, false, &args.continued, &[])? else {
        context
            .stderr
            .note(msg!("nothing to send: no unfinished runs"));
        context.stdout.outcome(ExitCode::Success, None);
        return Ok(ExitCode::Success);
    };
    let unchecked = chosen_flags([("--unchecked", args.work.unchecked)]);
    let overrides: Vec<_> = opened.overrides.iter().copied().chain(unchecked).collect();
    let settings = args.work.over(opened.settings.clone());
    opened.run.prepare()?;
    let mut active = opened.activate(context, settings, &[], ReplacedRules::default())?;
    if let Some(code) = report_if_cancelled(context, &active)? {
        return Ok(code);
    }
    recheck_pending_rows(context, &mut active, None)?;
    block_on(continue_run(context, active, &args.work, None, &overrides))
}

//! `bulk work`: sends rows of a run in one process, together with others.

use clap::Args;

use super::options::{RunOptions, WorkOptions};
use super::resume::{BulkResumeArgs, go_on};
use crate::command_error::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::ledger::RunName;

/// Send rows of a run that other processes send too, until it is complete
///
/// Examples:
///   jelouctl bulk work --ledger postgres://jelou@db.example/jelou
///   jelouctl bulk work people-20261120-101500 --concurrency 16
///
/// For machines: a paused run stays paused, and this ends with 8 or 11; `bulk resume` lifts a pause.
/// All who send a run share its rate, on one machine or on several.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct BulkWorkArgs {
    /// Name of the run [default: the only unfinished one]
    run: Option<RunName>,

    #[command(flatten)]
    options: WorkOptions,
}

pub(crate) fn run(context: &mut Context, args: BulkWorkArgs) -> Result<ExitCode, CommandError> {
    let options = RunOptions { work: args.options, ..RunOptions::default() };
    let args = BulkResumeArgs { run: args.run, options, ..BulkResumeArgs::default() };
    go_on(context, &args, true)
}

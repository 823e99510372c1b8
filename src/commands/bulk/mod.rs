//! `bulk …`: sends a message to each row of a list file, and manages the runs.

mod decide;
mod earlier;
mod exclude;
mod inspect;
mod messaging_limit;
mod options;
mod pauses;
mod plan;
mod question;
mod report_file;
mod row_notes;
mod run_log;
mod run_sender;
mod send;
mod send_list;
mod skips;
mod summary;
mod waiting;

use clap::Subcommand;

pub(crate) use self::plan::args::BulkSendArgs;
use crate::base::exit::ExitCode;
use crate::base::message::msg;
use crate::base::process::outlive_file_size_limit;
use crate::command_error::CommandError;
use crate::sender::context::Context;

/// Send a message to each row of a list file
#[derive(Debug, Subcommand)]
#[command(arg_required_else_help = true)]
pub(crate) enum BulkCommand {
    Send(Box<BulkSendArgs>),
    Resume(send::resume::BulkResumeArgs),
    Work(send::work::BulkWorkArgs),
    #[command(alias = "pause")]
    Stop(decide::stop::BulkStopArgs),
    Cancel(decide::cancel::BulkCancelArgs),
    #[command(aliases = ["show", "info"])]
    Status(inspect::status::BulkStatusArgs),
    Deliveries(inspect::deliveries::BulkDeliveriesArgs),
    Report(inspect::report::BulkReportArgs),
    #[command(aliases = ["search", "who"])]
    Find(inspect::find::BulkFindArgs),
    Resolve(decide::resolve::BulkResolveArgs),
    /// List the runs, newest first
    ///
    /// Prints a table at a terminal, JSON lines elsewhere. -o id prints the names.
    #[command(verbatim_doc_comment)]
    List,
    #[command(alias = "delete")]
    Remove(decide::remove::BulkRemoveArgs),
}

pub(crate) fn run(context: &mut Context, command: BulkCommand) -> Result<ExitCode, CommandError> {
    use BulkCommand::{Find, List, Report, Send, Status};
    if !matches!(command, Send(_) | Status(_) | Report(_) | Find(_) | List) {
        context.refuse_preview(msg!("would change a run"))?;
    }
    outlive_file_size_limit()?;
    match command {
        BulkCommand::Send(mut args) => send_list::run(context, &mut args),
        BulkCommand::Resume(args) => send::resume::run(context, &args),
        BulkCommand::Work(args) => send::work::run(context, &args),
        BulkCommand::Stop(args) => decide::stop::run(context, &args),
        BulkCommand::Cancel(args) => decide::cancel::run(context, &args),
        BulkCommand::Status(args) => inspect::status::run(context, &args),
        BulkCommand::Deliveries(args) => inspect::deliveries::run(context, &args),
        BulkCommand::Report(args) => inspect::report::run(context, &args),
        BulkCommand::Find(args) => inspect::find::run(context, &args),
        BulkCommand::Resolve(args) => decide::resolve::run(context, &args),
        BulkCommand::List => inspect::list::run(context),
        BulkCommand::Remove(args) => decide::remove::run(context, &args),
    }
}

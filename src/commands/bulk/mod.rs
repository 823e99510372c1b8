//! `bulk …`: sends many messages from a list of people, and manages the runs.

mod asking;
mod before;
mod begin;
mod cancel;
mod carry_out;
mod deliveries;
mod earlier;
mod ending;
mod find;
mod import;
mod leave_out;
mod list;
mod list_notes;
mod options;
mod remove;
mod report;
mod report_file;
mod resolve;
mod resume;
mod run_sender;
mod send;
mod send_args;
mod show;
mod status;
mod stop;
mod summary;
mod test_send;
mod words;
mod zone;

use clap::Subcommand;

pub(crate) use self::send_args::BulkSendArgs;
use crate::base::exit::ExitCode;
use crate::base::process::outlive_file_size_limit;
use crate::command_error::CommandError;
use crate::sender::context::Context;

/// Send a message to each row of a list
#[derive(Debug, Subcommand)]
#[command(arg_required_else_help = true)]
pub(crate) enum BulkCommand {
    Send(Box<BulkSendArgs>),
    Resume(resume::BulkResumeArgs),
    Work(resume::BulkWorkArgs),
    #[command(alias = "pause")]
    Stop(stop::BulkStopArgs),
    Cancel(cancel::BulkCancelArgs),
    #[command(aliases = ["show", "info"])]
    Status(status::BulkStatusArgs),
    Deliveries(deliveries::BulkDeliveriesArgs),
    Report(report::BulkReportArgs),
    #[command(aliases = ["search", "who"])]
    Find(find::BulkFindArgs),
    Resolve(resolve::BulkResolveArgs),
    /// List the runs, the newest first
    ///
    /// If standard output is not a terminal, it prints one JSON object a line; with -o id the names.
    #[command(verbatim_doc_comment)]
    List,
    #[command(alias = "delete")]
    Remove(remove::BulkRemoveArgs),
}

pub(crate) fn run(context: &mut Context, command: BulkCommand) -> Result<ExitCode, CommandError> {
    use BulkCommand::{Find, List, Report, Send, Status};
    if !matches!(command, Send(_) | Status(_) | Report(_) | Find(_) | List) {
        context.refuse_rehearsal("would change a run")?;
    }
    outlive_file_size_limit()?;
    match command {
        BulkCommand::Send(args) => send::run(context, &args),
        BulkCommand::Resume(args) => resume::go_on(context, &args, false),
        BulkCommand::Work(args) => resume::work(context, args),
        BulkCommand::Stop(args) => stop::run(context, &args),
        BulkCommand::Cancel(args) => cancel::run(context, &args),
        BulkCommand::Status(args) => status::run(context, &args),
        BulkCommand::Deliveries(args) => deliveries::run(context, &args),
        BulkCommand::Report(args) => report::run(context, &args),
        BulkCommand::Find(args) => find::run(context, &args),
        BulkCommand::Resolve(args) => resolve::run(context, &args),
        BulkCommand::List => list::run(context),
        BulkCommand::Remove(args) => remove::run(context, &args),
    }
}

//! `bulk …`: sends a message to each row of a list file, and manages the runs.

mod active_run;
mod cancel;
mod confirm;
mod continued_run;
mod cost_limit;
mod deliveries;
mod exclude;
mod find;
mod list;
mod list_message;
mod options;
mod plan;
mod questions;
mod remove;
mod report;
mod report_end;
mod report_file;
mod resolve;
mod resume;
mod run_log;
mod run_sender;
mod send;
mod send_args;
mod show;
mod status;
mod stop;
mod summary;
mod test_send;
mod work;

use clap::Subcommand;

pub(crate) use self::options::RARE;
pub(crate) use self::send_args::BulkSendArgs;
use crate::base::exit::ExitCode;
use crate::base::message::msg;
use crate::base::process::outlive_file_size_limit;
use crate::command_error::CommandError;
use crate::sender::context::Context;

/// Send to a list (CSV, Excel, NDJSON), and manage the runs
#[derive(Debug, Subcommand)]
pub(crate) enum BulkCommand {
    Send(Box<BulkSendArgs>),
    #[command(aliases = ["show", "info"])]
    Status(status::BulkStatusArgs),
    #[command(alias = "pause")]
    Stop(stop::BulkStopArgs),
    Resume(resume::BulkResumeArgs),
    Report(report::BulkReportArgs),
    Deliveries(deliveries::BulkDeliveriesArgs),
    /// List the runs, newest first
    ///
    /// Prints a table at a terminal, JSON lines elsewhere. -o id prints the names.
    #[command(verbatim_doc_comment)]
    List,
    #[command(aliases = ["search", "who"])]
    Find(find::BulkFindArgs),
    #[command(subcommand)]
    Exclude(exclude::ExcludeCommand),
    Resolve(resolve::BulkResolveArgs),
    Cancel(cancel::BulkCancelArgs),
    #[command(alias = "delete")]
    Remove(remove::BulkRemoveArgs),
    Work(work::BulkWorkArgs),
}

impl BulkCommand {
    /// Returns whether it changes the ledger, and prints no other result.
    pub(crate) fn is_change(&self) -> bool {
        match self {
            Self::Stop(_) | Self::Cancel(_) | Self::Resolve(_) | Self::Remove(_) => true,
            Self::Exclude(exclude) => exclude.is_change(),
            Self::Send(_)
            | Self::Status(_)
            | Self::Resume(_)
            | Self::Report(_)
            | Self::Deliveries(_)
            | Self::List
            | Self::Find(_)
            | Self::Work(_) => false,
        }
    }
}

pub(crate) fn run(context: &mut Context, command: BulkCommand) -> Result<ExitCode, CommandError> {
    use BulkCommand::{Exclude, Find, List, Report, Send, Status};
    match &command {
        Send(_) | Status(_) | Report(_) | Find(_) | List => {}
        Exclude(exclude) if !exclude.is_change() => {}
        Exclude(_) => context.refuse_preview(msg!("would change who gets a message"))?,
        _ => context.refuse_preview(msg!("would change a run"))?,
    }
    outlive_file_size_limit()?;
    match command {
        BulkCommand::Send(mut args) => send::run(context, &mut args),
        BulkCommand::Resume(args) => resume::run(context, &args),
        BulkCommand::Work(args) => work::run(context, &args),
        BulkCommand::Stop(args) => stop::run(context, &args),
        BulkCommand::Cancel(args) => cancel::run(context, &args),
        BulkCommand::Status(args) => status::run(context, &args),
        BulkCommand::Deliveries(args) => deliveries::run(context, &args),
        BulkCommand::Report(args) => report::run(context, &args),
        BulkCommand::Find(args) => find::run(context, &args),
        BulkCommand::Resolve(args) => resolve::run(context, &args),
        BulkCommand::List => list::run(context),
        BulkCommand::Remove(args) => remove::run(context, &args),
        BulkCommand::Exclude(command) => exclude::run(context, &command),
    }
}

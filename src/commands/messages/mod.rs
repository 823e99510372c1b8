//! `messages`: prints what Jelou has about sent and received messages. It only reads.

mod get;
mod list;

use clap::Subcommand;

use crate::base::exit::ExitCode;
use crate::command_error::CommandError;
use crate::sender::context::Context;

#[derive(Debug, Subcommand)]
pub(crate) enum MessagesCommand {
    List(list::ListArgs),
    #[command(aliases = ["show", "status", "info"])]
    Get(get::GetArgs),
}

pub(crate) fn run(
    context: &mut Context,
    command: MessagesCommand,
) -> Result<ExitCode, CommandError> {
    match command {
        MessagesCommand::List(arguments) => list::run(context, &arguments),
        MessagesCommand::Get(arguments) => get::run(context, &arguments),
    }
}

//! `messages`: what Jelou knows about sent and incoming messages. It only reads.

mod get;
mod list;
mod matching;
mod printed;
mod time_bound;

use clap::Subcommand;

use self::get::GetArgs;
use self::list::ListArgs;
use super::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;

#[derive(Debug, Subcommand)]
pub(crate) enum MessagesCommand {
    List(ListArgs),
    Get(GetArgs),
}

pub(crate) fn run(context: &mut Context, command: MessagesCommand) -> Result<ExitCode, CommandError> {
    match command {
        MessagesCommand::List(arguments) => list::run(context, arguments),
        MessagesCommand::Get(arguments) => get::run(context, &arguments),
    }
}

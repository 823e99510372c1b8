//! `send KIND` and `flow-message`.

use clap::Args;

use crate::commands::send::Typed;
use crate::input::Source;
use crate::message::{FlowMessage, Message, Recipient};

/// Send one message
///
/// Examples:
///   jelouctl send text --to 593987654321 "Hola"
///   jelouctl send flow --to 593987654321 --body flow.json
///
/// Flags win over `--body`. The answer of the API goes to standard output.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    arg_required_else_help = true,
    subcommand_value_name = "KIND",
    subcommand_help_heading = "Kinds"
)]
pub struct SendCommand {
    #[command(flatten)]
    delivery: Delivery,

    #[command(subcommand)]
    message: Message,
}

#[derive(Args, Debug)]
pub struct FlowMessageCommand {
    #[command(flatten)]
    delivery: Delivery,

    #[command(flatten)]
    message: FlowMessage,
}

#[derive(Args, Debug)]
struct Delivery {
    /// Recipient: a phone number with country code, or `id:USER` of another channel [env: JELOU_TO]
    #[arg(long, global = true, value_name = "USER", allow_hyphen_values = true)]
    to: Option<Recipient>,

    /// The body, or a part of it, as JSON; flags win over it
    #[arg(long, global = true, value_name = "FILE|-", value_hint = clap::ValueHint::FilePath)]
    body: Option<Source>,
}

impl From<SendCommand> for Typed {
    fn from(command: SendCommand) -> Self {
        Self { to: command.delivery.to, body: command.delivery.body, message: command.message }
    }
}

impl From<FlowMessageCommand> for Typed {
    fn from(command: FlowMessageCommand) -> Self {
        let message = Message::FlowMessage(command.message);
        Self { to: command.delivery.to, body: command.delivery.body, message }
    }
}

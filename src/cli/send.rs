//! `send KIND` and `flow-message`.

use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};

use super::words::Words;
use crate::commands::send::SendArguments;
use crate::input::Source;
use crate::message::{FlowMessage, Message};
use crate::phone::Country;

/// Send one message
///
/// Examples:
///   jelouctl send text --to 593987654321 "Hola"
///   jelouctl send flow --to 593987654321 --body flow.json
///
/// Flags override `--body`. The response of the API goes to standard output.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    arg_required_else_help = true,
    subcommand_value_name = "KIND",
    subcommand_help_heading = "Kinds"
)]
pub(crate) struct SendCommand {
    #[command(subcommand)]
    message: Delivered<DeliveryFlags>,
}

impl SendCommand {
    pub(super) fn kind(&self) -> &Message {
        &self.message.message
    }
}

#[derive(Args, Debug)]
pub(crate) struct FlowMessageCommand {
    #[command(flatten)]
    message: FlowMessage,

    #[command(flatten)]
    delivery: DeliveryFlags,
}

#[derive(Args, Debug)]
struct DeliveryFlags {
    /// Recipient: a phone number with country code, a WhatsApp user id, or `id:USER` of another channel [env: JELOU_TO]
    #[arg(long, value_name = "USER", allow_hyphen_values = true)]
    to: Option<String>,

    /// Country whose national numbers may be typed, in two letters: EC [default: the profile's]
    #[arg(long, value_name = "CODE")]
    country: Option<Country>,

    /// The body, or a part of it, as JSON; flags win over it
    #[arg(long, value_name = "FILE|-", value_hint = clap::ValueHint::FilePath)]
    body: Option<Source>,

    /// Send nothing when there is a warning about the message
    #[arg(long)]
    strict: bool,

    /// Send nothing to people on this list: one number, user id or `id:USER` a line, or a list with a header (repeatable)
    #[arg(long, value_name = "FILE|-", value_hint = clap::ValueHint::FilePath)]
    exclude: Vec<Source>,
}

/// The kinds, each with the flags `D` of a delivery. As global flags these could be given twice, once in front of the
/// kind, and one recipient would silently win.
#[derive(Debug)]
pub(crate) struct Delivered<D> {
    pub(crate) delivery: D,
    pub(crate) message: Message,
}

impl<D: Args> Subcommand for Delivered<D> {
    fn augment_subcommands(command: Command) -> Command {
        let command = match command.get::<Words>().cloned() {
            Some(words) => Message::augment_named_subcommands(command, |name| words.contain(name)),
            None => Message::augment_subcommands(command),
        };
        command.mut_subcommands(D::augment_args)
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Message::augment_subcommands_for_update(command).mut_subcommands(D::augment_args)
    }

    fn has_subcommand(name: &str) -> bool {
        Message::has_subcommand(name)
    }
}

impl<D: Args> FromArgMatches for Delivered<D> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Self::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, clap::Error> {
        let of_kind = matches.subcommand().map_or(&*matches, |(_, of_kind)| of_kind);
        Ok(Self { delivery: D::from_arg_matches(of_kind)?, message: Message::from_arg_matches_mut(matches)? })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl From<SendCommand> for SendArguments {
    fn from(command: SendCommand) -> Self {
        let Delivered { delivery: DeliveryFlags { to, country, body, strict, exclude }, message } = command.message;
        Self { to, country, body, strict, excluded: exclude, message }
    }
}

impl From<FlowMessageCommand> for SendArguments {
    fn from(command: FlowMessageCommand) -> Self {
        let DeliveryFlags { to, country, body, strict, exclude } = command.delivery;
        Self { to, country, body, strict, excluded: exclude, message: Message::FlowMessage(command.message) }
    }
}

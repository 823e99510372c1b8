//! One file per command: each takes plain values and a context, calls the rest of the crate, and returns an exit code.
//! This file has what several of them share: the question, and the recipient of `--to`.

pub(crate) mod api;
pub(crate) mod bulk;
pub(crate) mod doctor;
pub(crate) mod documents;
mod error;
pub(crate) mod explain;
pub(crate) mod ledger;
pub(crate) mod messages;
mod notify;
pub(crate) mod once;
pub(crate) mod open_ledger;
pub(crate) mod profile;
pub(crate) mod run;
pub(crate) mod sandbox;
pub(crate) mod send;
mod setting_rows;
pub(crate) mod templates;
mod zone;

use clap::Args;

use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::command_error::CommandError;
use crate::jelou::message::{InvalidMessage, TypedRecipient};
use crate::phone::Country;
use crate::sender::context::Context;

/// Asks `question`, which is a safety check. Unless the answer is yes, returns the error `not_done`.
fn confirm(
    context: &Context,
    question: impl Into<Message>,
    not_done: impl Into<Message>,
) -> Result<(), CommandError> {
    let not_done = not_done.into();
    match context.confirms(question)? {
        Some(true) => Ok(()),
        Some(false) => Err(CommandError::new(ExitCode::Guard, "guard", not_done, None)),
        None => Err(CommandError::guard(
            msg!("{not_done}: there is no terminal to ask on", not_done),
            msg!("to answer yes: --yes"),
        )),
    }
}

// Not a doc comment: it would replace the help of the command that it is flattened into.
#[derive(Args, Debug)]
struct RecipientArgs {
    /// Only this recipient: phone number with country code, WhatsApp user id, or `id:USER` (other channels)
    #[arg(long, value_name = "RECIPIENT", allow_hyphen_values = true)]
    to: Option<String>,

    /// Country of a local number, such as EC [default: the profile's]
    #[arg(long, value_name = "CODE", requires = "to")]
    country: Option<Country>,
}

impl RecipientArgs {
    /// Reads the recipient of `--to`. A local number has the profile's country by default.
    fn read(
        &self,
        context: &Context,
        default: Option<Country>,
    ) -> Result<Option<String>, InvalidMessage> {
        let read = |to: &String| read_recipient(context, "--to", to, self.country.or(default));
        Ok(self
            .to
            .as_ref()
            .map(read)
            .transpose()?
            .map(|typed| typed.recipient.to_string()))
    }
}

/// Reads the recipient that was typed for `origin`; prints the warnings about the number.
fn read_recipient(
    context: &Context,
    origin: &'static str,
    typed: &str,
    country: Option<Country>,
) -> Result<TypedRecipient, InvalidMessage> {
    let typed = TypedRecipient::read(typed, country)
        .map_err(|error| InvalidMessage::recipient(origin, error))?;
    context.stderr.warnings(typed.warnings());
    Ok(typed)
}

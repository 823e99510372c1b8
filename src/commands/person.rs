//! The person that a command asks about.

use clap::Args;

use crate::context::Context;
use crate::message::{InvalidMessage, TypedRecipient};
use crate::phone::Country;

// Not a doc comment: it would replace the help of the command that it is flattened into.
#[derive(Args, Debug)]
pub(super) struct PersonArgs {
    /// Only this person: a phone number with country code, a WhatsApp user id, or `id:USER` of another channel
    #[arg(long, value_name = "USER", allow_hyphen_values = true)]
    to: Option<String>,

    /// Country whose national number it is, in two letters: EC [default: the profile's]
    #[arg(long, value_name = "CODE", requires = "to")]
    country: Option<Country>,
}

impl PersonArgs {
    /// The person of `--to`, whose national number is of the country of the profile by default.
    pub(super) fn read(&self, context: &Context, default: Option<Country>) -> Result<Option<String>, InvalidMessage> {
        let read = |to: &String| read_person(context, "--to", to, self.country.or(default));
        Ok(self.to.as_ref().map(read).transpose()?.map(|typed| typed.recipient.to_string()))
    }
}

/// The person that was typed for `origin`; prints the warnings about the number.
pub(super) fn read_person(
    context: &Context,
    origin: &'static str,
    typed: &str,
    country: Option<Country>,
) -> Result<TypedRecipient, InvalidMessage> {
    let typed = TypedRecipient::read(typed, country).map_err(|error| InvalidMessage::Recipient { origin, error })?;
    context.stderr.warnings(typed.warnings());
    Ok(typed)
}

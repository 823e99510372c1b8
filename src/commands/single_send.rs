//! The flags that `send` and `run` share: the recipients, the exclusion lists, the key and the wait; and the sender.

use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::sends::Sends;
use crate::base::input::Source;
use crate::command_error::CommandError;
use crate::jelou::api::DeliveryState;
use crate::jelou::message::NamedRecipients;
use crate::lists::exclusions::{CountryRule, ExclusionOptions, Exclusions, SoughtRecipients};
use crate::phone::Country;
use crate::runs::once::OnceKey;
use crate::sender::config::{Settings, every, timeout};
use crate::sender::context::Context;
use crate::sender::{
    DeliveryWait, Sender, claim_exclusions, read_environment, read_exclusions, read_settings,
    warn_about_lists,
};

// Not a doc comment: it would replace the help of the command that it is flattened into.
#[derive(Args, Debug)]
pub(crate) struct SingleSendArgs {
    /// Recipient: 593987654321 (repeatable, at most 20) [env: JELOU_TO]
    ///
    /// A phone number with country code, a WhatsApp user id, or `id:USER` of another channel. Each recipient gets a
    /// separate message. JELOU_TO may list several, separated by commas, semicolons or line breaks. --to overrides
    /// JELOU_TO and the recipients in --body.
    #[arg(long, value_name = "RECIPIENT", allow_hyphen_values = true)]
    pub(crate) to: Vec<String>,

    /// Country of numbers without a country code: EC [default: the profile's]
    #[arg(long, value_name = "CODE")]
    country: Option<Country>,

    /// Send nothing to the recipients in this file (repeatable)
    ///
    /// If one of several recipients is excluded, jelouctl skips it with a warning. If all are, the exit code is 11.
    ///
    /// A file with one number, user id or `id:USER` per line, or a list file with a header. For a WhatsApp
    /// user id, also list the phone number: the id changes with the number.
    #[arg(long, value_name = "FILE|-", value_hint = clap::ValueHint::FilePath, display_order = 900)]
    exclude: Vec<Source>,

    /// Send each recipient at most one message with this key
    ///
    /// Like an idempotency key for each recipient, for any text. If the recipient has a message with the key, jelouctl
    /// sends nothing, prints the id of the first message and exits with 0. The exit code is 8 if the first message may
    /// have been sent, and 11 while another process sends it. After a rejection, the next send goes through.
    /// `jelouctl once` manages the keys.
    #[arg(long, value_name = "KEY", display_order = 901)]
    pub(super) once: Option<OnceKey>,

    /// With --once: repeat only after this time, 1m to 366d [default: never]
    ///
    /// With --every 6h, each recipient gets at most one message with the key in the 6 hours after the send. Later,
    /// the next send goes through, whatever the outcome was. Pass --every with each command.
    #[arg(long, value_name = "DURATION", requires = "once", value_parser = every, allow_hyphen_values = true, display_order = 902)]
    pub(super) every: Option<Duration>,

    /// Wait until the message is delivered or read; else exit with 15
    ///
    /// After Jelou accepts the message, jelouctl checks its status. Exit code 15: the message is undelivered or late.
    /// Do not send it again: the recipient could get both. With several recipients, jelouctl sends
    /// all messages before it waits.
    #[arg(long, value_name = "STATE", value_parser = goal(), display_order = 904)]
    wait: Option<DeliveryState>,

    /// Wait this long with --wait [default: 2m]
    #[arg(long = "for", value_name = "DURATION", requires = "wait", value_parser = timeout, display_order = 905)]
    within: Option<Duration>,
}

/// Parses a value of `--wait`: a send cannot wait for a reply.
fn goal() -> impl TypedValueParser<Value = DeliveryState> {
    PossibleValuesParser::new(["delivered", "read"]).map(|name| DeliveryState::from_name(&name))
}

impl SingleSendArgs {
    /// Reads the configuration, and where recipients may be named.
    pub(super) fn read(
        &self,
        context: &mut Context,
    ) -> Result<(Settings, NamedRecipients), CommandError> {
        claim_exclusions(context, &self.exclude)?;
        let environment = read_environment()?;
        let settings = read_settings(context, &environment)?;
        let country = self.country.or(settings.country);
        let recipients = NamedRecipients {
            flags: self.to.clone(),
            environment: environment.to,
            country,
        };
        Ok((settings, recipients))
    }

    pub(super) fn wait(&self) -> Option<DeliveryWait> {
        let within = self.within.unwrap_or(DeliveryWait::DEFAULT);
        self.wait.clone().map(|goal| DeliveryWait { goal, within })
    }

    /// Resolves the sender and the excluded recipients, and records both in `sends`. With `sought`,
    /// the lists may be searched for these recipients only.
    ///
    /// # Errors
    /// If settings are missing, or a list cannot be read.
    pub(super) fn guard(
        &self,
        context: &Context,
        settings: Settings,
        sends: &mut Sends,
        sought: Option<&SoughtRecipients>,
    ) -> Result<(Sender, Exclusions), CommandError> {
        sends.note_sender(&settings);
        if let Some(bot) = &settings.bot {
            sends.check_sender_bot(bot)?;
        }
        let sender = Sender::new(settings, context)?;
        let options = ExclusionOptions {
            countries: CountryRule::new(self.country, sender.settings.country),
            encoding: None,
        };
        let exclusions = read_exclusions(&self.exclude, options, &sender.settings, sought)?;
        warn_about_lists(context, &exclusions);
        sends.note_guard(&sender, &exclusions);
        Ok((sender, exclusions))
    }
}

//! What `send` and `run` have in common before a message leaves: flags, the sender, who must not be written to, and what is
//! told of the message afterwards.

use std::mem;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::command_error::CommandError;
use crate::config::{Settings, timeout};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::input::Source;
use crate::message::{Outgoing, RecipientSources};
use crate::once::OnceKey;
use crate::output::Record;
use crate::people::{CountryRule, ExclusionOptions, Exclusions};
use crate::phone::Country;
use crate::sending::{
    AuditLog, DeliveryWait, Sender, WaitGoal, claim_exclusions, read_environment, read_exclusions, read_settings,
};

// Not a doc comment: it would replace the help of the command that it is flattened into.
#[derive(Args, Debug)]
pub(crate) struct SingleSendArgs {
    /// Recipient: 593987654321 [env: JELOU_TO]
    ///
    /// A phone number with country code, a WhatsApp user id, or `id:USER` of another channel.
    #[arg(long, value_name = "USER", allow_hyphen_values = true)]
    pub(crate) to: Option<String>,

    /// Country of national numbers: EC [default: the profile's]
    #[arg(long, value_name = "CODE")]
    country: Option<Country>,

    /// Send nothing to the people on this list (repeatable)
    ///
    /// One number, user id or `id:USER` a line, or a list with a header. A person who changes the number gets a new
    /// user id, so list the number, too.
    #[arg(long, value_name = "FILE|-", value_hint = clap::ValueHint::FilePath, display_order = 900)]
    exclude: Vec<Source>,

    /// Send each person at most one message for this key, whatever the text
    ///
    /// A person who got a message of this bot under the key gets no second one: nothing is sent, and the command ends with 0
    /// and prints the id of the first. It ends with 8 where the first may have been sent, and with 11 while another process
    /// sends it. A message that was refused can be sent again. `jelouctl once` manages the keys.
    #[arg(long, value_name = "KEY", display_order = 901)]
    pub(super) once: Option<OnceKey>,

    /// Wait until the person got it; exit with 15 if not
    ///
    /// Once the message is accepted, Jelou is asked until it is delivered or read. 15 means that it was accepted, but failed
    /// later or has not come so far in time. That is not a reason to send it again: the person may get both.
    #[arg(long, value_name = "STATE", value_parser = goal(), display_order = 902)]
    wait: Option<WaitGoal>,

    /// How long to wait with --wait [default: 2m]
    #[arg(long = "for", value_name = "DURATION", requires = "wait", value_parser = timeout, display_order = 903)]
    within: Option<Duration>,
}

/// A send cannot wait for a reply.
fn goal() -> impl TypedValueParser<Value = WaitGoal> {
    PossibleValuesParser::new(["delivered", "read"]).try_map(|word| clap::ValueEnum::from_str(&word, false))
}

impl SingleSendArgs {
    /// The configuration, and where the recipient may be named.
    pub(super) fn read(&self, context: &mut Context) -> Result<(Settings, RecipientSources), CommandError> {
        claim_exclusions(context, &self.exclude)?;
        let environment = read_environment()?;
        let settings = read_settings(context, &environment)?;
        let country = self.country.or(settings.country);
        Ok((settings, RecipientSources { flag: self.to.clone(), environment: environment.to, country }))
    }

    pub(super) fn wait(&self) -> Option<DeliveryWait> {
        let within = self.within.unwrap_or(DeliveryWait::DEFAULT);
        self.wait.map(|goal| DeliveryWait { goal, within })
    }

    /// The sender, once it is checked that `outgoing` may be sent; `told` knows of both.
    ///
    /// # Errors
    /// If settings are missing, a list cannot be read, or it may not be sent.
    pub(super) fn guarded(
        &self,
        context: &Context,
        settings: Settings,
        outgoing: &Outgoing,
        told: &mut Told,
    ) -> Result<GuardedSender, CommandError> {
        told.note_sender(&settings);
        told.note_message(outgoing);
        if let Some(bot) = &settings.bot {
            outgoing.check_bot(bot)?;
        }
        let sender = Sender::of(settings, context)?;
        let countries = CountryRule { otherwise: self.country.or(sender.settings.country), by_column: true };
        let options = ExclusionOptions { countries, encoding: None };
        let exclusions = read_exclusions(context, &self.exclude, options, &sender.settings)?;
        told.log = mem::take(&mut told.log).with(&exclusions);
        told.record.api_url = Some(sender.planned_base().to_string());
        let guarded = GuardedSender { sender, exclusions, has_key: self.once.is_some() };
        guarded.check(outgoing)?;
        Ok(guarded)
    }
}

/// A sender, and the people who must not be written to.
pub(super) struct GuardedSender {
    pub(super) sender: Sender,
    exclusions: Exclusions,
    has_key: bool,
}

impl GuardedSender {
    /// Checks the bot that a body names, and the recipients.
    ///
    /// # Errors
    /// If `outgoing` may not be sent.
    pub(super) fn check(&self, outgoing: &Outgoing) -> Result<(), CommandError> {
        outgoing.check_bot(&self.sender.bot)?;
        self.sender.check_message(&self.exclusions, self.has_key, outgoing)
    }
}

/// What is known of a message, for its record and the audit log.
pub(super) struct Told {
    command: &'static str,
    pub(super) record: Record,
    log: AuditLog,
}

impl Told {
    /// Of a message of `command`, of which nothing is known yet.
    pub(super) fn new(command: &'static str) -> Self {
        Self { command, record: Record::default(), log: AuditLog::default() }
    }

    /// Of a message that this sender is about to send.
    pub(super) fn of(command: &'static str, sender: &Sender, exclusions: &Exclusions, outgoing: &Outgoing) -> Self {
        let mut told = Self::new(command);
        told.note_sender(&sender.settings);
        told.note_message(outgoing);
        told.record.api_url = Some(sender.planned_base().to_string());
        Self { log: told.log.with(exclusions), ..told }
    }

    fn note_sender(&mut self, settings: &Settings) {
        self.log = AuditLog::of(settings);
        self.record.profile = settings.profile.as_ref().map(|profile| profile.value.clone());
        self.record.bot_id.clone_from(&settings.bot);
    }

    pub(super) fn note_message(&mut self, outgoing: &Outgoing) {
        self.record.kind = Some(outgoing.kind().into());
        self.record.to = Some(outgoing.recipient().to_string());
    }

    /// Writes it to the audit log, once.
    pub(super) fn log(&mut self, context: &Context, code: ExitCode) {
        mem::take(&mut self.log).message(&context.stderr, self.command, &self.record, code.code());
    }
}

//! Who sends. The order in which faults are told is the same for every command: wrong usage, then the configuration,
//! then the guard.

use super::connection::{self, ConnectError, Opening};
use super::guard::{GuardError, check_allowed};
use super::{address, preview};
use crate::api::Request;
use crate::config::{ApiUrl, BotId, ClientId, ConfigError, Environment, SecretSource, Settings, Sourced};
use crate::context::Context;
use crate::input::InputError;
use crate::output::StreamError;

/// The first step: nothing else can take standard input from the secret, and the environment is read; a fault in it is
/// told once the message is known to be right.
#[derive(Debug)]
pub(crate) struct Unresolved(Result<Environment, ConfigError>);

impl Unresolved {
    /// # Errors
    /// When `--client-secret-file -` is given and standard input is taken, or a terminal.
    pub(crate) fn claim(context: &mut Context) -> Result<Self, InputError> {
        if context.flags.client_secret == Some(SecretSource::Stdin) {
            context.input.claim_stdin("--client-secret-file")?;
        }
        Ok(Self(Environment::read()))
    }

    /// The recipient that the environment names.
    pub(crate) fn recipient(&self) -> Option<String> {
        self.0.as_ref().ok().and_then(|environment| environment.to.clone())
    }

    /// What the environment says, where it is in order.
    pub(crate) fn said(&self) -> Option<&Environment> {
        self.0.as_ref().ok()
    }

    pub(crate) fn environment(self) -> Result<Environment, ConfigError> {
        self.0
    }

    /// Reads the configuration, and says what a person should know of it.
    pub(crate) fn resolve(self, context: &Context) -> Result<Sender, ConfigError> {
        let settings = Settings::load(&context.flags, &self.0?)?;
        context.stderr.warnings(&settings.warnings);
        let bot = settings.bot()?.clone();
        let (client_id, secret) = settings.credentials(context.can_ask())?;
        let client_id = client_id.value.clone();
        Ok(Sender { settings, bot, client_id, secret })
    }
}

/// Who sends, as far as it is decided before anything leaves; the secret is not read yet.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) settings: Settings,
    pub(crate) bot: BotId,
    pub(crate) client_id: ClientId,
    secret: Sourced<SecretSource>,
}

impl Sender {
    /// `allow_to`, over every recipient of a request.
    ///
    /// # Errors
    /// With the first one that it does not allow.
    pub(crate) fn check_allowed<'a>(&self, recipients: impl Iterator<Item = &'a str>) -> Result<(), GuardError> {
        check_allowed(&self.settings, recipients)
    }

    /// Where requests would go, without a look at what runs.
    pub(crate) fn expected_base(&self) -> ApiUrl {
        address::expected(&self.settings)
    }

    /// Prints `request` in place of sending it.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub(crate) fn show(&self, context: &Context, request: &Request) -> Result<(), StreamError> {
        preview::show(context, &self.settings, &self.client_id, request)
    }

    /// Opens the way to the API; the secret is fetched now.
    pub(crate) async fn connect(&self, context: &Context) -> Result<Opening, ConnectError> {
        connection::connect(context, &self.settings, &self.client_id, &self.secret).await
    }

    /// `bot 77 (profile prod)`
    pub(crate) fn name(&self) -> String {
        let profile = self.settings.profile.as_ref().map(|name| format!(" (profile {})", name.value));
        format!("bot {}{}", self.bot.as_str(), profile.unwrap_or_default())
    }
}

//! The sender. Every command reports faults in this order: unreadable configuration, wrong usage, missing settings,
//! safety checks.

use tokio::sync::OnceCell;
use url::Url;

use super::connection::{self, Connection, ask_secret, new_client, reach_or_start};
use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::base::output::{SystemError, visible_json};
use crate::base::process::{Signal, Signals, block_on, enclosing_sandbox};
use crate::base::secret::Secret;
use crate::command_error::CommandError;
use crate::jelou::api::{Credentials, Request, curl_command};
use crate::jelou::message::Outgoing;
use crate::sender::config::{ApiUrl, Environment, SecretSource, Settings, WithOrigin, interrupted};
use crate::sender::context::{Context, Mode};

/// Reads the environment of jelouctl.
///
/// # Errors
/// If a variable is invalid, or if jelouctl runs in a sandbox but JELOUCTL_SANDBOX is missing: a script under test may
/// clear the environment (`env -i`), or change the user (`su -`).
pub(crate) fn read_environment() -> Result<Environment, CommandError> {
    let environment = Environment::read()?;
    if environment.sandbox.is_none()
        && let Some(process) = enclosing_sandbox()
    {
        // Like a safety check: nothing under a sandbox may reach a recipient.
        let message = msg!(
            "jelouctl runs inside a sandbox (process {process}), but JELOUCTL_SANDBOX is not set",
            process
        );
        let hint = msg!("keep JELOUCTL_SANDBOX in the script's environment");
        return Err(CommandError::guard(message, hint));
    }
    Ok(environment)
}

/// Reads the configuration, and prints its warnings.
pub(crate) fn read_settings(
    context: &Context,
    environment: &Environment,
) -> Result<Settings, CommandError> {
    let settings = Settings::load(&context.flags, environment)?;
    context.stderr.warnings(&settings.warnings);
    Ok(settings)
}

/// The sender before the first request. The secret is not read yet.
pub(crate) struct Sender {
    pub(crate) settings: Settings,
    pub(crate) bot: String,
    pub(crate) client_id: WithOrigin<String>,
    secret: WithOrigin<SecretSource>,
    /// Contains the secret once it is fetched: standard input and a prompt can be read only once.
    credentials: OnceCell<Credentials>,
}

impl Sender {
    /// Resolves the sender of the configuration.
    pub(crate) fn resolve(context: &Context) -> Result<Self, CommandError> {
        Self::new(read_settings(context, &read_environment()?)?, context)
    }

    /// # Errors
    /// If settings are missing, or the secret would reach the wrong server.
    pub(crate) fn new(settings: Settings, context: &Context) -> Result<Self, CommandError> {
        let bot = settings.bot()?.to_owned();
        let (client_id, secret) = settings.credentials(context.can_ask())?;
        let client_id = client_id.clone();
        Ok(Self {
            settings,
            bot,
            client_id,
            secret,
            credentials: OnceCell::new(),
        })
    }

    /// Returns the address of requests. Does not check whether a sandbox runs.
    pub(crate) fn planned_base(&self) -> ApiUrl {
        connection::planned_base(&self.settings)
    }

    /// Creates the request of a message of this sender.
    pub(crate) fn request(&self, base: &ApiUrl, outgoing: &Outgoing) -> Request {
        Request::new(base.url(), &self.bot, outgoing)
    }

    /// Prints `request` instead of sending it: as a curl command, or as `{"dry_run": true, "method", …}`.
    pub(crate) fn show(&self, context: &Context, request: &Request) -> Result<(), SystemError> {
        if context.mode == Mode::Curl {
            let ca_cert = self.settings.ca_cert.as_deref();
            let body = request.body.as_deref().map(visible_json);
            return context.stdout.line(&curl_command(
                request,
                &self.client_id.value,
                ca_cert,
                body.as_deref(),
            ));
        }
        let shown = request.dry_run();
        context.stdout.json(&shown.map_err(|error| SystemError {
            action: msg!("show the request"),
            cause: error.into(),
        })?)
    }

    /// Runs `work`, which asks the API, over a connection. `--dry-run` and `--curl` print the `first` request instead.
    ///
    /// # Errors
    /// The errors of [`Sender::connect`], of printing the request, and of `work`.
    pub(crate) fn ask(
        &self,
        context: &Context,
        first: impl FnOnce(&Url) -> Request,
        work: impl AsyncFnOnce(&mut Connection) -> Result<ExitCode, CommandError>,
    ) -> Result<ExitCode, CommandError> {
        if context.mode != Mode::Send {
            self.show(context, &first(self.planned_base().url()))?;
            return Ok(ExitCode::Success);
        }
        block_on(async { work(&mut self.connect(context).await?).await })
    }

    /// Opens the connection to the API, and fetches the secret if necessary. As long as the connection exists, a signal
    /// stops it instead of the process.
    ///
    /// # Errors
    /// If the secret is unavailable, the certificates or the proxy cannot be used, or a signal arrives.
    pub(crate) async fn connect(&self, context: &Context) -> Result<Connection, CommandError> {
        let base = reach_or_start(&self.settings, &context.stderr).await?;
        let client = new_client(&self.settings, &base)?;
        let signals = Signals::catch()?;
        let credentials = tokio::select! {
            biased;
            signal = signals.next() => return Err(self.interrupted(signal)),
            fetched = self.credentials.get_or_try_init(|| self.fetch(context)) => fetched?,
        };
        let mut connection = Connection::new(
            base,
            client,
            credentials.clone(),
            &self.bot,
            &self.settings,
            &context.stderr,
        );
        connection.signals = signals;
        Ok(connection)
    }

    /// Connects like [`Sender::connect`], before a question. None if the secret needs a prompt,
    /// which comes last.
    ///
    /// # Errors
    /// As for [`Sender::connect`].
    pub(crate) async fn connect_before_question(
        &self,
        context: &Context,
    ) -> Result<Option<Connection>, CommandError> {
        if self.prompts_for_secret() && !self.credentials.initialized() {
            return Ok(None);
        }
        self.connect(context).await.map(Some)
    }

    fn prompts_for_secret(&self) -> bool {
        self.secret.value == SecretSource::Prompt
    }

    /// Returns whether [`Sender::connect`] may wait for the secret, for hours at a prompt. The rules may change meanwhile.
    pub(crate) fn may_wait_for_secret(&self) -> bool {
        !matches!(
            self.secret.value,
            SecretSource::Value(_) | SecretSource::File(_)
        )
    }

    /// Fetches the secret and prints its warnings.
    async fn fetch(&self, context: &Context) -> Result<Credentials, CommandError> {
        let ask = async || ask_secret(&context.stderr, msg!("Client secret (hidden):")).await;
        let (secret, warning) = self.secret.fetch(ask).await?;
        context.stderr.warnings(warning.as_slice());
        let too_short = short_secret_warning(&secret, &self.settings);
        context.stderr.warnings(too_short.as_slice());
        let credentials = Credentials::new(&self.client_id.value, &secret);
        Ok(credentials.read_from(&self.client_id.origin, &self.secret.origin))
    }

    /// Creates the error for a signal before the secret was fetched.
    fn interrupted(&self, signal: Signal) -> CommandError {
        if self.prompts_for_secret() {
            interrupted(signal)
        } else {
            CommandError::interrupted(signal)
        }
    }

    /// Describes the sender: `bot 77 (profile prod)`
    pub(crate) fn description(&self) -> Message {
        let bot = &self.bot;
        match &self.settings.profile {
            Some(profile) => msg!(
                "bot {bot} (profile {profile})",
                bot,
                profile = profile.value
            ),
            None => msg!("bot {bot}", bot),
        }
    }
}

/// Returns the warning about a secret that is too short to redact. None for servers on this machine
/// and sandboxes, which use short secrets for tests.
pub(crate) fn short_secret_warning(secret: &Secret, settings: &Settings) -> Option<Message> {
    let is_for_tests = settings.is_sandboxed() || settings.api_url.is_loopback();
    (Credentials::are_too_short(secret) && !is_for_tests).then(|| {
        msg!("the client secret has fewer than 8 characters, so jelouctl cannot redact it in responses")
    })
}

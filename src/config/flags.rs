//! The sender's settings on the command line.

use std::path::PathBuf;

use super::api_url::ApiUrl;
use super::environment::Environment;
use super::secret_source::SecretSource;
use super::values::{BotId, ClientId, RetryFor, Timeout};

/// What was typed on the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) profile: Option<String>,
    /// The profile that replaces the default one: the profile of a resumed run.
    pub(crate) default_profile: Option<String>,
    pub(crate) config: Option<PathBuf>,
    pub(crate) bot: Option<BotId>,
    pub(crate) client_id: Option<ClientId>,
    /// `--client-secret-file`
    pub(crate) client_secret: Option<SecretSource>,
    pub(crate) api_url: Option<ApiUrl>,
    pub(crate) sandbox: bool,
    pub(crate) timeout: Option<Timeout>,
    pub(crate) retry_for: Option<RetryFor>,
    pub(crate) ca_cert: Option<PathBuf>,
    /// As typed: an error about it must not print a password.
    pub(crate) ledger: Option<String>,
}

impl Flags {
    /// The named configuration, which replaces the user's own.
    pub(crate) fn config_file(&self, environment: &Environment) -> Option<PathBuf> {
        self.config.clone().or_else(|| environment.config.as_ref().map(PathBuf::from))
    }

    /// Whether a client id or a secret is given outside the profiles.
    pub(crate) fn has_credentials(&self, environment: &Environment) -> bool {
        self.client_id.is_some()
            || self.client_secret.is_some()
            || environment.client_id.is_some()
            || environment.client_secret.is_some()
            || environment.client_secret_file.is_some()
    }
}

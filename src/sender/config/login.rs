//! Client id and secret: which of them belong together, and where jelouctl may send a profile's secret.

use std::path::Path;

use super::api_url::ApiUrl;
use super::error::{incomplete, set_profile};
use super::keys::client_id;
use super::layer::{Layer, Origin, WithOrigin};
use super::secret_source::SecretSource;
use crate::base::message::{Message, msg};
use crate::command_error::CommandError;

/// Two client ids and secrets: from flags and environment, and from the profile. jelouctl uses both values of one
/// source. A mixture could reveal the secret to the wrong server.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    /// The part that flags and environment set.
    outside_login: PartialLogin,
    /// The part that the profile sets.
    profile_login: PartialLogin,
    /// The profile's name; empty without a profile.
    profile: String,
    /// The API address of the profile's secret. It is sent only there and to this machine.
    home: ApiUrl,
}

/// Client id and source of the secret, if one source has them.
#[derive(Clone, Debug, Default)]
struct PartialLogin {
    id: Option<WithOrigin<String>>,
    secret: Option<WithOrigin<SecretSource>>,
}

impl PartialLogin {
    /// Reads id and secret from a layer. Relative paths of `layer` start at `directory`.
    fn from_layer(layer: &Layer, directory: &Path) -> Result<Self, CommandError> {
        let id = layer
            .get("client_id", client_id)?
            .map(|id| layer.origin("client_id").tag(id));
        Ok(Self {
            id,
            secret: SecretSource::from_layer(layer, "client_secret", directory)?,
        })
    }
}

impl Login {
    /// Combines the values `outside` of a profile (flags and environment) with the `profile` called `name`. The
    /// configuration file is in `directory`.
    ///
    /// # Errors
    /// If one of them sets the secret in two ways, or a value is not valid.
    pub(crate) fn new(
        outside: &Layer,
        profile: &Layer,
        name: &str,
        directory: &Path,
    ) -> Result<Self, CommandError> {
        let home = profile
            .clone()
            .over(Layer::defaults())
            .or_default("api_url", str::parse)?;
        Ok(Self {
            outside_login: PartialLogin::from_layer(outside, Path::new(""))?,
            profile_login: PartialLogin::from_layer(profile, directory)?,
            profile: name.to_owned(),
            home,
        })
    }

    /// Returns the client id with precedence, even if it cannot be used with the secret.
    pub(crate) fn id(&self) -> Option<&WithOrigin<String>> {
        self.outside_login
            .id
            .as_ref()
            .or(self.profile_login.id.as_ref())
    }

    /// Returns the source of the secret with precedence. A profile's secret is not used with
    /// another id.
    pub(crate) fn secret(&self) -> Option<&WithOrigin<SecretSource>> {
        let profile_login = self
            .profile_login
            .secret
            .as_ref()
            .filter(|_| self.outside_login.id.is_none());
        self.outside_login.secret.as_ref().or(profile_login)
    }

    /// Returns the id and secret for `api_url`: both from outside the profile, or both from it.
    /// `can_ask` allows a prompt for the secret.
    pub(crate) fn credentials(
        &self,
        can_ask: bool,
        api_url: &ApiUrl,
        asked_by: &Origin,
    ) -> Result<(&WithOrigin<String>, WithOrigin<SecretSource>), CommandError> {
        let prompt = || can_ask.then(|| Origin::Terminal.tag(SecretSource::Prompt));
        let profile = match self.profile.as_str() {
            "" => "NAME",
            name => name,
        };
        let no_secret = |id: &str| {
            let hint = msg!(
                "to save it in a profile: {command}; to use variables: set JELOU_CLIENT_ID and JELOU_CLIENT_SECRET",
                command = set_profile(profile, "--client-secret-file FILE")
            );
            CommandError::configuration(msg!("no client secret for client id `{id}`", id), hint)
        };
        let ask = |id: &WithOrigin<String>| prompt().ok_or_else(|| no_secret(&id.value));
        match (&self.outside_login.id, &self.outside_login.secret) {
            (Some(id), Some(secret)) => Ok((id, secret.clone())),
            (Some(id), None) => Ok((id, ask(id)?)),
            (None, Some(WithOrigin { origin, .. })) => Err(CommandError::configuration(
                msg!(
                    "the client secret comes from {origin}, but no flag or variable sets its client id",
                    origin
                ),
                Message::verbatim("--client-id ID"),
            )),
            (None, None) => {
                let id = self
                    .profile_login
                    .id
                    .as_ref()
                    .ok_or_else(|| incomplete(msg!("no credentials")))?;
                self.check_secret_target(api_url, asked_by)?;
                let secret = self
                    .profile_login
                    .secret
                    .clone()
                    .map_or_else(|| ask(id), Ok)?;
                Ok((id, secret))
            }
        }
    }

    fn check_secret_target(&self, asked: &ApiUrl, asked_by: &Origin) -> Result<(), CommandError> {
        if *asked == self.home || asked.is_loopback() {
            return Ok(());
        }
        Err(CommandError::configuration(
            msg!(
                "the secret of profile `{profile}` is for {home}, but {asked_by} asks for {asked}",
                profile = self.profile,
                home = self.home.to_string(),
                asked_by,
                asked = asked.to_string()
            ),
            msg!("to use other credentials: --client-id ID --client-secret-file FILE"),
        ))
    }
}

//! Client id and secret: which of them belong together, and where a profile's secret may be sent.

use std::path::Path;

use super::api_url::ApiUrl;
use super::error::incomplete;
use super::keys::client_id;
use super::layer::{Layer, Origin, WithOrigin};
use super::secret_source::SecretSource;
use crate::command_error::CommandError;

/// The client id and secret that are given, outside the profile and in it. The two are never mixed: an id of one with
/// the secret of the other would send the secret to whom it is not for.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    /// From flags and environment.
    typed: PartialLogin,
    /// From the profile.
    kept: PartialLogin,
    /// The profile's name; empty without a profile.
    profile: String,
    /// The only place that the profile's secret is sent to, apart from this machine.
    home: ApiUrl,
}

/// Client id and where its secret is, as far as they are given in one place.
#[derive(Clone, Debug, Default)]
struct PartialLogin {
    id: Option<WithOrigin<String>>,
    secret: Option<WithOrigin<SecretSource>>,
}

impl PartialLogin {
    /// The relative paths of `layer` begin at `directory`.
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
    /// What flags and environment say `outside` of the profile called `name`, combined with what that says. The file of
    /// the profile is in `directory`.
    ///
    /// # Errors
    /// If one of them gives its secret in two ways, or a value is not valid.
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
            typed: PartialLogin::from_layer(outside, Path::new(""))?,
            kept: PartialLogin::from_layer(profile, directory)?,
            profile: name.to_owned(),
            home,
        })
    }

    /// The client id that comes first, whether it can be used with the secret or not.
    pub(crate) fn id(&self) -> Option<&WithOrigin<String>> {
        self.typed.id.as_ref().or(self.kept.id.as_ref())
    }

    /// The source of the secret that comes first. The one of a profile is not used with another id.
    pub(crate) fn secret(&self) -> Option<&WithOrigin<SecretSource>> {
        let kept = self
            .kept
            .secret
            .as_ref()
            .filter(|_| self.typed.id.is_none());
        self.typed.secret.as_ref().or(kept)
    }

    /// The pair for `api_url`: both typed, or both of the profile. `can_ask` says whether a person could type the
    /// secret.
    pub(crate) fn credentials(
        &self,
        can_ask: bool,
        api_url: &ApiUrl,
        asked_by: &Origin,
    ) -> Result<(&WithOrigin<String>, WithOrigin<SecretSource>), CommandError> {
        let prompt = || can_ask.then(|| Origin::Terminal.tag(SecretSource::Prompt));
        let hint = "give id and secret in one place: both in a profile, with jelouctl profile set NAME --client-secret-file FILE, or \
            both outside it, with JELOU_CLIENT_ID and JELOU_CLIENT_SECRET";
        let no_secret = |id: &str| {
            CommandError::configuration(format!("no client secret for client id `{id}`"), hint)
        };
        let ask = |id: &WithOrigin<String>| prompt().ok_or_else(|| no_secret(&id.value));
        match (&self.typed.id, &self.typed.secret) {
            (Some(id), Some(secret)) => Ok((id, secret.clone())),
            (Some(id), None) => Ok((id, ask(id)?)),
            (None, Some(WithOrigin { origin, .. })) => Err(CommandError::configuration(
                format!(
                    "the client secret comes from {origin}, but neither a flag nor the environment gives its client id"
                ),
                "give the id too, with --client-id or JELOU_CLIENT_ID: a profile's id is not mixed with another's secret",
            )),
            (None, None) => {
                let id = self
                    .kept
                    .id
                    .as_ref()
                    .ok_or_else(|| incomplete("no credentials"))?;
                self.keep_secret_home(api_url, asked_by)?;
                let secret = self.kept.secret.clone().map_or_else(|| ask(id), Ok)?;
                Ok((id, secret))
            }
        }
    }

    fn keep_secret_home(&self, asked: &ApiUrl, asked_by: &Origin) -> Result<(), CommandError> {
        if *asked == self.home || asked.is_loopback() {
            return Ok(());
        }
        Err(CommandError::configuration(
            format!(
                "the secret of profile `{}` is for {}, but {asked_by} asks for {asked}",
                self.profile, self.home
            ),
            "give that host's own credentials with flags or variables, or make a profile with its api_url",
        ))
    }
}

//! The sender's settings on the command line.

use std::path::PathBuf;

use super::environment::Environment;
use super::layer::Layer;

/// What was typed on the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) profile: Option<String>,
    /// The profile that replaces the default one: the profile of a resumed run.
    pub(crate) default_profile: Option<String>,
    pub(crate) config: Option<PathBuf>,
    pub(crate) sandbox: bool,
    /// The settings of a profile.
    pub(crate) layer: Layer,
}

impl Flags {
    /// The named configuration, which replaces the user's own.
    pub(crate) fn config_file(&self, environment: &Environment) -> Option<PathBuf> {
        self.config.clone().or_else(|| environment.config.as_ref().map(PathBuf::from))
    }

    /// Whether a client id or a secret is given outside the profiles.
    pub(crate) fn has_credentials(&self, environment: &Environment) -> bool {
        let is_given = |key: &&str| self.layer.has(key) || environment.layer.has(key);
        ["client_id", "client_secret", "client_secret_file"].iter().any(is_given)
    }
}

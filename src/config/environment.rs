//! The variables that are ours, read once. One that is set but empty is an error: a CI secret that does not exist.

use super::error::ConfigError;
use crate::secret::Secret;

/// What the environment says.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `JELOU_PROFILE`
    pub profile: Option<String>,
    /// `JELOUCTL_CONFIG`
    pub config: Option<String>,
    /// `JELOU_BOT_ID`
    pub bot_id: Option<String>,
    /// `JELOU_CLIENT_ID`
    pub client_id: Option<String>,
    /// `JELOU_CLIENT_SECRET`
    pub client_secret: Option<Secret>,
    /// `JELOU_API_URL`
    pub api_url: Option<String>,
    /// `JELOU_TIMEOUT`
    pub timeout: Option<String>,
    /// `JELOU_RETRY_FOR`
    pub retry_for: Option<String>,
    /// `JELOUCTL_SANDBOX`
    pub sandbox: Option<String>,
    /// `JELOU_TO`
    pub to: Option<String>,
}

impl Environment {
    pub fn read() -> Result<Self, ConfigError> {
        let read = |name: &'static str| match std::env::var_os(name) {
            None => Ok(None),
            Some(value) if value.is_empty() => Err(ConfigError::EmptyVariable { name }),
            Some(value) => value.into_string().map(Some).map_err(|_| ConfigError::VariableNotUtf8 { name }),
        };
        Ok(Self {
            profile: read("JELOU_PROFILE")?,
            config: read("JELOUCTL_CONFIG")?,
            bot_id: read("JELOU_BOT_ID")?,
            client_id: read("JELOU_CLIENT_ID")?,
            client_secret: read("JELOU_CLIENT_SECRET")?.map(Secret::new),
            api_url: read("JELOU_API_URL")?,
            timeout: read("JELOU_TIMEOUT")?,
            retry_for: read("JELOU_RETRY_FOR")?,
            sandbox: read("JELOUCTL_SANDBOX")?,
            to: read("JELOU_TO")?,
        })
    }
}

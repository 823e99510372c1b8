//! The sender's configuration: the file, the environment and the flags become `Settings`.

mod api_url;
mod edit;
mod env;
mod error;
mod file;
mod keys;
mod layer;
mod ledger_database;
mod login;
mod secret_source;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use self::api_url::ApiUrl;
pub(crate) use self::edit::ConfigEdit;
pub(crate) use self::env::{Environment, Flags, SANDBOX_KEYS};
pub(crate) use self::error::{
    bad_file, interrupted, no_bot, set_profile, use_profile, wrong_variable,
};
pub(crate) use self::file::ConfigFile;
pub(crate) use self::keys::{
    KEYS, Key, KeyFlag, KeyForm, bot_id, budget, describe_useless_pattern, every, messaging_limit,
    rate, remember, retry_for, timeout,
};
pub(crate) use self::layer::{Layer, Origin, WithOrigin};
pub(crate) use self::ledger_database::LedgerDatabase;
pub(crate) use self::secret_source::{SecretSource, is_bare_name};
pub(crate) use self::settings::{
    SandboxMode, Settings, check, checked, configured_lang, knows_profile, profile_lang,
    profile_zone, sandbox_hint,
};

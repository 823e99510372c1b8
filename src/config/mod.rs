//! The sender, its address and its allowed recipients: file, environment and flags, resolved in one place into `Settings`.

mod api_url;
mod edit;
mod environment;
mod error;
mod file;
mod flags;
mod keys;
mod layer;
mod ledger_database;
mod ledger_url;
mod login;
mod secret_source;
mod settings;
mod sourced;
mod trust;
mod values;

pub(crate) use self::api_url::ApiUrl;
pub(crate) use self::edit::ConfigEdit;
pub(crate) use self::environment::Environment;
pub(crate) use self::error::{ConfigError, ConfigFault};
pub(crate) use self::file::ConfigFile;
pub(crate) use self::flags::Flags;
pub(crate) use self::keys::{KEYS, Key};
pub(crate) use self::layer::Layer;
pub(crate) use self::ledger_database::LedgerDatabase;
pub(crate) use self::ledger_url::LedgerUrl;
pub(crate) use self::secret_source::SecretSource;
pub(crate) use self::settings::{Sandboxed, Settings, check, checked, knows_profile};
pub(crate) use self::sourced::{Origin, Sourced};
pub(crate) use self::values::{allows, bot_id, budget, people_limit, rate, remember, retry_for, timeout};

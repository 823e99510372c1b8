//! Who sends, from where and to whom it may: file, environment and flags, resolved in one place into `Settings`.

mod edit;
mod environment;
mod error;
mod file;
mod login;
mod secret_source;
mod settings;
mod sourced;
mod trust;
mod values;

pub use self::edit::{ConfigEdit, ProfileChange};
pub use self::environment::Environment;
pub use self::error::ConfigError;
pub use self::file::{ConfigFile, schema};
pub use self::secret_source::SecretSource;
pub use self::settings::{Flags, Sandboxed, Settings};
pub use self::sourced::{Origin, Sourced};
pub use self::values::{AllowTo, ApiUrl, BotId, ClientId, Rate, RetryFor, Timeout};

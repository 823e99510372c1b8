//! The database that has the runs in place of files of this machine, and its password: of the profile, the address or
//! `PGPASSWORD`.

use std::io;

use super::environment::Environment;
use super::error::{ConfigError, ConfigFault};
use super::flags::Flags;
use super::ledger_url::LedgerUrl;
use super::secret_source::SecretSource;
use super::settings::{choose_profile, load_file};
use super::sourced::{Origin, Sourced};
use crate::secret::Secret;

const PASSWORD_VARIABLE: &str = "PGPASSWORD";

#[derive(Clone, Debug)]
pub(crate) struct LedgerDatabase {
    pub(crate) url: Sourced<LedgerUrl>,
    /// Of the profile that names it.
    password: Option<Sourced<SecretSource>>,
}

impl LedgerDatabase {
    /// The database with the runs; None if they are local files. It needs neither bot nor credentials.
    ///
    /// # Errors
    /// When a profile or a configuration is named that is not there, when a profile has a database and none is chosen, or when
    /// the address is not one.
    pub(crate) fn load(flags: &Flags, environment: &Environment) -> Result<Option<Self>, ConfigError> {
        let file = load_file(flags, environment)?;
        let outside = flags.layer.clone().over(environment.layer.clone());
        let mut profiles = file.iter().flat_map(|file| file.profiles.values());
        // Without a chosen profile, any of them may be meant.
        let needs_none = outside.has("ledger") || !profiles.any(|profile| profile.has("ledger"));
        let chosen = match choose_profile(flags, environment, file.as_ref()) {
            Err(error) if needs_none && error.fault == ConfigFault::NoDefaultProfile => None,
            // A script under test may name a profile that only the machine has on which it will send; runs are files then.
            Err(error) if needs_none && error.fault == ConfigFault::UnknownProfile && environment.sandbox.is_some() => {
                None
            }
            chosen => chosen?.and_then(|name| file.as_ref()?.profiles.get(&name.value)),
        };
        let layer = if outside.has("ledger") { Some(&outside) } else { chosen };
        let named = layer.and_then(|layer| Some((layer, layer.text("ledger")?)));
        let Some((layer, address)) = named else { return Ok(None) };
        let url = LedgerUrl::parse_from(layer.origin("ledger").clone(), address)?;
        Ok(Some(Self { url, password: layer.secret("ledger_password")? }))
    }

    /// The source of the password: the first of the profile, the address and `PGPASSWORD` that has one.
    pub(crate) fn password_source(&self) -> Option<Sourced<SecretSource>> {
        let of_address = || Some(self.url.origin.of(SecretSource::Value(self.url.value.password.clone()?)));
        let of_variable = || {
            let password = std::env::var(PASSWORD_VARIABLE).ok().filter(|password| !password.is_empty())?;
            Some(Origin::Variable(PASSWORD_VARIABLE).of(SecretSource::Value(Secret::new(password))))
        };
        self.password.clone().or_else(of_address).or_else(of_variable)
    }

    /// The password for a new connection.
    ///
    /// # Errors
    /// When a source is named and gives none.
    pub(crate) async fn password(&self) -> Result<Option<Secret>, ConfigError> {
        let nobody = || Err(io::Error::other("there is no terminal to ask on"));
        match self.password_source() {
            Some(source) => Ok(Some(source.fetch(nobody).await?.0)),
            None => Ok(None),
        }
    }
}

//! Finds the password of a ledger in a database: in the profile, the address or `PGPASSWORD`.

use std::io;

use super::error::ConfigError;
use super::secret_source::SecretSource;
use super::settings::LedgerDatabase;
use super::sourced::{Origin, Sourced};
use crate::secret::Secret;

const PASSWORD_VARIABLE: &str = "PGPASSWORD";

impl LedgerDatabase {
    /// The source of the password, for display: the first one that has it, as in [`Self::password`].
    pub(crate) fn password_source(&self) -> Option<Sourced<SecretSource>> {
        let of_address = || {
            let password = self.url.value.password.as_ref()?;
            Some(self.url.origin.of(SecretSource::Value(password.clone())))
        };
        let of_variable = || {
            let password = std::env::var(PASSWORD_VARIABLE).ok().filter(|password| !password.is_empty())?;
            Some(Origin::Variable(PASSWORD_VARIABLE).of(SecretSource::Value(Secret::new(password))))
        };
        self.password.clone().or_else(of_address).or_else(of_variable)
    }

    /// The password for a new connection, by the first of these that has one: the profile, the address, `PGPASSWORD`.
    ///
    /// # Errors
    /// When a source is named and gives none.
    pub(crate) async fn password(&self) -> Result<Option<Secret>, ConfigError> {
        if let Some(source) = &self.password {
            let nobody = || Err(io::Error::other("there is no terminal to ask on"));
            return Ok(Some(source.fetch(nobody).await.map_err(|error| of_password(&source.origin, error))?.0));
        }
        if let Some(password) = &self.url.value.password {
            return Ok(Some(password.clone()));
        }
        if let Some(password) = std::env::var_os(PASSWORD_VARIABLE).filter(|password| !password.is_empty()) {
            let password =
                password.into_string().map_err(|_| ConfigError::VariableNotUtf8 { name: PASSWORD_VARIABLE })?;
            return Ok(Some(Secret::new(password)));
        }
        Ok(None)
    }
}

/// An error of the password's source, as an error of a ledger.
fn of_password(origin: &Origin, error: ConfigError) -> ConfigError {
    let problem = match error {
        ConfigError::SecretFile { error, .. } => error.to_string(),
        ConfigError::SecretCommand { program, cause, .. } => format!("failed to run `{program}`: {cause}"),
        ConfigError::SecretCommandFailed { program, status, stderr, .. } => {
            format!("`{program}` failed with {status}: {stderr}")
        }
        ConfigError::SecretCommandHangs { program, seconds, .. } => {
            format!("`{program}` gave no password within {seconds} s")
        }
        ConfigError::BadSecret { problem, .. } => format!("the password {problem}"),
        other => return other,
    };
    ConfigError::Ledger { origin: format!("{origin}, ledger_password"), problem }
}

//! The database that has the runs in place of files of this machine, `postgres://USER@HOST/DATABASE`, and its password:
//! of the profile, the address or `PGPASSWORD`. People who read the address must not see a password, and people on the
//! way must not see a message.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use tokio_postgres::Config;
use tokio_postgres::config::Host;
use url::Url;

use super::env::{Environment, Flags};
use super::file::ConfigFile;
use super::layer::{Origin, WithOrigin};
use super::secret_source::SecretSource;
use super::settings::{choose_profile, load_file};
use crate::base::invisible::without_final_line_break;
use crate::base::secret::Secret;
use crate::command_error::CommandError;

const PASSWORD_VARIABLE: &str = "PGPASSWORD";

/// A database, and how to connect to it.
#[derive(Clone, Debug)]
pub(crate) struct LedgerDatabase {
    pub(crate) config: Config,
    /// Of the profile that names it, else of the address, else of `PGPASSWORD`.
    pub(crate) password: Option<WithOrigin<SecretSource>>,
    /// Whether the connection is encrypted, and the server verified.
    pub(crate) is_encrypted: bool,
    /// A file with trusted authorities, which replace the system's.
    pub(crate) roots: Option<PathBuf>,
    /// Its address, without the password.
    pub(crate) shown: WithOrigin<String>,
}

impl LedgerDatabase {
    /// The database with the runs; None if they are local files. It needs neither bot nor credentials.
    ///
    /// # Errors
    /// When a profile or a configuration is named that is not there, when a profile has a database and none is chosen,
    /// or when the address is not one.
    pub(crate) fn load(
        flags: &Flags,
        environment: &Environment,
    ) -> Result<Option<Self>, CommandError> {
        let file = load_file(flags, environment)?;
        let outside = flags.layer.clone().over(environment.layer.clone());
        let mut profiles = file.iter().flat_map(|file| file.profiles.values());
        // Without a chosen profile, any of them may be meant.
        let is_needed = !outside.has("ledger") && profiles.any(|profile| profile.has("ledger"));
        let chosen = choose_profile(flags, environment, file.as_ref(), is_needed)?;
        let chosen = chosen.and_then(|name| file.as_ref()?.profiles.get(&name.value));
        let layer = if outside.has("ledger") {
            Some(&outside)
        } else {
            chosen
        };
        let directory = file.as_ref().map_or(Path::new(""), ConfigFile::directory);
        let named = layer.and_then(|layer| Some((layer, layer.text("ledger")?)));
        let Some((layer, address)) = named else {
            return Ok(None);
        };
        let database = Self::parse(layer.origin("ledger"), address)?;
        let of_variable = || {
            let password = std::env::var(PASSWORD_VARIABLE)
                .ok()
                .filter(|password| !password.is_empty())?;
            Some(
                Origin::Variable(PASSWORD_VARIABLE).tag(SecretSource::Value(Secret::new(password))),
            )
        };
        let password = SecretSource::from_layer(layer, "ledger_password", directory)?
            .or(database.password)
            .or_else(of_variable);
        Ok(Some(Self {
            password,
            ..database
        }))
    }

    /// The passwords in the environment, which every command that is run inherits, whichever of them counts.
    pub(crate) fn inherited_passwords() -> impl Iterator<Item = Secret> {
        let address = std::env::var("JELOUCTL_LEDGER")
            .ok()
            .and_then(|address| Url::parse(&address).ok());
        let of_address = address.as_ref().and_then(Url::password).map(str::to_owned);
        [of_address, std::env::var(PASSWORD_VARIABLE).ok()]
            .into_iter()
            .flatten()
            .map(Secret::new)
    }

    /// The address at `origin`. Only the environment may hold a password: other people can read arguments and
    /// configuration files.
    ///
    /// # Errors
    /// If it is not an address, or holds a password that it must not hold.
    pub(crate) fn parse(origin: &Origin, raw: &str) -> Result<Self, CommandError> {
        let read =
            Self::read(origin, without_final_line_break(raw)).and_then(|database| match origin {
                Origin::Variable(_) => Ok(database),
                _ if database.password.is_none() => Ok(database),
                _ => Err("a password must not stand in it, where others can read it".to_owned()),
            });
        read.map_err(|problem| {
            let hint = "write it as postgres://USER@HOST/DATABASE; a password comes from JELOUCTL_LEDGER, PGPASSWORD, or \
                ledger_password_file or ledger_password_command of the profile";
            CommandError::configuration(format!("{origin}: {problem}"), hint)
        })
    }

    fn read(origin: &Origin, raw: &str) -> Result<Self, String> {
        let mut url = Url::parse(raw)
            .map_err(|error| format!("it is not the address of a database: {error}"))?;
        if !["postgres", "postgresql"].contains(&url.scheme()) {
            return Err("it is not the address of a PostgreSQL database".to_owned());
        }
        let mut mode = None;
        let mut roots = None;
        let mut password = None;
        let mut kept = Vec::new();
        for (name, value) in url.query_pairs() {
            match name.as_ref() {
                "sslmode" => mode = Some(value.into_owned()),
                "sslrootcert" => roots = Some(PathBuf::from(value.as_ref())),
                "password" => password = Some(value.into_owned()),
                "sslcert" | "sslkey" | "service" | "passfile" => {
                    return Err(format!("{name} is not understood"));
                }
                _ => kept.push((name.into_owned(), value.into_owned())),
            }
        }
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
        let config: Config = url
            .as_str()
            .parse()
            .map_err(|error| format!("it is not the address of a database: {error}"))?;
        let in_front = config
            .get_password()
            .map(|password| String::from_utf8_lossy(password).into_owned());
        // It has no host or cannot be a base, which was refused, where this fails.
        let _ = url.set_password(None);
        if config.get_hosts().is_empty() {
            return Err(
                "it names no host; a unix socket is postgres://%2Frun%2Fpostgresql/DATABASE"
                    .to_owned(),
            );
        }
        let is_near = config.get_hosts().iter().all(is_on_this_machine)
            && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
        let is_encrypted = match mode.as_deref() {
            Some("require" | "verify-full") => true,
            Some("disable") if is_near => false,
            None => !is_near,
            Some(mode) => {
                return Err(format!(
                    "sslmode={mode}: what is not on this machine is reached over TLS with a verified name; leave it out"
                ));
            }
        };
        let password = password
            .or(in_front)
            .map(|password| origin.tag(SecretSource::Value(Secret::new(password))));
        Ok(Self {
            config,
            password,
            is_encrypted,
            roots,
            shown: origin.tag(url.into()),
        })
    }

    /// The password for a new connection.
    ///
    /// # Errors
    /// When a source is named and gives none.
    pub(crate) async fn fetch_password(&self) -> Result<Option<Secret>, CommandError> {
        let nobody = async || Err(io::Error::other("there is no terminal to ask on"));
        match &self.password {
            Some(source) => Ok(Some(source.fetch(nobody).await?.0)),
            None => Ok(None),
        }
    }
}

fn is_on_this_machine(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            let name = name.trim_start_matches('[').trim_end_matches(']');
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_is_removed_and_remote_ledger_encrypted() {
        for (raw, shown, password, is_encrypted) in [
            (
                "postgres://jelou@db.example/j",
                "postgres://jelou@db.example/j",
                None,
                true,
            ),
            (
                "postgresql://jelou:a%40b@db.example:6432/j",
                "postgresql://jelou@db.example:6432/j",
                Some("a@b"),
                true,
            ),
            (
                "postgres://u@db.example/j?password=p&connect_timeout=3",
                "postgres://u@db.example/j?connect_timeout=3",
                Some("p"),
                true,
            ),
            (
                "postgres://u@db.example/j?sslmode=require",
                "postgres://u@db.example/j",
                None,
                true,
            ),
            (
                "postgres://u@localhost/j",
                "postgres://u@localhost/j",
                None,
                false,
            ),
            (
                "postgres://u@127.0.0.1/j?sslmode=disable",
                "postgres://u@127.0.0.1/j",
                None,
                false,
            ),
            (
                "postgres://u@[::1]/j?sslmode=verify-full",
                "postgres://u@[::1]/j",
                None,
                true,
            ),
            #[cfg(unix)]
            (
                "postgres://u@%2Frun%2Fpostgresql/j",
                "postgres://u@%2Frun%2Fpostgresql/j",
                None,
                false,
            ),
        ] {
            let of_variable = Origin::Variable("JELOUCTL_LEDGER");
            let found = LedgerDatabase::parse(&of_variable, raw).unwrap();
            let source =
                password.map(|password| SecretSource::Value(Secret::new(password.to_owned())));
            assert_eq!(
                found.password.map(|password| password.value),
                source,
                "{raw}"
            );
            assert_eq!(
                (found.shown.value.as_str(), found.is_encrypted),
                (shown, is_encrypted),
                "{raw}"
            );
            let typed = LedgerDatabase::parse(&Origin::Flag("--ledger"), raw);
            assert_eq!(typed.is_ok(), password.is_none(), "{raw}");
        }
    }

    #[test]
    fn weak_or_invalid_ledger_address_is_refused() {
        for (raw, part) in [
            ("mysql://u@h/j", "not the address of a PostgreSQL"),
            ("jelou", "not the address"),
            ("postgres:///j", "names no host"),
            ("postgres://u@db.example/j?sslmode=prefer", "sslmode=prefer"),
            (
                "postgres://u@db.example/j?sslmode=disable",
                "sslmode=disable",
            ),
            (
                "postgres://u@db.example/j?sslmode=verify-ca",
                "sslmode=verify-ca",
            ),
            (
                "postgres://u@db.example/j?sslcert=x",
                "sslcert is not understood",
            ),
            (
                "postgres://u@db.example/j?oops=x",
                "not the address of a database",
            ),
        ] {
            let error = LedgerDatabase::parse(&Origin::Default, raw)
                .unwrap_err()
                .message;
            assert!(error.contains(part), "{raw}: {error}");
        }
    }
}

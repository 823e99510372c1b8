//! The database that stores the runs instead of local files, `postgres://USER@HOST/DATABASE`, and its password from the
//! profile, the URL or `PGPASSWORD`. Readers of the URL must not see a password, and the connection must not reveal
//! messages.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use tokio_postgres::Config;
use tokio_postgres::config::Host;
use url::Url;

use super::env::{Environment, Flags};
use super::error::{set_profile, url_problem};
use super::file::ConfigFile;
use super::layer::{Origin, WithOrigin};
use super::secret_source::SecretSource;
use super::settings::{chosen_layer, load_file};
use crate::base::invisible::without_final_line_break;
use crate::base::message::{Message, msg};
use crate::base::secret::Secret;
use crate::command_error::CommandError;

/// The value of `ledger` that chooses this machine's file.
const LOCAL: &str = "local";
const PASSWORD_VARIABLE: &str = "PGPASSWORD";

/// A database, and how to connect to it.
#[derive(Clone, Debug)]
pub(crate) struct LedgerDatabase {
    pub(crate) config: Config,
    /// From the profile that names the database, else from the URL, else from `PGPASSWORD`.
    pub(crate) password: Option<WithOrigin<SecretSource>>,
    /// Whether the connection is encrypted and the server verified.
    pub(crate) is_encrypted: bool,
    /// A file of trusted authorities, which replace the system's.
    pub(crate) roots: Option<PathBuf>,
    /// Its URL, without the password.
    pub(crate) shown: WithOrigin<String>,
}

impl LedgerDatabase {
    /// Loads the database with the runs, or None for local files. Needs neither bot nor
    /// credentials.
    ///
    /// # Errors
    /// When a named profile or configuration does not exist, when a profile has a database but no profile is chosen, or
    /// when the URL is not valid.
    pub(crate) fn load(
        flags: &Flags,
        environment: &Environment,
    ) -> Result<Option<Self>, CommandError> {
        let file = load_file(flags, environment)?;
        let outside = flags.layer.clone().over(environment.layer.clone());
        let mut profiles = file.iter().flat_map(|file| file.profiles.values());
        // Without a chosen profile, any of them could be the right one.
        let is_needed = !outside.has("ledger") && profiles.any(|profile| profile.has("ledger"));
        let chosen = chosen_layer(flags, environment, file.as_ref(), is_needed)?;
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
        let Some(database) = Self::parse_choice(layer.origin("ledger"), address)? else {
            return Ok(None);
        };
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

    /// Returns the passwords in the environment, used or not: every child command inherits them.
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

    /// Parses like [`Self::parse`], but None for `local`, this machine's own file.
    ///
    /// # Errors
    /// Works like [`Self::parse`].
    pub(crate) fn parse_choice(origin: &Origin, raw: &str) -> Result<Option<Self>, CommandError> {
        if without_final_line_break(raw) == LOCAL {
            Ok(None)
        } else {
            Self::parse(origin, raw).map(Some)
        }
    }

    /// Returns the URL of `--ledger`, or `local`. None without the flag, or if its value is refused, for example because of
    /// a password.
    pub(crate) fn typed_url(flags: &Flags) -> Option<&str> {
        let typed = flags.layer.text("ledger")?;
        let read = Self::parse_choice(flags.layer.origin("ledger"), typed);
        read.is_ok().then_some(typed)
    }

    /// Returns the database at the URL `raw`. Only the environment may contain a password: other
    /// users can read arguments and configuration files.
    ///
    /// # Errors
    /// If it is not a URL of a database, or contains a password in the wrong place.
    fn parse(origin: &Origin, raw: &str) -> Result<Self, CommandError> {
        let database = Self::read(origin, without_final_line_break(raw)).map_err(|problem| {
            let place = place(origin);
            let hint =
                msg!("use postgres://USER@HOST/DATABASE, or `local` for this machine's file");
            CommandError::configuration(msg!("{place}: {problem}", place, problem), hint)
        })?;
        let may_have_password = matches!(origin, Origin::Variable(_));
        if database.password.is_some() && !may_have_password {
            return Err(password_in_address(origin));
        }
        Ok(database)
    }

    /// Reads the URL `raw`, with a password in its authority, in a parameter, or without one.
    fn read(origin: &Origin, raw: &str) -> Result<Self, Message> {
        if raw.is_empty() {
            return Err(msg!("its value is empty"));
        }
        let not_a_url = |problem| msg!("not a database URL: {problem}", problem);
        let mut url = Url::parse(raw).map_err(|error| not_a_url(url_problem(error, "postgres")))?;
        if !["postgres", "postgresql"].contains(&url.scheme()) {
            return Err(msg!("not the URL of a PostgreSQL database"));
        }
        let parameters = OwnParameters::take(&mut url)?;
        let config: Config = url
            .as_str()
            .parse()
            .map_err(|error: tokio_postgres::Error| {
                not_a_url(Message::verbatim(error.to_string()))
            })?;
        // In `USER%3APASSWORD@` and `?user=USER:PASSWORD`, the password is a part of the user, and would be shown.
        if config.get_user().is_some_and(|user| user.contains(':')) {
            return Err(msg!(
                "its user name contains a colon: a password follows the user name as `:`, not as `%3A`"
            ));
        }
        let url_password = config
            .get_password()
            .map(|password| String::from_utf8_lossy(password).into_owned());
        // This fails only for a URL without a host or base, which was already refused.
        let _ = url.set_password(None);
        if config.get_hosts().is_empty() {
            return Err(msg!(
                "it has no host; for a unix socket, that is %2Frun%2Fpostgresql"
            ));
        }
        let is_local = config.get_hosts().iter().all(is_on_this_machine)
            && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
        let is_encrypted = parameters.is_encrypted(is_local)?;
        let password = parameters
            .password
            .or(url_password)
            .map(|password| origin.tag(SecretSource::Value(Secret::new(password))));
        Ok(Self {
            config,
            password,
            is_encrypted,
            roots: parameters.roots,
            shown: origin.tag(url.into()),
        })
    }

    /// Fetches the password for a new connection.
    ///
    /// # Errors
    /// When a source exists but returns no password.
    pub(crate) async fn fetch_password(&self) -> Result<Option<Secret>, CommandError> {
        let no_prompt = async || Err(io::Error::other(msg!("there is no terminal for a prompt")));
        match &self.password {
            Some(source) => Ok(Some(source.fetch(no_prompt).await?.0)),
            None => Ok(None),
        }
    }
}

/// Creates the error for a password in an argument or a profile.
fn password_in_address(origin: &Origin) -> CommandError {
    let name = match origin {
        Origin::Profile(name) => name,
        _ => "NAME",
    };
    let place = place(origin);
    let command = set_profile(name, "--ledger-password-file FILE");
    CommandError::configuration(
        msg!("{place}: the address must not contain a password", place),
        msg!("to read the password from a file: {command}", command),
    )
}

/// Names the setting of an address.
fn place(origin: &Origin) -> Message {
    match origin {
        Origin::Profile(name) => msg!("ledger of profile {name}", name),
        origin => origin.message(),
    }
}

/// The parameters of a URL that jelouctl reads itself.
#[derive(Default)]
struct OwnParameters {
    /// The value of `sslmode`.
    mode: Option<String>,
    /// The file of `sslrootcert`.
    pub(crate) roots: Option<PathBuf>,
    password: Option<String>,
}

impl OwnParameters {
    /// Takes these parameters out of `url`, which keeps the others.
    ///
    /// # Errors
    /// If the URL has a parameter that jelouctl does not support.
    fn take(url: &mut Url) -> Result<Self, Message> {
        let mut own = Self::default();
        let mut others = Vec::new();
        for (name, value) in url.query_pairs() {
            match name.as_ref() {
                "sslmode" => own.mode = Some(value.into_owned()),
                "sslrootcert" => own.roots = Some(PathBuf::from(value.as_ref())),
                "password" => own.password = Some(value.into_owned()),
                "sslcert" | "sslkey" | "service" | "passfile" => {
                    return Err(msg!("{name} is not supported", name));
                }
                _ => others.push((name.into_owned(), value.into_owned())),
            }
        }
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(others);
        }
        Ok(own)
    }

    /// Returns whether to encrypt the connection. By default, only connections to other machines
    /// are encrypted.
    ///
    /// # Errors
    /// If `sslmode` would allow a connection without a verified server.
    fn is_encrypted(&self, is_local: bool) -> Result<bool, Message> {
        match self.mode.as_deref() {
            Some("require" | "verify-full") => Ok(true),
            Some("disable") if is_local => Ok(false),
            None => Ok(!is_local),
            Some(mode) => Err(msg!(
                "sslmode={mode}: a remote database needs TLS with a verified name",
                mode
            )),
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
    fn user_name_with_an_encoded_password_is_refused_and_not_shown() {
        for raw in [
            "postgres://u%3Apass@db/j",
            "postgres://u%3apass@db/j",
            "postgres://db/j?user=u:pass",
            "postgres://db/j?user=u%3Apass",
        ] {
            for origin in [
                Origin::Flag("--ledger"),
                Origin::Variable("JELOUCTL_LEDGER"),
            ] {
                let error = LedgerDatabase::parse(&origin, raw).unwrap_err();
                let message = error.message.to_string();
                assert!(message.contains("user name"), "{message}");
                assert!(!message.contains("pass@"), "{message}");
                assert!(!message.contains("u:pass"), "{message}");
            }
        }
    }

    #[test]
    fn local_ledger_is_no_database() {
        for raw in ["local", "local\n"] {
            let found = LedgerDatabase::parse_choice(&Origin::Flag("--ledger"), raw);
            assert!(found.unwrap().is_none(), "{raw}");
        }
        let url = "postgres://u@db.example/j";
        let found = LedgerDatabase::parse_choice(&Origin::Flag("--ledger"), url);
        assert!(found.unwrap().is_some());
    }

    #[test]
    fn weak_or_invalid_ledger_address_is_refused() {
        for (raw, part) in [
            ("", "its value is empty"),
            ("Local", "not a database URL"),
            ("mysql://u@h/j", "not the URL of a PostgreSQL"),
            ("jelou", "not a database URL"),
            ("postgres:///j", "has no host"),
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
                "sslcert is not supported",
            ),
            ("postgres://u@db.example/j?oops=x", "not a database URL"),
        ] {
            let error = LedgerDatabase::parse(&Origin::Default, raw)
                .unwrap_err()
                .message
                .to_string();
            assert!(error.contains(part), "{raw}: {error}");
        }
    }
}

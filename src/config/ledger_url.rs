//! The address of a ledger in a database, as it is typed: `postgres://USER@HOST/DATABASE`. People who read it must not
//! see a password, and people on the way must not see a message.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use tokio_postgres::Config;
use tokio_postgres::config::Host;
use url::Url;

use super::error::ConfigError;
use super::sourced::{Origin, Sourced};
use crate::invisible::without_final_line_break;
use crate::secret::Secret;

/// A database, and how to connect to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LedgerUrl {
    pub(crate) config: Config,
    pub(crate) password: Option<Secret>,
    /// Whether the connection is encrypted, and the server verified.
    pub(crate) is_encrypted: bool,
    /// A file with trusted authorities, which replace the system's.
    pub(crate) roots: Option<PathBuf>,
    /// Without the password.
    pub(crate) shown: String,
}

impl LedgerUrl {
    /// The address at `origin`. Only the environment may hold a password: other people can read arguments and
    /// configuration files.
    ///
    /// # Errors
    /// If it is not an address, or holds a password that it must not hold.
    pub(crate) fn parse_from(origin: Origin, raw: &str) -> Result<Sourced<Self>, ConfigError> {
        let broken = |problem: String| {
            let hint = "write it as postgres://USER@HOST/DATABASE; a password comes from JELOUCTL_LEDGER, PGPASSWORD, or \
                ledger_password_file or ledger_password_command of the profile";
            ConfigError::new(format!("{origin}: {problem}"), hint)
        };
        let url: Self = without_final_line_break(raw).parse().map_err(broken)?;
        if url.password.is_some() && !matches!(origin, Origin::Variable(_)) {
            return Err(broken("a password must not stand in it, where others can read it".to_owned()));
        }
        Ok(Sourced { value: url, origin })
    }
}

impl FromStr for LedgerUrl {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let mut url = Url::parse(raw).map_err(|error| format!("it is not the address of a database: {error}"))?;
        if !["postgres", "postgresql"].contains(&url.scheme()) {
            return Err("it is not the address of a PostgreSQL database".to_owned());
        }
        let (mut mode, mut roots, mut password) = (None, None, None);
        let mut kept = Vec::new();
        for (name, value) in url.query_pairs() {
            match name.as_ref() {
                "sslmode" => mode = Some(value.into_owned()),
                "sslrootcert" => roots = Some(PathBuf::from(value.as_ref())),
                "password" => password = Some(value.into_owned()),
                "sslcert" | "sslkey" | "service" | "passfile" => return Err(format!("{name} is not understood")),
                _ => kept.push((name.into_owned(), value.into_owned())),
            }
        }
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
        let config: Config =
            url.as_str().parse().map_err(|error| format!("it is not the address of a database: {error}"))?;
        let in_front = config.get_password().map(|password| String::from_utf8_lossy(password).into_owned());
        // It has no host or cannot be a base, which was refused, where this fails.
        let _ = url.set_password(None);
        if config.get_hosts().is_empty() {
            return Err("it names no host; a unix socket is postgres://%2Frun%2Fpostgresql/DATABASE".to_owned());
        }
        let is_near =
            config.get_hosts().iter().all(is_on_this_machine) && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
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
        Ok(Self { config, password: password.or(in_front).map(Secret::new), is_encrypted, roots, shown: url.into() })
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
    fn a_password_is_taken_off_and_what_is_far_is_encrypted() {
        for (raw, shown, password, is_encrypted) in [
            ("postgres://jelou@db.example/j", "postgres://jelou@db.example/j", None, true),
            ("postgresql://jelou:a%40b@db.example:6432/j", "postgresql://jelou@db.example:6432/j", Some("a@b"), true),
            (
                "postgres://u@db.example/j?password=p&connect_timeout=3",
                "postgres://u@db.example/j?connect_timeout=3",
                Some("p"),
                true,
            ),
            ("postgres://u@db.example/j?sslmode=require", "postgres://u@db.example/j", None, true),
            ("postgres://u@localhost/j", "postgres://u@localhost/j", None, false),
            ("postgres://u@127.0.0.1/j?sslmode=disable", "postgres://u@127.0.0.1/j", None, false),
            ("postgres://u@[::1]/j?sslmode=verify-full", "postgres://u@[::1]/j", None, true),
            #[cfg(unix)]
            ("postgres://u@%2Frun%2Fpostgresql/j", "postgres://u@%2Frun%2Fpostgresql/j", None, false),
        ] {
            let url: LedgerUrl = raw.parse().unwrap();
            let found = (url.shown.as_str(), url.password.as_ref().map(Secret::reveal), url.is_encrypted);
            assert_eq!(found, (shown, password, is_encrypted), "{raw}");
        }
    }

    #[test]
    fn what_is_weaker_or_not_understood_is_refused() {
        for (raw, part) in [
            ("mysql://u@h/j", "not the address of a PostgreSQL"),
            ("jelou", "not the address"),
            ("postgres:///j", "names no host"),
            ("postgres://u@db.example/j?sslmode=prefer", "sslmode=prefer"),
            ("postgres://u@db.example/j?sslmode=disable", "sslmode=disable"),
            ("postgres://u@db.example/j?sslmode=verify-ca", "sslmode=verify-ca"),
            ("postgres://u@db.example/j?sslcert=x", "sslcert is not understood"),
            ("postgres://u@db.example/j?oops=x", "not the address of a database"),
        ] {
            let error = raw.parse::<LedgerUrl>().unwrap_err();
            assert!(error.contains(part), "{raw}: {error}");
        }
    }
}

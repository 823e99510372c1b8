//! The configuration file: its place and its content.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::api_url::ApiUrl;
use super::error::ConfigError;
use super::trust::{open_to_others, read_trusted};
use super::values::{AllowTo, BotId, ClientId, Rate, Remember, RetryFor, Timeout};
use crate::hours::{DayOff, Openings, ZoneName};
use crate::nearest::nearest;
use crate::phone::Country;
use crate::places::{CONFIGURATION, home};
use crate::private_file::FileError;
use crate::secret::Secret;

/// The configuration of a machine, for services: their users have none of their own.
const OF_MACHINE: Option<&str> = if cfg!(unix) { Some("/etc/jelouctl/config.toml") } else { None };

/// The beginning of the directory in which systemd puts the secrets of a service.
pub(super) const CREDENTIALS_DIRECTORY: &str = "${CREDENTIALS_DIRECTORY}/";

/// A configuration file that was read.
#[derive(Clone, Debug)]
pub(crate) struct ConfigFile {
    pub(crate) path: PathBuf,
    default_profile: Option<String>,
    /// The line of `default_profile`.
    default_line: usize,
    pub(crate) profiles: BTreeMap<String, Profile>,
    pub(crate) warnings: Vec<String>,
}

/// One profile: the sender, its connection and its allowed recipients. Relative paths start at this file, `~/` is home.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// The bot that sends.
    #[serde(default, deserialize_with = "parsed")]
    #[schemars(with = "Option<String>")]
    pub(crate) bot_id: Option<BotId>,
    /// Client id of the API credentials.
    #[serde(default, deserialize_with = "parsed")]
    #[schemars(with = "Option<String>")]
    pub(crate) client_id: Option<ClientId>,
    /// The secret itself; give it in one of the three ways.
    #[schemars(with = "Option<String>")]
    pub(crate) client_secret: Option<Secret>,
    /// A file with the secret; `${CREDENTIALS_DIRECTORY}/NAME` is the credential NAME of a systemd service.
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Program and arguments that print the secret, run without a shell.
    #[serde(default, deserialize_with = "command")]
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) client_secret_command: Option<Vec<String>>,
    /// Address of the API; the only one that gets the profile's secret.
    #[serde(default, deserialize_with = "parsed")]
    #[schemars(with = "Option<String>")]
    pub(crate) api_url: Option<ApiUrl>,
    /// How long one attempt may take: `500ms`, `30s`, `2m` or a number of seconds.
    #[serde(default, deserialize_with = "parsed_duration")]
    #[schemars(with = "Option<DurationText>")]
    pub(crate) timeout: Option<Timeout>,
    /// How long to keep retrying while that is safe; 0 for never.
    #[serde(default, deserialize_with = "parsed_duration")]
    #[schemars(with = "Option<DurationText>")]
    pub(crate) retry_for: Option<RetryFor>,
    /// File with CA certificates (PEM), used instead of the system's.
    pub(crate) ca_cert: Option<PathBuf>,
    /// The recipients that are allowed; `*` matches any characters. Absent: everyone; empty: no one.
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) allow_to: Option<AllowTo>,
    /// File with the people who are not to be written to: one a line, or a list with a header.
    pub(crate) do_not_contact: Option<PathBuf>,
    /// File to which a line is added for each message and each end of a bulk run; `JELOUCTL_LOG` comes first.
    pub(crate) log: Option<PathBuf>,
    /// How fast a bulk run sends: "5/s", "300/m", "1000/h"; 5/s when absent.
    #[serde(default, deserialize_with = "parsed")]
    #[schemars(with = "Option<String>")]
    pub(crate) rate: Option<Rate>,
    /// Country whose national numbers recipients may be, in two letters: "EC". `--country` comes first.
    #[serde(default, deserialize_with = "parsed")]
    #[schemars(with = "Option<String>")]
    pub(crate) country: Option<Country>,
    /// For how long a bulk run refuses to send the same message again: `3d`, `12h`, or 0 for never; 3d when absent.
    #[serde(default, deserialize_with = "parsed_duration")]
    #[schemars(with = "Option<DurationText>")]
    pub(crate) remember: Option<Remember>,
    /// Database that has the bulk runs: `postgres://USER@HOST/DATABASE`, without a password; files of this machine when
    /// absent.
    pub(crate) ledger: Option<String>,
    /// A file with the password for `ledger`.
    pub(crate) ledger_password_file: Option<PathBuf>,
    /// Program and arguments that print the password for `ledger`, run without a shell for each connection.
    #[serde(default, deserialize_with = "command")]
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) ledger_password_command: Option<Vec<String>>,
    /// Whether a bulk run asks, or needs --yes, before it sends; it does when absent.
    pub(crate) confirm_bulk: Option<bool>,
    /// The hours in which a bulk run sends: `["mon-fri 07:00-19:00", "sat 08:00-15:00"]`; any when absent.
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) between: Option<Openings>,
    /// Days on which a bulk run sends nothing: dates such as `"2026-12-25"`, and files with one date a line.
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) not_on: Option<Vec<DayOff>>,
    /// The time zone of `between` and `not_on`, by its IANA name; the machine's when absent, unless that is UTC.
    #[serde(default, deserialize_with = "parsed")]
    #[schemars(with = "Option<String>")]
    pub(crate) time_zone: Option<ZoneName>,
}

/// Configuration of jelouctl.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "config")]
struct Document {
    /// The profile that sends when none is named.
    #[schemars(with = "Option<String>")]
    default_profile: Option<Spanned<String>>,
    /// The profiles by name.
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

/// A duration is a text as on the command line, or a number of seconds.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a duration: \"500ms\", \"30s\", \"2m\" or a number of seconds")]
enum DurationText {
    Text(String),
    Seconds(f64),
}

/// JSON Schema of the configuration file.
pub(crate) fn schema() -> serde_json::Value {
    schemars::schema_for!(Document).into()
}

impl ConfigFile {
    /// `config.toml` in the configuration directory of the user.
    pub(crate) fn default_path() -> Result<PathBuf, ConfigError> {
        CONFIGURATION.directory().map(|directory| directory.join("config.toml")).ok_or(ConfigError::NoConfigDirectory)
    }

    /// The file at the default place, else the machine's; nothing when there is neither, or when these places cannot be
    /// searched: flags and environment may say everything.
    pub(crate) fn load_default() -> Result<Option<Self>, ConfigError> {
        let of_user = Self::default_path().ok();
        for path in of_user.iter().map(PathBuf::as_path).chain(OF_MACHINE.map(Path::new)) {
            let cannot_be_searched = std::fs::metadata(path).is_err_and(|error| {
                [io::ErrorKind::NotADirectory, io::ErrorKind::PermissionDenied].contains(&error.kind())
            });
            if cannot_be_searched {
                continue;
            }
            if let Some(file) = Self::load(path)? {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }

    /// The file at `path`; nothing when there is none. One that others could have written is an error.
    pub(crate) fn load(path: &Path) -> Result<Option<Self>, ConfigError> {
        let Some((text, metadata)) = read_trusted(path)? else {
            // It may be on a volume that is not mounted, and say who must not be written to.
            let missing = || io::Error::new(io::ErrorKind::NotFound, "it is a link to a file that does not exist");
            return if path.is_symlink() { Err(FileError::of("read", path)(missing()).into()) } else { Ok(None) };
        };
        let mut config = Self::parse(path, &text)?;
        if config.profiles.values().any(|profile| profile.client_secret.is_some()) {
            config.warnings.extend(open_to_others(path, &metadata));
        }
        Ok(Some(config))
    }

    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let document: Document = toml::from_str(text).map_err(|error| syntax(path, text, &error))?;
        let directory = path.parent().unwrap_or(Path::new(""));
        let mut profiles = document.profiles;
        for (name, profile) in &mut profiles {
            profile.refuse_two_secrets(path, name)?;
            profile.resolve_paths(directory);
        }
        let default = document.default_profile.map(|name| (line_of(text, name.span().start), name.into_inner()));
        let (default_line, default_profile) = default.unzip();
        let default_line = default_line.unwrap_or_default();
        Ok(Self { path: path.to_owned(), default_profile, default_line, profiles, warnings: Vec::new() })
    }

    /// The profile that `default_profile` names. A missing profile is reported only here: a file that could
    /// not be read at all could not be mended by `profile use` either.
    pub(crate) fn default_profile(&self) -> Result<Option<&String>, ConfigError> {
        match &self.default_profile {
            Some(name) if !self.profiles.contains_key(name) => Err(ConfigError::Syntax {
                path: self.path.clone(),
                line: self.default_line,
                problem: format!("default_profile names `{name}`, but there is no [profiles.{name}]"),
                nearest: nearest(name, self.profiles.keys().map(String::as_str)).map(str::to_owned),
            }),
            default => Ok(default.as_ref()),
        }
    }
}

impl Profile {
    fn refuse_two_secrets(&self, path: &Path, name: &str) -> Result<(), ConfigError> {
        let given = [
            ("client_secret", self.client_secret.is_some()),
            ("client_secret_file", self.client_secret_file.is_some()),
            ("client_secret_command", self.client_secret_command.is_some()),
        ];
        let mut given = given.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key);
        match (given.next(), given.next()) {
            (Some(first), Some(second)) => {
                Err(ConfigError::TwoSecrets { path: path.to_owned(), profile: name.to_owned(), first, second })
            }
            _ => Ok(()),
        }
    }

    fn resolve_paths(&mut self, directory: &Path) {
        let days_off = self.not_on.iter_mut().flatten().filter_map(|day| match day {
            DayOff::Date(_) => None,
            DayOff::File(path) => Some(path),
        });
        let files = [
            &mut self.client_secret_file,
            &mut self.ca_cert,
            &mut self.do_not_contact,
            &mut self.log,
            &mut self.ledger_password_file,
        ];
        for path in files.into_iter().flatten().chain(days_off) {
            *path = resolve(directory, path);
        }
        // A bare program name is looked up in PATH; one with a slash is a path like any other.
        let commands = [&mut self.client_secret_command, &mut self.ledger_password_command];
        for program in commands.into_iter().flatten().filter_map(|words| words.first_mut()) {
            if program.contains(std::path::is_separator) {
                *program = resolve(directory, Path::new(program)).to_string_lossy().into_owned();
            }
        }
    }
}

/// Relative paths start at the file's directory, `~/` is the home directory. A path that begins with a variable is
/// resolved when it is read.
pub(super) fn resolve(directory: &Path, path: &Path) -> PathBuf {
    if path.to_str().is_some_and(|path| path.starts_with("${")) {
        return path.to_owned();
    }
    match (path.strip_prefix("~"), home()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => directory.join(path),
    }
}

/// The line and the problem, without toml's quotation of the line: it may hold a secret.
fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let message = error.message();
    let line = line_of(text, error.span().map_or(0, |span| span.start));
    // Serde's words for an unknown key: unknown field `x`, expected one of `a`, `b`.
    let mut quoted =
        message.strip_prefix("unknown field ").into_iter().flat_map(|rest| rest.split('`').skip(1).step_by(2));
    let (problem, nearest) = match quoted.next() {
        Some(unknown) => (format!("unknown key `{unknown}`"), nearest(unknown, quoted).map(str::to_owned)),
        None => (message.to_owned(), None),
    };
    ConfigError::Syntax { path: path.to_owned(), line, problem, nearest }
}

pub(super) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(deserializer: D) -> Result<Option<T>, D::Error> {
    String::deserialize(deserializer)?.parse().map(Some).map_err(serde::de::Error::custom)
}

/// Serde's own message for a wrong type quotes the value, and a command may hold a secret.
fn command<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected an array of strings: [\"pass\", \"show\", \"jelou\"]")]
    enum CommandWords {
        Words(Vec<String>),
    }
    let CommandWords::Words(words) = CommandWords::deserialize(deserializer)?;
    Ok(Some(words))
}

fn parsed_duration<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let text = match DurationText::deserialize(deserializer)? {
        DurationText::Text(text) => text,
        DurationText::Seconds(seconds) => seconds.to_string(),
    };
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConfigFile, String> {
        let file = ConfigFile::parse(Path::new("/etc/c.toml"), text);
        file.and_then(|file| file.default_profile().map(|_| ()).map(|()| file.clone())).map_err(|error| {
            match error.hint() {
                Some(hint) => format!("{error} | {hint}"),
                None => error.to_string(),
            }
        })
    }

    #[test]
    fn errors_name_file_line_and_the_nearest_name() {
        for (text, expected) in [
            ("\n[profiles.a]\nbotid = \"7\"", "/etc/c.toml: line 3: unknown key `botid` | did you mean `bot_id`?"),
            (
                "default_profil = \"a\"",
                "/etc/c.toml: line 1: unknown key `default_profil` | did you mean `default_profile`?",
            ),
            (
                "\ndefault_profile = \"prd\"\n[profiles.prod]",
                "line 2: default_profile names `prd`, but there is no [profiles.prd] | did you mean `prod`?",
            ),
            ("[profiles.a]\nbot_id = 7", "line 2: invalid type: integer `7`, expected a string"),
            ("[profiles.a]\ntimeout = \"soon\"", "line 2: `soon` is not a duration"),
            ("[profiles.a]\ntimeout = true", "line 2: expected a duration"),
            (
                "[profiles.a]\napi_url = \"http://x.example\"",
                "line 2: `http://x.example` would get the secret unencrypted",
            ),
            ("[profiles.a]\nclient_id = \"a:b\"", "line 2: a client id has no colon"),
            ("[profiles.a", "line 1: "),
            (
                "[profiles.a]\nclient_secret = \"x\"\nclient_secret_file = \"y\"",
                "has both client_secret and client_secret_file",
            ),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_secret_of_the_wrong_type_is_not_repeated() {
        for text in [
            "[profiles.a]\nclient_secret = 987654",
            "[profiles.a]\nclient_secret = \"987654",
            "client_secret = \"987654\"",
        ] {
            let error = parse(text).expect_err(text);
            assert!(!error.contains("987654"), "{error}");
        }
    }

    #[test]
    fn paths_start_at_the_file() {
        let config = parse("[profiles.a]\nclient_secret_file = \"s\"\nca_cert = \"/ca\"\n[profiles.b]\nclient_secret_command = [\"./get\", \"./x\"]").unwrap();
        assert_eq!(config.profiles["a"].client_secret_file.as_deref(), Some(Path::new("/etc/s")));
        assert_eq!(config.profiles["a"].ca_cert.as_deref(), Some(Path::new("/ca")));
        let command = config.profiles["b"].client_secret_command.as_deref().unwrap();
        assert_eq!((Path::new(&command[0]), command[1].as_str()), (Path::new("/etc/get"), "./x"));
    }
}

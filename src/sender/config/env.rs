//! What is said outside of the profiles: on the command line, and by our environment variables, which are read once. A
//! variable that is set but empty is an error: it is a CI secret that does not exist. So is one with characters around
//! its value that are invisible or not intended: an env file keeps quotes, a file from Windows a carriage return.

use std::path::{Path, PathBuf};

use super::error::wrong_variable;
use super::file::resolve;
use super::keys::{KEYS, Key};
use super::layer::{Layer, Origin};
use crate::base::invisible::without_final_line_break;
use crate::command_error::CommandError;

/// What was typed on the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) profile: Option<String>,
    /// The profile that replaces the default one: the profile of a resumed run.
    pub(crate) default_profile: Option<String>,
    pub(crate) config: Option<PathBuf>,
    pub(crate) sandbox: bool,
    /// The settings of a profile.
    pub(crate) layer: Layer,
}

impl Flags {
    /// The named configuration, which replaces the user's own.
    pub(crate) fn config_file(&self, environment: &Environment) -> Option<PathBuf> {
        self.config
            .clone()
            .or_else(|| environment.config.as_ref().map(PathBuf::from))
    }

    /// Whether a client id or a secret is given outside the profiles.
    pub(crate) fn has_credentials(&self, environment: &Environment) -> bool {
        let is_given = |key: &&str| self.layer.has(key) || environment.layer.has(key);
        ["client_id", "client_secret", "client_secret_file"]
            .iter()
            .any(is_given)
    }
}

/// Our variables that are not a setting of a profile.
const OTHERS: [&str; 4] = [
    "JELOU_PROFILE",
    "JELOUCTL_CONFIG",
    "JELOUCTL_SANDBOX",
    "JELOU_TO",
];

/// The settings in the environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// `JELOU_PROFILE`
    pub(crate) profile: Option<String>,
    /// `JELOUCTL_CONFIG`
    pub(crate) config: Option<String>,
    /// `JELOUCTL_SANDBOX`
    pub(crate) sandbox: Option<String>,
    /// `JELOU_TO`
    pub(crate) to: Option<String>,
    /// What it says of the settings of a profile.
    pub(crate) layer: Layer,
    /// A line for each variable that was probably meant to be ours.
    pub(crate) warnings: Vec<String>,
}

impl Environment {
    pub(crate) fn read() -> Result<Self, CommandError> {
        Ok(Self {
            warnings: warnings(),
            to: read("JELOU_TO")?,
            ..Self::read_settings(|_| true)?
        })
    }

    /// The setting of the ledger alone: a command that only reads runs does not need the others to be valid.
    pub(crate) fn read_for_ledger() -> Result<Self, CommandError> {
        Self::read_settings(|key| key.name == "ledger")
    }

    fn read_settings(is_wanted: impl Fn(&Key) -> bool) -> Result<Self, CommandError> {
        let mut layer = Layer::default();
        for key in KEYS
            .iter()
            .filter(|key| !key.variable.is_empty() && is_wanted(key))
        {
            let Some(text) = read(key.variable)? else {
                continue;
            };
            layer.put(key.name, vec![text], &Origin::Variable(key.variable));
        }
        // A relative path is relative to the working directory; `~/` may come from an env file.
        layer
            .paths()
            .for_each(|(_, path)| *path = resolve(Path::new(""), path));
        Ok(Self {
            profile: read("JELOU_PROFILE")?,
            config: read("JELOUCTL_CONFIG")?,
            sandbox: read("JELOUCTL_SANDBOX")?,
            layer,
            ..Self::default()
        })
    }
}

/// One of our variables, by its `name`.
fn read(name: &'static str) -> Result<Option<String>, CommandError> {
    match std::env::var_os(name) {
        None => Ok(None),
        Some(value) if value.is_empty() => {
            let hint = format!(
                "give it a value, or unset {name}; in CI, check that the variable or secret exists"
            );
            Err(CommandError::configuration(
                format!("{name} is set but empty"),
                hint,
            ))
        }
        Some(value) => {
            let value = value
                .into_string()
                .map_err(|_| wrong_variable(name, "its value is not UTF-8"))?;
            match stray_character(&value) {
                // A Kubernetes secret that was made with `echo`.
                None => Ok(Some(without_final_line_break(&value).to_owned())),
                Some(problem) => Err(wrong_variable(name, problem)),
            }
        }
    }
}

/// A warning for each variable that is not ours but was probably meant for us: any other one that begins with
/// `JELOUCTL_`, and one that begins with `JELOU_` and is nearly one of ours. Other names are left alone: a container
/// beside a service called `jelou` has a dozen of them.
fn warnings() -> Vec<String> {
    let ours: Vec<_> = KEYS
        .iter()
        .map(|key| key.variable)
        .filter(|name| !name.is_empty())
        .chain(OTHERS)
        .collect();
    std::env::vars_os()
        .filter_map(|(name, _)| warning(&name.into_string().ok()?, &ours))
        .collect()
}

/// The warning about the variable `name`, if `ours` are the variables that are read.
fn warning(name: &str, ours: &[&str]) -> Option<String> {
    let own_part = name
        .strip_prefix("JELOUCTL_")
        .or_else(|| name.strip_prefix("JELOU_"))?;
    if ours.contains(&name) || is_of_kubernetes(own_part) {
        return None;
    }
    match meant_variable(own_part, ours) {
        Some(meant) => Some(format!(
            "the variable {name} is not read: did you mean {meant}?"
        )),
        None => name
            .starts_with("JELOUCTL_")
            .then(|| format!("the variable {name} is not read")),
    }
}

/// Our variable whose name after the prefix is `own_part`, or nearly so, or what other tools call so.
fn meant_variable<'a>(own_part: &str, ours: &[&'a str]) -> Option<&'a str> {
    let same = ours.iter().find(|name| after_prefix(name) == own_part);
    let begun = || {
        let longer = format!("{own_part}_");
        ours.iter()
            .find(|name| after_prefix(name).starts_with(&longer))
    };
    let misspelt = || {
        let edits = |name: &&&str| strsim::osa_distance(after_prefix(name), own_part);
        let most = if own_part.len() < 6 { 1 } else { 2 };
        ours.iter()
            .filter(|name| own_part.len() > 2 && edits(name) <= most)
            .min_by_key(edits)
    };
    let other_name = || {
        let meant = OTHER_NAMES
            .iter()
            .find(|(words, _)| words.contains(&own_part))?;
        ours.iter().find(|name| **name == meant.1)
    };
    same.or_else(begun)
        .or_else(misspelt)
        .or_else(other_name)
        .copied()
}

/// `BOT_ID` of `JELOU_BOT_ID`.
fn after_prefix(name: &str) -> &str {
    name.split_once('_').map_or(name, |(_, part)| part)
}

/// What other tools call a variable, after the prefix, and ours.
const OTHER_NAMES: [(&[&str], &str); 5] = [
    (
        &[
            "SECRET",
            "API_SECRET",
            "SECRET_KEY",
            "TOKEN",
            "API_TOKEN",
            "API_KEY",
            "APIKEY",
            "AUTH_TOKEN",
            "PASSWORD",
            "CLIENTSECRET",
        ],
        "JELOU_CLIENT_SECRET",
    ),
    (&["SECRET_FILE"], "JELOU_CLIENT_SECRET_FILE"),
    (
        &["CLIENTID", "USER", "USERNAME", "ID", "APP_ID"],
        "JELOU_CLIENT_ID",
    ),
    (&["URL", "HOST", "ENDPOINT", "BASE_URL"], "JELOU_API_URL"),
    (&["RECIPIENT", "PHONE", "NUMBER", "TO_NUMBER"], "JELOU_TO"),
];

/// Whether Kubernetes sets it for a service, as `JELOU_BOT_SERVICE_HOST`, `JELOU_API_PORT` and
/// `JELOU_API_PORT_80_TCP_ADDR`.
fn is_of_kubernetes(own_part: &str) -> bool {
    own_part.contains("SERVICE_HOST")
        || own_part.contains("SERVICE_PORT")
        || own_part.ends_with("PORT")
        || own_part.contains("PORT_") && (own_part.contains("_TCP") || own_part.contains("_UDP"))
}

/// What is around a value that is not part of it; the value itself may be secret. A single final line break may stay.
fn stray_character(value: &str) -> Option<&'static str> {
    let line = without_final_line_break(value);
    let is_quoted =
        |quote: char| line.len() > 1 && line.starts_with(quote) && line.ends_with(quote);
    let is_stray = line.trim() != line || is_quoted('"') || is_quoted('\'');
    is_stray.then_some("its value stands in quotes, or a blank or a carriage return is around it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_that_is_nearly_ours_is_named() {
        let ours: Vec<_> = KEYS
            .iter()
            .map(|key| key.variable)
            .filter(|name| !name.is_empty())
            .chain(OTHERS)
            .collect();
        for (name, meant) in [
            ("JELOU_BOT", "JELOU_BOT_ID"),
            ("JELOU_SECRET", "JELOU_CLIENT_SECRET"),
            ("JELOU_TOKEN", "JELOU_CLIENT_SECRET"),
            ("JELOU_CLIENT_SECRT", "JELOU_CLIENT_SECRET"),
            ("JELOU_CLIENTID", "JELOU_CLIENT_ID"),
            ("JELOU_URL", "JELOU_API_URL"),
            ("JELOU_PROFIL", "JELOU_PROFILE"),
            ("JELOUCTL_CONFG", "JELOUCTL_CONFIG"),
            ("JELOU_CONFIG", "JELOUCTL_CONFIG"),
            ("JELOUCTL_BOT_ID", "JELOU_BOT_ID"),
        ] {
            let told = format!("the variable {name} is not read: did you mean {meant}?");
            assert_eq!(warning(name, &ours), Some(told));
        }
        let unknown = "the variable JELOUCTL_XYZZY is not read";
        assert_eq!(warning("JELOUCTL_XYZZY", &ours).as_deref(), Some(unknown));
        for name in [
            "JELOU_BOT_ID",
            "JELOU_SERVICE_HOST",
            "JELOU_SERVICE_PORT_HTTP",
            "JELOU_PORT",
            "JELOU_PORT_80_TCP_ADDR",
            "JELOU_BOT_SERVICE_HOST",
            "JELOU_API_PORT_443_TCP",
            "JELOU_XYZZY",
            "PATH",
        ] {
            assert_eq!(warning(name, &ours), None, "{name}");
        }
    }

    #[test]
    fn stray_characters_are_found_at_the_edges() {
        for value in ["77", "a b", "77\n", "\"", "'a\"", "it's", "77\r\n", "a\rb"] {
            assert_eq!(stray_character(value), None, "{value:?}");
        }
        for value in [
            " 77", "77\t", "77\n\n", "\u{a0}77", "77\r", "\"77\"", "'77'\n", "''",
        ] {
            assert!(stray_character(value).is_some(), "{value:?}");
        }
    }
}

//! What is said outside of the profiles: on the command line, and by our environment variables, which are read once. A
//! variable that is set but empty is an error: it is a CI secret that does not exist. So is one with characters around
//! its value that are invisible or not intended: an env file keeps quotes, a file from Windows a carriage return.

use std::path::{Path, PathBuf};

use super::error::wrong_variable;
use super::file::resolve;
use super::keys::{KEYS, Key};
use super::layer::{Layer, Origin};
use crate::command_error::CommandError;
use crate::invisible::without_final_line_break;

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
/// `JELOUCTL_`, and one of our names with the wrong prefix. Other names that begin with `JELOU_` are left alone: a
/// container beside a service called `jelou` has a dozen of them.
fn warnings() -> Vec<String> {
    let ours: Vec<_> = KEYS
        .iter()
        .map(|key| key.variable)
        .filter(|name| !name.is_empty())
        .chain(OTHERS)
        .collect();
    let warning = |name: String| {
        if ours.contains(&name.as_str()) {
            return None;
        }
        let own_part = name
            .strip_prefix("JELOUCTL_")
            .or_else(|| name.strip_prefix("JELOU_"))?;
        let meant = ours.iter().find(|ours| {
            ours.split_once('_')
                .is_some_and(|(_, part)| part == own_part)
        });
        match meant {
            Some(meant) => Some(format!(
                "the variable {name} is not read: did you mean {meant}?"
            )),
            None => name
                .starts_with("JELOUCTL_")
                .then(|| format!("the variable {name} is not read")),
        }
    };
    std::env::vars_os()
        .filter_map(|(name, _)| warning(name.into_string().ok()?))
        .collect()
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
    fn what_was_not_meant_is_found_at_the_edges() {
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

//! The settings outside the profiles: on the command line and in jelouctl's environment variables, which are read once.
//! An empty variable is an error: usually a CI secret that does not exist. Invisible characters or quotes around a
//! value are an error too: env files keep quotes, and Windows files end lines with a carriage return.

use std::path::{Path, PathBuf};

use super::error::wrong_variable;
use super::file::resolve;
use super::keys::{KEYS, Key};
use super::layer::{Layer, Origin};
use crate::base::invisible::without_final_line_break;
use crate::base::message::{Message, msg};
use crate::base::texts::rows;
use crate::command_error::CommandError;

/// The values on the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) profile: Option<String>,
    /// The profile of a resumed run, which replaces the default profile.
    pub(crate) default_profile: Option<String>,
    pub(crate) config: Option<PathBuf>,
    pub(crate) sandbox: bool,
    /// The settings of a profile.
    pub(crate) layer: Layer,
}

impl Flags {
    /// Returns the file of `--config` or the variable, which replaces the user's own.
    pub(crate) fn config_file(&self, environment: &Environment) -> Option<PathBuf> {
        self.config
            .clone()
            .or_else(|| environment.config.as_ref().map(PathBuf::from))
    }

    /// Returns whether a flag or variable sets a client id or a secret.
    pub(crate) fn has_credentials(&self, environment: &Environment) -> bool {
        let is_given = |key: &&str| self.layer.has(key) || environment.layer.has(key);
        ["client_id", "client_secret", "client_secret_file"]
            .iter()
            .any(is_given)
    }
}

/// The variable with the directory of the keys of `--once`, which `sandbox -- COMMAND` sets for its command.
pub(crate) const SANDBOX_KEYS: &str = "JELOUCTL_SANDBOX_KEYS";

/// The settings in the environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// `JELOU_PROFILE`
    pub(crate) profile: Option<String>,
    /// `JELOUCTL_CONFIG`
    config: Option<String>,
    /// `JELOUCTL_SANDBOX`
    pub(crate) sandbox: Option<String>,
    /// The directory of the sandbox's keys. A command outside the sandbox ignores it.
    pub(crate) sandbox_keys: Option<PathBuf>,
    /// `JELOU_TO`
    pub(crate) to: Option<String>,
    /// Its values for a profile's settings.
    pub(crate) layer: Layer,
    /// A warning for each variable that looks like a misspelled one.
    pub(crate) warnings: Vec<Message>,
}

impl Environment {
    pub(crate) fn read() -> Result<Self, CommandError> {
        Ok(Self {
            warnings: warnings(),
            to: read_list("JELOU_TO")?,
            ..Self::read_settings(|_| true)?
        })
    }

    /// Reads the variable of only one setting: a command that only reads runs must not fail because of another one, and
    /// the language is chosen before anything is printed.
    pub(crate) fn read_only(setting: &str) -> Result<Self, CommandError> {
        Self::read_settings(|key| key.name == setting)
    }

    fn read_settings(is_wanted: impl Fn(&Key) -> bool) -> Result<Self, CommandError> {
        let mut layer = Layer::default();
        for key in KEYS.iter().filter(|key| is_wanted(key)) {
            if let Some(variable) = key.variable
                && let Some(text) = read(variable)?
            {
                layer.put(key.name, vec![text], &Origin::Variable(variable));
            }
        }
        // A relative path starts at the working directory. An env file may use `~/`.
        layer
            .paths()
            .for_each(|(_, path)| *path = resolve(Path::new(""), path));
        let sandbox = read("JELOUCTL_SANDBOX")?;
        let sandbox_keys = match sandbox {
            Some(_) => read(SANDBOX_KEYS)?.map(PathBuf::from),
            None => None,
        };
        Ok(Self {
            profile: read("JELOU_PROFILE")?,
            config: read("JELOUCTL_CONFIG")?,
            sandbox,
            sandbox_keys,
            layer,
            ..Self::default()
        })
    }
}

/// Reads the variable called `name`.
fn read(name: &'static str) -> Result<Option<String>, CommandError> {
    let Some(value) = read_unchecked(name)? else {
        return Ok(None);
    };
    refuse_stray_characters(name, &value)?;
    // `echo` adds it to the value of a Kubernetes secret.
    Ok(Some(without_final_line_break(&value).to_owned()))
}

/// Reads the variable called `name`, which has a list: empty lines and spaces around it do not matter.
fn read_list(name: &'static str) -> Result<Option<String>, CommandError> {
    let Some(value) = read_unchecked(name)? else {
        return Ok(None);
    };
    let list = value.trim();
    refuse_stray_characters(name, list)?;
    Ok(Some(list.to_owned()))
}

fn refuse_stray_characters(name: &'static str, value: &str) -> Result<(), CommandError> {
    match stray_character(value) {
        Some(problem) => Err(wrong_variable(name, problem)),
        None => Ok(()),
    }
}

fn read_unchecked(name: &'static str) -> Result<Option<String>, CommandError> {
    let Some(value) = std::env::var_os(name) else {
        return Ok(None);
    };
    if value.is_empty() {
        let hint = msg!(
            "in CI: check that the variable or secret exists; else: unset {name}",
            name
        );
        let message = msg!("{name} is set but empty", name);
        return Err(CommandError::configuration(message, hint));
    }
    let value = value
        .into_string()
        .map_err(|_| wrong_variable(name, msg!("its value is not UTF-8")))?;
    Ok(Some(value))
}

/// Returns a warning for each unknown variable that was probably intended for jelouctl. These have
/// the prefix `JELOUCTL_`, or the prefix `JELOU_` and resemble a known variable. Other names are fine:
/// Kubernetes sets a dozen of them for a service called `jelou`.
fn warnings() -> Vec<Message> {
    let ours = our_variables();
    std::env::vars_os()
        .filter_map(|(name, _)| warning(&name.into_string().ok()?, &ours))
        .collect()
}

/// Returns the warning about the variable `name`; `ours` are the known variables.
fn warning(name: &str, ours: &[&str]) -> Option<Message> {
    let own_part = name
        .strip_prefix("JELOUCTL_")
        .or_else(|| name.strip_prefix("JELOU_"))?;
    if ours.contains(&name) || is_from_kubernetes(own_part) {
        return None;
    }
    match meant_variable(own_part, ours) {
        Some(meant) => Some(msg!(
            "unknown variable {name}: did you mean {meant}?",
            name,
            meant
        )),
        None => name
            .starts_with("JELOUCTL_")
            .then(|| msg!("unknown variable {name}", name)),
    }
}

/// Returns the known variable that is called or almost called `own_part` after its prefix, or that
/// other tools call `own_part`.
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
        let [_, meant] = rows(OTHER_NAMES).find(|[word, _]| *word == own_part)?;
        ours.iter().find(|name| **name == meant)
    };
    same.or_else(begun)
        .or_else(misspelt)
        .or_else(other_name)
        .copied()
}

/// Removes the prefix of a variable: `BOT_ID` for `JELOU_BOT_ID`.
fn after_prefix(name: &str) -> &str {
    name.split_once('_').map_or(name, |(_, part)| part)
}

/// Names in other tools, without a prefix, and the variable of jelouctl.
const OTHER_NAMES: &str = include_str!("other_variables.tsv");

/// Returns whether Kubernetes sets this name for a service, such as `JELOU_BOT_SERVICE_HOST`,
/// `JELOU_API_PORT` and `JELOU_API_PORT_80_TCP_ADDR`.
fn is_from_kubernetes(own_part: &str) -> bool {
    own_part.contains("SERVICE_HOST")
        || own_part.contains("SERVICE_PORT")
        || own_part.ends_with("PORT")
        || own_part.contains("PORT_") && (own_part.contains("_TCP") || own_part.contains("_UDP"))
}

/// Returns the problem with the characters around a value, which may be secret. One final line
/// break is allowed.
fn stray_character(value: &str) -> Option<Message> {
    let line = without_final_line_break(value);
    let is_quoted =
        |quote: char| line.len() > 1 && line.starts_with(quote) && line.ends_with(quote);
    let is_stray = line.trim() != line || is_quoted('"') || is_quoted('\'');
    is_stray.then(|| msg!("its value has quotes or white space around it"))
}

/// Returns all variables that jelouctl reads.
pub(super) fn our_variables() -> Vec<&'static str> {
    let of_keys = KEYS.iter().filter_map(|key| key.variable);
    let others = rows(include_str!("variables.tsv")).map(|[name, _]| name);
    let others = others.filter(|name| name.starts_with("JELOU"));
    of_keys.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warning_suggests_a_similar_variable() {
        let ours = our_variables();
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
            let expected = format!("unknown variable {name}: did you mean {meant}?");
            assert_eq!(warning(name, &ours).unwrap().to_string(), expected);
        }
        let unknown = "unknown variable JELOUCTL_XYZZY";
        assert_eq!(warning("JELOUCTL_XYZZY", &ours).unwrap(), unknown);
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

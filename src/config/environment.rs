//! Our environment variables, read once. A variable that is set but empty is an error: it is a CI secret that does not
//! exist. So is one with characters around its value that are invisible or not intended: an env file keeps quotes, a
//! file from Windows a carriage return.

use std::collections::BTreeSet;
use std::path::Path;

use super::error::ConfigError;
use super::file::resolve;
use super::keys::{KEYS, Key};
use super::layer::Layer;
use super::sourced::Origin;
use crate::line_breaks::without_final_line_break;
use crate::tables::rows;

/// Our variables that are not a setting of a profile.
const OTHERS: [&str; 4] = ["JELOU_PROFILE", "JELOUCTL_CONFIG", "JELOUCTL_SANDBOX", "JELOU_TO"];

/// Names that people use instead, from a flag or another tool, too different to count as a slip; and the right name.
const GUESSES: &str = include_str!("guesses.tsv");

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
    pub(crate) fn read() -> Result<Self, ConfigError> {
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        Ok(Self { warnings: warnings_of(names), to: read("JELOU_TO")?, ..Self::read_settings(|_| true)? })
    }

    /// The setting of the ledger alone: a command that only reads runs does not need the others to be valid.
    pub(crate) fn read_for_ledger() -> Result<Self, ConfigError> {
        Self::read_settings(|key| key.name == "ledger")
    }

    fn read_settings(is_wanted: impl Fn(&Key) -> bool) -> Result<Self, ConfigError> {
        let mut layer = Layer::default();
        for key in KEYS.iter().filter(|key| !key.variable.is_empty() && is_wanted(key)) {
            let Some(text) = read(key.variable)? else { continue };
            layer.put(key, vec![text], &Origin::Variable(key.variable));
        }
        // A relative path is relative to the working directory; `~/` may come from an env file.
        layer.paths().for_each(|(_, path)| *path = resolve(Path::new(""), path));
        Ok(Self {
            profile: read("JELOU_PROFILE")?,
            config: read("JELOUCTL_CONFIG")?,
            sandbox: read("JELOUCTL_SANDBOX")?,
            layer,
            ..Self::default()
        })
    }
}

/// The names of all our variables.
fn ours() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|key| key.variable).filter(|name| !name.is_empty()).chain(OTHERS)
}

/// One of our variables, by its `name`.
fn read(name: &'static str) -> Result<Option<String>, ConfigError> {
    match std::env::var_os(name) {
        None => Ok(None),
        Some(value) if value.is_empty() => {
            let hint = format!("give it a value, or unset {name}; in CI, check that the variable or secret exists");
            Err(ConfigError::new(format!("{name} is set but empty"), hint))
        }
        Some(value) => {
            let value = value.into_string().map_err(|_| ConfigError::variable(name, "its value is not UTF-8"))?;
            match stray_character(&value) {
                // A Kubernetes secret that was made with `echo`.
                None => Ok(Some(without_final_line_break(&value).to_owned())),
                Some(problem) => Err(ConfigError::variable(name, problem)),
            }
        }
    }
}

/// A warning for each of `names` that is not ours and probably meant to be.
fn warnings_of(names: impl Iterator<Item = String>) -> Vec<String> {
    let names: BTreeSet<_> = names.filter(|name| !ours().any(|ours| ours == name)).collect();
    let meant = names.iter().filter_map(|name| Some((name, meant(name)?)));
    meant.map(|(name, meant)| format!("the variable {name} is not read: did you mean {meant}?")).collect()
}

/// The name without our common prefix, in capitals.
fn own_part(name: &str) -> Option<String> {
    let name = name.to_ascii_uppercase();
    name.strip_prefix("JELOU_").or_else(|| name.strip_prefix("JELOUCTL_")).map(str::to_owned)
}

/// Our variable that was probably meant by this name, which is not one of ours. A container that runs beside a service
/// called `jelou` has a dozen that mean nothing: two slips are allowed in a name, one in a short name.
fn meant(name: &str) -> Option<&'static str> {
    let own = own_part(name)?;
    let guessed = rows(GUESSES).find(|[guess, _]| own_part(guess).as_deref() == Some(own.as_str()));
    let slips = |ours: &str| {
        let ours = own_part(ours).unwrap_or_default();
        let slips = strsim::osa_distance(&own, &ours);
        (slips <= if ours.len() > 4 { 2 } else { 1 }).then_some(slips)
    };
    let nearest = || ours().filter_map(|ours| Some((slips(ours)?, ours))).min();
    guessed.map(|[_, meant]| meant).or_else(|| nearest().map(|(_, ours)| ours))
}

/// Characters around a value that are not part of it; the value itself may be secret. A single final line break may stay.
fn stray_character(value: &str) -> Option<&'static str> {
    let line = without_final_line_break(value);
    let is_quoted = |quote: char| line.len() > 1 && line.starts_with(quote) && line.ends_with(quote);
    if line.contains('\r') {
        Some("its value has a carriage return; it may come from a file with Windows line breaks")
    } else if line.trim() != line {
        Some("its value begins or ends with a blank")
    } else if is_quoted('"') || is_quoted('\'') {
        Some("its value stands in quotes, which would be a part of it")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_nearly_ours_is_told_and_that_of_a_service_is_not() {
        for (name, expected) in [
            ("JELOU_BOT", Some("JELOU_BOT_ID")),
            ("JELOU_BOTID", Some("JELOU_BOT_ID")),
            ("JELOUCTL_BOT_ID", Some("JELOU_BOT_ID")),
            ("jelou_bot_id", Some("JELOU_BOT_ID")),
            ("JELOU_SECRET", Some("JELOU_CLIENT_SECRET")),
            ("JELOU_CLIENT_SECERT", Some("JELOU_CLIENT_SECRET")),
            ("JELOUCTL_SECRET", Some("JELOU_CLIENT_SECRET")),
            ("JELOU_OUTPUT", Some("--output")),
            ("JELOU_RETRYFOR", Some("JELOU_RETRY_FOR")),
            ("JELOU_CONFIG", Some("JELOUCTL_CONFIG")),
            ("JELOU_T0", Some("JELOU_TO")),
            ("JELOU_ID", None),
            ("JELOU_PORT", None),
            ("JELOU_SERVICE_HOST", None),
            ("JELOU_SERVICE_PORT_HTTPS", None),
            ("JELOU_PORT_443_TCP_ADDR", None),
        ] {
            assert_eq!(meant(name), expected, "{name}");
        }
        let names = ["PATH", "JELOU_TO", "JELOU_SERVICE_HOST", "JELOU_BOT", "JELOUX"].map(str::to_owned);
        let warnings = warnings_of(names.into_iter());
        assert_eq!(warnings, ["the variable JELOU_BOT is not read: did you mean JELOU_BOT_ID?"]);
    }

    #[test]
    fn what_was_not_meant_is_found_at_the_edges() {
        for (value, problem) in [
            ("77", None),
            ("a b", None),
            ("77\n", None),
            ("\"", None),
            ("'a\"", None),
            ("it's", None),
            (" 77", Some("blank")),
            ("77\t", Some("blank")),
            ("77\n\n", Some("blank")),
            ("\u{a0}77", Some("blank")),
            ("77\r", Some("carriage return")),
            ("77\r\n", None),
            ("a\rb", Some("carriage return")),
            ("\"77\"", Some("quotes")),
            ("'77'\n", Some("quotes")),
            ("''", Some("quotes")),
        ] {
            let found = stray_character(value);
            assert_eq!(found.is_some(), problem.is_some(), "{value:?}: {found:?}");
            assert!(found.unwrap_or_default().contains(problem.unwrap_or_default()), "{value:?}: {found:?}");
        }
    }
}

//! The settings, by the table in `keys.tsv`. A new one is a row there, its check here, its flag, and its reader in
//! `Settings`.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use serde_json::json;

use super::api_url::ApiUrl;
use super::values::{BotId, Budget, ClientId, PeopleLimit, Rate, Remember, RetryFor, Timeout};
use crate::hours::{DayOff, ZoneName, windows_of};
use crate::phone::Country;
use crate::tables::rows;

/// A setting that a profile may have.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name in a profile and in `profile show`.
    pub(crate) name: &'static str,
    /// `text`, `path`, `secret`, `duration` (a text, or a number of seconds), `number` (or a text), `switch`, `list`, or
    /// `command` (program and arguments).
    pub(super) form: &'static str,
    pub(super) flag: &'static str,
    /// Empty if there is none.
    pub(super) variable: &'static str,
    /// What holds if no source has it; empty if there is nothing.
    pub(super) default: &'static str,
    about: &'static str,
}

/// A value as its source has it, of the form of its key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    List(Vec<String>),
}

/// In the order of `profile show`.
pub(crate) static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let keys = rows(include_str!("keys.tsv"));
    keys.map(|[name, form, flag, variable, default, about]| Key { name, form, flag, variable, default, about })
        .collect()
});

impl Key {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// The value that a profile has.
    ///
    /// # Errors
    /// If it is of another form, or its check refuses it. A secret is not repeated.
    pub(super) fn read(&self, written: toml::Value) -> Result<Value, String> {
        let is_text = written.is_str();
        let value = match (self.form, written) {
            ("secret", _) if !is_text => return Err("invalid type: expected a string in quotes".to_owned()),
            ("duration" | "number", toml::Value::Integer(number)) => Value::Text(number.to_string()),
            ("duration" | "number", toml::Value::Float(number)) => Value::Text(number.to_string()),
            ("duration", _) if !is_text => {
                let expected = "expected a duration: \"500ms\", \"30s\", \"2m\" or a number of seconds";
                return Err(expected.to_owned());
            }
            ("switch", written) => Value::Text(read::<bool>(written)?.to_string()),
            ("list", written) => Value::List(read(written)?),
            // The error of serde would quote the value, and a command may have a secret.
            ("command", written) => Value::List(
                read(written)
                    .map_err(|_| "expected an array of strings: [\"pass\", \"show\", \"jelou\"]".to_owned())?,
            ),
            (_, written) => Value::Text(read(written)?),
        };
        self.shown(&value)?;
        Ok(value)
    }

    /// Checks a value, and returns it as it is printed.
    pub(super) fn shown(&self, value: &Value) -> Result<String, String> {
        match (self.name, value) {
            ("bot_id", Value::Text(raw)) => checked::<BotId>(raw),
            ("client_id", Value::Text(raw)) => checked::<ClientId>(raw),
            ("api_url", Value::Text(raw)) => checked::<ApiUrl>(raw),
            ("timeout", Value::Text(raw)) => checked::<Timeout>(raw),
            ("retry_for", Value::Text(raw)) => checked::<RetryFor>(raw),
            ("rate", Value::Text(raw)) => checked::<Rate>(raw),
            ("country", Value::Text(raw)) => checked::<Country>(raw),
            ("remember", Value::Text(raw)) => checked::<Remember>(raw),
            ("time_zone", Value::Text(raw)) => checked::<ZoneName>(raw),
            ("budget", Value::Text(raw)) => checked::<Budget>(raw),
            ("limit_24h", Value::Text(raw)) => checked::<PeopleLimit>(raw),
            ("between", Value::List(raw)) => {
                Ok(listed(&windows_of(&raw.iter().map(|window| window.parse()).collect::<Result<Vec<_>, _>>()?)?))
            }
            ("not_on", Value::List(raw)) => {
                Ok(listed(&raw.iter().map(|day| day.parse()).collect::<Result<Vec<DayOff>, _>>()?))
            }
            // An address in the environment may have a password.
            ("client_secret" | "ledger", _) => Ok("(redacted)".to_owned()),
            (_, Value::List(raw)) => Ok(format!("{raw:?}")),
            (_, Value::Text(raw)) => Ok(raw.clone()),
        }
    }

    /// The value as it is written into a profile.
    pub(super) fn written(&self, value: &Value) -> toml_edit::Value {
        match value {
            Value::Text(text) if self.form == "switch" => (text == "true").into(),
            Value::Text(text) => text.into(),
            Value::List(texts) => texts.iter().collect::<toml_edit::Array>().into(),
        }
    }

    pub(super) fn schema(&self) -> serde_json::Value {
        let mut schema = match self.form {
            "duration" => json!({ "anyOf": [{ "$ref": "#/$defs/DurationText" }, { "type": "null" }] }),
            "number" => json!({ "type": ["number", "string", "null"] }),
            "switch" => json!({ "type": ["boolean", "null"] }),
            "list" | "command" => json!({ "type": ["array", "null"], "items": { "type": "string" } }),
            _ => json!({ "type": ["string", "null"] }),
        };
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("description".to_owned(), self.about.into());
        }
        schema
    }
}

fn read<T: DeserializeOwned>(written: toml::Value) -> Result<T, String> {
    T::deserialize(written).map_err(|error| error.message().to_owned())
}

fn checked<T: FromStr<Err = String> + Display>(raw: &str) -> Result<String, String> {
    raw.parse::<T>().map(|value| value.to_string())
}

fn listed(all: &[impl ToString]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_a_key_with_a_valid_default() {
        assert_eq!(KEYS.len(), include_str!("keys.tsv").lines().count() - 1);
        for key in KEYS.iter() {
            let forms = ["text", "path", "secret", "duration", "number", "switch", "list", "command"];
            assert!(forms.contains(&key.form), "{key:?}");
            if !key.default.is_empty() {
                assert_eq!(key.shown(&Value::Text(key.default.to_owned())).as_deref(), Ok(key.default));
            }
        }
    }
}

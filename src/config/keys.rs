//! The settings, by the table in `keys.tsv`. A new one is a row there, its check here, and its reader in `Settings`.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::LazyLock;

use serde_json::json;

use super::api_url::ApiUrl;
use super::values::{self, bot_id, client_id, pattern};
use crate::hours::{DailyWindow, DayOff, ZoneName, windows_of};
use crate::phone::Country;
use crate::tables::rows;

/// A setting that a profile may have.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name in a profile and in `profile show`.
    pub(crate) name: &'static str,
    /// `text`, `path`, `secret`, `duration` (a text, or a number of seconds), `number` (or a text), `switch`, `list`, or
    /// `command` (program and arguments).
    pub(crate) form: &'static str,
    pub(crate) flag: &'static str,
    /// What its flag takes, if that is one of `profile set`; empty for a global flag.
    pub(crate) value: &'static str,
    /// Empty if there is none.
    pub(super) variable: &'static str,
    /// What holds if no source has it; empty if there is nothing.
    pub(super) default: &'static str,
    pub(crate) about: &'static str,
}

/// In the order of `profile show`.
pub(crate) static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let keys = rows(include_str!("keys.tsv"));
    let key = |[name, form, flag, value, variable, default, about]: [&'static str; 7]| Key {
        name,
        form,
        flag,
        value,
        variable,
        default,
        about,
    };
    keys.map(key).collect()
});

impl Key {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// The texts of the value that a profile has: one, or those of a list.
    ///
    /// # Errors
    /// If it is of another form, or its check refuses it. The value itself may be a secret, and is not repeated.
    pub(super) fn read(&self, written: toml::Value) -> Result<Vec<String>, String> {
        use toml::Value::{Array, Boolean, Float, Integer, String};

        let expected = match self.form {
            "duration" => "a duration: \"500ms\", \"30s\", \"2m\" or a number of seconds",
            "number" => "a number",
            "switch" => "true or false",
            "list" | "command" => "an array of strings",
            _ => "a string in quotes",
        };
        let found = written.type_str();
        let texts = match (self.form, written) {
            ("duration" | "number", Integer(number)) => Some(vec![number.to_string()]),
            ("duration" | "number", Float(number)) => Some(vec![number.to_string()]),
            ("switch", Boolean(is_on)) => Some(vec![is_on.to_string()]),
            ("list" | "command", Array(all)) => all.into_iter().map(|one| Some(one.as_str()?.to_owned())).collect(),
            ("text" | "path" | "secret" | "duration" | "number", String(text)) => Some(vec![text]),
            _ => None,
        };
        let texts = texts.ok_or_else(|| format!("{}: expected {expected}, not {found}", self.name))?;
        self.check(&texts)?;
        Ok(texts)
    }

    /// Checks a value.
    pub(crate) fn check(&self, texts: &[String]) -> Result<(), String> {
        if self.name == "between" {
            return windows(texts).map(drop);
        }
        texts.iter().try_for_each(|text| match self.name {
            "bot_id" => bot_id(text).map(drop),
            "client_id" => client_id(text).map(drop),
            "api_url" => parses::<ApiUrl>(text),
            "timeout" => values::timeout(text).map(drop),
            "retry_for" => values::retry_for(text).map(drop),
            "allow_to" => pattern(text).map(drop),
            "rate" => values::rate(text).map(drop),
            "country" => parses::<Country>(text),
            "remember" => values::remember(text).map(drop),
            "confirm_bulk" => parses::<bool>(text),
            "not_on" => parses::<DayOff>(text),
            "time_zone" => parses::<ZoneName>(text),
            "budget" => values::budget(text).map(drop),
            "limit_24h" => values::people_limit(text).map(drop),
            _ => Ok(()),
        })
    }

    /// A value as it is printed.
    pub(super) fn shown(&self, texts: &[String]) -> String {
        match (self.name, self.form) {
            // An address in the environment may have a password.
            ("client_secret" | "ledger", _) => "(redacted)".to_owned(),
            (_, "list") => format!("{texts:?}"),
            _ => texts.concat(),
        }
    }

    /// The paths in a value.
    pub(super) fn paths<'a>(&self, texts: &'a mut [String]) -> Vec<&'a mut String> {
        let texts = texts.iter_mut();
        match (self.form, self.name) {
            ("path", _) => texts.collect(),
            // A bare program name is looked up in PATH; one with a slash is a path like any other.
            ("command", _) => texts.take(1).filter(|program| program.contains(std::path::is_separator)).collect(),
            (_, "not_on") => texts.filter(|day| matches!(day.parse(), Ok(DayOff::File(_)))).collect(),
            _ => Vec::new(),
        }
    }

    /// The value as it is written into a profile.
    pub(super) fn written(&self, texts: &[String]) -> toml_edit::Value {
        match self.form {
            "list" | "command" => texts.iter().collect::<toml_edit::Array>().into(),
            "switch" => (texts == ["true"]).into(),
            _ => texts.concat().into(),
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
            schema.insert("description".to_owned(), format!("{}.", self.about).into());
        }
        schema
    }
}

/// A check of what is typed for the flag of the key called `name`.
pub(crate) fn checked(name: &'static str) -> impl Fn(&str) -> Result<String, String> + Clone + Send + Sync {
    move |raw| {
        let text = raw.trim().to_owned();
        let key = Key::named(name).ok_or_else(|| format!("{name} is not a key"))?;
        key.check(std::slice::from_ref(&text)).map(|()| text)
    }
}

/// The hours of `between`.
pub(super) fn windows(texts: &[String]) -> Result<Vec<DailyWindow>, String> {
    windows_of(&texts.iter().map(|window| window.parse()).collect::<Result<Vec<_>, _>>()?)
}

fn parses<T: FromStr<Err: Display>>(raw: &str) -> Result<(), String> {
    raw.parse::<T>().map(drop).map_err(|problem| problem.to_string())
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
                assert_eq!(key.check(&[key.default.to_owned()]), Ok(()), "{key:?}");
            }
        }
    }
}

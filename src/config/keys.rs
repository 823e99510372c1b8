//! The settings, by the table in `keys.tsv`. A new one is a row there, and its reader in `Settings`.

use std::sync::LazyLock;

use crate::tables::rows;

/// A setting that a profile may have.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name in a profile and in `profile show`.
    pub(crate) name: &'static str,
    /// `text`, `path`, `number` (or a text), `switch`, `list`, or `command` (program and arguments).
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
    /// If it is of another form. The value itself may be a secret, and is not repeated.
    pub(super) fn read(&self, written: toml::Value) -> Result<Vec<String>, String> {
        use toml::Value::{Array, Boolean, Float, Integer, String};

        let found = written.type_str();
        let expected = match self.form {
            "number" => "a number, or a text such as \"30s\"",
            "switch" => "true or false",
            "list" | "command" => "an array of strings",
            _ => "a string in quotes",
        };
        let texts = match (self.form, written) {
            ("number", one @ (Integer(_) | Float(_))) | ("switch", one @ Boolean(_)) => Some(vec![one.to_string()]),
            ("list" | "command", Array(all)) => all.into_iter().map(|one| Some(one.as_str()?.to_owned())).collect(),
            ("text" | "path" | "number", String(text)) => Some(vec![text]),
            _ => None,
        };
        texts.ok_or_else(|| format!("{}: expected {expected}, not {found}", self.name))
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
        match self.form {
            "path" => texts.collect(),
            // A bare program name is looked up in PATH; one with a slash is a path like any other.
            "command" => texts.take(1).filter(|program| program.contains(std::path::is_separator)).collect(),
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_a_key() {
        assert_eq!(KEYS.len(), include_str!("keys.tsv").lines().count() - 1);
        for key in KEYS.iter() {
            let forms = ["text", "path", "number", "switch", "list", "command"];
            assert!(forms.contains(&key.form), "{key:?}");
        }
    }
}

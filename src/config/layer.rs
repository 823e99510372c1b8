//! What one source says: a value and its origin for each key that it has. Layers are put over one another.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::str::FromStr;

use super::error::ConfigError;
use super::keys::{KEYS, Key, Value};
use super::secret_source::SecretSource;
use super::sourced::{Origin, Sourced};
use crate::secret::Secret;

#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Layer(BTreeMap<&'static str, Sourced<Value>>);

impl Layer {
    pub(super) fn of_defaults() -> Self {
        let keys = KEYS.iter().filter(|key| !key.default.is_empty());
        Self(keys.map(|key| (key.name, Origin::Default.of(Value::Text(key.default.to_owned())))).collect())
    }

    pub(super) fn put(&mut self, key: &'static Key, value: Value, origin: &Origin) {
        self.0.insert(key.name, origin.of(value));
    }

    /// Adds what was typed, if it was, for the flag of the key called `name`.
    pub(crate) fn type_text(&mut self, name: &str, typed: Option<impl ToString>) {
        if let (Some(typed), Some(key)) = (typed, Key::named(name)) {
            self.put(key, Value::Text(typed.to_string()), &Origin::Flag(key.flag));
        }
    }

    /// The same for a flag that is repeated; without any, nothing was typed.
    pub(crate) fn type_list(&mut self, name: &str, typed: Vec<String>) {
        if let (false, Some(key)) = (typed.is_empty(), Key::named(name)) {
            self.put(key, Value::List(typed), &Origin::Flag(key.flag));
        }
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<Sourced<Value>> {
        self.0.remove(name)
    }

    /// What this one says, and beyond it what `below` says.
    pub(crate) fn over(self, mut below: Self) -> Self {
        below.0.extend(self.0);
        below
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn value(&self, name: &str) -> Option<&Sourced<Value>> {
        self.0.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match &self.0.get(name)?.value {
            Value::Text(text) => Some(text),
            Value::List(_) => None,
        }
    }

    pub(crate) fn list(&self, name: &str) -> Option<&[String]> {
        match &self.0.get(name)?.value {
            Value::Text(_) => None,
            Value::List(list) => Some(list),
        }
    }

    /// The value of the key called `name`, of its type.
    ///
    /// # Errors
    /// If it cannot be read: a variable, since flags and profiles are checked earlier.
    pub(super) fn get<T: FromStr<Err: Display>>(&self, name: &'static str) -> Result<Option<Sourced<T>>, ConfigError> {
        let text = self.text(name);
        text.map(|text| self.read(name, text.parse().map_err(|problem: T::Err| problem.to_string()))).transpose()
    }

    /// The same for a list.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub(super) fn get_list<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&[String]) -> Result<T, String>,
    ) -> Result<Option<Sourced<T>>, ConfigError> {
        self.list(name).map(|list| self.read(name, read(list))).transpose()
    }

    fn read<T>(&self, name: &'static str, value: Result<T, String>) -> Result<Sourced<T>, ConfigError> {
        let origin = self.0.get(name).map_or(&Origin::Default, |value| &value.origin);
        let place = if let Origin::Variable(variable) = origin { variable } else { name };
        value.map(|value| origin.of(value)).map_err(|problem| ConfigError::Variable { name: place, problem })
    }

    /// The same for a key that has a default, of a layer over [`Self::of_defaults`].
    ///
    /// # Errors
    /// As [`Self::get`].
    #[expect(clippy::expect_used, reason = "the table says so")]
    pub(super) fn or_default<T: FromStr<Err: Display>>(&self, name: &'static str) -> Result<Sourced<T>, ConfigError> {
        Ok(self.get(name)?.expect("the key has a default"))
    }

    /// Where the secret called `name` comes from: itself, a command or a file.
    pub(super) fn secret(&self, name: &str) -> Option<Sourced<SecretSource>> {
        let (command, file) = (format!("{name}_command"), format!("{name}_file"));
        let found = self.value(name).or_else(|| self.value(&command)).or_else(|| self.value(&file))?;
        let source = match &found.value {
            Value::List(words) => SecretSource::Command(words.clone()),
            Value::Text(text) if self.has(name) => SecretSource::Value(Secret::new(text.clone())),
            Value::Text(path) => SecretSource::File(path.into()),
        };
        Some(found.origin.of(source))
    }

    /// The value of `key` as it is printed, and its origin.
    pub(crate) fn shown(&self, key: &Key) -> Option<Sourced<String>> {
        let Sourced { value, origin } = self.0.get(key.name)?;
        // The address of a sandbox is not one that the key could have.
        let raw = || self.text(key.name).unwrap_or_default().to_owned();
        Some(origin.of(key.shown(value).unwrap_or_else(|_| raw())))
    }
}

impl fmt::Debug for Layer {
    /// Only the keys: a value may be a secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

//! The values of one source: for each key its texts (one, or all elements of a list) and their origin. One layer can
//! override another.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::error::{set_profile, wrong_variable};
use super::keys::{KEYS, Key, KeyForm};
use crate::base::message::{Message, ToValue, Value, msg};
use crate::command_error::CommandError;

/// The origin of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag(&'static str),
    Variable(&'static str),
    Profile(String),
    Sandbox,
    /// The user typed it at a prompt.
    Terminal,
    Default,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WithOrigin<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

impl<T: ToValue> WithOrigin<T> {
    pub(crate) fn display(&self) -> WithOrigin<Message> {
        self.origin.tag(msg!("{value}", value = self.value))
    }
}

impl Origin {
    pub(crate) fn tag<T>(&self, value: T) -> WithOrigin<T> {
        WithOrigin {
            value,
            origin: self.clone(),
        }
    }

    pub(crate) fn message(&self) -> Message {
        match self {
            Self::Flag(name) | Self::Variable(name) => Message::verbatim(*name),
            Self::Profile(name) => msg!("profile {name}", name),
            Self::Sandbox => Message::verbatim("sandbox"),
            Self::Terminal => msg!("the terminal"),
            Self::Default => msg!("default"),
        }
    }
}

/// Prints it in English.
impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(formatter)
    }
}

impl ToValue for Origin {
    fn to_value(&self) -> Value {
        self.message().to_value()
    }
}

#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Layer(BTreeMap<&'static str, WithOrigin<Vec<String>>>);

impl Layer {
    pub(super) fn defaults() -> Self {
        let mut layer = Self::default();
        for key in KEYS.iter() {
            if let Some(default) = key.default {
                layer.put(key.name, vec![default.to_owned()], &Origin::Default);
            }
        }
        layer
    }

    /// Creates the values that the sandbox uses even if a profile has others. `address` is the
    /// sandbox's, if there is one.
    pub(super) fn for_sandbox(address: Option<&str>) -> Self {
        let mut layer = Self::default();
        for name in ["client_id", "client_secret"] {
            layer.put(name, vec!["sandbox".to_owned()], &Origin::Sandbox);
        }
        if let Some(address) = address {
            layer.put(
                "api_url",
                vec![address.to_owned()],
                &Origin::Variable("JELOUCTL_SANDBOX"),
            );
        }
        layer
    }

    pub(super) fn put(&mut self, name: &'static str, value: Vec<String>, origin: &Origin) {
        self.0.insert(name, origin.tag(value));
    }

    /// Adds the value of a flag, if there is one, to the key called `name`.
    pub(crate) fn type_in(&mut self, name: &str, typed: impl IntoIterator<Item: ToString>) {
        let texts: Vec<_> = typed.into_iter().map(|text| text.to_string()).collect();
        if let (false, Some(key)) = (texts.is_empty(), Key::find(name)) {
            self.put(key.name, texts, &Origin::Flag(key.flag_name()));
        }
    }

    /// Adds the answer to a prompt: one text, or a list separated by commas or spaces.
    pub(crate) fn type_answer(&mut self, name: &str, answer: &str) {
        match Key::find(name) {
            Some(key) if key.form == KeyForm::List => {
                self.type_in(
                    name,
                    answer.split([',', ' ']).filter(|text| !text.is_empty()),
                );
            }
            _ => self.type_in(name, Some(answer)),
        }
    }

    /// Returns each path in the layer, with its key.
    pub(crate) fn paths(&mut self) -> impl Iterator<Item = (&'static Key, &mut String)> {
        let values = self
            .0
            .iter_mut()
            .filter_map(|(name, found)| Some((Key::find(name)?, &mut found.value)));
        values.flat_map(|(key, value)| key.paths(value).into_iter().map(move |path| (key, path)))
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<WithOrigin<Vec<String>>> {
        self.0.remove(name)
    }

    /// Returns the values of this layer, and of `below` for all other keys.
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

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.list(name)?.first().map(String::as_str)
    }

    pub(crate) fn list(&self, name: &str) -> Option<&[String]> {
        self.0.get(name).map(|found| found.value.as_slice())
    }

    /// Returns the origin of the value of the key called `name`.
    pub(super) fn origin(&self, name: &str) -> &Origin {
        self.0
            .get(name)
            .map_or(&Origin::Default, |found| &found.origin)
    }

    /// Returns the value of the key called `name`.
    ///
    /// # Errors
    /// If `read` refuses it.
    pub(super) fn get<T>(
        &self,
        name: &str,
        read: fn(&str) -> Result<T, Message>,
    ) -> Result<Option<T>, CommandError> {
        self.text(name)
            .map(read)
            .transpose()
            .map_err(|problem| self.wrong(name, problem))
    }

    /// Works like [`Self::get`], for a key with a default, in a layer over [`Self::defaults`].
    #[expect(clippy::expect_used, reason = "keys.tsv has the default")]
    pub(super) fn or_default<T>(
        &self,
        name: &str,
        read: fn(&str) -> Result<T, Message>,
    ) -> Result<T, CommandError> {
        Ok(self.get(name, read)?.expect("the key has a default"))
    }

    /// Works like [`Self::get`], for a list.
    pub(super) fn get_list<T>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Result<T, Message>,
    ) -> Result<Option<Vec<T>>, CommandError> {
        let read = self
            .list(name)
            .map(|texts| texts.iter().map(|text| read(text)).collect());
        read.transpose()
            .map_err(|problem| self.wrong(name, problem))
    }

    /// Returns the error about the value of the key called `name`.
    pub(super) fn wrong(&self, name: &str, problem: Message) -> CommandError {
        match self.origin(name) {
            Origin::Variable(variable) => wrong_variable(variable, problem),
            Origin::Profile(profile) => {
                let flag = Key::find(name)
                    .and_then(|key| key.flag.as_ref())
                    .map(|flag| format!("{} {}", flag.name, flag.value))
                    .unwrap_or_default();
                let hint = msg!(
                    "to change it: {command}",
                    command = set_profile(profile, &flag)
                );
                let message = msg!(
                    "{name} of profile {profile}: {problem}",
                    name,
                    profile,
                    problem
                );
                CommandError::configuration(message, hint)
            }
            // The command line names the flag.
            Origin::Flag(_) | Origin::Sandbox | Origin::Terminal | Origin::Default => {
                CommandError::bare_configuration(problem)
            }
        }
    }

    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    /// Returns whether the flag of the key called `name` is `-`, standard input.
    pub(crate) fn has_stdin(&self, name: &str) -> bool {
        self.text(name) == Some("-") && matches!(self.origin(name), Origin::Flag(_))
    }

    /// Returns the printed value of `key`, and its origin.
    pub(crate) fn display(&self, key: &Key) -> Option<WithOrigin<Message>> {
        let WithOrigin { value, origin } = self.0.get(key.name)?;
        Some(origin.tag(key.display(value)))
    }
}

impl fmt::Debug for Layer {
    /// Prints only the keys: a value may be a secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

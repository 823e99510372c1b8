//! Changes to the configuration file. They keep comments, except those directly above a removed profile. The file is
//! replaced atomically, and only its owner can read it.

use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, TableLike, TomlError, Value};

use super::error::{bad_file, unknown_profile, wrong_syntax};
use super::file::{ConfigFile, read_trusted};
use super::keys::KEYS;
use super::layer::Layer;
use super::secret_source::SecretSource;
use crate::base::message::msg;
use crate::base::private_file;
use crate::command_error::CommandError;

/// A configuration file that is being changed.
pub(crate) struct ConfigEdit {
    /// The file before the change.
    file: ConfigFile,
    document: DocumentMut,
}

impl ConfigEdit {
    /// Changes the file at `path`. A lock makes other processes wait, so that no change is lost.
    pub(crate) fn change(
        path: &Path,
        change: impl Fn(&mut Self) -> Result<(), CommandError>,
    ) -> Result<(), CommandError> {
        // An invalid change must fail before a lock or a directory exists.
        change(&mut Self::open(path)?)?;
        let _lock = private_file::lock(path).map_err(bad_file)?;
        let mut edit = Self::open(path)?;
        change(&mut edit)?;
        private_file::write(path, edit.document.to_string().as_bytes()).map_err(bad_file)
    }

    /// Opens the file at `path`, or an empty one if it does not exist.
    pub(crate) fn open(path: &Path) -> Result<Self, CommandError> {
        let text = match read_trusted(path)? {
            // The new file replaces the old one, so the old one must not be a device.
            Some((_, metadata)) if !metadata.is_file() => {
                let message = msg!("cannot change {path}: it is not a regular file", path);
                return Err(CommandError::configuration(
                    message,
                    msg!("to use another file: --config FILE"),
                ));
            }
            Some((text, _)) => text,
            None => String::new(),
        };
        // Uses the parser for reading, which names each wrong key. The editor would accept any key.
        let file = ConfigFile::parse(path, &text)?;
        let document = text.parse().map_err(|error: TomlError| {
            wrong_syntax(
                path,
                &text,
                error.span().unwrap_or_default().start,
                error.message(),
            )
        })?;
        Ok(Self { file, document })
    }

    /// Returns the profile as it is in the file.
    pub(crate) fn profile(&self, name: &str) -> Option<&Layer> {
        self.file.profiles.get(name)
    }

    /// Writes `change` into the profile. The first profile becomes the default.
    pub(crate) fn set_profile(&mut self, name: &str, change: &Layer) {
        let profiles = self.document.entry("profiles").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        // Both are tables, because `open` has read them as profiles.
        let Some(profiles) = profiles.as_table_like_mut() else {
            return;
        };
        let Some(profile) = profiles
            .entry(name)
            .or_insert_with(|| Item::Table(Table::new()))
            .as_table_like_mut()
        else {
            return;
        };
        for secret in ["client_secret", "ledger_password"] {
            let ways = SecretSource::ways(secret);
            if ways.iter().any(|way| change.has(way)) {
                for other in ways.iter().filter(|way| !change.has(way)) {
                    profile.remove(other);
                }
            }
        }
        for key in KEYS.iter() {
            if let Some(texts) = change.list(key.name) {
                put(profile, key.name, key.to_toml(texts));
            }
        }
        if self.file.profiles.is_empty() {
            put(self.document.as_table_mut(), "default_profile", name);
        }
    }

    /// Makes `name` the default.
    pub(crate) fn use_profile(&mut self, name: &str) -> Result<(), CommandError> {
        self.require(name)?;
        put(self.document.as_table_mut(), "default_profile", name);
        Ok(())
    }

    /// Returns another profile if a command without `--profile` would need a default after the removal of `name`. A single
    /// profile is used without one.
    pub(crate) fn next_default(&self, name: &str) -> Option<&String> {
        let mut others = self.file.profiles.keys().filter(|other| *other != name);
        let other = others.next()?;
        (self.is_default(name) && others.next().is_some()).then_some(other)
    }

    fn is_default(&self, name: &str) -> bool {
        self.document.get("default_profile").and_then(Item::as_str) == Some(name)
    }

    /// Removes the profile. If it is the default, removes the default as well.
    pub(crate) fn remove_profile(&mut self, name: &str) -> Result<(), CommandError> {
        self.require(name)?;
        if self.is_default(name) {
            self.document.remove("default_profile");
        }
        let profiles = self
            .document
            .get_mut("profiles")
            .and_then(Item::as_table_like_mut);
        profiles.and_then(|profiles| profiles.remove(name));
        Ok(())
    }

    fn require(&self, name: &str) -> Result<(), CommandError> {
        if self.profile(name).is_some() {
            return Ok(());
        }
        let known: Vec<_> = self.file.profiles.keys().map(String::as_str).collect();
        Err(unknown_profile(name, None, &known))
    }
}

/// Writes a value, and keeps the comments of the value that it replaces.
fn put(table: &mut dyn TableLike, key: &str, new: impl Into<Value>) {
    let new = new.into();
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = new;
            *old.decor_mut() = decor;
        }
        None => {
            table.insert(key, Item::Value(new));
        }
    }
}

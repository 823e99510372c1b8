//! The words of a line, for a command that need not have more kinds than they name.

use std::ffi::OsString;
use std::sync::Arc;

use clap::builder::CommandExt;

/// The words behind the program's name. A command that has them as an extension needs only those kinds that are among them.
#[derive(Clone, Debug)]
pub(super) struct Words(Arc<[String]>);

impl CommandExt for Words {}

impl Words {
    pub(super) fn of(arguments: &[OsString]) -> Self {
        Self(arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect())
    }

    pub(super) fn all(&self) -> &[String] {
        &self.0
    }

    /// Wherever it stands: a word that all commands would take for a kind must be a kind here, too.
    pub(super) fn contain(&self, name: &str) -> bool {
        self.0.iter().any(|word| word == name)
    }
}

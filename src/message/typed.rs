//! The kinds as subcommands of the command line.

use std::ffi::OsString;
use std::sync::Arc;

use clap::builder::CommandExt;
use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};

use super::kinds::Message;

/// A message as it is typed: its kind, with the flags `D` of how it is delivered. As global flags those could be given
/// twice, once in front of the kind, and one recipient would silently win.
#[derive(Debug)]
pub(crate) struct TypedMessage<D> {
    pub(crate) delivery: D,
    pub(crate) message: Message,
}

impl<D: Args> Subcommand for TypedMessage<D> {
    fn augment_subcommands(command: Command) -> Command {
        let command = match command.get::<Words>().cloned() {
            Some(words) => Message::augment_named_subcommands(command, |name| words.contain(name)),
            None => Message::augment_subcommands(command),
        };
        command.mut_subcommands(D::augment_args)
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Message::augment_subcommands_for_update(command).mut_subcommands(D::augment_args)
    }

    fn has_subcommand(name: &str) -> bool {
        Message::has_subcommand(name)
    }
}

impl<D: Args> FromArgMatches for TypedMessage<D> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Self::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, clap::Error> {
        let of_kind = matches.subcommand().map_or(&*matches, |(_, of_kind)| of_kind);
        Ok(Self { delivery: D::from_arg_matches(of_kind)?, message: Message::from_arg_matches_mut(matches)? })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The words after the program's name. A command with kinds as an extension needs only the kinds among these words.
#[derive(Clone, Debug)]
pub(crate) struct Words(Arc<[String]>);

impl CommandExt for Words {}

impl Words {
    pub(crate) fn of(arguments: &[OsString]) -> Self {
        Self(arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect())
    }

    pub(crate) fn all(&self) -> &[String] {
        &self.0
    }

    /// At any position: a word that every command would take for a kind must be a kind here, too.
    fn contain(&self, name: &str) -> bool {
        self.0.iter().any(|word| word == name)
    }
}

//! The kinds as subcommands of the command line.

use std::ffi::OsString;
use std::sync::Arc;

use clap::builder::CommandExt;
use clap::error::ErrorKind;
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
        let words = command.get::<Words>().cloned();
        let kinds = Message::all().into_iter().filter(|kind| Self::has_subcommand(kind.command()));
        let named = kinds.filter(|kind| words.as_ref().is_none_or(|words| words.contain(kind.command())));
        command.subcommands(named.map(|kind| D::augment_args(kind.augment(Command::new(kind.command())))))
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        Message::named(name).is_some_and(|kind| kind.written_by() == name)
    }
}

/// The kind that is a command of its own.
const OWN_COMMAND: &str = "flow-message";

impl<D: Args> Args for TypedMessage<D> {
    fn augment_args(command: Command) -> Command {
        let kind = Message::named(OWN_COMMAND);
        D::augment_args(kind.map_or(command.clone(), |kind| kind.augment(command)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<D: Args> FromArgMatches for TypedMessage<D> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let (name, of_kind) = matches.subcommand().unwrap_or((OWN_COMMAND, matches));
        let kind = Message::named(name).ok_or_else(|| clap::Error::new(ErrorKind::InvalidSubcommand))?;
        Ok(Self { delivery: D::from_arg_matches(of_kind)?, message: kind.typed(of_kind) })
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

//! The kinds as subcommands with flags: for clap, for the part of a body that the flags set, and
//! for the flag that sets a field.

use std::ffi::OsString;
use std::sync::Arc;

use clap::builder::CommandExt;
use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};
use serde_json::{Value, json};

use super::flag::{Flag, FlagValues};
use super::invalid::Violation;
use super::kinds::MessageKind;
use crate::base::input::{Input, UsageError};
use crate::base::message::Message;

/// A message on the command line: its kind, and the flags `D` for its delivery. As global flags,
/// the delivery flags could be repeated before the kind, and one recipient would silently win.
#[derive(Debug)]
pub(crate) struct MessageArgs<D> {
    pub(crate) delivery: D,
    pub(crate) message: MessageKind,
}

impl<D: Args> Subcommand for MessageArgs<D> {
    fn augment_subcommands(command: Command) -> Command {
        let words = command.get::<CommandLine>().cloned();
        let kinds = MessageKind::all()
            .into_iter()
            .filter(|kind| Self::has_subcommand(kind.command()));
        let named = kinds.filter(|kind| {
            words
                .as_ref()
                .is_none_or(|words| words.contain(kind.command()))
        });
        command.subcommands(
            named.map(|kind| D::augment_args(kind.augment(Command::new(kind.command())))),
        )
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        MessageKind::from_name(name).is_some_and(|kind| kind.written_by() == name)
    }
}

/// The kind that has its own command instead of a place after `send`.
const OWN_COMMAND: &str = "flow-message";

impl<D: Args> Args for MessageArgs<D> {
    fn augment_args(command: Command) -> Command {
        let kind = MessageKind::from_name(OWN_COMMAND);
        D::augment_args(kind.map_or(command.clone(), |kind| kind.augment(command)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<D: Args> FromArgMatches for MessageArgs<D> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let (name, of_kind) = matches.subcommand().unwrap_or((OWN_COMMAND, matches));
        let kind = MessageKind::from_name(name)
            .ok_or_else(|| clap::Error::new(ErrorKind::InvalidSubcommand))?;
        Ok(Self {
            delivery: D::from_arg_matches(of_kind)?,
            message: kind.typed(of_kind),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The arguments of the program. A command with kinds as an extension needs only the kinds among
/// them.
#[derive(Clone, Debug)]
pub(crate) struct CommandLine(Arc<[String]>);

impl CommandExt for CommandLine {}

impl CommandLine {
    pub(crate) fn new(arguments: &[OsString]) -> Self {
        Self(
            arguments
                .iter()
                .skip(1)
                .map(|word| word.to_string_lossy().into_owned())
                .collect(),
        )
    }

    pub(crate) fn all(&self) -> &[String] {
        &self.0
    }

    /// Returns whether the line contains `name`, at any position: a word that clap could take for a
    /// kind must be a kind here too.
    fn contain(&self, name: &str) -> bool {
        self.0.iter().any(|word| word == name)
    }
}

impl MessageKind {
    /// Adds the kind's help and flags to `command`.
    pub(super) fn augment(&self, command: Command) -> Command {
        let examples = format!(
            "Examples:\n  {}",
            self.definition_lines("x-examples", "\n  ")
        );
        let parts = [self.summary(), examples, self.notes()];
        let help = parts
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("\n\n");
        let flags = self.flags().iter().map(|flag| flag.arg(self.schema()));
        command.about(self.summary()).long_about(help).args(flags)
    }

    /// Returns the kind with the flags that were passed.
    pub(super) fn typed(self, matches: &ArgMatches) -> Self {
        Self {
            typed: FlagValues::from_matches(self.flags(), matches),
            ..self
        }
    }

    /// Returns the flag of the field at `path`, or of the nearest field that contains it: the id of
    /// a flag is the field's path. A hint must not suggest a flag that conflicts with a passed one,
    /// nor the flags of one item for a list in the body.
    pub(super) fn flag_for(&self, path: &str) -> Option<String> {
        // The flags of the first card set any card.
        let of_first = path.replacen("[]", "[0]", 1);
        let around = |id: &str| {
            let rest = path.strip_prefix(id).or_else(|| of_first.strip_prefix(id));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let is_of_item = |flag: &Flag| flag.id().contains("[0]");
        let has_item = self
            .flags()
            .iter()
            .any(|flag| is_of_item(flag) && self.typed.has_any(&[flag.id()]));
        let named = self
            .flags()
            .iter()
            .filter(|flag| around(flag.id()) && !self.typed.has_any(&flag.conflicts));
        let named = named.filter(|flag| has_item || !is_of_item(flag));
        named
            .max_by_key(|flag| flag.id().len())
            .map(Flag::display_name)
    }

    /// Returns the problem of the field at `path`, with the flag that sets the field.
    pub(super) fn violation(&self, path: &str, problem: Message) -> Violation {
        Violation {
            path: path.to_owned(),
            problem,
            flag: self.flag_for(path),
        }
    }

    /// Returns the flags as a part of the body.
    pub(crate) fn flag_body(&self, input: &mut Input) -> Result<Value, UsageError> {
        let mut body = json!({});
        for flag in self.flags() {
            let value = flag.read(&self.typed.all(flag.id()), self.schema(), input)?;
            if let (Some(field), Some(value)) = (&flag.field, value) {
                *create_place(&mut body, field) = value;
            }
        }
        if let Value::Object(fields) = &mut body {
            (self.kind.shape)(&self.typed, fields, input)?;
        }
        Ok(body)
    }
}

/// Returns the value at `field` in `body`; creates its parents.
fn create_place<'a>(body: &'a mut Value, field: &str) -> &'a mut Value {
    field
        .split(['.', '['])
        .fold(body, |around, step| match step {
            "0]" => {
                if around.is_null() {
                    *around = json!([null]);
                }
                &mut around[0]
            }
            name => &mut around[name],
        })
}

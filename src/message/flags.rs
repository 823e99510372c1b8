//! The flags of a kind: as clap has them, the part of a body that they give, and the one that sets a field.

use clap::{ArgMatches, Command};
use serde_json::{Value, json};

use super::flag::{Flag, TypedFlags};
use super::invalid::Violation;
use super::kinds::Message;
use crate::input::{Input, UsageError};

impl Message {
    /// `command` with the kind's help and flags.
    pub(super) fn augment(&self, command: Command) -> Command {
        let examples = format!("Examples:\n  {}", self.words("x-examples", "\n  "));
        let parts = [self.summary(), examples, self.notes()];
        let help = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n");
        let flags = self.flags().iter().map(|flag| flag.arg(self.schema()));
        command.about(self.summary()).long_about(help).args(flags)
    }

    /// The kind with the flags that were typed.
    pub(super) fn typed(self, matches: &ArgMatches) -> Self {
        Self { typed: TypedFlags::of(self.flags(), matches), ..self }
    }

    /// The flag of the field at `path`, or of the nearest field around it: ids are paths on the wire. A hint must not lead from
    /// a flag that was typed to one that excludes it, nor from a body's list to the flags of one item.
    pub(super) fn flag_of(&self, path: &str) -> Option<String> {
        // The flags of one card are those of any.
        let of_first = path.replacen("[]", "[0]", 1);
        let around = |id: &str| {
            let rest = path.strip_prefix(id).or_else(|| of_first.strip_prefix(id));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let is_of_item = |flag: &Flag| flag.id().contains("[0]");
        let has_item = self.flags().iter().any(|flag| is_of_item(flag) && self.typed.has_any(&[flag.id()]));
        let named = self.flags().iter().filter(|flag| around(flag.id()) && !self.typed.has_any(&flag.conflicts));
        let named = named.filter(|flag| has_item || !is_of_item(flag));
        named.max_by_key(|flag| flag.id().len()).map(Flag::shown)
    }

    /// What is wrong with the field at `path`, with the flag that sets it.
    pub(super) fn violation(&self, path: &str, problem: String) -> Violation {
        Violation { path: path.to_owned(), problem, flag: self.flag_of(path) }
    }

    /// The flags as a part of the body.
    pub(crate) fn flag_body(&self, input: &mut Input) -> Result<Value, UsageError> {
        let mut body = json!({});
        for flag in self.flags() {
            let value = flag.read(&self.typed.all(flag.id()), self.schema(), input)?;
            if let (Some(field), Some(value)) = (&flag.field, value) {
                *place(&mut body, field) = value;
            }
        }
        if let Value::Object(fields) = &mut body {
            (self.kind.shape)(&self.typed, fields, input)?;
        }
        Ok(body)
    }
}

/// The place of a flag's field in the body, which is made; a list there has one item.
fn place<'a>(body: &'a mut Value, field: &str) -> &'a mut Value {
    field.split(['.', '[']).fold(body, |around, step| match step {
        "0]" => {
            if around.is_null() {
                *around = json!([null]);
            }
            &mut around[0]
        }
        name => &mut around[name],
    })
}

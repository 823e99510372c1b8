//! A kind of message: its definition, and what it cannot say. This file does not know the existing kinds.

use serde_json::{Map, Value};

use super::envelope::Envelope;
use super::flag::FlagValues;
use crate::base::input::{Input, UsageError};

/// The fields of a body.
type Fields = Map<String, Value>;
/// What is wrong with the field of this name.
pub(super) type FieldProblem = (&'static str, String);

/// A kind of message.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Its name, which is the word after `send` if it has a command of its own.
    pub(super) name: &'static str,
    pub(super) envelope: Envelope,
    /// Its JSON Schema: the help, an example, its flags in the order of the help, and its own fields with their order on the
    /// wire, types, limits and advice.
    pub(super) definition: &'static str,
    /// The command whose flags write it.
    pub(super) written_by: &'static str,
    /// Rewrites the part of the body that flags gave, where a flag is not one field.
    pub(super) shape: fn(&FlagValues, &mut Fields, &mut Input) -> Result<(), UsageError>,
    /// Rewrites fields that may be written in another form than is sent. Returns what is wrong with them, by field.
    pub(super) read: fn(&mut Fields) -> Vec<FieldProblem>,
    /// Fills in what follows from other fields, unless the flags of the message say otherwise. In a bulk run these fields may
    /// come from the row, so this cannot be done when flags are read.
    pub(super) fill: fn(&FlagValues, &mut Fields),
    /// What is wrong with a field of the object at a place, such as `cards[].header`, beyond its schema.
    pub(super) problem: fn(&str, &Fields) -> Option<FieldProblem>,
}

impl Kind {
    /// A kind with nothing of its own to do.
    pub(super) const fn new(
        name: &'static str,
        envelope: Envelope,
        definition: &'static str,
    ) -> Self {
        Self {
            name,
            envelope,
            definition,
            written_by: name,
            shape: |_, _, _| Ok(()),
            read: |_| Vec::new(),
            fill: |_, _| {},
            problem: |_, _| None,
        }
    }
}

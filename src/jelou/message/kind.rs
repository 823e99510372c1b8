//! The definition of a kind of message. This file does not know the existing kinds.

use serde_json::{Map, Value};

use super::envelope::Envelope;
use super::flag::FlagValues;
use crate::base::input::{Input, UsageError};
use crate::base::message::Message;

/// The fields of a body.
type Fields = Map<String, Value>;
/// A field's name and what is wrong with it.
pub(super) type FieldProblem = (&'static str, Message);

/// A kind of message.
#[derive(Debug)]
pub(crate) struct Kind {
    /// The name: the word after `send`, if the kind has its own command.
    pub(super) name: &'static str,
    pub(super) envelope: Envelope,
    /// The kind's JSON Schema: help, example, flags in the order of the help, and the kind's own
    /// fields with their order in the body, types, limits and advice.
    pub(super) definition: &'static str,
    /// The command that has the flags for this kind.
    pub(super) written_by: &'static str,
    /// Rewrites the part of the body that flags set, if a flag does not set exactly one field.
    pub(super) shape: fn(&FlagValues, &mut Fields, &mut Input) -> Result<(), UsageError>,
    /// Rewrites fields that a body may have in another form. Returns their problems.
    pub(super) read: fn(&mut Fields) -> Vec<FieldProblem>,
    /// Fills in fields that follow from others, unless the message's flags set them. In a bulk run
    /// these others may come from the row, so reading the flags is too early for this.
    pub(super) fill: fn(&FlagValues, &mut Fields),
    /// Returns the problem of a field of the object at a place, such as `cards[].header`, if the
    /// schema cannot express it.
    pub(super) problem: fn(&str, &Fields) -> Option<FieldProblem>,
}

impl Kind {
    /// Creates a kind that has only a definition, without code.
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

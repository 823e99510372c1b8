//! The interface of a kind of message. This file does not know the existing kinds.

use std::fmt::Debug;

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value};

use super::drawing::{Part, file_and_texts};
use super::envelope::Envelope;
use super::route::Route;
use crate::input::{Input, UsageError};

/// A kind of message. Its schema defines its fields; its struct has the flags that set them, spelt as on the wire. A nested
/// flag's clap id is its path on the wire.
pub(crate) trait Kind: Args + Serialize + Debug + Default {
    /// Its name, which is the word after `send` if it has a command of its own.
    const COMMAND: &'static str;
    const ENVELOPE: Envelope;
    /// The JSON Schema of its own fields: their order on the wire, their types and limits, and advice.
    const SCHEMA: &'static str;
    /// The command whose flags write it, if that belongs to another kind.
    const WRITTEN_BY: &'static str = Self::COMMAND;
    /// A command line that sends one without a file; empty if there is none.
    const EXAMPLE: &'static str;

    /// What its recipient would see of `body`; empty if that is not known.
    fn draw(body: &Value) -> Vec<Part> {
        file_and_texts(body, None)
    }

    /// Flags that are not one field each, as a part of the body.
    fn shape_flags(&self, _input: &mut Input) -> Result<Map<String, Value>, UsageError> {
        Ok(Map::new())
    }

    /// Rewrites fields that may be written in another form than is sent. Returns what is wrong with them, by field.
    fn read_fields(_fields: &mut Map<String, Value>) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Fills in values that neither flags nor a file set.
    fn fill_defaults(_fields: &mut Map<String, Value>) {}

    /// Fills in what follows from other fields, unless the flags say otherwise. In a bulk run these fields may come from the
    /// row, so this cannot be done when flags are read.
    fn fill_derived(&self, _fields: &mut Map<String, Value>) {}

    /// What is wrong with the field at `place`, such as `cards[].type`, beyond its schema; `around` is the object that it
    /// is in, or would be.
    fn problem(_place: &str, _around: &Map<String, Value>) -> Option<String> {
        None
    }

    /// The endpoint; `body` may hold a part of the path.
    fn route(&self, _body: &Value) -> Route {
        Route::Messages
    }

    /// The name of the kind that a body with these fields really is: a text with options is a list.
    fn read_as(_fields: &Map<String, Value>) -> Option<&'static str> {
        None
    }

    /// Whether the flag with this id may be named as the way to set a field, beside the flags that were typed.
    fn may_name(&self, _id: &str) -> bool {
        true
    }
}

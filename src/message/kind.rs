//! The interface of a kind of message. This file does not know the existing kinds.

use std::fmt::Debug;

use clap::Args;
use garde::Validate;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::drawing::{Part, file_and_texts};
use super::envelope::Envelope;
use super::route::Route;
use crate::input::{Input, InputError};

/// A kind of message. Its fields are spelt as on the wire; a nested flag's clap id is its path on the wire.
pub(crate) trait Kind:
    Args + Serialize + DeserializeOwned + Validate<Context = ()> + JsonSchema + Debug + Default
{
    /// Its name, which is the word after `send` if it has a command of its own.
    const COMMAND: &'static str;
    const ENVELOPE: Envelope;
    /// The command whose flags write it, if that belongs to another kind.
    const WRITTEN_BY: &'static str = Self::COMMAND;
    /// A command line that sends one without a file; empty if there is none.
    const EXAMPLE: &'static str;

    /// What its recipient would see of `body`; empty if that is not known.
    fn draw(body: &Value) -> Vec<Part> {
        file_and_texts(body, None)
    }

    /// Flags that are not one field each, as a part of the body.
    fn shape_flags(&self, _input: &mut Input) -> Result<Map<String, Value>, InputError> {
        Ok(Map::new())
    }

    /// Fills in values that neither flags nor a file set.
    fn fill_defaults(&mut self) {}

    /// Fills in what follows from other fields, unless the flags of `typed` say otherwise. In a bulk run these fields may come
    /// from the row, so this cannot be done when flags are read.
    fn fill_derived(&mut self, _typed: &Self) {}

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

    /// The JSON Schema of its own fields.
    fn schema() -> Value {
        with_nested(schemars::schema_for!(Self))
    }
}

/// The schema of a kind as it is on the wire. A nested object whose fields are flags has a default when it is read, so
/// that an error can name each missing field; in a body it is required.
fn with_nested(schema: Schema) -> Value {
    let mut schema = Value::from(schema);
    let mut nested = Vec::new();
    for (name, field) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        nested.extend(field.as_object_mut().and_then(|field| field.shift_remove("default")).map(|_| json!(name)));
    }
    if let (Some(schema), false) = (schema.as_object_mut(), nested.is_empty())
        && let Value::Array(required) = schema.entry("required").or_insert(json!([]))
    {
        required.extend(nested);
    }
    schema
}

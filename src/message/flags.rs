//! The flags of a kind: the part of a body that they give, and the one that sets a field.

use serde_json::{Map, Value};

use super::kinds::Message;
use super::merge::merge;
use crate::input::{Input, UsageError};

impl Message {
    /// The flag of the field at `path`, or of the nearest field around it: clap ids are paths on the wire.
    pub(super) fn flag_of(&self, path: &str) -> Option<String> {
        // The flags of one card are those of any.
        let of_first = path.replacen("[]", "[0]", 1);
        let around = |id: &str| {
            let rest = path.strip_prefix(id).or_else(|| of_first.strip_prefix(id));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let command = self.flags();
        let named = command.get_arguments().filter(|argument| around(argument.get_id().as_str()));
        let named = named.filter(|argument| self.may_name(argument.get_id().as_str()));
        let nearest = named.max_by_key(|argument| argument.get_id().as_str().len())?;
        match nearest.get_long() {
            Some(long) => Some(format!("--{long}")),
            None => nearest.get_value_names().and_then(|names| names.first()).map(ToString::to_string),
        }
    }

    /// The flags as a part of the body.
    pub(crate) fn flag_body(&self, input: &mut Input) -> Result<Value, UsageError> {
        let mut body = self.plain_flags();
        if let Value::Object(fields) = &mut body {
            // A nested object without flags must not replace the one in a file.
            fields.retain(|_, value| !value.as_object().is_some_and(Map::is_empty));
        }
        merge(&mut body, Value::Object(self.shape_flags(input)?));
        Ok(body)
    }
}

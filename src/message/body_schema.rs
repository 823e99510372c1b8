//! The JSON Schema of a whole body, as it goes onto the wire.

use serde_json::{Map, Value, json};

use super::envelope::{Envelope, merge};
use super::kinds::Message;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

impl Message {
    /// The schema of this kind's body: the fields for type and recipient, then its own.
    pub(crate) fn body_schema(&self) -> Value {
        let user = json!({ "type": "string", "minLength": 1 });
        let in_front = match self.envelope() {
            Envelope::Typed(wire) => vec![("type", json!({ "const": wire })), ("userId", user)],
            Envelope::Destinations => {
                vec![("destinations", json!({ "type": "array", "items": user, "minItems": 1, "maxItems": 1 }))]
            }
            Envelope::Verbatim => vec![("userId", user)],
            Envelope::OwnEndpoint => Vec::new(),
        };
        let own = self.json_schema();
        let names = in_front.iter().map(|(name, _)| *name);
        let required: Vec<_> = names.chain(self.schema().required.iter().map(String::as_str)).collect();
        let mut properties: Map<_, _> = in_front.into_iter().map(|(name, field)| (name.to_owned(), field)).collect();
        properties.extend(own.get("properties").and_then(Value::as_object).cloned().unwrap_or_default());

        let mut schema = json!({ "$schema": DRAFT, "title": self.command(), "description": self.summary() });
        merge(&mut schema, json!({ "type": "object", "properties": properties, "required": required }));
        for name in ["not", "$defs"] {
            if let (Some(schema), Some(rule)) = (schema.as_object_mut(), own.get(name)) {
                schema.insert(name.to_owned(), rule.clone());
            }
        }
        schema
    }

    /// The schema of a body of any kind that has rules.
    pub(crate) fn any_schema() -> Value {
        let mut definitions = Map::new();
        for kind in Self::all().iter().filter(|kind| kind.envelope() != Envelope::Verbatim) {
            // Its references lead to its own definitions, which are moved with it.
            let text = kind.body_schema().to_string().replace("\"#/", &format!("\"#/$defs/{}/", kind.command()));
            definitions.insert(kind.command().to_owned(), serde_json::from_str(&text).unwrap_or_default());
        }
        let choices: Vec<_> = definitions.keys().map(|name| json!({ "$ref": format!("#/$defs/{name}") })).collect();
        json!({ "$schema": DRAFT, "title": "message", "anyOf": choices, "$defs": definitions })
    }
}

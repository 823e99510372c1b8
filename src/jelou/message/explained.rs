//! The output of `explain` and `schema` for a kind: its help, an example with its body, the body's
//! fields with their limits, and the JSON Schema of the whole body. `docs/kinds.md` is made from
//! the same fields.

use clap::{Arg, Command};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::envelope::{Envelope, merge};
use super::kinds::MessageKind;
use super::limits::limit;
use super::outgoing::Outgoing;
use super::recipient::RecipientSources;
use super::schema::{Schema, inside};
use crate::base::input::Input;

/// A command line and the body that it sends, without a recipient. With `--to` it can be sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Example {
    pub(crate) command: String,
    pub(crate) body: Value,
}

impl MessageKind {
    /// Returns the lines of the definition's field `name`.
    pub(super) fn definition_lines(&self, name: &str, between: &str) -> String {
        match self.json_schema().get(name) {
            Some(Value::Array(lines)) => lines
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(between),
            said => said.and_then(Value::as_str).unwrap_or_default().to_owned(),
        }
    }

    /// Describes on one line what sending this kind does.
    pub(crate) fn summary(&self) -> String {
        self.definition_lines("description", "")
    }

    /// Notes for the sender; may be empty.
    pub(crate) fn notes(&self) -> String {
        let notes = [self.definition_lines("x-notes", "\n"), self.reach()];
        let notes = notes.into_iter().filter(|note| !note.is_empty());
        notes.collect::<Vec<_>>().join("\n")
    }

    /// Describes the recipients or bots that the kind is limited to; may be empty.
    pub(crate) fn reach(&self) -> String {
        self.definition_lines("x-reach", "")
    }

    /// Returns an example, built as the command builds it. None for a kind that sends any file as
    /// its body.
    pub(crate) fn example(&self) -> Option<Example> {
        let command = self.definition_lines("x-example", "");
        let writer = Self::from_name(self.written_by())?;
        let words = shlex::split(&command)?;
        let words = words
            .into_iter()
            .skip_while(|word| word != writer.command());
        let line = writer
            .augment(Command::new(writer.command()))
            .arg(Arg::new("to").long("to"));
        let matches = line.try_get_matches_from(words).ok()?;
        let to = matches.get_one::<String>("to").cloned();
        let typed = writer.typed(&matches);
        let flags = typed.flag_body(&mut Input::default()).ok()?;
        let recipients = RecipientSources {
            flag: Some(to?),
            environment: None,
            country: None,
        };
        let (outgoing, _) = Outgoing::new(&typed, flags, None, &recipients).ok()?;
        let mut body = outgoing.body().clone();
        if let Some(fields) = body.as_object_mut() {
            for recipient in ["userId", "destinations"] {
                fields.shift_remove(recipient);
            }
        }
        Some(Example { command, body })
    }
}

/// A field of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Field {
    /// The path in the body, such as `parameters.cards[].body.text`.
    #[serde(rename = "field")]
    pub(crate) path: String,
    /// The flag that sets the field, or the value name if it is an argument.
    pub(crate) flag: Option<String>,
    /// `yes`, `with X` if the field is in an optional object X, `else V` if V is its default, or
    /// empty.
    pub(crate) required: String,
    /// The limit, with its source: `1–20 characters (WhatsApp)`.
    pub(crate) limit: String,
    /// The recommendation of a source. Another value causes a warning.
    pub(crate) advice: String,
}

impl MessageKind {
    /// Returns every known field, in the order of the body.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let writer = Self::from_name(self.written_by()).unwrap_or_else(|| self.clone());
        let mut fields = Vec::new();
        collect(&writer, self.schema(), "", "yes", &mut fields);
        fields
    }
}

/// Adds the fields of the object at `around`, which flags of `writer` set. `required` is the value
/// of `Field::required` for its required fields.
fn collect(
    writer: &MessageKind,
    schema: &Schema,
    around: &str,
    required: &str,
    fields: &mut Vec<Field>,
) {
    for (name, field) in &schema.properties {
        let path = inside(around, name);
        let is_required = schema.required.contains(name);
        if field.properties.is_empty() {
            let default = field
                .default
                .as_ref()
                .and_then(Value::as_str)
                .map(|default| format!("else {default}"));
            fields.push(Field {
                flag: writer.flag_for(&path),
                required: default.unwrap_or_else(|| {
                    if is_required {
                        required.to_owned()
                    } else {
                        String::new()
                    }
                }),
                limit: limit(field),
                advice: advice(field),
                path: path.clone(),
            });
        }
        let with = if is_required {
            required.to_owned()
        } else {
            format!("with {name}")
        };
        match &field.items {
            Some(item) => collect(writer, item, &format!("{path}[]"), &with, fields),
            None => collect(writer, field, &path, &with, fields),
        }
    }
}

fn advice(schema: &Schema) -> String {
    let Some(advised) = &schema.advised else {
        return String::new();
    };
    let mut rules = Vec::new();
    rules.extend(
        advised
            .max_length
            .map(|most| format!("at most {most} characters")),
    );
    rules.extend(
        advised
            .min_items
            .map(|least| format!("at least {least} items")),
    );
    for (name, allowed) in [("emoji", advised.emoji), ("markdown", advised.markdown)] {
        rules.extend((allowed == Some(false)).then(|| format!("no {name}")));
    }
    rules.extend(advised.link.then(|| "http or https".to_owned()));
    rules.extend(advised.note.clone());
    rules.extend(advised.formats.clone());
    rules.extend(
        advised
            .size
            .as_ref()
            .map(|size| format!("up to {size} (not checked)")),
    );
    format!("{} ({})", rules.join(", "), advised.source)
}

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

impl MessageKind {
    /// Returns the schema of this kind's body: the fields for type and recipient, then its own
    /// fields.
    pub(crate) fn body_schema(&self) -> Value {
        let user = json!({ "type": "string", "minLength": 1 });
        let in_front = match self.envelope() {
            Envelope::Typed(wire) => vec![("type", json!({ "const": wire })), ("userId", user)],
            Envelope::Destinations => {
                vec![(
                    "destinations",
                    json!({ "type": "array", "items": user, "minItems": 1, "maxItems": 1 }),
                )]
            }
            Envelope::Verbatim => vec![("userId", user)],
            Envelope::OwnEndpoint => Vec::new(),
        };
        let own = self.json_schema();
        let names = in_front.iter().map(|(name, _)| *name);
        let required: Vec<_> = names
            .chain(self.schema().required.iter().map(String::as_str))
            .collect();
        let mut properties: Map<_, _> = in_front
            .into_iter()
            .map(|(name, field)| (name.to_owned(), field))
            .collect();
        properties.extend(
            own.get("properties")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
        );

        let mut schema =
            json!({ "$schema": DRAFT, "title": self.command(), "description": self.summary() });
        merge(
            &mut schema,
            json!({ "type": "object", "properties": properties, "required": required }),
        );
        for name in ["not", "$defs"] {
            if let (Some(schema), Some(rule)) = (schema.as_object_mut(), own.get(name)) {
                schema.insert(name.to_owned(), rule.clone());
            }
        }
        schema
    }

    /// Returns the schema of a body of any kind that has rules.
    pub(crate) fn any_schema() -> Value {
        let mut definitions = Map::new();
        for kind in Self::all()
            .iter()
            .filter(|kind| kind.envelope() != Envelope::Verbatim)
        {
            // Its references point to its own definitions, which move with it.
            let text = kind
                .body_schema()
                .to_string()
                .replace("\"#/", &format!("\"#/$defs/{}/", kind.command()));
            definitions.insert(
                kind.command().to_owned(),
                serde_json::from_str(&text).unwrap_or_default(),
            );
        }
        let choices: Vec<_> = definitions
            .keys()
            .map(|name| json!({ "$ref": format!("#/$defs/{name}") }))
            .collect();
        json!({ "$schema": DRAFT, "title": "message", "anyOf": choices, "$defs": definitions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::message::Lang;
    use crate::jelou::message::Part;

    #[test]
    fn every_kind_except_raw_has_valid_example() {
        for kind in MessageKind::all() {
            let example = kind.example();
            assert_eq!(
                example.is_none(),
                kind.command() == "raw",
                "{}",
                kind.command()
            );
            let Some(Example { body, .. }) = example else {
                continue;
            };
            let drawn = kind.drawn(&body, Lang::En);
            assert!(
                !matches!(
                    drawn[..],
                    [Part::Drawing {
                        drawing: "json",
                        ..
                    }]
                ),
                "{drawn:?}"
            );
            let Some(wire) = body.get("type").and_then(Value::as_str) else {
                continue;
            };
            let read = MessageKind::from_wire_type(wire, body.as_object().unwrap()).unwrap();
            assert_eq!(read.command(), kind.command());
        }
    }
}

//! The fields of a kind with their limits, read from its schema: what `explain` shows and `docs/kinds.md` lists.

use serde_json::Value;

use super::advice::source as source_of;
use super::kinds::Message;
use super::limits::limit;
use super::schema_path::{self, resolve};

/// A field of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// `parameters.cards[].body.text`
    pub(crate) path: String,
    /// The flag that sets it, or the name of its value if it is an argument.
    pub(crate) flag: Option<String>,
    /// `yes`; `with X` if it is in an optional object X; `else V` if V is the default; or empty.
    pub(crate) required: String,
    /// The limit, with its source: `1–20 characters (WhatsApp)`.
    pub(crate) limit: String,
    /// A source's recommendation; anything else is a warning.
    pub(crate) advice: String,
}

impl Message {
    /// Every field that is known, in the order of the wire.
    #[must_use]
    pub(crate) fn fields(&self) -> Vec<Field> {
        let writer = Self::named(self.written_by()).unwrap_or_else(|| self.clone());
        let mut walk = Walk { writer: &writer, root: self.schema(), fields: Vec::new() };
        walk.collect(walk.root, "", "yes");
        walk.fields
    }
}

/// A way through a schema that gathers its fields.
struct Walk<'a> {
    /// The kind whose flags set them.
    writer: &'a Message,
    root: &'a Value,
    fields: Vec<Field>,
}

impl Walk<'_> {
    /// Adds the fields of the object at `around`; `required` is what a required one among them is.
    fn collect(&mut self, schema: &Value, around: &str, required: &str) {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
        let names = schema.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for (name, property) in properties {
            let path = schema_path::inside(around, name);
            let schema = resolve(self.root, property);
            let is_required = names.iter().any(|required| required == name);
            if schema.get("properties").is_none() {
                let required = if is_required { required } else { "" };
                self.push(&path, schema, required);
            }
            let with = if is_required { required.to_owned() } else { format!("with {name}") };
            match schema.get("items") {
                Some(items) => self.collect(resolve(self.root, items), &format!("{path}[]"), &with),
                None => self.collect(schema, &path, &with),
            }
        }
    }

    fn push(&mut self, path: &str, schema: &Value, required: &str) {
        let default = schema.get("default").and_then(Value::as_str);
        self.fields.push(Field {
            path: path.to_owned(),
            flag: self.writer.flag_of(path),
            required: default.map_or_else(|| required.to_owned(), |default| format!("else {default}")),
            limit: limit(schema),
            advice: advice(schema),
        });
    }
}

fn advice(schema: &Value) -> String {
    let mut rules = Vec::new();
    if let Some(advised) = schema.get("x-advised") {
        let number = |name: &str| advised.get(name).and_then(Value::as_u64);
        rules.extend(number("maxLength").map(|most| format!("at most {most} characters")));
        rules.extend(number("minItems").map(|least| format!("at least {least} items")));
        for name in ["emoji", "markdown"] {
            rules.extend((advised.get(name) == Some(&Value::Bool(false))).then(|| format!("no {name}")));
        }
        rules.extend(advised.get("link").map(|_| "http or https".to_owned()));
        rules.extend(advised.get("note").and_then(Value::as_str).map(str::to_owned));
    }
    let media = schema.get("x-media");
    let text = |name: &str| media.and_then(|media| media.get(name)?.as_str()).map(str::to_owned);
    rules.extend(text("formats"));
    rules.extend(text("size").map(|size| format!("up to {size} (not checked)")));
    match schema.get("x-advised").or(media) {
        Some(advised) => format!("{} ({})", rules.join(", "), source_of(advised)),
        None => String::new(),
    }
}

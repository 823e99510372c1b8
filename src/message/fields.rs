//! The fields of a kind with their limits, read from its schema: what `explain` shows and `docs/kinds.md` lists.

use serde_json::{Map, Value};

use super::advice::source as source_of;
use super::kinds::Message;
use super::media_url;
use super::schema_path::{pointer, resolve};

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
        let mut defaults = Map::new();
        self.fill_defaults(&mut defaults);
        let writer = Self::named(self.written_by()).unwrap_or_else(|| self.clone());
        let defaults = Value::Object(defaults);
        let mut walk = Walk { writer: &writer, root: self.schema(), defaults, fields: Vec::new() };
        walk.collect(walk.root, "", "yes");
        walk.fields
    }
}

/// A way through a schema that gathers its fields.
struct Walk<'a> {
    /// The kind whose flags set them.
    writer: &'a Message,
    root: &'a Value,
    /// What is filled in for an empty body.
    defaults: Value,
    fields: Vec<Field>,
}

impl Walk<'_> {
    /// Adds the fields of the object at `around`; `required` is what a required one among them is.
    fn collect(&mut self, schema: &Value, around: &str, required: &str) {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
        let names = schema.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for (name, property) in properties {
            let path = if around.is_empty() { name.clone() } else { format!("{around}.{name}") };
            let schema = resolve(self.root, property);
            let is_required = names.iter().any(|required| required == name);
            if schema.get("properties").is_none() {
                let required = if is_required { required } else { "" };
                self.push(&path, schema, required);
            }
            let inside = if is_required { required.to_owned() } else { format!("with {name}") };
            match schema.get("items") {
                Some(items) => self.collect(resolve(self.root, items), &format!("{path}[]"), &inside),
                None => self.collect(schema, &path, &inside),
            }
        }
    }

    fn push(&mut self, path: &str, schema: &Value, required: &str) {
        let default = self.defaults.pointer(&pointer(path)).and_then(Value::as_str);
        self.fields.push(Field {
            path: path.to_owned(),
            flag: self.writer.flag_of(path),
            required: default.map_or_else(|| required.to_owned(), |default| format!("else {default}")),
            limit: limit(schema),
            advice: advice(schema),
        });
    }
}

fn limit(schema: &Value) -> String {
    let number = |name: &str| schema.get(name).and_then(Value::as_f64);
    let mut rules = Vec::new();
    for (least, most, unit) in [("minLength", "maxLength", " characters"), ("minItems", "maxItems", " items")] {
        rules.extend(match (number(least), number(most)) {
            (least, Some(most)) => Some(format!("{}–{most}{unit}", least.unwrap_or(0.0))),
            (Some(_), None) => Some("not empty".to_owned()),
            (None, None) => None,
        });
    }
    if let (Some(least), Some(most)) = (number("minimum"), number("maximum")) {
        rules.push(format!("{least} to {most}"));
    }
    if let Some(field) = schema.get("x-unique").and_then(Value::as_str) {
        rules.push(format!("each {field} once"));
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        rules.push(values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "));
    }
    let is_address = schema.get("pattern").and_then(Value::as_str) == Some(media_url::PATTERN);
    rules.extend(is_address.then(|| "public HTTPS".to_owned()));
    rules.extend(schema.get("x-rule").and_then(Value::as_str).map(str::to_owned));
    let source = schema.get("x-source").and_then(Value::as_str);
    match source.or_else(|| schema.get("x-media").map(source_of)) {
        Some(source) => format!("{} ({source})", rules.join(", ")),
        None => rules.join(", "),
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

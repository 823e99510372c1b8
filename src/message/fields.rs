//! The fields of a kind with their limits, read from its schema: what `explain` shows and `docs/kinds.md` lists.

use serde_json::Value;

use super::kinds::Message;
use super::limits::limit;
use super::schema::{Schema, inside};

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
    pub(crate) fn fields(&self) -> Vec<Field> {
        let writer = Self::named(self.written_by()).unwrap_or_else(|| self.clone());
        let mut fields = Vec::new();
        collect(&writer, self.schema(), "", "yes", &mut fields);
        fields
    }
}

/// Adds the fields of the object at `around`, which flags of `writer` set; `required` is what a required one among them is.
fn collect(writer: &Message, schema: &Schema, around: &str, required: &str, fields: &mut Vec<Field>) {
    for (name, field) in &schema.properties {
        let path = inside(around, name);
        let is_required = schema.required.contains(name);
        if field.properties.is_empty() {
            let default = field.default.as_ref().and_then(Value::as_str).map(|default| format!("else {default}"));
            fields.push(Field {
                flag: writer.flag_of(&path),
                required: default.unwrap_or_else(|| if is_required { required.to_owned() } else { String::new() }),
                limit: limit(field),
                advice: advice(field),
                path: path.clone(),
            });
        }
        let with = if is_required { required.to_owned() } else { format!("with {name}") };
        match &field.items {
            Some(item) => collect(writer, item, &format!("{path}[]"), &with, fields),
            None => collect(writer, field, &path, &with, fields),
        }
    }
}

fn advice(schema: &Schema) -> String {
    let Some(advised) = &schema.advised else { return String::new() };
    let mut rules = Vec::new();
    rules.extend(advised.max_length.map(|most| format!("at most {most} characters")));
    rules.extend(advised.min_items.map(|least| format!("at least {least} items")));
    for (name, allowed) in [("emoji", advised.emoji), ("markdown", advised.markdown)] {
        rules.extend((allowed == Some(false)).then(|| format!("no {name}")));
    }
    rules.extend(advised.link.then(|| "http or https".to_owned()));
    rules.extend(advised.note.clone());
    rules.extend(advised.formats.clone());
    rules.extend(advised.size.as_ref().map(|size| format!("up to {size} (not checked)")));
    format!("{} ({})", rules.join(", "), advised.source)
}

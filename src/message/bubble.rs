//! Shared parts of the drawings of several kinds: the parts of a bubble, read from the fields of a body.

use std::fmt;

use serde_json::Value;

/// A line of a message as its recipient sees it; on a terminal, as [`fmt::Display`] gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DrawnLine {
    Text(String),
    /// Its label.
    Button(String),
    /// The kind of file in the bubble, and its address.
    Media {
        what: String,
        address: String,
    },
    /// A template whose text is not in the body: its name or its id.
    Template(String),
}

impl DrawnLine {
    pub(crate) fn media(what: &str, address: &str) -> Self {
        Self::Media { what: what.to_owned(), address: address.to_owned() }
    }
}

impl fmt::Display for DrawnLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Button(label) => write!(formatter, "[ {label} ]"),
            Self::Media { what, address } => write!(formatter, "({what}) {address}"),
            Self::Template(name) => write!(formatter, "(template) {name}"),
        }
    }
}

/// The text at `pointer`, unless it is empty.
pub(crate) fn text<'a>(body: &'a Value, pointer: &str) -> Option<&'a str> {
    body.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The lines of the texts at `pointers`, one text after the other.
pub(crate) fn texts(body: &Value, pointers: &[&str]) -> Vec<DrawnLine> {
    let texts = pointers.iter().filter_map(|pointer| text(body, pointer));
    texts.flat_map(str::lines).map(|line| DrawnLine::Text(line.to_owned())).collect()
}

/// The items of the list at `pointer`.
pub(crate) fn items<'a>(body: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    body.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// The button whose label is the text at `pointer`.
pub(crate) fn button_at(body: &Value, pointer: &str) -> Option<DrawnLine> {
    text(body, pointer).map(|label| DrawnLine::Button(label.to_owned()))
}

/// A file in the bubble.
pub(crate) fn media(body: &Value) -> Option<DrawnLine> {
    let address = text(body, "/mediaUrl")?;
    Some(DrawnLine::media(text(body, "/type").unwrap_or("media"), address))
}

/// The name or the id of a template at `pointer`.
pub(crate) fn template(body: &Value, pointer: &str) -> Option<DrawnLine> {
    text(body, pointer).map(|name| DrawnLine::Template(name.to_owned()))
}

/// The values for a template, by position or by name.
pub(crate) fn parameters(body: &Value) -> Option<DrawnLine> {
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let values: Vec<_> = match body.get("parameters")? {
        Value::Array(values) => values.iter().map(shown).collect(),
        Value::Object(named) => named.iter().map(|(name, value)| format!("{name}: {}", shown(value))).collect(),
        _ => return None,
    };
    Some(DrawnLine::Text(values.join(" | ")))
}

//! What the drawings of several kinds share: the parts of a bubble, taken from a body by the names of its fields.

use serde_json::Value;

/// The text at `pointer`, unless it is empty.
pub(crate) fn text<'a>(body: &'a Value, pointer: &str) -> Option<&'a str> {
    body.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The lines of the texts at `pointers`, one text after the other.
pub(crate) fn texts(body: &Value, pointers: &[&str]) -> Vec<String> {
    let texts = pointers.iter().filter_map(|pointer| text(body, pointer));
    texts.flat_map(str::lines).map(str::to_owned).collect()
}

/// What the list at `pointer` holds.
pub(crate) fn items<'a>(body: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    body.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

pub(crate) fn button(label: &str) -> String {
    format!("[ {label} ]")
}

/// The button whose label is the text at `pointer`.
pub(crate) fn button_at(body: &Value, pointer: &str) -> Option<String> {
    text(body, pointer).map(button)
}

/// The address of a file that stands in the bubble, after what kind of file it is.
pub(crate) fn media(body: &Value) -> Option<String> {
    let url = text(body, "/mediaUrl")?;
    Some(format!("({}) {url}", text(body, "/type").unwrap_or("media")))
}

/// The name or the id of a template at `pointer`.
pub(crate) fn template(body: &Value, pointer: &str) -> Option<String> {
    text(body, pointer).map(|name| format!("(template) {name}"))
}

/// The values that a template is filled with, by their place or by their name.
pub(crate) fn parameters(body: &Value) -> Option<String> {
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let values: Vec<_> = match body.get("parameters")? {
        Value::Array(values) => values.iter().map(shown).collect(),
        Value::Object(named) => named.iter().map(|(name, value)| format!("{name}: {}", shown(value))).collect(),
        _ => return None,
    };
    Some(values.join(" | "))
}

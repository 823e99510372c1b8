//! The limits of one value by its own schema, and what is wrong with it, in words.

use serde_json::Value;

use super::advice::source as source_of;
use super::media_url;

/// The limits of a value, with their source: `1–20 characters (WhatsApp)`.
pub(super) fn limit(schema: &Value) -> String {
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

/// Says that a value is not of a type that the schema allows.
pub(super) fn wrong_type(schema: &Value, value: &Value) -> Option<String> {
    let allowed: Vec<_> = match schema.get("type")? {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        of => of.as_str().into_iter().collect(),
    };
    let (name, found) = match value {
        Value::Null => ("null", "null".to_owned()),
        Value::Bool(value) => ("boolean", format!("`{value}`")),
        Value::Number(number) => ("number", format!("the number {number}")),
        Value::String(text) => ("string", format!("the text \"{}\"", clipped(text))),
        Value::Array(_) => ("array", "a list".to_owned()),
        Value::Object(_) => ("object", "an object".to_owned()),
    };
    let is_integer = value.is_i64() || value.is_u64();
    // A null that a schema allows is left out of what is sent.
    if value.is_null() || !allowed.iter().any(|allowed| *allowed == name || is_integer && *allowed == "integer") {
        let needed = match *allowed.iter().find(|allowed| **allowed != "null")? {
            "string" => "a text",
            "number" => return Some(format!("is {found}; a number from {} is needed", limit(schema))),
            "integer" => "a number",
            "boolean" => "true or false",
            "array" => "a list",
            _ => "an object",
        };
        return Some(format!("is {found}; {needed} is needed"));
    }
    let values = schema.get("enum")?.as_array()?;
    (!values.contains(value)).then(|| {
        let values: Vec<_> = values.iter().filter_map(Value::as_str).collect();
        format!("is {found}; it can be {}", values.join(", "))
    })
}

/// Enough of a text to recognize it.
pub(super) fn clipped(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The limit of its own that a value violates, in words.
pub(super) fn problem(schema: &Value, value: &Value) -> Option<String> {
    let word = |name: &str| schema.get(name).and_then(Value::as_str);
    let size = match value {
        Value::String(text) => size(schema, ["minLength", "maxLength"], text.chars().count(), "characters"),
        Value::Array(items) => size(schema, ["minItems", "maxItems"], items.len(), "items"),
        Value::Number(_) => outside(schema, value),
        Value::Null | Value::Bool(_) | Value::Object(_) => None,
    };
    size.or_else(|| match (value, word("pattern"), word("x-unique")) {
        (Value::String(url), Some(media_url::PATTERN), _) => media_url::problem(url).map(str::to_owned),
        (Value::Array(items), _, Some(field)) => repeated(items, field),
        _ => None,
    })
}

fn size(schema: &Value, [least, most]: [&str; 2], count: usize, unit: &str) -> Option<String> {
    let limit = |name| schema.get(name).and_then(Value::as_u64);
    match (limit(least), limit(most)) {
        (Some(_), _) if count == 0 => Some("is empty".to_owned()),
        (_, Some(most)) if count as u64 > most => Some(format!("has {count} {unit}; at most {most} are allowed")),
        _ => None,
    }
}

fn outside(schema: &Value, value: &Value) -> Option<String> {
    let (least, most) = (schema.get("minimum")?, schema.get("maximum")?);
    let is_within = value.as_f64()? >= least.as_f64()? && value.as_f64()? <= most.as_f64()?;
    (!is_within).then(|| format!("is {value}; it must be between {least} and {most}"))
}

/// A text that two of the `items` have in `field`.
fn repeated(items: &[Value], field: &str) -> Option<String> {
    let texts: Vec<_> = items.iter().filter_map(|item| item.get(field)?.as_str()).collect();
    let again = (0..).zip(&texts).find(|(at, text)| texts.iter().take(*at).any(|other| other == *text));
    again.map(|(_, text)| format!("has `{text}` twice; each reply must be unlike the others"))
}

//! The limits of one value by its schema, and how a value violates them.

use serde_json::Value;

use super::media_url;
use super::schema::Schema;
use crate::base::texts::shorten;

/// Returns the limits of a value, with their source: `1–20 characters (WhatsApp)`.
pub(super) fn limit(schema: &Schema) -> String {
    let unit = if schema.items.is_some() {
        "items"
    } else {
        "characters"
    };
    let mut rules = Vec::new();
    rules.extend(match (schema.min_size, schema.max_size) {
        (least, Some(most)) => Some(format!("{}–{most} {unit}", least.unwrap_or(0))),
        (Some(_), None) => Some("not empty".to_owned()),
        (None, None) => None,
    });
    if let (Some(least), Some(most)) = (schema.minimum, schema.maximum) {
        rules.push(format!("{least} to {most}"));
    }
    rules.extend(
        schema
            .unique
            .iter()
            .map(|field| format!("each {field} once")),
    );
    rules.extend((!schema.words.is_empty()).then(|| schema.words.join(", ")));
    rules.extend(schema.is_address().then(|| "public HTTPS".to_owned()));
    rules.extend(schema.rule.clone());
    let of_files = schema
        .advised
        .as_ref()
        .filter(|advised| advised.formats.is_some());
    match schema
        .source
        .as_ref()
        .or(of_files.map(|files| &files.source))
    {
        Some(source) => format!("{} ({source})", rules.join(", ")),
        None => rules.join(", "),
    }
}

/// Returns the problem of a value that does not have the type in the schema, or is not one of its
/// words.
pub(super) fn wrong_type(schema: &Schema, value: &Value) -> Option<String> {
    let (is_right, needed) = match schema.type_name.as_deref()? {
        "string" => (value.is_string(), "a text"),
        "number" => (value.is_number(), "a number"),
        "integer" => (value.is_i64() || value.is_u64(), "a whole number"),
        "array" => (value.is_array(), "a list"),
        _ => (value.is_object(), "an object"),
    };
    if is_right && (schema.words.is_empty() || schema.words.iter().any(|word| value == word)) {
        return None;
    }
    let found = match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text \"{}\"", shorten(text, RECOGNIZED)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    if is_right {
        return Some(format!("is {found}; it can be {}", schema.words.join(", ")));
    }
    let range = schema
        .maximum
        .map(|_| format!(" from {}", limit(schema)))
        .unwrap_or_default();
    Some(format!("is {found}; {needed}{range} is expected"))
}

/// This many characters of a text are enough to recognize it.
pub(super) const RECOGNIZED: usize = 40;

/// Returns the problem of a value, without its neighbors.
pub(super) fn problem(schema: &Schema, value: &Value) -> Option<String> {
    wrong_type(schema, value).or_else(|| match value {
        Value::String(text) => size(schema, text.chars().count(), "characters").or_else(|| {
            let is_address = schema.is_address();
            is_address
                .then(|| media_url::problem(text))?
                .map(str::to_owned)
        }),
        Value::Array(items) => {
            let mut fields = schema.unique.iter();
            size(schema, items.len(), "items")
                .or_else(|| fields.find_map(|field| repeated(items, field)))
        }
        Value::Number(number) => outside(schema, number.as_f64()?)
            .map(|range| format!("is the number {number}; {range}")),
        Value::Null | Value::Bool(_) | Value::Object(_) => None,
    })
}

fn size(schema: &Schema, count: usize, unit: &str) -> Option<String> {
    match (schema.min_size, schema.max_size) {
        (Some(_), _) if count == 0 => Some("is empty".to_owned()),
        (_, Some(most)) if count > most => {
            Some(format!("has {count} {unit}; at most {most} are allowed"))
        }
        _ => None,
    }
}

fn outside(schema: &Schema, value: f64) -> Option<String> {
    let least = schema.minimum?;
    let most = schema.maximum?;
    (!(least..=most).contains(&value)).then(|| format!("must be between {least} and {most}"))
}

/// Returns a text that two `items` have in `field`.
fn repeated(items: &[Value], field: &str) -> Option<String> {
    let texts: Vec<_> = items
        .iter()
        .filter_map(|item| item.get(field)?.as_str())
        .collect();
    let again = (0..)
        .zip(&texts)
        .find(|(at, text)| texts.iter().take(*at).any(|other| other == *text));
    again.map(|(_, text)| format!("repeats the {field} `{text}`; every {field} must be different"))
}

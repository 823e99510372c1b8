//! The limits of one value by its schema, and how a value violates them.

use serde_json::Value;

use super::media_url;
use super::schema::Schema;
use crate::base::message::{Message, msg};
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
pub(super) fn wrong_type(schema: &Schema, value: &Value) -> Option<Message> {
    let (is_right, needed) = match schema.type_name.as_deref()? {
        "string" => (value.is_string(), msg!("a text")),
        "number" => (value.is_number(), msg!("a number")),
        "integer" => (value.is_i64() || value.is_u64(), msg!("a whole number")),
        "array" => (value.is_array(), msg!("a list")),
        _ => (value.is_object(), msg!("an object")),
    };
    if is_right && (schema.words.is_empty() || schema.words.iter().any(|word| value == word)) {
        return None;
    }
    let found = match value {
        Value::Null => msg!("null"),
        Value::Bool(value) => msg!("`{value}`", value = value.to_string()),
        Value::Number(number) => msg!("the number {number}", number = number.to_string()),
        Value::String(text) => msg!("the text \"{text}\"", text = shorten(text, RECOGNIZED)),
        Value::Array(_) => msg!("a list"),
        Value::Object(_) => msg!("an object"),
    };
    if is_right {
        let words = schema.words.join(", ");
        return Some(msg!("is {found}; it can be {words}", found, words));
    }
    let needed = match schema.minimum.zip(schema.maximum) {
        Some((least, most)) => msg!(
            "{needed} from {least} to {most}",
            needed,
            least = least.to_string(),
            most = most.to_string()
        ),
        None => needed,
    };
    Some(msg!("is {found}; {needed} is expected", found, needed))
}

/// This many characters of a text are enough to recognize it.
pub(super) const RECOGNIZED: usize = 40;

/// Returns the problem of a value, without its neighbors.
pub(super) fn problem(schema: &Schema, value: &Value) -> Option<Message> {
    wrong_type(schema, value).or_else(|| match value {
        Value::String(text) => {
            let count = text.chars().count();
            let too_many = |most| {
                msg!(
                    "has {count} characters; at most {most} are allowed",
                    count,
                    most
                )
            };
            size(schema, count, too_many)
                .or_else(|| schema.is_address().then(|| media_url::problem(text))?)
        }
        Value::Array(items) => {
            let count = items.len();
            let too_many =
                |most| msg!("has {count} items; at most {most} are allowed", count, most);
            let mut fields = schema.unique.iter();
            size(schema, count, too_many)
                .or_else(|| fields.find_map(|field| repeated(items, field)))
        }
        Value::Number(number) => {
            let (least, most) = schema.minimum.zip(schema.maximum)?;
            let is_inside = (least..=most).contains(&number.as_f64()?);
            (!is_inside).then(|| {
                msg!(
                    "is the number {number}; must be between {least} and {most}",
                    number = number.to_string(),
                    least = least.to_string(),
                    most = most.to_string()
                )
            })
        }
        Value::Null | Value::Bool(_) | Value::Object(_) => None,
    })
}

fn size(schema: &Schema, count: usize, too_many: impl FnOnce(usize) -> Message) -> Option<Message> {
    match (schema.min_size, schema.max_size) {
        (Some(_), _) if count == 0 => Some(msg!("is empty")),
        (_, Some(most)) if count > most => Some(too_many(most)),
        _ => None,
    }
}

/// Returns a text that two `items` have in `field`.
fn repeated(items: &[Value], field: &str) -> Option<Message> {
    let texts: Vec<_> = items
        .iter()
        .filter_map(|item| item.get(field)?.as_str())
        .collect();
    let again = (0..)
        .zip(&texts)
        .find(|(at, text)| texts.iter().take(*at).any(|other| other == *text));
    again.map(|(_, text)| {
        msg!(
            "repeats the {field} `{text}`; every {field} must be different",
            field,
            text
        )
    })
}

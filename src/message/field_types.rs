//! Finds all fields whose values have another type than in the schema of the kind, and describes them.

use serde_json::Value;

use super::schema_path::resolve;

/// A value of a wrong type.
pub(super) struct WrongType {
    pub(super) path: String,
    pub(super) problem: String,
}

/// Removes the values of a wrong type, and the lists with such a value, from `body`, and describes them.
pub(super) fn take_out_wrong_types(schema: &Value, body: &mut Value) -> Vec<WrongType> {
    let mut found = Vec::new();
    check(schema, schema, body, "", &mut found);
    found
}

/// Whether `value` may stay.
fn check(root: &Value, schema: &Value, value: &mut Value, path: &str, found: &mut Vec<WrongType>) -> bool {
    let schema = resolve(root, schema);
    if let Some(problem) = wrong_type(schema, value) {
        found.push(WrongType { path: path.to_owned(), problem });
        return false;
    }
    match value {
        Value::Object(fields) => {
            let known = schema.get("properties").and_then(Value::as_object);
            fields.retain(|name, value| {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                known.and_then(|known| known.get(name)).is_none_or(|schema| check(root, schema, value, &path, found))
            });
            true
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else { return true };
            let before = found.len();
            for (index, item) in items.iter_mut().enumerate() {
                check(root, schema, item, &format!("{path}[{index}]"), found);
            }
            found.len() == before
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

fn wrong_type(schema: &Value, value: &Value) -> Option<String> {
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
    if !allowed.iter().any(|allowed| *allowed == name || is_integer && *allowed == "integer") {
        let needed = match *allowed.iter().find(|allowed| **allowed != "null")? {
            "string" => "a text",
            "number" | "integer" => "a number",
            "boolean" => "true or false",
            "array" => "a list",
            _ => "an object",
        };
        return Some(format!("is {found}; {needed} is needed"));
    }
    let values = schema.get("enum")?.as_array()?;
    let is_listed = values.contains(value) || value.is_null();
    (!is_listed).then(|| {
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

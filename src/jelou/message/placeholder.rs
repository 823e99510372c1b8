//! Values that were copied from the API's documentation instead of being replaced.

use serde_json::Value;

use super::schema::inside;

/// Placeholders in the API's documentation and its copies. A page hides its addresses as the last
/// two.
const DOCUMENTED: [&str; 16] = [
    "USER_ID",
    "BOT_ID",
    "FLOW_ID",
    "PHONE_NUMBER",
    "+PHONE_NUMBER",
    "{userId}",
    "{botId}",
    "{flowId}",
    "{messageId}",
    "<string>",
    "<number>",
    "<integer>",
    "<boolean>",
    "<any>",
    "[email protected]",
    "[email\u{a0}protected]",
];

/// Returns the problem of a value that was copied from the API's documentation.
pub(crate) fn documented_placeholder(value: &str) -> Option<String> {
    let value = value.trim();
    DOCUMENTED
        .contains(&value)
        .then(|| format!("`{value}` is a placeholder of the API's documentation"))
}

/// A value that was copied from the API's documentation.
pub(super) struct CopiedValue {
    pub(super) path: String,
    pub(super) problem: String,
}

/// Returns all copied values at `path` and below. Recipients are checked separately.
pub(super) fn copied_values(path: &str, value: &Value, found: &mut Vec<CopiedValue>) {
    match value {
        Value::String(text) => {
            found.extend(documented_placeholder(text).map(|problem| CopiedValue {
                path: path.to_owned(),
                problem,
            }));
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                copied_values(&format!("{path}[{place}]"), item, found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                if !path.is_empty() || name != "destinations" {
                    copied_values(&inside(path, name), field, found);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

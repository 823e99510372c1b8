//! Completes and checks the fields of a body, with every violated limit at once.

use serde_json::{Map, Value};

use super::checks::{Checks, misspelt_fields};
use super::invalid::{InvalidMessage, Violation};
use super::kinds::Message;
use super::schema_path::resolve;

/// The fields of `body` as `kind` sends them: completed, in their order, within every limit. `typed` decides which flags an
/// error may name; `found` are the errors that are already known.
pub(crate) fn complete(
    kind: &Message,
    typed: &Message,
    mut body: Value,
    mut found: Vec<Violation>,
) -> Result<Value, InvalidMessage> {
    found.extend(wrong_types(kind, typed, &mut body));
    if let Value::Object(fields) = &mut body {
        fill_defaults(kind.schema(), kind.schema(), fields);
        (kind.kind.fill)(&typed.typed, fields);
    }
    check(kind, typed, &mut body, found)?;
    Ok(body)
}

/// Fills in the defaults of `schema`, in the objects that are there or have a default, too.
fn fill_defaults(root: &Value, schema: &Value, fields: &mut Map<String, Value>) {
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if let Some(default) = property.get("default") {
            fields.entry(name).or_insert_with(|| default.clone());
        }
        if let Some(Value::Object(inside)) = fields.get_mut(name) {
            fill_defaults(root, resolve(root, property), inside);
        }
    }
}

/// Takes the fields of a wrong type out of `body`, and describes them.
pub(crate) fn wrong_types(kind: &Message, typed: &Message, body: &mut Value) -> Vec<Violation> {
    let mut checks = Checks::new(kind, typed);
    checks.types(body);
    checks.found
}

/// Checks every limit of `body` in addition to the errors in `found`; `typed` decides which flags an error may name.
pub(crate) fn check(
    kind: &Message,
    typed: &Message,
    body: &mut Value,
    found: Vec<Violation>,
) -> Result<(), InvalidMessage> {
    let mut checks = Checks::new(kind, typed);
    checks.limits(body);
    let (mut violations, mut others) = (found, checks.found);
    if violations.is_empty() && others.is_empty() {
        return Ok(());
    }
    // A removed field is not missing, nor is the list that contained it.
    others.retain(|other| {
        !violations.iter().any(|found| {
            is_inside(&other.path, &found.path) || other.is_missing() && is_inside(&found.path, &other.path)
        })
    });
    let text_is_missing = others.iter().any(|violation| violation.path == "text") && body.get("text").is_none();
    violations.extend(others);
    violations.extend(misspelt_fields(kind.schema(), body));
    Err(InvalidMessage::Violations { violations, text_is_missing })
}

/// Whether `path` is `around`, or a field in it.
fn is_inside(path: &str, around: &str) -> bool {
    path.strip_prefix(around).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

pub(crate) fn object(body: Value) -> Result<Map<String, Value>, InvalidMessage> {
    let found = match body {
        Value::Object(fields) => return Ok(fields),
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
    };
    let problem = format!("the body is not a JSON object, but {found}");
    Err(InvalidMessage::other(problem, "write {\"field\": value, …}"))
}

//! Reads the fields of a body as its kind: parsed, completed and checked, with every violated limit at once.

use serde_json::{Map, Value};

use super::field_types::{WrongType, take_out_wrong_types};
use super::invalid::{InvalidMessage, Violation};
use super::kinds::Message;
use super::limits;

/// Reads `body` as `kind`, fills in defaults and checks every limit. `typed` decides which flags an error may name;
/// `found` are the errors that are already known.
pub(crate) fn complete(
    kind: &Message,
    typed: &Message,
    body: &Value,
    mut found: Vec<Violation>,
) -> Result<Message, InvalidMessage> {
    let mut message = match kind.read(body) {
        Ok(message) => message,
        Err(error) => {
            // Other errors are found without the fields of a wrong type.
            let mut body = body.clone();
            found.extend(wrong_types(kind, typed, &mut body, &error));
            match kind.read(&body) {
                Ok(message) => message,
                Err(_) => return Err(InvalidMessage::Violations { violations: found, text_is_missing: false }),
            }
        }
    };
    message.fill_derived(typed);
    message.fill_defaults();
    check(&message, typed, found)?;
    Ok(message)
}

/// # Errors
/// If fields have a wrong type, with all of them.
pub(crate) fn read(kind: &Message, typed: &Message, body: &Value) -> Result<Message, InvalidMessage> {
    kind.read(body).map_err(|error| {
        let violations = wrong_types(kind, typed, &mut body.clone(), &error);
        InvalidMessage::Violations { violations, text_is_missing: false }
    })
}

/// Removes the fields of a wrong type from `body`, which could not be read because of `error`, and describes them.
fn wrong_types(
    kind: &Message,
    typed: &Message,
    body: &mut Value,
    error: &serde_path_to_error::Error<serde_json::Error>,
) -> Vec<Violation> {
    let (first_path, first_problem) = (error.path().to_string(), error.inner().to_string());
    // A type with its own parser is more specific than the schema: `a` is not NAME=VALUE.
    let is_of_type = ["invalid type: ", "unknown variant "].iter().any(|words| first_problem.starts_with(words));
    let mut found = take_out_wrong_types(kind.schema(), body);
    match found.iter().position(|wrong| wrong.path == first_path) {
        Some(at) if !is_of_type => found.insert(at, WrongType { path: first_path, problem: first_problem }),
        None if found.is_empty() => found.push(WrongType { path: first_path, problem: first_problem }),
        Some(_) | None => {}
    }
    found.dedup_by(|later, earlier| later.path == earlier.path);
    let named = found.into_iter().map(|WrongType { path, problem }| {
        let flag = typed.flag_of(&path);
        Violation { path, problem, flag }
    });
    named.collect()
}

/// Checks every limit of `message` in addition to the errors in `found`; `typed` decides which flags an error may name.
pub(crate) fn check(message: &Message, typed: &Message, found: Vec<Violation>) -> Result<(), InvalidMessage> {
    let report = message.validate().err().unwrap_or_else(garde::Report::new);
    if report.is_empty() && found.is_empty() {
        return Ok(());
    }
    let body = message.to_body();
    let mut violations = found;
    let mut others = limits::violations(&report, message.schema(), typed, &body);
    // A removed field is not missing, nor is the list that contained it.
    others.retain(|other| {
        !violations.iter().any(|found| {
            is_inside(&other.path, &found.path) || other.is_missing() && is_inside(&found.path, &other.path)
        })
    });
    let text_is_missing = others.iter().any(|violation| violation.path == "text") && body.get("text").is_none();
    violations.extend(others);
    violations.extend(limits::misspelt_fields(message.schema(), &body));
    Err(InvalidMessage::Violations { violations, text_is_missing })
}

/// Whether `path` is `around`, or a field in it.
fn is_inside(path: &str, around: &str) -> bool {
    path.strip_prefix(around).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

pub(crate) fn object(body: Value) -> Result<Map<String, Value>, InvalidMessage> {
    match body {
        Value::Object(fields) => Ok(fields),
        Value::Null => Err(InvalidMessage::NotAnObject("null")),
        Value::Bool(_) => Err(InvalidMessage::NotAnObject("a boolean")),
        Value::Number(_) => Err(InvalidMessage::NotAnObject("a number")),
        Value::String(_) => Err(InvalidMessage::NotAnObject("a string")),
        Value::Array(_) => Err(InvalidMessage::NotAnObject("an array")),
    }
}

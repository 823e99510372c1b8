//! The fields of a body as those of its kind: read, completed and checked, every violated limit at once.

use serde_json::{Map, Value};

use super::invalid::{InvalidMessage, Violation};
use super::kinds::Message;
use super::limits;

/// Reads `body` as `kind`, fills the defaults and checks every limit; `typed` tells which flags may be named, and `found` is
/// what is wrong with the body already.
pub(crate) fn complete(
    kind: &Message,
    typed: &Message,
    body: &Value,
    found: Vec<Violation>,
) -> Result<Message, InvalidMessage> {
    let mut message = read(kind, typed, body)?;
    message.fill_derived(typed);
    message.fill_defaults();
    check(&message, typed, found)?;
    Ok(message)
}

pub(crate) fn read(kind: &Message, typed: &Message, body: &Value) -> Result<Message, InvalidMessage> {
    kind.read(body).map_err(|error| {
        let path = error.path().to_string();
        let problem = error.inner().to_string();
        let flag = typed.flag_of(&path);
        InvalidMessage::WrongShape(Violation { path, problem, flag })
    })
}

/// Checks every limit of `message` beside what was `found` already; `typed` tells which flags may be named.
pub(crate) fn check(message: &Message, typed: &Message, found: Vec<Violation>) -> Result<(), InvalidMessage> {
    let report = message.validate().err().unwrap_or_else(garde::Report::new);
    if report.is_empty() && found.is_empty() {
        return Ok(());
    }
    let body = message.to_body();
    let mut violations = found;
    violations.extend(limits::violations(&report, message.schema(), typed, &body));
    let text_is_missing = violations.iter().any(|violation| violation.path == "text") && body.get("text").is_none();
    Err(InvalidMessage::Violations { violations, text_is_missing })
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

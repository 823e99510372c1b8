//! Completes the fields of a body, which are then checked.

use serde_json::{Map, Value};

use super::checks::check;
use super::envelope::Envelope;
use super::invalid::{InvalidMessage, Violation};
use super::kinds::Message;
use super::parameter::ONE_LINE;
use super::schema_path::{of_field, of_item, rule_of};
use crate::line_breaks::{is_other_line_break, with_plain_line_breaks};

/// The fields of `body` as `kind` sends them: completed, in their order, within every limit. `typed` decides which flags an
/// error may name; `found` are the errors that are already known.
pub(crate) fn complete(
    kind: &Message,
    typed: &Message,
    mut body: Value,
    mut found: Vec<Violation>,
) -> Result<Value, InvalidMessage> {
    if let Value::Object(fields) = &mut body {
        let problems = (kind.kind.read)(fields).into_iter();
        found.extend(problems.map(|(name, problem)| Violation {
            path: name.to_owned(),
            problem,
            flag: typed.flag_of(name),
        }));
        (kind.kind.fill)(&typed.typed, fields);
    }
    if kind.envelope() != Envelope::Verbatim {
        settle(kind.schema(), kind.schema(), None, &mut body);
    }
    check(kind, typed, &body, found)?;
    Ok(body)
}

/// Writes `value` as it is sent: null in a known field is the same as no field, defaults are filled in, the fields have the order
/// of the schema, and line breaks are `\n`. Those at the end of a template's parameter are left out: they are invisible in a
/// list's cell.
fn settle(root: &Value, schema: &Value, rule: Option<&str>, value: &mut Value) {
    let rule = rule_of(schema, rule);
    match value {
        Value::String(text) => {
            if text.contains(is_other_line_break) {
                *text = with_plain_line_breaks(text);
            }
            if rule == Some(ONE_LINE) {
                text.truncate(text.trim_end_matches('\n').len());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| settle(root, of_item(root, schema), rule, item)),
        Value::Object(fields) => {
            let mut others = std::mem::take(fields);
            for (name, known) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
                let given = others.shift_remove(name).filter(|given| !given.is_null());
                fields.extend(given.or_else(|| known.get("default").cloned()).map(|value| (name.clone(), value)));
            }
            fields.extend(others);
            for (name, value) in fields {
                if let Some(known) = of_field(root, schema, name) {
                    settle(root, known, rule, value);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
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

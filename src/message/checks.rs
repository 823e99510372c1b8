//! Completes the fields of a body, and checks it by the schema of its kind, with all faults at once.

use serde_json::{Map, Value};

use super::advice::unknown_fields;
use super::characters;
use super::envelope::Envelope;
use super::invalid::{InvalidMessage, Violation};
use super::kinds::Message;
use super::limits::{problem, wrong_type};
use super::parameter::{self, ONE_LINE};
use super::schema_path::{Seen, inside, of_field, of_item, resolve, rule_of, visit};
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

/// Checks every limit of `body`, in addition to the errors in `found`; `typed` is the kind whose flags an error may name. A body
/// that is sent as it is has no limits.
pub(super) fn check(
    kind: &Message,
    typed: &Message,
    body: &Value,
    found: Vec<Violation>,
) -> Result<(), InvalidMessage> {
    let mut checks = Checks { kind, typed, found, beside: Vec::new() };
    if kind.envelope() != Envelope::Verbatim {
        visit(kind.schema(), body, &mut |seen| checks.see(seen));
    }
    let Checks { found: mut violations, beside, .. } = checks;
    violations.extend(beside);
    if violations.is_empty() {
        return Ok(());
    }
    // One fault of a value is enough.
    violations.sort_by(|one, other| one.path.cmp(&other.path));
    violations.dedup_by(|next, first| next.path == first.path);
    let text_is_missing = body.get("text").is_none() && violations.iter().any(|violation| violation.path == "text");
    let unknown = body.as_object().into_iter().flat_map(|fields| unknown_fields(kind.schema(), fields));
    violations.extend(unknown.filter_map(|(name, meant)| {
        let problem = format!("unknown field; did you mean `{}`?", meant?);
        Some(Violation { path: name.to_owned(), problem, flag: None })
    }));
    Err(InvalidMessage::Violations { violations, text_is_missing })
}

struct Checks<'a> {
    kind: &'a Message,
    typed: &'a Message,
    found: Vec<Violation>,
    /// What a schema cannot say.
    beside: Vec<Violation>,
}

impl Checks<'_> {
    fn violation(&self, path: &str, problem: String) -> Violation {
        Violation { path: path.to_owned(), problem, flag: self.typed.flag_of(path) }
    }

    fn see(&mut self, Seen { path, schema, rule, value }: &Seen<'_>) {
        let of_text =
            |text: &str| characters::problem(text).or_else(|| rule.and_then(|rule| parameter::problem(rule, text)));
        let own = wrong_type(schema, value).or_else(|| problem(schema, value));
        let own = own.or_else(|| value.as_str().and_then(of_text));
        self.found.extend(own.map(|problem| self.violation(path, problem)));
        let known = schema.get("properties").and_then(Value::as_object);
        let (Value::Object(fields), Some(known)) = (value, known) else { return };
        for name in known.keys() {
            let path = inside(path, name);
            let problem = (self.kind.kind.problem)(&place(&path), fields);
            self.beside.extend(problem.map(|problem| self.violation(&path, problem)));
        }
        for name in required(schema).filter(|name| !fields.contains_key(*name)) {
            self.missing(known.get(name), &inside(path, name));
        }
    }

    /// Adds that a field is missing; or, of an object, those fields in it that have flags of their own, which show what to
    /// type.
    fn missing(&mut self, schema: Option<&Value>, path: &str) {
        let (flag, before) = (self.typed.flag_of(path), self.found.len());
        if let Some(schema) = schema.map(|schema| resolve(self.kind.schema(), schema)) {
            for name in required(schema) {
                let path = inside(path, name);
                if self.typed.flag_of(&path) != flag {
                    self.missing(schema.get("properties").and_then(|known| known.get(name)), &path);
                }
            }
        }
        if self.found.len() == before {
            self.found.push(self.violation(path, "is missing".to_owned()));
        }
    }
}

/// `cards[].type` of `cards[3].type`.
fn place(path: &str) -> String {
    path.split('[').map(|part| part.split_once(']').map_or(part.to_owned(), |(_, rest)| format!("[]{rest}"))).collect()
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

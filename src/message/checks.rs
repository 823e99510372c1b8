//! Checks a body by the schema of its kind, with all faults at once.

use serde_json::Value;

use super::advice::unknown_fields;
use super::envelope::Envelope;
use super::invalid::{InvalidMessage, Violation};
use super::kinds::Message;
use super::limits::{problem, wrong_type};
use super::schema_path::{Seen, inside, resolve, visit};
use super::{characters, parameter};

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

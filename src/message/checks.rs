//! Checks a body by the schema of its kind: the type of each value, then every limit, with all faults at once.

use serde_json::{Map, Value};

use super::invalid::Violation;
use super::kinds::Message;
use super::limits::{empty_text, problem, wrong_type};
use super::schema_path::{inside, resolve};
use crate::nearest::nearest;

const MISSING: &str = "is missing";

impl Violation {
    pub(super) fn is_missing(&self) -> bool {
        self.problem == MISSING
    }
}

/// The checks of a body of `kind`.
pub(super) struct Checks<'a> {
    kind: &'a Message,
    /// The kind whose flags an error may name.
    typed: &'a Message,
    root: &'a Value,
    pub(super) found: Vec<Violation>,
}

impl<'a> Checks<'a> {
    pub(super) fn new(kind: &'a Message, typed: &'a Message) -> Self {
        Self { kind, typed, root: kind.schema(), found: Vec::new() }
    }

    fn add(&mut self, path: &str, problem: String) {
        self.found.push(Violation { path: path.to_owned(), problem, flag: self.typed.flag_of(path) });
    }

    /// Finds the values of a wrong type, and takes them out of `body`, with the lists that have one: the other checks are made
    /// without them. Null in a known field is the same as no field.
    pub(super) fn types(&mut self, body: &mut Value) {
        if let Value::Object(fields) = body {
            for (name, problem) in (self.kind.kind.read)(fields) {
                self.add(name, problem);
            }
        }
        self.has_type(self.root, body, "");
    }

    /// Whether `value` may stay.
    fn has_type(&mut self, schema: &'a Value, value: &mut Value, path: &str) -> bool {
        let schema = resolve(self.root, schema);
        if let Some(problem) = wrong_type(schema, value) {
            self.add(path, problem);
            return false;
        }
        match value {
            Value::Object(fields) => {
                let known = schema.get("properties").and_then(Value::as_object);
                fields.retain(|name, value| match known.and_then(|known| known.get(name)) {
                    Some(schema) => !value.is_null() && self.has_type(schema, value, &inside(path, name)),
                    None => true,
                });
                true
            }
            Value::Array(items) => {
                let Some(schema) = schema.get("items") else { return true };
                let before = self.found.len();
                for (index, item) in items.iter_mut().enumerate() {
                    self.has_type(schema, item, &format!("{path}[{index}]"));
                }
                self.found.len() == before
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        }
    }

    /// Finds the violated limits of `body`, and puts its fields into the order of the schema.
    pub(super) fn limits(&mut self, body: &mut Value) {
        self.inside(self.root, body, "");
        self.found.sort_by(|one, other| one.path.cmp(&other.path));
    }

    fn inside(&mut self, schema: &'a Value, value: &mut Value, path: &str) {
        let schema = resolve(self.root, schema);
        match value {
            Value::Object(fields) => self.fields(schema, fields, path),
            Value::Array(items) => {
                let Some(of_item) = schema.get("items") else { return };
                for (index, item) in items.iter_mut().enumerate() {
                    let path = format!("{path}[{index}]");
                    let empty = empty_text(schema, item);
                    self.value(of_item, item, &path, empty);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Checks a value for its limits; `other` is a problem that is known beside them.
    fn value(&mut self, schema: &'a Value, value: &mut Value, path: &str, other: Option<String>) {
        if let Some(problem) = problem(resolve(self.root, schema), value).or(other) {
            self.add(path, problem);
        }
        self.inside(schema, value, path);
    }

    fn fields(&mut self, schema: &'a Value, fields: &mut Map<String, Value>, path: &str) {
        let Some(known) = schema.get("properties").and_then(Value::as_object) else {
            let Some(schema) = schema.get("additionalProperties") else { return };
            for (name, value) in fields {
                self.value(schema, value, &inside(path, name), None);
            }
            return;
        };
        for (name, of_field) in known {
            let path = inside(path, name);
            let problem = (self.kind.kind.problem)(&place(&path), fields);
            if let Some(value) = fields.get_mut(name) {
                self.value(of_field, value, &path, problem);
                continue;
            }
            if let Some(problem) = problem {
                self.add(&path, problem);
            }
            if required(schema).any(|required| required == name) {
                self.missing(of_field, &path);
            }
        }
        let mut others = std::mem::take(fields);
        for name in known.keys() {
            fields.extend(others.shift_remove(name).map(|value| (name.clone(), value)));
        }
        fields.extend(others);
    }

    /// Adds that a field is missing; or, of an object, those fields in it that have flags of their own, which show what to
    /// type.
    fn missing(&mut self, schema: &'a Value, path: &str) {
        let (flag, before) = (self.typed.flag_of(path), self.found.len());
        let schema = resolve(self.root, schema);
        for name in required(schema) {
            let path = inside(path, name);
            if self.typed.flag_of(&path) != flag
                && let Some(schema) = schema.get("properties").and_then(|known| known.get(name))
            {
                self.missing(schema, &path);
            }
        }
        if self.found.len() == before {
            self.add(path, MISSING.to_owned());
        }
    }
}

/// Fields of an invalid message whose names are probably misspelt.
pub(super) fn misspelt_fields(schema: &Value, body: &Value) -> Vec<Violation> {
    let (Some(known), Some(fields)) = (schema.get("properties").and_then(Value::as_object), body.as_object()) else {
        return Vec::new();
    };
    let unknown = fields.keys().filter(|name| !known.contains_key(*name));
    let misspelt = unknown.filter_map(|name| {
        let meant = nearest(name, known.keys().map(String::as_str))?;
        Some(Violation { path: name.clone(), problem: format!("unknown field; did you mean `{meant}`?"), flag: None })
    });
    misspelt.collect()
}

/// `cards[].type` of `cards[3].type`.
fn place(path: &str) -> String {
    path.split('[').map(|part| part.split_once(']').map_or(part.to_owned(), |(_, rest)| format!("[]{rest}"))).collect()
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

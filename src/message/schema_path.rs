//! Finds a field in a schema or a body by its path as messages write it, and goes through a body by its schema.

use serde_json::Value;

/// The schema of the field at `path`.
pub(crate) fn at<'a>(root: &'a Value, path: &str) -> Option<&'a Value> {
    path.split(['.', '[']).filter(|step| !step.is_empty()).try_fold(resolve(root, root), |schema, step| {
        let next = if step.ends_with(']') { schema.get("items") } else { schema.get("properties")?.get(step) };
        next.map(|next| resolve(root, next))
    })
}

/// The rule in words (`x-rule`) of the field at `path`, or of the nearest one around it.
pub(crate) fn rule_at<'a>(root: &'a Value, path: &str) -> Option<&'a str> {
    let ends = path.match_indices(['.', '[']).map(|(at, _)| at).chain([path.len()]);
    ends.rev().find_map(|end| at(root, path.get(..end)?)?.get("x-rule")?.as_str())
}

/// Follows a reference, and takes the real one of `anyOf [X, null]`.
pub(crate) fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let reference = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| root.pointer(reference.trim_start_matches('#')));
    let choice = schema.get("anyOf").and_then(Value::as_array);
    let choice = choice
        .and_then(|choices| choices.iter().find(|choice| choice.get("type").and_then(Value::as_str) != Some("null")));
    match reference.or(choice) {
        Some(next) => resolve(root, next),
        None => schema,
    }
}

/// The path of the field `name` of the object at `path`.
pub(crate) fn inside(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// The schema of what is free: the content of a field that has no schema for it.
static FREE: Value = Value::Null;

/// The schema of the field `name` of an object with this `schema`; None for a field that it does not know.
pub(super) fn of_field<'a>(root: &'a Value, schema: &'a Value, name: &str) -> Option<&'a Value> {
    let known = match schema.get("properties") {
        Some(known) => known.get(name)?,
        None => schema.get("additionalProperties").unwrap_or(&FREE),
    };
    Some(resolve(root, known))
}

/// The schema of the items of a list with this `schema`.
pub(super) fn of_item<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    resolve(root, schema.get("items").unwrap_or(&FREE))
}

/// The rule in words of a value with this `schema`, or the one `around` it.
pub(super) fn rule_of<'a>(schema: &'a Value, around: Option<&'a str>) -> Option<&'a str> {
    schema.get("x-rule").and_then(Value::as_str).or(around)
}

/// A value of a body, with its path, its schema, and its rule in words or that of the nearest value around it.
pub(super) struct Seen<'a> {
    pub(super) path: String,
    pub(super) schema: &'a Value,
    pub(super) rule: Option<&'a str>,
    pub(super) value: &'a Value,
}

/// Calls `see` with each value in `body`, but for fields that the schema `root` does not know.
pub(super) fn visit<'a>(root: &'a Value, body: &'a Value, see: &mut impl FnMut(&Seen<'a>)) {
    visit_inside(root, Seen { path: String::new(), schema: root, rule: None, value: body }, see);
}

fn visit_inside<'a>(root: &'a Value, seen: Seen<'a>, see: &mut impl FnMut(&Seen<'a>)) {
    see(&seen);
    let Seen { path, schema, rule, value } = seen;
    let mut visit = |path: String, schema, value| {
        visit_inside(root, Seen { path, schema, rule: rule_of(schema, rule), value }, see);
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let Some(known) = of_field(root, schema, name) {
                    visit(inside(&path, name), known, value);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                visit(format!("{path}[{index}]"), of_item(root, schema), item);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

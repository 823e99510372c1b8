//! Finds a field in a schema or a body by its path as messages write it, and goes through a body by its schema.

use serde_json::Value;

/// The schema of the field at `path`.
pub(crate) fn at<'a>(root: &'a Value, path: &str) -> Option<&'a Value> {
    path.split(['.', '[']).filter(|step| !step.is_empty()).try_fold(resolve(root, root), |schema, step| {
        let next = if step.ends_with(']') { schema.get("items") } else { schema.get("properties")?.get(step) };
        next.map(|next| resolve(root, next))
    })
}

/// Whether the schema has the field at `path`, or an enclosing field whose content is free.
pub(crate) fn is_known(root: &Value, path: &str) -> bool {
    let mut schema = resolve(root, root);
    for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
        let next = match schema.get("properties") {
            Some(fields) if !step.ends_with(']') => match fields.get(step) {
                None => return false,
                known => known,
            },
            _ => schema.get("items"),
        };
        let Some(next) = next else { return true };
        schema = resolve(root, next);
    }
    true
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

/// Calls `see` with each value in `value` whose field is known, with its path and its schema.
pub(crate) fn visit<'a>(
    root: &'a Value,
    schema: &'a Value,
    value: &'a Value,
    path: &str,
    see: &mut impl FnMut(&str, &'a Value, &'a Value),
) {
    let schema = resolve(root, schema);
    see(path, schema, value);
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let Some(known) = schema.get("properties").and_then(|known| known.get(name)) {
                    visit(root, known, value, &inside(path, name), see);
                }
            }
        }
        Value::Array(items) => {
            let Some(of_item) = schema.get("items") else { return };
            for (index, item) in items.iter().enumerate() {
                visit(root, of_item, item, &format!("{path}[{index}]"), see);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

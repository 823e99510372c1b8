//! Finds a field in a schema or a body by its path as messages write it.

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

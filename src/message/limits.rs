//! What the schema of a kind says of a body: the violated limits in words, and advice where a source would rather have
//! it otherwise.

use serde_json::Value;

use super::Message;
use super::invalid::Violation;

/// Turns garde's report on `body` into violations that name value, limit and, beside what was typed, the flag.
pub fn violations(report: &garde::Report, typed: &Message, body: &Value) -> Vec<Violation> {
    let schema = &typed.schema();
    let describe = |(path, error): &(garde::Path, garde::Error)| {
        let path = path.to_string().replace("r#", "");
        let problem = problem(error.message(), at(schema, schema, &path), body.pointer(&pointer(&path)));
        Violation { flag: typed.flag_of(&path), path, problem }
    };
    let mut violations: Vec<_> = report.iter().map(describe).collect();
    // An empty name violates two rules, which is said once.
    violations.dedup();
    violations
}

fn problem(message: &str, schema: Option<&Value>, value: Option<&Value>) -> String {
    let limit = |name: &str| schema.and_then(|schema| schema.get(name)).and_then(Value::as_u64);
    let (count, unit, most) = match value {
        None | Some(Value::Null) => return "is missing".to_owned(),
        Some(Value::String(text)) => (text.chars().count() as u64, "characters", limit("maxLength")),
        Some(Value::Array(items)) => (items.len() as u64, "items", limit("maxItems")),
        Some(_) => return message.to_owned(),
    };
    match most {
        _ if count == 0 => "is empty".to_owned(),
        Some(most) if count > most => format!("has {count} {unit}; at most {most} are allowed"),
        _ => message.to_owned(),
    }
}

/// Warnings for what passes: fields that the schema does not know, and values that a source advises against.
pub fn advice(schema: &Value, body: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    advise(schema, schema, body, "", &mut warnings);
    warnings
}

fn advise(root: &Value, schema: &Value, value: &Value, path: &str, warnings: &mut Vec<String>) {
    let schema = resolve(root, schema);
    match value {
        Value::Object(fields) => {
            let Some(known) = schema.get("properties").and_then(Value::as_object) else { return };
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match known.get(name) {
                    Some(schema) => advise(root, schema, value, &path, warnings),
                    None => warnings.push(unknown_field(&path, name, known.keys())),
                }
            }
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else { return };
            for (index, value) in items.iter().enumerate() {
                advise(root, schema, value, &format!("{path}[{index}]"), warnings);
            }
        }
        Value::String(text) => {
            let Some(advised) = schema.get("x-advised") else { return };
            let source = advised.get("source").and_then(Value::as_str).unwrap_or("a source");
            if advised.get("emoji") == Some(&Value::Bool(false)) && text.chars().any(is_emoji) {
                warnings.push(format!("{path}: has an emoji, which {source} may refuse here"));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn unknown_field<'a>(path: &str, name: &str, known: impl Iterator<Item = &'a String>) -> String {
    let nearest =
        known.max_by(|left, right| strsim::jaro_winkler(name, left).total_cmp(&strsim::jaro_winkler(name, right)));
    match nearest.filter(|nearest| strsim::jaro_winkler(name, nearest) > 0.8) {
        Some(nearest) => format!("{path}: unknown field, sent as it is (did you mean `{nearest}`?)"),
        None => format!("{path}: unknown field, sent as it is"),
    }
}

/// The pictographs of Unicode, near enough for a warning.
fn is_emoji(character: char) -> bool {
    matches!(character, '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

/// The schema of the field at `path`.
fn at<'a>(root: &'a Value, schema: &'a Value, path: &str) -> Option<&'a Value> {
    path.split(['.', '[']).filter(|step| !step.is_empty()).try_fold(resolve(root, schema), |schema, step| {
        let next = if step.ends_with(']') { schema.get("items") } else { schema.get("properties")?.get(step) };
        next.map(|next| resolve(root, next))
    })
}

/// Follows a reference, and takes the real one of `anyOf [X, null]`, which schemars writes for an `Option`.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
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

/// `contacts[0].name` as the JSON pointer `/contacts/0/name`.
fn pointer(path: &str) -> String {
    format!("/{}", path.replace(']', "").replace(['.', '['], "/"))
}

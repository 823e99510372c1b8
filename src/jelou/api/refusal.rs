//! Turns the JSON of a refusal into words, whatever its shape: the documented envelope, or that of a framework or
//! gateway that answered instead.

use serde_json::{Map, Value};

/// Fields that describe the problem, in the order in which they are shown.
const TOLD: [&str; 8] = [
    "error",
    "description",
    "message",
    "detail",
    "details",
    "errors",
    "msg",
    "validationError",
];
/// Fields whose own fields may be those of the request, with what is wrong with each.
const BY_FIELD: [&str; 4] = ["detail", "details", "errors", "validationError"];
/// Fields that repeat the request.
const REPEATED: [&str; 3] = ["request", "config", "input"];

/// Everything that `json` says about the problem, each part once, in one line of at most `most` bytes.
pub(super) fn words(json: &Value, most: usize) -> String {
    let mut words = RefusalText {
        parts: Vec::new(),
        size: 0,
        most,
    };
    words.collect(json, false, "");
    words.parts.join("; ")
}

struct RefusalText {
    parts: Vec<String>,
    /// Bytes that were added.
    size: usize,
    most: usize,
}

impl RefusalText {
    /// Collects the texts of `value`. `is_told`: it is below a field that describes a problem. `place` is the field of
    /// the request that the problem is about, or empty.
    fn collect(&mut self, value: &Value, is_told: bool, place: &str) {
        match value {
            Value::String(text) if is_told && place.is_empty() => self.add(text.trim().to_owned()),
            Value::String(text) if is_told => self.add(format!("{place}: {}", text.trim())),
            Value::Number(number) if is_told => self.add(number.to_string()),
            Value::Array(items) => items
                .iter()
                .for_each(|item| self.collect(item, is_told, place)),
            Value::Object(fields) => self.collect_fields(fields, is_told, place),
            Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
    }

    fn collect_fields(&mut self, fields: &Map<String, Value>, is_told: bool, place: &str) {
        if let Some(text) = fields
            .get("en")
            .or_else(|| fields.get("es"))
            .filter(|_| is_told)
        {
            return self.collect(text, true, place);
        }
        let translated = translation(fields);
        if let Some(text) = translated {
            self.collect(text, true, place);
        }
        // Other translations of an error repeat it in another language.
        let in_error = fields
            .get("error")
            .and_then(Value::as_object)
            .and_then(translation);
        let is_said = |name: &str| {
            translated.or(in_error).is_some() && ["description", "message"].contains(&name)
        };
        for name in TOLD.into_iter().filter(|name| !is_said(name)) {
            match fields.get(name) {
                Some(Value::Object(named)) if BY_FIELD.contains(&name) && !tells(named) => {
                    named
                        .iter()
                        .for_each(|(field, value)| self.collect(value, true, field));
                }
                Some(value) => self.collect(value, true, place),
                None => {}
            }
        }
        let is_other = |name: &str| !TOLD.contains(&name) && !REPEATED.contains(&name);
        for (_, value) in fields
            .iter()
            .filter(|(name, value)| is_other(name) && (value.is_object() || value.is_array()))
        {
            self.collect(value, false, place);
        }
    }

    /// Adds a text unless another one contains it; removes the texts that it contains.
    fn add(&mut self, part: String) {
        let has = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
        if self.size > self.most || self.parts.iter().any(|known| has(known, &part)) {
            return;
        }
        self.size += part.len();
        self.parts.retain(|known| !has(&part, known));
        self.parts.push(part);
    }
}

fn tells(fields: &Map<String, Value>) -> bool {
    TOLD.iter().any(|name| fields.contains_key(*name))
}

/// Jelou's English text for developers, or for clients.
fn translation(error: &Map<String, Value>) -> Option<&Value> {
    let texts = ["developerMessages", "clientMessages"].map(|name| error.get(name));
    let in_language = |language: &str| texts.iter().flatten().find_map(|text| text.get(language));
    let is_described = ["description", "message"]
        .iter()
        .any(|name| error.get(*name).is_some_and(Value::is_string));
    in_language("en").or_else(|| in_language("es").filter(|_| !is_described))
}

//! Turns the JSON of a refusal into words, whatever its shape: the documented envelope, or that of a framework or
//! gateway that answered instead.

use serde_json::{Map, Value};

/// Fields that describe the problem, in the order in which they are shown.
const TOLD: [&str; 8] = ["error", "description", "message", "detail", "details", "errors", "msg", "validationError"];
/// Fields that name the invalid field, beside one of those.
const PLACES: [&str; 6] = ["field", "path", "property", "param", "loc", "instancePath"];
/// Fields that repeat the request.
const REPEATED: [&str; 3] = ["request", "config", "input"];

/// Everything that `json` says about the problem, each part once, in one line of at most `most` bytes.
pub(super) fn words(json: &Value, most: usize) -> String {
    let mut words = RefusalText { parts: Vec::new(), size: 0, most };
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
            Value::String(text) if is_told => self.add(place, text),
            Value::Number(number) if is_told => self.add(place, &number.to_string()),
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, is_told, place)),
            Value::Object(fields) => self.collect_fields(fields, is_told, place),
            Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
    }

    fn collect_fields(&mut self, fields: &Map<String, Value>, is_told: bool, place: &str) {
        if let Some(text) = fields.get("en").or_else(|| fields.get("es")).filter(|_| is_told) {
            return self.collect(text, true, place);
        }
        // At the top such a field is the requested address.
        let own_place = PLACES.iter().filter(|_| is_told).find_map(|name| path(fields.get(*name)?));
        let place = own_place.as_deref().unwrap_or(place);
        let translated = translation(fields);
        if let Some(text) = translated {
            self.collect(text, true, place);
        }
        // Other translations of an error repeat it in another language.
        let in_error = fields.get("error").and_then(Value::as_object).and_then(translation);
        let is_said = |name: &str| translated.or(in_error).is_some() && ["description", "message"].contains(&name);
        for name in TOLD.into_iter().filter(|name| !is_said(name)) {
            if let Some(value) = fields.get(name) {
                self.collect_told(name, value, place);
            }
        }
        let others = fields.iter().filter(|(name, _)| !TOLD.contains(&name.as_str()));
        for (_, value) in others.filter(|(name, _)| !REPEATED.contains(&name.as_str())) {
            if value.is_object() || value.is_array() {
                self.collect(value, false, place);
            }
        }
    }

    /// Collects the texts of the field `name`. Below some fields, the name is a field of the request and the value is the
    /// problem.
    fn collect_told(&mut self, name: &str, value: &Value, place: &str) {
        let has_names = ["detail", "details", "errors", "validationError"].contains(&name);
        match value {
            Value::Object(fields) if has_names && !TOLD[..7].iter().any(|told| fields.contains_key(*told)) => {
                for (field, value) in fields {
                    self.collect(value, true, field);
                }
            }
            value => self.collect(value, true, place),
        }
    }

    /// Adds a text unless another one contains it; removes the texts that it contains.
    fn add(&mut self, place: &str, text: &str) {
        if place.is_empty() {
            text.split("; ").for_each(|part| self.add_part(part.trim().to_owned()));
        } else {
            self.add_part(format!("{place}: {}", text.trim()));
        }
    }

    fn add_part(&mut self, part: String) {
        if part.is_empty() || self.size > self.most || self.parts.iter().any(|known| says(known, &part)) {
            return;
        }
        self.size += part.len();
        self.parts.retain(|known| !says(&part, known));
        self.parts.push(part);
    }
}

/// Jelou's English text for developers, or for clients.
fn translation(error: &Map<String, Value>) -> Option<&Value> {
    let texts = ["developerMessages", "clientMessages"].map(|name| error.get(name));
    let in_language = |language: &str| texts.iter().flatten().find_map(|text| text.get(language));
    let is_described = ["description", "message"].iter().any(|name| error.get(*name).is_some_and(Value::is_string));
    in_language("en").or_else(|| in_language("es").filter(|_| !is_described))
}

/// The name of a field, or its path: `["body", "text"]` is `body.text`.
fn path(place: &Value) -> Option<String> {
    let part = |part: &Value| match part {
        Value::String(name) => Some(name.trim_start_matches('/').to_owned()).filter(|name| !name.is_empty()),
        Value::Number(index) => Some(index.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    match place {
        Value::Array(parts) => Some(parts.iter().filter_map(part).collect::<Vec<_>>().join(".")),
        place => part(place),
    }
}

/// Whether `text` contains `part` as whole words; capitals do not matter.
fn says(text: &str, part: &str) -> bool {
    let (text, part) = (text.to_lowercase(), part.to_lowercase());
    let is_end = |character: Option<char>| character.is_none_or(|character| !character.is_alphanumeric());
    text.match_indices(part.as_str()).any(|(at, _)| {
        let (before, after) = (text.get(..at), text.get(at + part.len()..));
        is_end(before.and_then(|before| before.chars().next_back()))
            && is_end(after.and_then(|after| after.chars().next()))
    })
}

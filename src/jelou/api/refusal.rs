//! Turns the JSON of an error into text, in any form: the documented envelope, or the one of a framework or gateway
//! that answered instead.

use serde_json::{Map, Value};

use crate::base::message::Lang;

/// Fields that describe the problem, in the order of display.
const DESCRIPTIONS: [&str; 8] = [
    "error",
    "description",
    "message",
    "detail",
    "details",
    "errors",
    "msg",
    "validationError",
];
/// Fields that may contain the fields of the request, each with its problem.
const BY_FIELD: [&str; 4] = ["detail", "details", "errors", "validationError"];
/// Fields that repeat the request.
const REPEATED: [&str; 3] = ["request", "config", "input"];

/// Returns all texts of `json` about the problem, each part once, on one line of at most
/// `max_bytes` bytes. A text in several languages is in `lang`, if possible.
pub(super) fn describe(json: &Value, lang: Lang, max_bytes: usize) -> String {
    let mut text = RefusalText {
        languages: lang.pick([["en", "es"], ["es", "en"]]),
        parts: Vec::new(),
        size: 0,
        max_bytes,
    };
    text.collect(json, false, "");
    text.parts.join("; ")
}

struct RefusalText {
    /// The first of them that is offered counts.
    languages: [&'static str; 2],
    parts: Vec<String>,
    /// The number of bytes in `parts`.
    size: usize,
    max_bytes: usize,
}

impl RefusalText {
    /// Collects the texts of `value`. `is_description`: it is below a field that describes a problem. `place` is the
    /// field of the request with the problem, or empty.
    fn collect(&mut self, value: &Value, is_description: bool, place: &str) {
        match value {
            Value::String(text) if is_description && place.is_empty() => {
                self.add(text.trim().to_owned());
            }
            Value::String(text) if is_description => self.add(format!("{place}: {}", text.trim())),
            Value::Number(number) if is_description => self.add(number.to_string()),
            Value::Array(items) => items
                .iter()
                .for_each(|item| self.collect(item, is_description, place)),
            Value::Object(fields) => self.collect_fields(fields, is_description, place),
            Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
    }

    fn collect_fields(&mut self, fields: &Map<String, Value>, is_description: bool, place: &str) {
        let mut languages = self.languages.iter();
        if let Some(text) = languages
            .find_map(|language| fields.get(*language))
            .filter(|_| is_description)
        {
            return self.collect(text, true, place);
        }
        let translated = translation(fields, self.languages);
        if let Some(text) = translated {
            self.collect(text, true, place);
        }
        // Other translations of an error repeat it in another language.
        let in_error = fields
            .get("error")
            .and_then(Value::as_object)
            .and_then(|error| translation(error, self.languages));
        let is_said = |name: &str| {
            translated.or(in_error).is_some() && ["description", "message"].contains(&name)
        };
        for name in DESCRIPTIONS.into_iter().filter(|name| !is_said(name)) {
            match fields.get(name) {
                Some(Value::Object(named))
                    if BY_FIELD.contains(&name)
                        && !DESCRIPTIONS.iter().any(|name| named.contains_key(*name)) =>
                {
                    named
                        .iter()
                        .for_each(|(field, value)| self.collect(value, true, field));
                }
                Some(value) => self.collect(value, true, place),
                None => {}
            }
        }
        let is_other = |name: &str| !DESCRIPTIONS.contains(&name) && !REPEATED.contains(&name);
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
        if self.size > self.max_bytes || self.parts.iter().any(|known| has(known, &part)) {
            return;
        }
        self.size += part.len();
        self.parts.retain(|known| !has(&part, known));
        self.parts.push(part);
    }
}

/// Returns Jelou's text for developers or for clients, in the first language if possible.
fn translation<'a>(error: &'a Map<String, Value>, [first, second]: [&str; 2]) -> Option<&'a Value> {
    let texts = ["developerMessages", "clientMessages"].map(|name| error.get(name));
    let in_language = |language: &str| texts.iter().flatten().find_map(|text| text.get(language));
    let is_described = ["description", "message"]
        .iter()
        .any(|name| error.get(*name).is_some_and(Value::is_string));
    in_language(first).or_else(|| in_language(second).filter(|_| !is_described))
}

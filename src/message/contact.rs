//! The parts of a contact card that are filled in from others, for flags and for vCards.

use serde_json::{Map, Value, json};

use crate::phone::PhoneNumber;

/// An object with those of its fields that are there.
pub(crate) fn filled<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Fills the parts of a name from the full name (its first word, the rest), or the full name from the parts.
pub(crate) fn complete_name(name: &mut Map<String, Value>) {
    let part = |part: &str| name.get(part).and_then(Value::as_str);
    let Some(full) = part("formatted_name") else {
        let full = ["first_name", "last_name"].into_iter().filter_map(part).collect::<Vec<_>>().join(" ");
        if !full.is_empty() {
            name.insert("formatted_name".to_owned(), json!(full));
        }
        return;
    };
    let words: Vec<_> = full.trim().splitn(2, char::is_whitespace).map(|words| words.trim().to_owned()).collect();
    for (part, words) in ["first_name", "last_name"].into_iter().zip(words).filter(|(_, words)| !words.is_empty()) {
        name.entry(part).or_insert(json!(words));
    }
}

/// Whether a name has a part beside the full one.
pub(crate) fn has_parts(name: &Map<String, Value>) -> bool {
    let parts = ["first_name", "last_name", "middle_name", "suffix", "prefix"];
    parts.into_iter().filter_map(|part| name.get(part)?.as_str()).any(|part| !part.is_empty())
}

/// Adds `wa_id`, the identifier in WhatsApp, which makes the card show "Message", if the number is certainly international.
pub(crate) fn complete_phone(phone: &mut Map<String, Value>) {
    let typed = phone.get("phone").and_then(Value::as_str).filter(|typed| typed.trim_start().starts_with('+'));
    if let Some(number) = typed.and_then(|typed| PhoneNumber::read(typed, None).ok()) {
        phone.entry("wa_id").or_insert(json!(number.as_str()));
    }
}

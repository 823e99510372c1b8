//! Advice on a valid body by the schema of its kind: unknown fields, and values that a source recommends against.

use serde_json::{Map, Value};
use url::Url;

use super::media_url;
use super::schema_path::{Seen, inside, visit};
use crate::nearest::nearest;
use crate::phone::PhoneNumber;

/// Warnings for valid fields: unknown fields, and values that a source advises against.
pub(crate) fn advice(schema: &Value, body: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    visit(schema, body, &mut |Seen { path, schema, value, .. }| match value {
        Value::Object(fields) => {
            warnings.extend(unknown_fields(schema, fields).map(|(name, meant)| {
                let meant = meant.map(|meant| format!(" (did you mean `{meant}`?)")).unwrap_or_default();
                format!("{}: unknown field, sent as it is{meant}", inside(path, name))
            }));
        }
        Value::Array(items) => {
            warnings.extend(advice_on_list(schema, items).map(|advice| format!("{path}: {advice}")));
        }
        Value::String(text) => {
            warnings.extend(advice_on_text(schema, text).into_iter().map(|advice| format!("{path}: {advice}")));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    });
    warnings
}

fn advice_on_list(schema: &Value, items: &[Value]) -> Option<String> {
    let advised = schema.get("x-advised")?;
    let least = advised.get("minItems")?.as_u64().filter(|least| (items.len() as u64) < *least)?;
    Some(format!("has {} items; {} takes at least {least}", items.len(), source(advised)))
}

fn advice_on_text(schema: &Value, text: &str) -> Vec<String> {
    let mut advice = Vec::new();
    if let Some(advised) = schema.get("x-advised") {
        let source = source(advised);
        let count = text.chars().count() as u64;
        if let Some(most) = advised.get("maxLength").and_then(Value::as_u64).filter(|most| count > *most) {
            advice.push(format!("has {count} characters; {source} takes at most {most}"));
        }
        let refuses = |name: &str| advised.get(name) == Some(&Value::Bool(false));
        if refuses("emoji") && text.chars().any(is_emoji) {
            advice.push(format!("has an emoji, which {source} may refuse here"));
        }
        if refuses("markdown") && has_markdown(text) {
            advice.push(format!("has markdown, which {source} may refuse here"));
        }
        if advised.get("phone") == Some(&Value::Bool(true)) {
            advice.extend(advice_on_phone(source, text));
        }
        let is_link = |text: &str| Url::parse(text).is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
        if advised.get("link") == Some(&Value::Bool(true)) && !is_link(text) {
            advice.push(format!("is not an http or https address, which {source} may refuse here"));
        }
    }
    advice.extend(advice_on_media(schema, text));
    advice
}

/// A phone that is not in E.164: `+` and digits.
fn advice_on_phone(source: &str, raw: &str) -> Option<String> {
    match PhoneNumber::read(raw, None) {
        Ok(number) if raw.strip_prefix('+') == Some(number.as_str()) => None,
        Ok(number) => Some(format!("`{raw}` is sent as it stands; {source} asks for +{}", number.as_str())),
        Err(error) => Some(format!("{error}; it is sent as it stands, and {source} asks for + and digits")),
    }
}

/// A file whose name has another format than the kind accepts. Without an extension only the server knows.
fn advice_on_media(schema: &Value, url: &str) -> Option<String> {
    let media = schema.get("x-media")?;
    let extension = media_url::extension(url)?;
    let known = media.get("extensions")?.as_array()?;
    if known.iter().any(|known| known == extension.as_str()) {
        return None;
    }
    let formats = media.get("formats")?.as_str()?;
    Some(format!("ends in .{extension}; {} takes {formats} here", source(media)))
}

pub(crate) fn source(advised: &Value) -> &str {
    advised.get("source").and_then(Value::as_str).unwrap_or("a source")
}

/// WhatsApp's formatting: a word that begins with a mark, and the same or a later word that ends with it.
fn has_markdown(text: &str) -> bool {
    ['*', '_', '~', '`'].into_iter().any(|mark| {
        let opens = |word: &str| word.starts_with(mark) && !word.trim_matches(mark).is_empty();
        let closes = |word: &str| word.ends_with(mark) && !word.trim_matches(mark).is_empty();
        let mut words = text.split_whitespace().skip_while(|word| !opens(word)).peekable();
        let is_one_word = words.peek().is_some_and(|word| closes(word));
        is_one_word || words.skip(1).any(closes)
    })
}

/// The fields of an object that its schema does not know, each with the one that is probably meant.
pub(super) fn unknown_fields<'a>(
    schema: &'a Value,
    fields: &'a Map<String, Value>,
) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
    let known = schema.get("properties").and_then(Value::as_object);
    let unknown = fields.keys().filter(move |name| known.is_some_and(|known| !known.contains_key(*name)));
    unknown.map(move |name| (name.as_str(), nearest(name, known.into_iter().flat_map(Map::keys).map(String::as_str))))
}

/// The pictographs of Unicode, near enough for a warning.
fn is_emoji(character: char) -> bool {
    matches!(character, '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
        || matches!(character, '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{20e3}' | '\u{2122}' | '\u{2139}')
        || matches!(character, '\u{2194}'..='\u{21aa}' | '\u{231a}'..='\u{231b}' | '\u{2328}' | '\u{23cf}')
        || matches!(character, '\u{23e9}'..='\u{23f3}' | '\u{23f8}'..='\u{23fa}' | '\u{25aa}'..='\u{25fe}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_markdown_from_marks() {
        for (text, expected) in [
            ("*Yes*", true),
            ("say *yes or no* now", true),
            ("_a_", true),
            ("~a b~", true),
            ("```a```", true),
            ("2 * 3 * 4", false),
            ("snake_case_name", false),
            ("*", false),
            ("**", false),
            ("5* hotel", false),
            ("*5 hotel", false),
            ("", false),
        ] {
            assert_eq!(has_markdown(text), expected, "{text}");
        }
    }
}

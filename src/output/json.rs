//! JSON for stdout: compact or pretty, with or without colour, never with a character that a terminal would act on.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::escape::is_control;

/// On one line.
pub(crate) fn compact(value: &Value) -> String {
    visible(&value.to_string()).into_owned()
}

/// On one line; JSON text inside `value` stays as it was written.
pub(crate) fn compact_text(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(visible(&serde_json::to_string(value)?).into_owned())
}

/// Indented by two spaces.
pub(crate) fn pretty(value: &Value) -> String {
    let text = format!("{value:#}");
    // The line breaks are outside the strings.
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// JSON text, unchanged except for characters that a terminal would act on: these can only be inside a string, so they are
/// written as escapes.
pub(crate) fn visible(json: &str) -> Cow<'_, str> {
    if !json.contains(is_control) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if is_control(character) { text.push_str(&escape(character)) } else { text.push(character) }
    }
    Cow::Owned(text)
}

/// All of these characters are at most U+FFFF.
fn escape(control: char) -> String {
    format!("\\u{:04x}", u32::from(control))
}

const KEY: &str = "\x1b[34m";
const TEXT: &str = "\x1b[32m";
const SCALAR: &str = "\x1b[33m";
const RESET: &str = "\x1b[0m";
const PUNCTUATION: [char; 8] = ['{', '}', '[', ']', ',', ':', ' ', '\n'];

/// JSON text in colour.
pub(crate) fn colored(json: &str) -> String {
    let mut text = String::new();
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            first if PUNCTUATION.contains(&first) => 1,
            _ => rest.find(PUNCTUATION).unwrap_or(rest.len()),
        };
        let (token, behind) = rest.split_at(length);
        match first {
            '"' if behind.starts_with(':') => text.extend([KEY, token, RESET]),
            '"' => text.extend([TEXT, token, RESET]),
            first if PUNCTUATION.contains(&first) => text.push(first),
            _ => text.extend([SCALAR, token, RESET]),
        }
        rest = behind;
    }
    text
}

/// The length of the string at the beginning of `json`, with its quotes.
fn string_length(json: &str) -> usize {
    let mut is_escaped = true;
    let end = json.char_indices().find(|(_, character)| {
        let is_end = *character == '"' && !is_escaped;
        is_escaped = *character == '\\' && !is_escaped;
        is_end
    });
    end.map_or(json.len(), |(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::RawValue;

    use super::super::escape::without_escape_sequences;
    use super::*;

    #[test]
    fn escapes_what_json_would_let_through_and_stays_the_same_value() {
        let value = json!({"a\u{7f}": "\u{1b}[31m\u{85}\u{202e}\n\"ñ 👍", "n": [1, -2, 0.5, null, true, {}, []]});
        let text = compact(&value);
        assert!(text.starts_with(r#"{"a\u007f":"\u001b[31m\u0085\u202e\n\"ñ 👍""#), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert_eq!(serde_json::from_str::<Value>(&pretty(&value)).unwrap(), value);
    }

    #[test]
    fn text_that_was_written_before_is_escaped_alike() {
        let value = json!({"a\u{7f}": "\u{1b}[31m\u{85}\u{202e}\n\"ñ 👍", "n": [1.0, 1e300]});
        let text = value.to_string();
        assert_eq!(visible(&text), compact(&value));
        let raw: Box<RawValue> = serde_json::from_str(&text).unwrap();
        assert_eq!(compact_text(&[raw]).unwrap(), format!("[{}]", compact(&value)));
    }

    #[test]
    fn colours_only_where_asked() {
        let value = json!({"id": "x", "n": 1});
        assert_eq!(pretty(&value), "{\n  \"id\": \"x\",\n  \"n\": 1\n}");
        assert_eq!(
            colored(&compact(&value)),
            "{\x1b[34m\"id\"\x1b[0m:\x1b[32m\"x\"\x1b[0m,\x1b[34m\"n\"\x1b[0m:\x1b[33m1\x1b[0m}"
        );
        let nested = json!({"a \" \\": ["b\\\": \u{7f}", null, -0.5, {}], "é": true});
        let plain = without_escape_sequences(&colored(&pretty(&nested)));
        assert_eq!(plain, pretty(&nested));
        assert!(colored(&compact(&nested)).contains("\x1b[32m\"b\\\\\\\": \\u007f\"\x1b[0m,\x1b[33mnull"));
    }
}

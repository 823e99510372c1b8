//! JSON for stdout: compact or pretty, never with a character that a terminal would act on.

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

#[cfg(test)]
mod tests {
    use serde_json::json;

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
    }
}

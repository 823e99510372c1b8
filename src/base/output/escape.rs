//! Escapes external text, because a line break or an escape sequence in it could forge a line of a CI log. JSON for
//! stdout is escaped, too, compact or pretty.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::json_text::indented;

/// Returns whether a terminal or a log would act on the character instead of showing it: C0, DEL,
/// C1, line and paragraph separators, direction marks.
pub(crate) fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
        )
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns `text` on one line, with escapes for characters that a terminal would act on: `\n`,
/// `\u{1b}`.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    visible(text, |control| control.escape_default().to_string())
}

fn visible(text: &str, escape: impl Fn(char) -> String) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let mut visible = String::with_capacity(text.len());
    for character in text.chars() {
        if is_control(character) {
            visible.push_str(&escape(character));
        } else {
            visible.push(character);
        }
    }
    Cow::Owned(visible)
}

/// Returns `text` without escape sequences, such as colours and cursor movements. A vertical tab
/// becomes a line break, because without it two words would join. Unicode's line breaks become
/// plain ones, too.
pub(crate) fn without_escape_sequences(text: &str) -> String {
    anstream::adapter::strip_str(&text.replace(['\u{b}', '\u{85}', '\u{2028}', '\u{2029}'], "\n"))
        .to_string()
}

/// Formats JSON on one line.
pub(crate) fn compact(value: &Value) -> String {
    visible_json(&value.to_string()).into_owned()
}

/// Formats like [`compact`] a value that can contain JSON text, which stays unchanged.
pub(crate) fn compact_text(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(visible_json(&serde_json::to_string(value)?).into_owned())
}

pub(crate) fn pretty(value: &Value) -> String {
    indented(&compact(value))
}

/// Escapes the characters in JSON text that a terminal would act on. They occur only inside
/// strings, and all of them are at most U+FFFF.
pub(crate) fn visible_json(json: &str) -> Cow<'_, str> {
    visible(json, |control| format!("\\u{:04x}", u32::from(control)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn output_never_leaves_its_line() {
        for (text, expected) in [
            ("Hola, ñandú 👩‍👩‍👧 שלום", "Hola, ñandú 👩‍👩‍👧 שלום"),
            ("a\n::error::b\r\n", "a\\n::error::b\\r\\n"),
            (
                "\x1b[31m\u{9b}31m\u{7f}\0",
                "\\u{1b}[31m\\u{9b}31m\\u{7f}\\u{0}",
            ),
            ("\u{202e}gpj\u{2028}", "\\u{202e}gpj\\u{2028}"),
        ] {
            assert_eq!(one_line(text), expected);
        }
    }

    #[test]
    fn json_escapes_control_characters_without_changing_value() {
        let value = json!({"a\u{7f}": "\u{1b}[31m\u{85}\u{202e}\n\"ñ 👍", "n": [1, -2, 0.5, null, true, {}, []]});
        let text = compact(&value);
        assert!(
            text.starts_with(r#"{"a\u007f":"\u001b[31m\u0085\u202e\n\"ñ 👍""#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert_eq!(
            serde_json::from_str::<Value>(&pretty(&value)).unwrap(),
            value
        );
    }

    #[test]
    fn stored_json_is_escaped_like_new_json() {
        let value = json!({"a\u{7f}": "\u{1b}[31m\u{85}\u{202e}\n\"ñ 👍", "n": [1.0, 1e300]});
        let text = value.to_string();
        assert_eq!(visible_json(&text), compact(&value));
    }
}

//! Escapes external text, because a line break or an escape sequence in it could forge a line of a CI log. JSON for
//! stdout is escaped, too, compact or pretty, and laid out as it is: a `Value` would round numbers with many digits.

use std::borrow::Cow;
use std::iter;

use serde::Serialize;
use serde_json::Value;

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
    // Most texts are plain ASCII, so that no character must be decoded.
    let is_plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    if text.bytes().all(is_plain) || !text.contains(is_control) {
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

/// Returns JSON without spaces between its tokens, and with plain letters in its strings.
pub(crate) fn compact_json(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    for token in tokens(json) {
        let string = serde_json::from_str::<String>(token).ok();
        let plain = string.and_then(|string| serde_json::to_string(&string).ok());
        compact.push_str(plain.as_deref().unwrap_or(token));
    }
    compact
}

/// Returns JSON with an item on each line.
pub(super) fn indented(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut depth = 0_usize;
    let mut before = "";
    for token in tokens(json) {
        let is_end = token.starts_with(['}', ']']);
        let is_after_begin = before.starts_with(['{', '[']);
        if is_end {
            depth = depth.saturating_sub(1);
        }
        // `{}` and `[]` stay together.
        if before == "," || is_after_begin != is_end {
            text.push('\n');
            text.push_str(&"  ".repeat(depth));
        }
        text.push_str(token);
        if token.starts_with(['{', '[']) {
            depth += 1;
        }
        if token == ":" {
            text.push(' ');
        }
        before = token;
    }
    text
}

/// Splits JSON into strings and other characters, without the spaces between them.
fn tokens(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = json;
    iter::from_fn(move || {
        rest = rest.trim_start();
        let (token, after) = rest.split_at_checked(token_length(rest))?;
        rest = after;
        (!token.is_empty()).then_some(token)
    })
}

fn token_length(json: &str) -> usize {
    if !json.starts_with('"') {
        return json.chars().next().map_or(0, char::len_utf8);
    }
    let mut is_escaped = false;
    for (place, character) in json.char_indices().skip(1) {
        if character == '"' && !is_escaped {
            return place + 1;
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    json.len()
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

    #[test]
    fn numbers_keep_their_digits() {
        let json =
            "{ \"id\": 123456789012345678901234567890,\n\"n\": [-0.10000000000000000000001, 1E5] }";
        assert_eq!(
            compact_json(json),
            r#"{"id":123456789012345678901234567890,"n":[-0.10000000000000000000001,1E5]}"#
        );
    }

    #[test]
    fn layout_is_that_of_a_value() {
        for json in [
            "{}",
            " [ ] ",
            "null",
            r#""a \"b\\\" {c}, [d]: é \u00e9""#,
            r#"{"a":{},"b":[],"c":[1,-2.5,true,null,{"d":"x, y: {z}\\"}],"e":{"f":[[],[{}]]}}"#,
        ] {
            let value: Value = serde_json::from_str(json).unwrap();
            assert_eq!(compact_json(json), value.to_string(), "{json}");
            assert_eq!(indented(&value.to_string()), format!("{value:#}"), "{json}");
        }
    }
}

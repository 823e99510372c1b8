//! The characters that a body's texts may contain: all except control characters. Tabs and line
//! breaks are allowed; a line break is sent as `\n`.

use serde_json::Value;

use super::schema::inside;
use crate::base::invisible::is_other_line_break;
use crate::base::message::{Message, msg};

/// Calls `see` with each text in `value` and with the path of that text; `value` is at `path`.
pub(crate) fn visit_texts(value: &mut Value, path: &str, see: &mut impl FnMut(&str, &mut String)) {
    match value {
        Value::String(text) => see(path, text),
        Value::Object(fields) => {
            for (name, field) in fields {
                visit_texts(field, &inside(path, name), see);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                visit_texts(item, &format!("{path}[{at}]"), see);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Works like [`visit_texts`] for texts that do not change.
pub(crate) fn each_text<'a>(value: &'a Value, path: &str, see: &mut impl FnMut(&str, &'a str)) {
    match value {
        Value::String(text) => see(path, text),
        Value::Object(fields) => {
            for (name, field) in fields {
                each_text(field, &inside(path, name), see);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                each_text(item, &format!("{path}[{at}]"), see);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Returns whether messages cannot contain this character.
pub(crate) fn is_refused(character: char) -> bool {
    character.is_control() && !"\n\t".contains(character) && !is_other_line_break(character)
}

/// Returns whether `text` may contain a control character, or a line break other than `\n`. This
/// test is cheap, and most texts need no other. Outside ASCII these characters begin with one of
/// two bytes.
pub(super) fn may_have_controls(text: &str) -> bool {
    text.bytes()
        .any(|byte| byte.is_ascii_control() || matches!(byte, 0xc2 | 0xe2))
}

/// Describes the first character in `text` that messages cannot contain.
pub(crate) fn refused_character(text: &str) -> Option<Message> {
    let text = may_have_controls(text).then_some(text)?;
    let (at, found) = text
        .chars()
        .enumerate()
        .find(|(_, character)| is_refused(*character))?;
    let name = match found {
        '\0' => " (NUL)",
        '\u{1b}' => " (ESC)",
        _ => "",
    };
    Some(msg!(
        "character {place} is the control character {sign}, and messages cannot contain it",
        place = at + 1,
        sign = format!("U+{:04X}{name}", u32::from(found))
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_refused_control_character_is_reported() {
        for (text, expected) in [
            (
                "a\0b",
                Some("character 2 is the control character U+0000 (NUL)"),
            ),
            (
                "\u{1b}[31mred",
                Some("character 1 is the control character U+001B (ESC)"),
            ),
            (
                "ñé\u{7f}\u{1}",
                Some("character 3 is the control character U+007F"),
            ),
            (
                "a\u{86}",
                Some("character 2 is the control character U+0086"),
            ),
            ("a\tb\nc\r\n", None),
            ("a\u{b}b\u{c}c\u{85}d\u{2028}e\u{2029}", None),
            ("👩\u{200d}👧 \u{202e}", None),
        ] {
            let found = refused_character(text);
            assert_eq!(found.is_some(), expected.is_some(), "{text:?}: {found:?}");
            assert!(
                found
                    .unwrap_or_default()
                    .to_string()
                    .starts_with(expected.unwrap_or_default()),
                "{text:?}"
            );
        }
    }
}

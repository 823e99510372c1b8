//! Makes text from others visible: a line break or an escape sequence in it could forge a line of a CI log.

use std::borrow::Cow;

/// Whether a terminal or a log would act on the character instead of showing it: C0, DEL, C1, line and paragraph
/// separators, direction marks.
pub(crate) fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `text` on one line. Characters that a terminal would act on are written as escapes: `\n`, `\u{1b}`.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let mut visible = String::with_capacity(text.len());
    for character in text.chars() {
        if is_control(character) { visible.extend(character.escape_default()) } else { visible.push(character) }
    }
    Cow::Owned(visible)
}

/// `text` without escape sequences, such as colours and cursor movements. A vertical tab, which would otherwise vanish and join
/// two words, becomes a line break, and so do those of Unicode.
pub(crate) fn without_escape_sequences(text: &str) -> String {
    anstream::adapter::strip_str(&text.replace(['\u{b}', '\u{85}', '\u{2028}', '\u{2029}'], "\n")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_can_leave_its_line() {
        for (text, expected) in [
            ("Hola, ñandú 👩‍👩‍👧 שלום", "Hola, ñandú 👩‍👩‍👧 שלום"),
            ("a\n::error::b\r\n", "a\\n::error::b\\r\\n"),
            ("\x1b[31m\u{9b}31m\u{7f}\0", "\\u{1b}[31m\\u{9b}31m\\u{7f}\\u{0}"),
            ("\u{202e}gpj\u{2028}", "\\u{202e}gpj\\u{2028}"),
        ] {
            assert_eq!(one_line(text), expected);
        }
    }
}

//! Handles invisible characters, which can make different texts look the same, and line breaks in all their forms.

use super::message::{Message, msg};

/// Returns `text` with `\n` for each line break: of Windows, of Word (vertical tab), of Unicode,
/// and form feeds.
pub(crate) fn with_plain_line_breaks(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace(is_other_line_break, "\n")
}

/// Returns whether it is a line break other than `\n`.
pub(crate) fn is_other_line_break(character: char) -> bool {
    matches!(
        character,
        '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// Returns `text` with one space for each run of spaces, tabs and no-break spaces in a line, and
/// without spaces at the ends of lines. Readers do not see the difference.
pub(crate) fn with_single_blanks(text: &str) -> String {
    let lines = text
        .split('\n')
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns `text` without one `\n` or `\r\n` at its end, which `echo` and editors add.
pub(crate) fn without_final_line_break(text: &str) -> &str {
    text.strip_suffix("\r\n")
        .or_else(|| text.strip_suffix('\n'))
        .unwrap_or(text)
}

/// Returns `text` without spaces, tabs, line breaks and invisible characters at its ends.
pub(crate) fn without_blanks_at_ends(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || is_invisible(character))
}

/// Returns whether `character` is a space or has no width (Unicode's Default_Ignorable_Code_Point
/// and the Braille blank). Control characters, such as tabs, do not count.
pub(crate) fn is_invisible(character: char) -> bool {
    !character.is_control()
        && (character.is_whitespace()
            || matches!(
                character,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                    | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
                    | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
                    | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
            ))
}

/// Returns whether it cannot be seen at the end of a value: it is invisible, or a control character
/// such as a tab.
pub(crate) fn is_unseen(character: char) -> bool {
    is_invisible(character) || character.is_control()
}

/// Returns `text` with a visible symbol for each control character, such as `␉` for a tab.
pub(crate) fn with_control_pictures(text: String) -> String {
    if !text.contains(char::is_control) {
        return text;
    }
    text.chars().map(picture).collect()
}

fn picture(character: char) -> char {
    match u32::from(character) {
        code @ 0..=0x1f => char::from_u32(0x2400 + code).unwrap_or('\u{fffd}'),
        0x7f => '\u{2421}',
        0x80..=0x9f => '\u{fffd}',
        _ => character,
    }
}

/// Returns the name of a control character, such as `a tab`; None for other characters.
pub(crate) fn control_name(character: char) -> Option<Message> {
    match character {
        '\t' => Some(msg!("a tab")),
        '\n' => Some(msg!("a line break")),
        _ if is_other_line_break(character) => Some(msg!("a line break")),
        _ if character.is_control() => {
            let code = format!("U+{:04X}", u32::from(character));
            Some(msg!("the control character {code}", code))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_break_becomes_a_newline() {
        for (text, expected) in [
            ("a\r\nb\rc\n", "a\nb\nc\n"),
            ("\r\r\n", "\n\n"),
            ("a\nb", "a\nb"),
            ("", ""),
            ("a\u{b}b\u{c}c\u{85}d\u{2028}e\u{2029}", "a\nb\nc\nd\ne\n"),
        ] {
            assert_eq!(with_plain_line_breaks(text), expected, "{text:?}");
        }
    }

    #[test]
    fn spaces_collapse_and_line_breaks_are_kept() {
        for (text, expected) in [
            ("a", "a"),
            (" a \t b\u{a0}", "a b"),
            ("a \n\n  b\n", "a\n\nb\n"),
            (" \u{202f}\u{3000}", ""),
            ("a\u{200b} b", "a\u{200b} b"),
        ] {
            assert_eq!(with_single_blanks(text), expected, "{text:?}");
        }
    }

    #[test]
    fn only_one_final_line_break_is_removed() {
        for (text, expected) in [
            ("a", "a"),
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            ("a\r\n\r\n", "a\r\n"),
            ("a\r", "a\r"),
            ("\n", ""),
            ("", ""),
        ] {
            assert_eq!(without_final_line_break(text), expected, "{text:?}");
        }
    }
}

//! The characters that are invisible: two texts that differ only in them look the same.

/// Whether it is a space of any width, or takes no place (Unicode's Default_Ignorable_Code_Point, and the blank of
/// Braille). Control characters, such as tabs and line breaks, are not among them.
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

//! The letters of Spanish, Portuguese and English.

use std::sync::LazyLock;

use icu_normalizer::ComposingNormalizerBorrowed;

/// A comment, and the letters in both cases. `tests/letters` writes it.
const LETTERS: &str = include_str!("letters.txt");

/// Returns whether it is a letter of Spanish, Portuguese or English.
pub(crate) fn is_usual_letter(character: char) -> bool {
    static KNOWN: LazyLock<Vec<char>> = LazyLock::new(|| {
        let letters = LETTERS.lines().nth(1).unwrap_or_default();
        letters.chars().collect()
    });
    KNOWN.binary_search(&character).is_ok()
}

/// Returns whether two texts have the same letters, with their accents in one character or in two (Unicode's NFC).
pub(crate) fn are_same_letters(one: &str, other: &str) -> bool {
    let composer = ComposingNormalizerBorrowed::new_nfc();
    one == other || composer.normalize(one) == composer.normalize(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accent_is_one_character_or_two() {
        assert!(are_same_letters("Básico", "Ba\u{301}sico"));
        assert!(!are_same_letters("Básico", "Basico"));
    }

    #[test]
    fn letters_of_three_languages_are_known() {
        for letter in "áÑüçÃz".chars() {
            assert!(is_usual_letter(letter), "{letter}");
        }
        for letter in "Åî¡Ýß1".chars() {
            assert!(!is_usual_letter(letter), "{letter}");
        }
        assert!(LETTERS.starts_with("# "), "{LETTERS}");
        assert_eq!(LETTERS.lines().count(), 2);
    }
}

//! Texts that were saved as UTF-8 and read as Windows-1252: `MarÃ­a` was `María`.

use encoding_rs::WINDOWS_1252;

use crate::base::letters::is_usual_letter;
use crate::base::message::{Message, msg};

/// Every letter of Spanish and Portuguese outside ASCII begins with this one if it was read as Windows-1252.
const FIRST: char = 'Ã';

/// Describes a text with wrong letters: its first wrong word, and the right one. None if the text, saved as Windows-1252, is
/// not valid UTF-8 with a letter of Spanish or Portuguese.
pub(super) fn wrong_letters(text: &str) -> Option<WrongLetters<'_>> {
    let mut meant = read_again(text)?;
    // Some texts went through two programs that read them wrongly.
    while let Some(inner) = read_again(&meant) {
        meant = inner;
    }
    let spaces = [' ', '\n', '\t'];
    let mut words = text.split(spaces).zip(meant.split(spaces));
    let (word, meant) = words.find(|(word, meant)| word != meant)?;
    Some(WrongLetters {
        word,
        meant: meant.to_owned(),
    })
}

/// A word that was read wrongly.
pub(super) struct WrongLetters<'t> {
    pub(super) word: &'t str,
    meant: String,
}

impl WrongLetters<'_> {
    pub(super) fn describe(&self) -> Message {
        let word = with_named_controls(self.word);
        let meant = &self.meant;
        msg!(
            "`{word}` was probably `{meant}`, saved in another encoding",
            word,
            meant
        )
    }
}

/// Returns `word` with the names of its control characters: `<U+009D>`.
fn with_named_controls(word: &str) -> String {
    let name = |sign: char| {
        if sign.is_control() {
            format!("<U+{:04X}>", u32::from(sign))
        } else {
            sign.to_string()
        }
    };
    word.chars().map(name).collect()
}

fn read_again(text: &str) -> Option<String> {
    // Most texts have no such letter.
    if !text.contains(FIRST) {
        return None;
    }
    let (bytes, _, has_others) = WINDOWS_1252.encode(text);
    let bytes = (!has_others).then_some(bytes)?;
    let read = String::from_utf8(bytes.into_owned()).ok()?;
    let has_letter = read
        .chars()
        .any(|letter| !letter.is_ascii() && is_usual_letter(letter));
    has_letter.then_some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrongly_decoded_text_has_its_right_reading() {
        for (text, expected) in [
            ("MarÃ\u{ad}a", "`MarÃ\u{ad}a` was probably `María`"),
            ("Sra. JosÃ© NuÃ±ez", "`JosÃ©` was probably `José`"),
            ("JOSÃ‰", "`JOSÃ‰` was probably `JOSÉ`"),
            ("MUÃ‘OZ", "`MUÃ‘OZ` was probably `MUÑOZ`"),
            ("Ã\u{81}ngel", "`Ã<U+0081>ngel` was probably `Ángel`"),
            ("Ã\u{a0} noite", "`Ã\u{a0}` was probably `à`"),
            ("JoÃ£o", "`JoÃ£o` was probably `João`"),
            ("JosÃƒÂ©", "`JosÃƒÂ©` was probably `José`"),
            ("Â¿CÃ³mo estÃ¡s?", "`Â¿CÃ³mo` was probably `¿Cómo`"),
            ("Pagas 5 â‚¬, JosÃ©", "`â‚¬,` was probably `€,`"),
        ] {
            let found = wrong_letters(text).map(|found| found.describe().to_string());
            let is_named = found
                .as_ref()
                .is_some_and(|said| said.starts_with(expected));
            assert!(is_named, "{text}: {found:?}");
        }
    }

    #[test]
    fn right_text_has_no_other_reading() {
        for text in [
            "JOÃO, CORAÇÃO, AMANHÃ… “IRMÃ” e MAÇÃ",
            "MAÇÃ–LIMÃO",
            "MAÇÃ—LIMÃO",
            "AMANHÃ…",
            "IRMÃ®",
            "CAFÉ®",
            "“IRMÃ”",
            "«MANHÃ»",
            "AMANHÃ\u{a0}às 8",
            "María José Núñez",
            "SÃO PAULO, Ã",
            "donâ€™t",
            "5 â‚¬",
            "Pe├▒a",
            "😀 JosÃ©",
        ] {
            assert!(wrong_letters(text).is_none(), "{text}");
        }
    }
}

//! Finds words that a console saved in its encoding, CP850 or CP437, and that were read as Windows-1252: `Pe¤a` was
//! `Peña`.

use crate::base::text_encoding::cp850_in_place_of;

/// The letters that have signs in their places: `‚¡¢£¤Æƒˆ„‡¥µ`.
const LETTERS: &str = "éíóúñãâêäçÑÁ";

/// Letters of Windows-1252 that no sign of CP850 is read as. A text with one of them was not saved by a console.
const CORRECT_LETTERS: [char; 10] = ['á', 'í', 'ó', 'ú', 'ñ', 'Á', 'Í', 'Ó', 'Ú', 'Ñ'];

/// A word in a wrong encoding.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ConsoleWord<'t> {
    pub(super) word: &'t str,
    /// The word in the encoding of the console.
    pub(super) meant: String,
}

impl<'t> ConsoleWord<'t> {
    /// Finds the first such word in `text`.
    pub(super) fn find(text: &'t str) -> Option<Self> {
        if text.contains(CORRECT_LETTERS) || !text.contains(is_sign) {
            return None;
        }
        // A sentence can begin right after a word: `Hola¡gracias!`.
        let is_punctuated = text.matches('¡').count() <= text.matches('!').count();
        let counts = |sign: char| is_sign(sign) && !(sign == '¡' && is_punctuated);
        let is_garbled = |word: &&str| {
            !word.contains("://")
                && word
                    .split(|sign: char| !sign.is_alphanumeric() && !is_sign(sign))
                    .any(|part| has_letter_as_sign(part, counts))
        };
        let word = text.split_whitespace().find(is_garbled)?;
        let meant = word.chars().map(letter_or_same).collect();
        Some(Self { word, meant })
    }
}

/// Returns whether a sign in `word` that `counts` can only be a letter.
fn has_letter_as_sign(word: &str, counts: impl Fn(char) -> bool) -> bool {
    let letters: Vec<char> = word.chars().map(letter_or_same).collect();
    if !letters.iter().all(|letter| letter.is_alphabetic()) {
        return false;
    }
    word.chars().enumerate().any(|(place, sign)| {
        let letter = LetterInWord {
            letter: letter_or_same(sign),
            before: letters.get(..place).unwrap_or_default(),
            after: letters.get(place + 1..).unwrap_or_default(),
        };
        counts(sign) && letter.is_spanish()
    })
}

/// A letter that a sign may be, and the letters of its word before and after it.
struct LetterInWord<'a> {
    letter: char,
    before: &'a [char],
    after: &'a [char],
}

impl LetterInWord<'_> {
    /// Returns whether Spanish or Portuguese words have the letter here. A sign at the start of a word is a sign.
    fn is_spanish(&self) -> bool {
        let Some(last) = self.before.last().copied() else {
            return false;
        };
        let Some(next) = self.after.first().copied() else {
            return self.ends_word(last);
        };
        let has_case = if self.letter.is_uppercase() {
            last.is_uppercase() && next.is_uppercase()
        } else {
            next.is_lowercase()
        };
        has_case
            && match self.letter {
                'ñ' | 'Ñ' => is_vowel(last) && is_vowel(next),
                // A Danish word can have a capital `Æ`.
                'ã' => last.is_lowercase() && "oe".contains(next),
                'ç' => is_vowel(next),
                'é' | 'í' | 'ó' | 'ú' | 'Á' => self.has_correct_accent(last, next),
                _ => true,
            }
    }

    /// Returns whether the letter can end a word: `José`, `Perú`. A price can end with `¢`, and `‚` looks like a comma.
    fn ends_word(&self, last: char) -> bool {
        let is_usual = matches!(self.letter, 'é' | 'ú');
        is_usual && self.before.len() > 1 && last.is_lowercase() && !is_strong_vowel(last)
    }

    /// Returns whether the rules of Spanish put an accent on this vowel, between `last` and `next`.
    fn has_correct_accent(&self, last: char, next: char) -> bool {
        let is_weak = matches!(self.letter, 'í' | 'ú');
        let follows_vowel = is_strong_vowel(last);
        // Another sentence can begin after a vowel, or after any letter if it is long: `Oferta¡aprovecha`.
        let may_begin_sentence = self.letter == 'í';
        let ending = self.after.last().map(char::to_ascii_lowercase);
        match syllables(self.after) {
            // `Tomás`, `León`, `Raúl`.
            0 => {
                self.after.len() == 1 && matches!(ending, Some('n' | 's'))
                    || is_weak && follows_vowel
            }
            1 if may_begin_sentence && follows_vowel => false,
            // `Lucía`.
            1 if is_weak && is_vowel(next) => true,
            // `Gómez`.
            1 => ending.is_some_and(|ending| !is_vowel(ending) && !"nsy".contains(ending)),
            // `Mónica`.
            2 => !may_begin_sentence,
            _ => false,
        }
    }
}

/// Counts the syllables of the end of a word. Weak vowels are part of the syllable of the vowel next to them.
fn syllables(letters: &[char]) -> usize {
    letters
        .chunk_by(|letter, next| is_vowel(*letter) == is_vowel(*next))
        .filter(|run| run.first().copied().is_some_and(is_vowel))
        .map(|vowels| {
            let strong = vowels.iter().filter(|vowel| is_strong_vowel(**vowel));
            strong.count().max(1)
        })
        .sum()
}

fn is_vowel(letter: char) -> bool {
    is_strong_vowel(letter) || "iuíúüIUÍÚÜ".contains(letter)
}

fn is_strong_vowel(letter: char) -> bool {
    "aeoáéóãâêAEOÁÉÓÃÂÊ".contains(letter)
}

fn is_sign(sign: char) -> bool {
    letter_or_same(sign) != sign
}

/// Returns the letter that a console has in the place of `sign`, or the same character for another one.
fn letter_or_same(sign: char) -> char {
    if sign.is_ascii() {
        return sign;
    }
    cp850_in_place_of(sign)
        .filter(|letter| LETTERS.contains(*letter))
        .unwrap_or(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_have_the_places_of_their_signs() {
        let letters: String = "‚¡¢£¤Æƒˆ„‡¥µ".chars().map(letter_or_same).collect();
        assert_eq!(letters, LETTERS);
        let correct = CORRECT_LETTERS.into_iter();
        let in_console = correct.clone().filter_map(cp850_in_place_of);
        assert!(in_console.chain(correct).all(|sign| !is_sign(sign)));
    }

    #[test]
    fn words_of_a_console_are_found() {
        for (text, meant) in [
            ("Luc¡a", "Lucía"),
            ("¥and£", "Ñandú"),
            ("Tom¢s", "Tomós"),
            ("Pe¤a", "Peña"),
            ("Jos‚", "José"),
            ("Jos‚, hola", "José,"),
            ("Andr‚s P‚rez", "Andrés"),
            ("L¢pez", "López"),
            ("MU¥OZ", "MUÑOZ"),
            ("MµRQUEZ", "MÁRQUEZ"),
            ("Per£.", "Perú."),
            ("es el £ltimo d¡a", "día"),
            ("Ram¡rez", "Ramírez"),
            ("Garc¡a", "García"),
            ("Mu¤oz", "Muñoz"),
            ("N£¤ez", "Núñez"),
            ("A¥O", "AÑO"),
            ("Ra¡z", "Raíz"),
            ("R¡os", "Ríos"),
            ("gu¡a", "guía"),
            ("env¡o", "envío"),
            ("Ra£l", "Raúl"),
            ("Guti‚rrez", "Gutiérrez"),
            ("Rodr¡guez", "Rodríguez"),
            ("V¡ctor", "Víctor"),
            ("Jes£s", "Jesús"),
            ("M¢nica", "Mónica"),
            ("cr‚dito", "crédito"),
            ("n£mero", "número"),
            ("acci¢n", "acción"),
            ("Petr¢leo", "Petróleo"),
            ("AnµLISIS ANµLISIS", "ANÁLISIS"),
            ("pag¢ Pe¤a", "Peña"),
            ("corazÆo", "corazão"),
            ("JoÆo", "João"),
            ("Gra‡a", "Graça"),
            ("Hola Luc¡a, ¡gracias!", "Lucía,"),
        ] {
            let found = ConsoleWord::find(text).map(|found| found.meant);
            assert_eq!(found.as_deref(), Some(meant), "{text}");
        }
    }

    #[test]
    fn signs_with_their_own_meaning_are_not_letters() {
        for text in [
            "¡Hola! ¡hola Ana! (¡hola!) ¡Hola¡",
            "Hola¡gracias!",
            "¢50 £20 ¥1000 5 ¢ 5¢ 20£ 1000¥ £ ¢ ¥",
            "‚quoted‘ ‚Ärger‘ „Hallo“ („hallo“)",
            "US¢ 5, US£5, CN¥ 100, RMB¥, £5m, £5k, ¥JPY",
            "5 µm, 10µg, µmol, ƒ(x), 3‡ Ana‡ Æsir, Ægir, ÆON",
            "https://x.example/Luc¡a",
            "María José Núñez, Zoë, JOÃO",
            "¤ 5 ¤5 5¤ a ¤ b",
            "Oferta¡aprovecha",
            "Hola¡ana, vida¡ya, Hola¡hoy, Oferta¡ven, sol¡compra, mes¡ya",
            "diez¢, veinte¢ y treinta¢",
            "¥en Shop, £aundry, ¢afé, ¤uro",
            "A¥B, Ca¢h, P¡zza, B¡tcoin, L£x, Pa¥Pal, KA¥AK5",
            "Hola‚ Ana",
            "Luc¡a está",
        ] {
            assert_eq!(ConsoleWord::find(text), None, "{text}");
        }
    }
}

//! Finds words that a console saved in its encoding, CP850 or CP437, and that were read as Windows-1252: `Pe¤a` was
//! `Peña`.

/// The signs that Windows-1252 has in the places of small letters in CP850 and CP437.
const SMALL_LETTERS: [(char, char); 10] = [
    ('‚', 'é'),
    ('¡', 'í'),
    ('¢', 'ó'),
    ('£', 'ú'),
    ('¤', 'ñ'),
    ('Æ', 'ã'),
    ('ƒ', 'â'),
    ('„', 'ä'),
    ('‡', 'ç'),
    ('ˆ', 'ê'),
];

/// The signs in the places of capitals.
const CAPITALS: [(char, char); 2] = [('¥', 'Ñ'), ('µ', 'Á')];

/// The small letters that often end a word: `José`, `Perú`, `pagó`.
const LAST_SIGNS: [char; 3] = ['‚', '£', '¢'];
/// The letters that may begin a word before a small letter: `único`, `Ñandú`.
const FIRST_SIGNS: [char; 2] = ['£', '¥'];

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
        let is_sign = |sign: char| !sign.is_ascii() && letter_of(sign).is_some();
        if !text.contains(is_sign) {
            return None;
        }
        // A sentence can begin right after a word: `Hola¡gracias!`.
        let is_punctuated = text.matches('¡').count() <= text.matches('!').count();
        text.split_whitespace()
            .filter(|word| word.contains(is_sign) && !word.contains("://"))
            .find_map(|word| {
                let meant = meant_word(word, is_punctuated)?;
                Some(Self { word, meant })
            })
    }
}

/// Returns the word that `word` was. None if its signs may be meant. A sign `¡` counts only if the text is not
/// `is_punctuated` with it.
fn meant_word(word: &str, is_punctuated: bool) -> Option<String> {
    let signs: Vec<char> = word.chars().collect();
    let mut meant = String::new();
    let mut is_found = false;
    for (place, sign) in signs.iter().enumerate() {
        let neighbours = Neighbours {
            before: signs.get(..place).unwrap_or_default(),
            after: signs.get(place + 1..).unwrap_or_default(),
        };
        let is_letter = neighbours.make_letter(*sign) && !(*sign == '¡' && is_punctuated);
        is_found |= is_letter;
        // The other signs of the word are of the same encoding.
        meant.push(letter_of(*sign).unwrap_or(*sign));
    }
    is_found.then_some(meant)
}

/// The characters of a word before and after a sign.
struct Neighbours<'a> {
    before: &'a [char],
    after: &'a [char],
}

impl Neighbours<'_> {
    /// Returns whether `sign` can only be a letter of the word.
    fn make_letter(&self, sign: char) -> bool {
        let next = self.after.first().copied().unwrap_or(' ');
        let last = self.before.last().copied().unwrap_or(' ');
        let is_inside = is_letter(last) && is_letter(next);
        if is_capital(sign) && is_inside {
            return last.is_uppercase() && next.is_uppercase();
        }
        if is_inside && letter_of(sign).is_some() {
            // A Danish word can have a capital `Æ`.
            let fits = sign != 'Æ' || last.is_lowercase();
            return fits && next.is_lowercase();
        }
        if LAST_SIGNS.contains(&sign) && !next.is_alphanumeric() {
            let ends_word = self.before.iter().rev().take(2);
            return last.is_lowercase()
                && self.before.len() > 1
                && ends_word.copied().all(is_letter);
        }
        if FIRST_SIGNS.contains(&sign) && !last.is_alphanumeric() {
            let begins_word = self.after.iter().take(2);
            return self.after.len() > 1 && begins_word.copied().all(char::is_lowercase);
        }
        false
    }
}

/// Returns whether `sign` is a letter of a word, and not itself a sign of the tables.
fn is_letter(sign: char) -> bool {
    sign.is_alphabetic() && letter_of(sign).is_none()
}

fn is_capital(sign: char) -> bool {
    CAPITALS.iter().any(|(shown, _)| *shown == sign)
}

/// Returns the letter that a console has in the place of `sign`.
fn letter_of(sign: char) -> Option<char> {
    let letters = SMALL_LETTERS.iter().chain(&CAPITALS);
    letters
        .into_iter()
        .find(|(shown, _)| *shown == sign)
        .map(|(_, letter)| *letter)
}

#[cfg(test)]
mod tests {
    use encoding_rs::WINDOWS_1252;

    use super::*;
    use crate::base::text_encoding::{CP437, CP850};

    #[test]
    fn letters_have_the_places_of_their_signs() {
        for (shown, letter) in SMALL_LETTERS.iter().chain(&CAPITALS) {
            let shown = shown.to_string();
            let (byte, _, _) = WINDOWS_1252.encode(&shown);
            let place = usize::from(byte[0]) - 128;
            let console = CP850.chars().nth(place).unwrap();
            assert!(console == *letter, "{shown}: {console}, not {letter}");
            let is_in_both = CP437.chars().nth(place) == Some(console);
            assert!(is_in_both || "ãÁ".contains(*letter), "{shown}");
        }
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
            ("es el £ltimo d¡a", "último"),
            ("pag¢ ayer", "pagó"),
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
        ] {
            assert_eq!(ConsoleWord::find(text), None, "{text}");
        }
    }
}

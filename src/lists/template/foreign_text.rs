//! Finds text for another program, which would be sent unchanged: line breaks as `\n`, `%0A` or
//! `<br>`, letters as `&iacute;`, addresses as `[email protected]`, and letters that were saved in
//! one encoding and read in another: `MarÃ\u{ad}a`.

use std::sync::LazyLock;

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1252};
use regex_lite::Regex;

use super::console_letters::ConsoleWord;
use crate::base::text_encoding::{CP437, CP850};
use crate::jelou::message::hidden_address;

/// A text that begins with a code for a character or a style in HTML, in a URL, or in program code.
static MARKUP: LazyLock<Regex> = LazyLock::new(|| {
    let named = "nbsp|amp|lt|gt|quot|apos|iexcl|iquest|ord[fm]|deg|middot|bull|hellip|[nm]dash|[lr][sda]quo|[lr]dquo|euro|\
        cent|pound|yen|copy|reg|trade|[aeiouyAEIOUY](?:acute|grave|circ|tilde|uml)|[nN]tilde|[cC]cedil";
    let entity = format!("&(?:{named}|#[0-9]{{2,6}}|#[xX][0-9a-fA-F]{{2,5}});");
    let tag = "</?(?:br|p|div|span|b|strong|i|em|u|ul|ol|li|h[1-6]|font)(?:\\s[^<>]*)?/?>|<a\\s[^<>]*>|</a>";
    let percent = "%0[adAD]|%[cC][23]%[89abAB][0-9a-fA-F]|%20";
    let code = "\\\\n|\\\\u00[0-9a-fA-F]{2}";
    let all = format!("^(?:(?:{entity})|(?:(?i){tag})|(?:{percent})|(?:{code}))");
    #[expect(clippy::expect_used, reason = "the expression is constant")]
    Regex::new(&all).expect("the expression is valid")
});

/// The problem of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ForeignText {
    /// A line break in the form of another program.
    LineBreak(String),
    /// Any other code.
    Markup(String),
    /// A word that was saved in one encoding and read in another, and the original word.
    Garbled { word: String, meant: String },
    /// A word with a letter that could not be read.
    LostLetter { word: String },
    /// What a web page wrote instead of an address.
    HiddenAddress(&'static str),
}

impl ForeignText {
    /// Finds the first problem in `text`. URLs may have any signs.
    pub(crate) fn find(text: &str) -> Option<Self> {
        let may_have = text
            .bytes()
            .any(|byte| matches!(byte, b'\\' | b'%' | b'<' | b'&' | b'[') || !byte.is_ascii());
        if !may_have {
            return None;
        }
        text.split([' ', '\n', '\t'])
            .filter(|word| !word.is_ascii())
            .find_map(Self::wrong_letters)
            .or_else(|| Self::console_letters(text))
            .or_else(|| markup(text))
            .or_else(|| hidden_address(text).map(Self::HiddenAddress))
    }

    fn console_letters(text: &str) -> Option<Self> {
        let ConsoleWord { word, meant } = ConsoleWord::find(text)?;
        let word = word.to_owned();
        Some(Self::Garbled { word, meant })
    }

    fn wrong_letters(word: &str) -> Option<Self> {
        if word.contains('\u{fffd}') {
            let word = word.to_owned();
            return Some(Self::LostLetter { word });
        }
        let mut meant = ungarbled(word)?;
        // Some texts went through two programs that read them in a wrong encoding.
        while let Some(inner) = ungarbled(&meant) {
            meant = inner;
        }
        let word = word.to_owned();
        Some(Self::Garbled { word, meant })
    }

    /// Describes the problem of a cell.
    pub(crate) fn describe_in_cell(&self) -> String {
        match self {
            Self::LineBreak(written) => {
                format!("`{written}` is sent as these characters; replace them with a line break")
            }
            Self::Markup(_)
            | Self::Garbled { .. }
            | Self::LostLetter { .. }
            | Self::HiddenAddress(_) => self.describe(),
        }
    }

    /// Describes the problem of a text on the command line.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::LineBreak(written) if written == "\\n" => {
                "`\\n` is sent as these two characters; for a line break, write $'first\\nsecond' in bash, or press Enter within \
                 the quotes"
                    .to_owned()
            }
            Self::LineBreak(written) => {
                format!("`{written}` is sent as these characters; for a line break, press Enter within the quotes")
            }
            Self::Markup(written) => {
                format!("`{written}` is sent as these characters; WhatsApp does not read HTML or codes")
            }
            Self::Garbled { word, meant } => {
                let word = with_named_controls(word);
                format!("`{word}` was probably `{meant}`, saved in another encoding")
            }
            Self::LostLetter { word } => {
                format!("`{word}` has a letter that could not be read (U+FFFD)")
            }
            Self::HiddenAddress(written) => {
                format!("`{written}` is sent as these characters; the copied web page hides the address")
            }
        }
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

/// Finds the first code in `text` for another program that is not in a URL.
fn markup(text: &str) -> Option<ForeignText> {
    let mut signs = text.match_indices(['\\', '%', '<', '&']);
    let written = signs.find_map(|(at, _)| {
        let code = MARKUP.find(text.get(at..)?)?.as_str();
        let is_code = code != "%20" || is_between_words(text, at);
        (is_code && !is_in_address(text, at)).then(|| code.to_owned())
    })?;
    let lower = written.to_lowercase();
    let is_line_break = lower == "\\n" || lower.starts_with("<br") || lower.starts_with("%0");
    Some(if is_line_break {
        ForeignText::LineBreak(written)
    } else {
        ForeignText::Markup(written)
    })
}

/// Returns whether the code `%20` at the byte `at` is a space after a word, unlike in `10%20`.
fn is_between_words(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let after = text.get(at + "%20".len()..).unwrap_or_default();
    before.ends_with(|sign: char| sign.is_alphabetic() || ",.;:!?".contains(sign))
        && after.starts_with(|sign: char| sign.is_alphanumeric() || "¡¿%".contains(sign))
}

/// Returns whether the byte `at` is inside a URL.
fn is_in_address(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let word = before
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or_default();
    let has_path = |(_, rest): (&str, &str)| rest.contains(['/', '?']);
    word.contains("://")
        || word.starts_with("mailto:")
        || word.split_once('.').is_some_and(has_path)
}

/// Returns the original of `word` if it was saved as UTF-8 and read in another encoding. None for
/// most words.
fn ungarbled(word: &str) -> Option<String> {
    from_windows_1252(word).or_else(|| from_other_encoding(word))
}

/// The first characters of a letter of UTF-8 that was read as Windows-1252.
const FIRST_LETTERS: [char; 7] = ['Â', 'Ã', 'Ä', 'Å', 'â', 'ï', 'ð'];

/// Returns the original of `word` if it was read as Windows-1252.
fn from_windows_1252(word: &str) -> Option<String> {
    if !word.contains(FIRST_LETTERS) {
        return None;
    }
    let signs: Vec<char> = word.chars().collect();
    let mut meant = String::new();
    let mut is_garbled = false;
    let mut at = 0;
    while let Some(sign) = signs.get(at) {
        let rest = signs.get(at..).unwrap_or_default();
        let letter = decode_letter(rest).filter(|letter| !ends_word(rest, letter));
        if let Some(letter) = letter {
            meant.push(letter.sign);
            at += letter.length;
            is_garbled = true;
        } else {
            meant.push(*sign);
            at += 1;
        }
    }
    is_garbled.then_some(meant)
}

/// The first characters of a letter of UTF-8 that was read as Mac Roman, CP850 or CP437.
const FIRST_SIGNS: [char; 7] = ['├', '┬', 'Ô', 'Γ', '√', '¬', '‚'];

/// The letters and signs that these encodings can hide. Box drawing and mathematics can form others
/// by chance.
const HIDDEN_SIGNS: &str = "áéíóúüñàâêôãõçÁÉÍÓÚÜÑÀÂÊÔÃÕÇ¿¡ºª°«»“”‘’–—…€•\u{a0}";

/// Returns the original of `word` if it was read as Mac Roman, CP850 or CP437.
fn from_other_encoding(word: &str) -> Option<String> {
    if !word.contains(FIRST_SIGNS) {
        return None;
    }
    let bytes_in: [fn(char) -> Option<u8>; 3] = [
        |sign| byte_in(MACINTOSH, sign),
        |sign| console_byte(CP850, sign),
        |sign| console_byte(CP437, sign),
    ];
    bytes_in
        .into_iter()
        .find_map(|byte_of| from_encoding(word, byte_of))
}

/// Returns the original of `word`, if each of its runs of characters outside ASCII hides signs in
/// the encoding of `byte_of`, and is part of a word.
fn from_encoding(word: &str, byte_of: fn(char) -> Option<u8>) -> Option<String> {
    let signs: Vec<char> = word.chars().collect();
    let runs: Vec<&[char]> = signs
        .chunk_by(|sign, next| sign.is_ascii() == next.is_ascii())
        .collect();
    let mut meant = String::new();
    let mut is_in_word = false;
    for (place, run) in runs.iter().enumerate() {
        if run.first().is_some_and(char::is_ascii) {
            meant.extend(*run);
            // The next run, or the one before it, is in a word.
            is_in_word |= place > 0 && run.first().is_some_and(char::is_ascii_alphabetic);
            is_in_word |=
                runs.len() > place + 1 && run.last().is_some_and(char::is_ascii_alphabetic);
            continue;
        }
        let bytes: Option<Vec<u8>> = run.iter().map(|sign| byte_of(*sign)).collect();
        let hidden = String::from_utf8(bytes?).ok()?;
        if !hidden.chars().all(|sign| HIDDEN_SIGNS.contains(sign)) {
            return None;
        }
        meant.push_str(&hidden);
    }
    is_in_word.then_some(meant)
}

/// A letter that is written as several characters.
struct GarbledLetter {
    sign: char,
    /// The number of these characters.
    length: usize,
}

/// Returns the letter that the first `signs` are if their Windows-1252 bytes are read as UTF-8.
fn decode_letter(signs: &[char]) -> Option<GarbledLetter> {
    let length = match windows_1252_byte(*signs.first()?)? {
        0xc2..=0xc5 => 2,
        0xe2 | 0xef => 3,
        0xf0 => 4,
        _ => return None,
    };
    let bytes: Option<Vec<u8>> = signs
        .get(..length)?
        .iter()
        .map(|sign| windows_1252_byte(*sign))
        .collect();
    let sign = std::str::from_utf8(&bytes?).ok()?.chars().next()?;
    // Other characters are rarer than these letters next to each other.
    let is_usual = matches!(sign, '\u{a0}'..='\u{17f}' | '\u{2010}'..='\u{2122}' | '\u{feff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}');
    is_usual.then_some(GarbledLetter { sign, length })
}

/// Returns whether the two `signs` are probably a letter at the end of a word and the character
/// after it: `AMANHÃ…`, `“IRMÃ”`.
fn ends_word(signs: &[char], letter: &GarbledLetter) -> bool {
    if signs.starts_with(&['Ã', '\u{a0}']) {
        return true;
    }
    let next = signs.get(letter.length);
    let is_last = !next.is_some_and(|sign| sign.is_alphanumeric());
    let is_closing = signs.get(1).is_some_and(|sign| "…”’–—»".contains(*sign));
    letter.length == 2 && is_last && is_closing
}

/// Returns the byte of a character in Windows-1252.
fn windows_1252_byte(sign: char) -> Option<u8> {
    byte_in(WINDOWS_1252, sign)
}

/// Returns the byte of a character in a console's encoding. `upper_half` are the characters of the bytes from 128.
fn console_byte(upper_half: &str, sign: char) -> Option<u8> {
    let place = upper_half.chars().position(|other| other == sign)?;
    u8::try_from(place + 128).ok()
}

/// Returns the byte of a character in an encoding with one byte per character.
fn byte_in(encoding: &'static Encoding, sign: char) -> Option<u8> {
    let mut buffer = [0; 4];
    let (bytes, _, has_unknown) = encoding.encode(sign.encode_utf8(&mut buffer));
    match *bytes {
        [byte] if !has_unknown => Some(byte),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::phrases::assert_in_spanish;

    #[test]
    fn text_for_other_programs_is_found() {
        for (text, expected) in [
            ("Hola\\nAna", "\\n"),
            ("Hola%0AAna", "%0A"),
            ("Hola%0d%0aAna", "%0d"),
            ("Hola<br>Ana", "<br>"),
            ("Hola <BR /> Ana", "<BR />"),
            ("<p class=\"x\">Hola</p>", "<p class=\"x\">"),
            ("<b>Hola</b>", "<b>"),
            ("Hola&nbsp;Ana", "&nbsp;"),
            ("Mar&iacute;a", "&iacute;"),
            ("Pe&Ntilde;a", "&Ntilde;"),
            ("Mar&#237;a &#xED;", "&#237;"),
            ("Mar\\u00eda", "\\u00ed"),
            ("Mar%C3%ADa", "%C3%AD"),
            ("Hola%20Ana", "%20"),
            ("Hola,%20Ana", "%20"),
            ("https://x.example/a%0Ab y <br>", "<br>"),
            ("Write to [email protected].", "[email protected]"),
            ("[email\u{a0}protected]", "[email\u{a0}protected]"),
        ] {
            let found = ForeignText::find(text).map(|found| found.describe());
            assert_in_spanish(found.as_deref().unwrap_or_default());
            let is_named = found
                .as_ref()
                .is_some_and(|said| said.starts_with(&format!("`{expected}` is sent")));
            assert!(is_named, "{text}: {found:?}");
        }
    }

    #[test]
    fn wrongly_decoded_letters_are_found() {
        for (text, expected) in [
            ("MarÃ\u{ad}a", "`MarÃ\u{ad}a` was probably `María`"),
            ("Sra. JosÃ© NuÃ±ez", "`JosÃ©` was probably `José`"),
            ("JOSÃ‰", "`JOSÃ‰` was probably `JOSÉ`"),
            ("MUÃ‘OZ", "`MUÃ‘OZ` was probably `MUÑOZ`"),
            ("Ã\u{81}ngel", "`Ã<U+0081>ngel` was probably `Ángel`"),
            ("IÃ±igo", "was probably `Iñigo`"),
            ("JoÃ£o", "was probably `João`"),
            ("Â¡Hola!", "was probably `¡Hola!`"),
            ("5 â‚¬", "`â‚¬` was probably `€`"),
            ("donâ€™t", "was probably `don’t`"),
            ("ðŸ˜€", "was probably `😀`"),
            ("JosÃƒÂ©", "`JosÃƒÂ©` was probably `José`"),
            ("JosÃ‚Â©", "`JosÃ‚Â©` was probably `Jos©`"),
            ("Mar├¡a", "`Mar├¡a` was probably `María`"),
            ("Pe├▒a", "`Pe├▒a` was probably `Peña`"),
            ("Jos├®", "`Jos├®` was probably `José`"),
            ("Jos├⌐", "`Jos├⌐` was probably `José`"),
            ("┬┐C├│mo est├ís?", "`┬┐C├│mo` was probably `¿Cómo`"),
            ("S├úo", "`S├úo` was probably `São`"),
            ("Pe√±a", "`Pe√±a` was probably `Peña`"),
            ("Mar√≠a", "`Mar√≠a` was probably `María`"),
            ("Jo√£o", "`Jo√£o` was probably `João`"),
            ("¬°Hola!", "`¬°Hola!` was probably `¡Hola!`"),
            ("Luc¡a Pe¤a", "`Luc¡a` was probably `Lucía`"),
            (
                "Mar\u{fffd}a",
                "`Mar\u{fffd}a` has a letter that could not be read",
            ),
        ] {
            let found = ForeignText::find(text).map(|found| found.describe());
            assert_in_spanish(found.as_deref().unwrap_or_default());
            let is_named = found.as_ref().is_some_and(|said| said.contains(expected));
            assert!(is_named, "{text}: {found:?}");
        }
    }

    #[test]
    fn ordinary_text_is_not_foreign() {
        for text in [
            "JOÃO, CORAÇÃO, AMANHÃ… “IRMÃ” e MAÇÃ",
            "[email] [protected] email protected ana@example.com [1]",
            "AMANHÃ\u{a0}às 8, PERÚ… “MENÚ” CAFÉ™ ¡SÍ!",
            "María José Núñez, Zoë, Łukasz, Đorđe, Þór, Ångström, Čapek",
            "¿Qué tal? 5 €, nº 3, 20 °C, £5, «hola» 😀👩\u{200d}👧",
            "n.º 5 Á É Í Ó Ú Â Ã",
            "https://x.example/?t=a%0Ab&copy=1&amp;b=%C3%AD",
            "5 < 6 > 4, <3, a < b, <nombre>, AT&T; R&D; 10% off, 20%",
            "50%0 a 3&4; & x; C:\\temp \\ n",
            "10%20 y 5%20x, IVA%20, 100%200 https://x.example/Hola%20Ana",
            "wa.me/593987654321?text=Hola%20Ana www.x.ec/mi%20tienda tienda.ec/?q=zapatos%20rojos",
            "mailto:a@x.ec?subject=Hola%20Ana",
            "Имя, 名前, שלום",
            "├── src ┌───┐ └─┘ │ ├─┤ a├─b ─┐x ┬ ├x",
            "√2 ± 1, x=√±1, 2√πr², ¬p, ¬(a), √a",
            "SÃO PAULO, Ã, JOÃO, CÔTÉ, ANTÔNIO, Ôtel, Γαλ",
            "‚Ärger‘, 5 ≠ 6, a≈b, ƒ",
        ] {
            assert_eq!(ForeignText::find(text), None, "{text}");
        }
    }
}

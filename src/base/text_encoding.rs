//! Reads UTF-8, and UTF-16 with a byte order mark. For other texts it finds the lines that are not UTF-8, and guesses
//! their encoding.

use std::fmt::{self, Display};
use std::io::{self, BufRead, Read};

use encoding_rs::{Encoding, MACINTOSH, UTF_8, WINDOWS_1252};

use super::message::{Message, msg};

/// The maximum of bytes of a line. The survey stops at a longer one.
const MAX_LINE: u64 = 1024 * 1024;

/// The maximum of line numbers to print.
const MAX_NUMBERS: usize = 5;

/// The upper half of CP850, the encoding of Western European consoles, which encoding_rs lacks. CP437 has the same
/// small letters.
pub(crate) const CP850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

/// The accented letters of Spanish and Portuguese.
const USUAL_LETTERS: &str = "áéíóúüñãõâêôçÁÉÍÓÚÜÑÃÕÂÊÔÇ";

/// The accented letters of French, Italian and German.
const OTHER_LETTERS: &str = "àèìòùäöëïîûåÀÈÌÒÙÄÖ";

/// How much more a usual letter counts than another one. It is also how many times better than Windows-1252 another
/// encoding must fit, so that `MÖLLER` does not become the `MÍLLER` of CP850.
const WEIGHT: i64 = 3;

/// The error for bytes that are not a text: the expected encoding, and the line of the first invalid byte.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not {encoding} at line {line}")]
pub(crate) struct NotText {
    pub(crate) encoding: &'static str,
    pub(crate) line: usize,
}

/// Decodes `bytes` as UTF-8 or UTF-16, as their byte order mark says, or as UTF-8 without a mark. Removes the mark.
///
/// # Errors
/// If the bytes are not valid in that encoding.
pub(crate) fn decode_text(bytes: Vec<u8>) -> Result<String, NotText> {
    let (encoding, mark_length) = Encoding::for_bom(&bytes).unwrap_or((UTF_8, 0));
    let not_text = |valid_text: &[u8]| NotText {
        encoding: encoding.name(),
        line: valid_text.split(|byte| *byte == b'\n').count(),
    };
    if encoding == UTF_8 {
        let unmarked = if mark_length == 0 {
            bytes
        } else {
            bytes.get(mark_length..).unwrap_or_default().to_vec()
        };
        return String::from_utf8(unmarked).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            not_text(error.as_bytes().get(..valid).unwrap_or_default())
        });
    }
    let (text, has_errors) = encoding.decode_with_bom_removal(&bytes);
    // UTF-32 begins like UTF-16, but contains zeros.
    let valid = text.find(['\u{fffd}', '\0']);
    match valid {
        Some(end) if has_errors || text.contains('\0') => {
            Err(not_text(text.as_bytes().get(..end).unwrap_or_default()))
        }
        _ => Ok(text.into_owned()),
    }
}

/// An encoding of Western European texts that has one byte per character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WesternEncoding {
    Windows1252,
    MacRoman,
    /// CP850. It also stands for CP437.
    Cp850,
}

impl WesternEncoding {
    /// The most likely one comes first.
    const ALL: [Self; 3] = [Self::Windows1252, Self::MacRoman, Self::Cp850];

    pub(crate) fn from_encoding(encoding: &'static Encoding) -> Option<Self> {
        if encoding == WINDOWS_1252 {
            Some(Self::Windows1252)
        } else if encoding == MACINTOSH {
            Some(Self::MacRoman)
        } else {
            None
        }
    }

    pub(crate) fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Windows1252 => WINDOWS_1252
                .decode_without_bom_handling(bytes)
                .0
                .into_owned(),
            Self::MacRoman => MACINTOSH.decode_without_bom_handling(bytes).0.into_owned(),
            Self::Cp850 => bytes.iter().map(|byte| cp850_character(*byte)).collect(),
        }
    }

    /// Guesses the encoding that fits `bytes` best; Windows-1252 if none fits much better.
    pub(crate) fn guess(bytes: &[u8]) -> Self {
        let required = WEIGHT * Self::Windows1252.fitness(bytes);
        let mut best = Self::Windows1252;
        for encoding in Self::ALL {
            let fitness = encoding.fitness(bytes);
            if fitness > required && fitness > best.fitness(bytes) {
                best = encoding;
            }
        }
        best
    }

    /// Rates how much `bytes` look like names in this encoding. Accented letters add to it, and
    /// other characters inside words subtract from it.
    pub(crate) fn fitness(self, bytes: &[u8]) -> i64 {
        let text: Vec<char> = self.decode(bytes).chars().collect();
        let at = |index: Option<usize>| index.and_then(|index| text.get(index)).copied();
        let mut fitness = 0;
        for (index, character) in text.iter().enumerate() {
            if !character.is_ascii() {
                let surroundings = Surroundings {
                    second_before: at(index.checked_sub(2)).unwrap_or(' '),
                    before: at(index.checked_sub(1)).unwrap_or(' '),
                    after: at(Some(index + 1)).unwrap_or(' '),
                };
                fitness += surroundings.fitness(*character);
            }
        }
        fitness
    }
}

impl Display for WesternEncoding {
    /// Writes the name for `--encoding` or iconv.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Windows1252 => "windows-1252",
            Self::MacRoman => "macintosh",
            Self::Cp850 => "CP850",
        })
    }
}

fn cp850_character(byte: u8) -> char {
    let upper_half = usize::from(byte).checked_sub(128);
    upper_half
        .and_then(|index| CP850.chars().nth(index))
        .unwrap_or(char::from(byte))
}

/// The characters around one, with a space for a missing one.
struct Surroundings {
    second_before: char,
    before: char,
    after: char,
}

impl Surroundings {
    /// Rates how well `character` fits between these letters.
    fn fitness(&self, character: char) -> i64 {
        let is_next_to_letter = self.before.is_alphabetic() || self.after.is_alphabetic();
        let is_inside_word = self.before.is_alphabetic() && self.after.is_alphabetic();
        match character {
            _ if self.has_wrong_case(character) => -1,
            _ if is_next_to_letter && USUAL_LETTERS.contains(character) => WEIGHT,
            _ if is_next_to_letter && OTHER_LETTERS.contains(character) => 1,
            _ if character.is_alphabetic() => 0,
            '\u{a0}' | '’' => 0,
            '·' => 1,
            '¿' | '¡' if !self.before.is_alphabetic() => 1,
            '“' | '”' | '‘' | '«' | '»' | '°' | '®' | '™' | '©' | '…' | '–' | '—'
                if !is_inside_word =>
            {
                0
            }
            _ if is_next_to_letter => -1,
            _ => 0,
        }
    }

    /// Returns whether it is a capital after a small letter, or a small letter in a capitalized
    /// word.
    fn has_wrong_case(&self, character: char) -> bool {
        let follows_capitals = self.before.is_uppercase() && self.second_before.is_uppercase();
        character.is_uppercase() && self.before.is_lowercase()
            || character.is_lowercase() && (self.after.is_uppercase() || follows_capitals)
    }
}

/// The lines of one kind: their count, the numbers of the first ones, and the content of the first.
#[derive(Debug, Default)]
pub(crate) struct SurveyedLines {
    pub(crate) count: usize,
    numbers: Vec<u64>,
    pub(crate) sample: Vec<u8>,
}

impl SurveyedLines {
    pub(crate) fn add(&mut self, number: u64, line: &[u8]) {
        if self.count == 0 {
            self.sample = line.to_vec();
        }
        if self.count < MAX_NUMBERS {
            self.numbers.push(number);
        }
        self.count += 1;
    }

    /// Returns the number of the first line.
    pub(crate) fn first(&self) -> u64 {
        self.numbers.first().copied().unwrap_or_default()
    }

    /// Describes all lines: `line 3`, or `lines 3, 4, … (7 lines)`.
    pub(crate) fn describe(&self) -> Message {
        let numbers: Vec<_> = self.numbers.iter().map(u64::to_string).collect();
        let numbers = numbers.join(", ");
        match self.count {
            count if count > MAX_NUMBERS => {
                msg!("lines {numbers}, … ({count} lines)", numbers, count)
            }
            count => msg!("{count|line|lines} {numbers}", count, numbers),
        }
    }
}

/// The lines of a text that are not ASCII.
#[derive(Debug, Default)]
pub(crate) struct LineSurvey {
    /// Lines in valid UTF-8 with characters of several bytes that do not occur by chance.
    pub(crate) utf_8: SurveyedLines,
    /// Lines that are not valid UTF-8.
    pub(crate) other: SurveyedLines,
    /// Whether a line may be valid UTF-8 only by chance.
    pub(crate) has_unusual_utf_8: bool,
    /// The content of the lines in `other`, about [`MAX_LINE`] bytes at most.
    pub(crate) other_bytes: Vec<u8>,
}

impl LineSurvey {
    /// Surveys every line of `input`, and stops at a line that is too long.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn read(mut input: impl BufRead) -> io::Result<Self> {
        let mut survey = Self::default();
        let mut number = 1;
        loop {
            let mut bytes = Vec::new();
            let length = input
                .by_ref()
                .take(MAX_LINE)
                .read_until(b'\n', &mut bytes)?;
            if length == 0 || bytes.len() as u64 == MAX_LINE {
                return Ok(survey);
            }
            let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
            let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
            // A single carriage return ends a line, too.
            for line in bytes.split(|byte| *byte == b'\r') {
                survey.add(number, line);
                number += 1;
            }
        }
    }

    /// Adds the line with this number.
    pub(crate) fn add(&mut self, number: u64, line: &[u8]) {
        if line.is_ascii() {
            return;
        }
        match std::str::from_utf8(line) {
            Ok(text) if is_surely_utf_8(text) => self.utf_8.add(number, line),
            Ok(_) => self.has_unusual_utf_8 = true,
            Err(_) => {
                self.other.add(number, line);
                if self.other_bytes.len() as u64 <= MAX_LINE {
                    self.other_bytes.extend_from_slice(line);
                    self.other_bytes.push(b'\n');
                }
            }
        }
    }

    /// Returns whether some lines are UTF-8 and others are not.
    pub(crate) fn is_mixed(&self) -> bool {
        self.utf_8.count > 0 && self.other.count > 0
    }
}

/// Returns whether a valid UTF-8 text is certainly not Windows-1252. `CAFÉ®` in Windows-1252 is
/// also valid UTF-8, but then it ends with a letter of a phonetic alphabet. So these rare characters
/// do not count.
fn is_surely_utf_8(text: &str) -> bool {
    let mut was_wide = false;
    text.chars().any(|character| {
        let is_wide = !character.is_ascii();
        let is_pair = is_wide && was_wide;
        was_wide = is_wide;
        is_pair || matches!(character, '\u{a0}'..='\u{17f}' | '\u{800}'..)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(lines: &[&[u8]]) -> LineSurvey {
        LineSurvey::read(lines.join(&b'\n').as_slice()).unwrap()
    }

    #[test]
    fn byte_order_mark_decides_encoding() {
        let wide = |text: &str, to_bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(to_bytes).collect()
        };
        for bytes in [
            "Mañana 😀\r\n".as_bytes().to_vec(),
            "\u{feff}Mañana 😀\r\n".as_bytes().to_vec(),
            wide("\u{feff}Mañana 😀\r\n", u16::to_le_bytes),
            wide("\u{feff}Mañana 😀\r\n", u16::to_be_bytes),
        ] {
            assert_eq!(decode_text(bytes).unwrap(), "Mañana 😀\r\n");
        }
        assert_eq!(decode_text(Vec::new()).unwrap(), "");
        // A replacement character in the text itself is valid.
        let replaced = wide("\u{feff}a\u{fffd}", u16::to_le_bytes);
        assert_eq!(decode_text(replaced).unwrap(), "a\u{fffd}");
    }

    #[test]
    fn invalid_text_names_encoding_and_line() {
        for (bytes, expected) in [
            (&b"a\nb\xf1\n"[..], "is not UTF-8 at line 2"),
            (b"\xff\xfea\0\n\0\0\xd8a\0", "is not UTF-16LE at line 2"),
            (b"\xfe\xff\0a\0", "is not UTF-16BE at line 1"),
            (b"\xff\xfe\0\0a\0\0\0", "is not UTF-16LE at line 1"),
        ] {
            let error = decode_text(bytes.to_vec()).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn encoding_is_guessed_from_names() {
        let encode = |text: &str, encoding: WesternEncoding| -> Vec<u8> {
            let byte = |character: char| {
                (0..=u8::MAX)
                    .find(|byte| encoding.decode(&[*byte]) == character.to_string())
                    .unwrap_or_else(|| panic!("{encoding} has no {character}"))
            };
            text.chars().map(byte).collect()
        };
        for name in [
            "Lucía Ñandú",
            "LUCÍA ÑANDÚ",
            "María",
            "Íñigo",
            "JOÃO Conceição",
            "Conceição",
            "José",
            "NUÑEZ",
            "Gómez",
            "Müller",
            "¿Cómo está?",
        ] {
            for encoding in WesternEncoding::ALL {
                let bytes = encode(name, encoding);
                assert_eq!(WesternEncoding::guess(&bytes), encoding, "{name}");
            }
        }
        for text in [
            "O’Brien",
            "D’Angelo",
            "CAFÉ®",
            "Nº 5",
            "“Sol” – 5 €",
            "£5",
            "L·l",
        ] {
            let bytes = encode(text, WesternEncoding::Windows1252);
            assert_eq!(
                WesternEncoding::guess(&bytes),
                WesternEncoding::Windows1252,
                "{text}"
            );
        }
    }

    #[test]
    fn survey_separates_utf_8_lines_from_others() {
        let mixed = survey(&[b"nombre", "María".as_bytes(), b"Jos\xe9", "Ñu".as_bytes()]);
        assert!(mixed.is_mixed());
        assert_eq!(mixed.utf_8.describe(), "lines 2, 4");
        assert_eq!(mixed.other.describe(), "line 3");

        let by_chance = survey(&[b"CAF\xc9\xae", b"Jos\xe9"]);
        assert!(!by_chance.is_mixed() && by_chance.has_unusual_utf_8);

        let returns = LineSurvey::read(&b"a\rb\xf1\r\nc\xf1\r"[..]).unwrap();
        assert_eq!(returns.other.describe(), "lines 2, 3");

        let many = survey(&[&b"\xf1"[..]; 7]);
        assert_eq!(many.other.describe(), "lines 1, 2, 3, 4, 5, … (7 lines)");
    }
}

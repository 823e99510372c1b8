//! What a cell certainly has, wherever a text prints it: an error value, a formula, a letter that was lost, or a template
//! that no program has filled in. Also wrong letters, a typed line break, and a word or a date that mean no value.

use encoding_rs::WINDOWS_1252;

use super::literals::{has_typed_line_break, without_code};
use crate::base::letters::is_usual_letter;
use crate::base::message::{Message, msg};

/// What programs print for no value, as Python's and JavaScript's references spell it. Only these have the shape of a name,
/// so that the table of columns does not show them.
const PRINTED_FOR_NOTHING: [&str; 2] = ["None", "Invalid Date"];

/// Something in a cell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CellNote {
    /// The part of the cell. The message has it only if it contains the part, or a word of it with a sign.
    pub(super) part: String,
    pub(super) description: Message,
    /// Whether the row is invalid.
    pub(super) is_fault: bool,
}

impl CellNote {
    /// Finds the first one in `cell`.
    pub(super) fn find(cell: &str) -> Option<Self> {
        let cell = cell.trim();
        if is_plain(cell) {
            return None;
        }
        Self::fault(cell).or_else(|| Self::warning(cell))
    }

    fn fault(cell: &str) -> Option<Self> {
        let (part, description) = if is_error_value(cell) {
            (cell.to_owned(), spreadsheet_error(cell))
        } else if let Some(function) = formula_function(cell) {
            let description = msg!(
                "`{function}` begins a formula without its result, and would be sent",
                function
            );
            (function.to_owned(), description)
        } else if let Some(word) = word_with_unreadable_letter(cell) {
            let description = msg!(
                "`{word}` has a letter that could not be read (U+FFFD)",
                word
            );
            (word.to_owned(), description)
        } else {
            let tag = unfilled_tag(cell)?;
            let description = msg!(
                "`{tag}` is a template that was not filled in, and would be sent",
                tag
            );
            (tag, description)
        };
        Some(Self {
            part,
            description,
            is_fault: true,
        })
    }

    fn warning(cell: &str) -> Option<Self> {
        let (part, description) = if let Some(found) = wrong_letters(cell) {
            (found.word.to_owned(), found.describe())
        } else if cell.contains("\\n") && has_typed_line_break(&without_code(cell)) {
            ("\\n".to_owned(), typed_line_break())
        } else {
            let word = printed_for_nothing(cell)?;
            (word.to_owned(), no_value(word))
        };
        Some(Self {
            part,
            description,
            is_fault: false,
        })
    }
}

/// Returns whether a cell certainly has no note, so that most cells of a list are read once: it has only ASCII letters, digits
/// and spaces, and no capital of [`PRINTED_FOR_NOTHING`].
fn is_plain(cell: &str) -> bool {
    let begins_word = |sign| {
        let mut words = PRINTED_FOR_NOTHING.iter();
        words.any(|word| word.as_bytes().first() == Some(&sign))
    };
    let mut signs = cell.bytes();
    signs.all(|sign| sign == b' ' || sign.is_ascii_alphanumeric() && !begins_word(sign))
}

pub(super) fn spreadsheet_error(cell: &str) -> Message {
    msg!("`{cell}` is a spreadsheet error and would be sent", cell)
}

pub(super) fn no_value(word: &str) -> Message {
    msg!("`{word}` means no value and would be sent", word)
}

pub(super) fn typed_line_break() -> Message {
    msg!("`\\n` is sent as these two characters")
}

fn word_with_unreadable_letter(cell: &str) -> Option<&str> {
    // This runs for many cells of a list.
    if !cell.contains('\u{fffd}') {
        return None;
    }
    let mut words = cell.split_whitespace();
    words.find(|word| word.contains('\u{fffd}'))
}

/// Returns the word or date that means no value: one that programs print, alone or in a name that was joined from two
/// columns, or a date with the day or month 0.
fn printed_for_nothing(cell: &str) -> Option<&str> {
    let is_alone = PRINTED_FOR_NOTHING.contains(&cell) || is_impossible_date(cell);
    if is_alone {
        return Some(cell);
    }
    let is_capitalized = |word: &str| word.starts_with(char::is_uppercase);
    let mut words = cell.split(' ');
    let found = words.clone().find(|word| *word == PRINTED_FOR_NOTHING[0])?;
    words.all(is_capitalized).then_some(found)
}

/// Returns whether `cell` is three numbers like a date, with a day or month 0: `00/01/1900`, `0000-00-00`.
fn is_impossible_date(cell: &str) -> bool {
    let joins = ['/', '-'];
    if !cell.contains(joins) {
        return false;
    }
    let parts: Vec<_> = cell.split(joins).collect();
    let is_number = |part: &&str| {
        (1..=4).contains(&part.len()) && part.bytes().all(|digit| digit.is_ascii_digit())
    };
    let is_year = |part: &&str| part.len() == 4;
    let is_zero = |part: &&str| part.bytes().all(|digit| digit == b'0');
    parts.len() == 3
        && parts.iter().all(is_number)
        && parts.iter().filter(|part| is_year(part)).count() == 1
        && parts.iter().any(|part| !is_year(part) && is_zero(part))
}

/// A comment, and the error values in their exact spelling.
const ERROR_VALUES: &str = include_str!("error_values.txt");

/// Returns whether `text`, without spaces around it, is an error value of a spreadsheet: `#¡REF!`, `Err:502`, or `####` of a
/// number that is wider than its column.
pub(super) fn is_error_value(text: &str) -> bool {
    let may_be = text.starts_with('#') || text.starts_with("Err:");
    let is_known = || ERROR_VALUES.lines().skip(1).any(|value| value == text);
    let is_too_wide = || text.len() > 1 && text.bytes().all(|sign| sign == b'#');
    may_be && (is_too_wide() || is_known())
}

/// Returns the beginning of a formula: `=CONCATENAR(`.
fn formula_function(text: &str) -> Option<&str> {
    let (name, rest) = text.strip_prefix('=')?.split_once('(')?;
    let is_of_name = |sign: char| sign.is_alphabetic() || sign == '.' || sign == '_';
    let is_function = name.chars().count() > 1 && name.chars().all(is_of_name);
    let end = "=(".len() + name.len();
    text.get(..end)
        .filter(|_| is_function && rest.contains(')'))
}

/// Returns the first expression or statement in `text`: `{{ nombre }}` or `{% if vip %}`.
fn unfilled_tag(text: &str) -> Option<String> {
    unfilled_tags(text).into_iter().next()
}

/// Returns the expressions in `text`, then the first statement.
pub(super) fn unfilled_tags(text: &str) -> Vec<String> {
    // This runs for each cell of a list.
    if !text.contains('{') {
        return Vec::new();
    }
    let is_empty = |inside: &&str| inside.trim_matches(['{', '}', '%', ' ']).is_empty();
    let expressions = between(text, "{{", "}}")
        .filter(|inside| !is_empty(inside))
        .map(|inside| format!("{{{{{inside}}}}}"));
    let statement = between(text, "{%", "%}")
        .find(|inside| !is_empty(inside))
        .map(|inside| format!("{{%{inside}%}}"));
    expressions.chain(statement).collect()
}

fn between<'a>(text: &'a str, opens: &str, closes: &str) -> impl Iterator<Item = &'a str> {
    text.split(opens)
        .skip(1)
        .filter_map(move |rest| rest.split_once(closes).map(|(inside, _)| inside))
}

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
    fn cell_with_a_note_is_not_plain() {
        let errors = ERROR_VALUES.lines().skip(1);
        let noted = errors
            .chain(PRINTED_FOR_NOTHING)
            .chain(["Ana None", "0/1/1900", "=A(1)"]);
        for cell in noted {
            assert!(!is_plain(cell), "{cell}");
        }
        assert!(is_plain("Persona 7") && is_plain("593987654321") && is_plain(""));
    }

    #[test]
    fn faults_and_warnings_have_their_part() {
        for (cell, part, is_fault) in [
            (" #N/A ", "#N/A", true),
            ("Err:502", "Err:502", true),
            ("=CONCATENAR(A1;B1)", "=CONCATENAR(", true),
            ("Sra. Mar\u{fffd}a", "Mar\u{fffd}a", true),
            ("Hola {{ nombre }}, su pedido", "{{ nombre }}", true),
            ("{% if vip %}Gracias", "{% if vip %}", true),
            ("Sra. MarÃ\u{ad}a", "MarÃ\u{ad}a", false),
            ("Hola\\nAna", "\\n", false),
            ("None", "None", false),
            ("None None", "None", false),
            ("Ana María None", "None", false),
            ("Invalid Date", "Invalid Date", false),
            ("00/01/1900", "00/01/1900", false),
            ("0000-00-00", "0000-00-00", false),
            ("1900-01-00", "1900-01-00", false),
        ] {
            let found = CellNote::find(cell).unwrap();
            assert_eq!(
                (found.part.as_str(), found.is_fault),
                (part, is_fault),
                "{cell}"
            );
        }
        for cell in [
            "Ana",
            "N/A",
            "null",
            "nan",
            "Null",
            "Nan Ríos",
            "-",
            "#PYTHON",
            "{nombre}",
            "C:\\nuevo",
            "10/10/2020",
            "01/01/1900",
            "0-0-0",
            "2000-01-01",
            "None of them",
            "no, None",
            "Luc¡a",
            "",
        ] {
            assert_eq!(CellNote::find(cell), None, "{cell}");
        }
    }

    #[test]
    fn error_values_have_their_exact_spelling() {
        for text in [
            "#N/A",
            "#N/D",
            "#¡REF!",
            "#REF!",
            "#¿NOMBRE?",
            "#NOME?",
            "#DIV/0!",
            "#¡DIV/0!",
            "#VALUE!",
            "#¡VALOR!",
            "#VALOR!",
            "#NÚM!",
            "#¡DESBORDAMIENTO!",
            "#GETTING_DATA",
            "#######",
            "Err:502",
            "Err:508",
        ] {
            assert!(is_error_value(text), "{text}");
        }
        for text in [
            "#PYTHON", "#CAMPO", "#REF", "#ref!", "#n/a", "#nombre", "#", "##1", "#1", "#OFERTA!",
            "Err:", "Err:5", "Err:5020", "err:502", "Error", "N/A", "",
        ] {
            assert!(!is_error_value(text), "{text}");
        }
    }

    #[test]
    fn formula_begins_with_a_function() {
        for (text, expected) in [
            ("=CONCATENAR(A1;B1)", Some("=CONCATENAR(")),
            ("=HOY()", Some("=HOY(")),
            ("=SI.ERROR(A1;0)*2", Some("=SI.ERROR(")),
            ("=D (x)", None),
            ("=5*(2)", None),
            ("= total (IVA)", None),
            ("=)", None),
            ("a=F(x)", None),
            ("", None),
        ] {
            assert_eq!(formula_function(text), expected, "{text}");
        }
    }

    #[test]
    fn tags_are_found() {
        for (text, expected) in [
            ("Hola {{ nombre }}, su pedido", &["{{ nombre }}"][..]),
            ("Hola {{1}}", &["{{1}}"]),
            (
                "{% if vip %}{{ x }}{% endif %}",
                &["{{ x }}", "{% if vip %}"],
            ),
            ("Gracias {%- if vip %}", &["{%- if vip %}"]),
            ("{{}} {{ }} {%%}", &[]),
            ("Hola {nombre}, 100% {off}", &[]),
            ("{ y } a={b: 1} {\"a\":{\"b\":1}}", &[]),
            ("10{%} 5 % de 10 %", &[]),
            ("{{ nombre", &[]),
        ] {
            assert_eq!(unfilled_tags(text), expected, "{text}");
        }
    }

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

//! What a cell certainly has, wherever a text prints it: an error value, a formula, a letter that was lost, or a template
//! that no program has filled in. Also wrong letters, a typed line break, and a word or a date that mean no value.

use super::error_values::{formula_function, is_error_value};
use super::literals::{has_typed_line_break, without_code};
use super::unfilled::unfilled_tag;
use super::wrong_decoding::wrong_letters;
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
        } else if let Some(word) = word_with_lost_letter(cell) {
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

pub(super) fn spreadsheet_error(cell: &str) -> Message {
    msg!("`{cell}` is a spreadsheet error and would be sent", cell)
}

pub(super) fn no_value(word: &str) -> Message {
    msg!("`{word}` means no value and would be sent", word)
}

pub(super) fn typed_line_break() -> Message {
    msg!("`\\n` is sent as these two characters")
}

fn word_with_lost_letter(cell: &str) -> Option<&str> {
    // This runs for each cell of a list.
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

#[cfg(test)]
mod tests {
    use super::*;

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
}

//! Cells in which a program wrote a word for "nothing", or an error of its own: a person would read "Hola #N/A".

use crate::list::Row;
use crate::template::BodyTemplate;

/// What programs write for nothing, in lower case.
const NOTHING: [&str; 11] = ["-", "--", "–", "—", "n/a", "n/d", "null", "(null)", "nan", "none", "undefined"];
/// What spreadsheets write for an error, behind `#`, in English, Spanish and Portuguese.
const ERRORS: [&str; 17] = [
    "N/A",
    "N/D",
    "REF!",
    "VALUE!",
    "VALOR!",
    "DIV/0!",
    "NUM!",
    "NÚM!",
    "NULL!",
    "NULO!",
    "NAME?",
    "NOMBRE?",
    "NOME?",
    "SPILL!",
    "DESBORDAMIENTO!",
    "CALC!",
    "ERROR!",
];

/// The columns that a message prints.
pub(crate) struct PlaceholderCells(Vec<String>);

impl PlaceholderCells {
    pub(crate) fn new(body: &BodyTemplate<'_>) -> Self {
        let mut columns: Vec<_> = body.uses().into_iter().flat_map(|(_, uses)| uses.printed.iter().cloned()).collect();
        columns.sort();
        columns.dedup();
        Self(columns)
    }

    /// Those columns that have such a word in `row`, with the word.
    pub(crate) fn of<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (&'a str, &'a str)> {
        let word = |name| row.text(name).map(str::trim).filter(|text| is_error(text) || is_nothing(text));
        self.0.iter().filter_map(move |name| Some((name.as_str(), word(name)?)))
    }
}

fn is_nothing(text: &str) -> bool {
    NOTHING.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether it is an error of a spreadsheet, which no person ever means.
pub(crate) fn is_error(text: &str) -> bool {
    let Some(name) = text.strip_prefix('#') else { return false };
    ERRORS.contains(&name.trim_start_matches(['¡', '¿']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_errors_of_spreadsheets_from_words_for_nothing_and_from_others() {
        for (text, expected) in [
            ("#N/A", (true, false)),
            ("#¡REF!", (true, false)),
            ("#¿NOMBRE?", (true, false)),
            ("#DIV/0!", (true, false)),
            ("N/A", (false, true)),
            ("NaN", (false, true)),
            ("Null", (false, true)),
            ("—", (false, true)),
            ("", (false, false)),
            ("#1", (false, false)),
            ("#OFERTA!", (false, false)),
            ("Na", (false, false)),
            ("Nancy - Ana", (false, false)),
        ] {
            assert_eq!((is_error(text), is_nothing(text)), expected, "{text}");
        }
    }
}

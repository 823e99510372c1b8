//! Cells that are likely a mistake: a word of a program for nothing or for an error, so that a person would read "Hola #N/A"; an
//! empty one that leaves a gap; a number without `+` that is by chance one of another country.

use crate::list::Row;
use crate::phone::{country_of, may_be_national};
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

/// Codes that are named.
const MOST_NAMED: usize = 5;

/// Each country code with the first number that has it, that number's line, and its country.
#[derive(Debug, Default)]
pub(crate) struct BareCodes(Vec<(&'static str, String, u64, &'static str)>);

impl BareCodes {
    /// Notes a number that was written without `+`, if no country was given for national numbers.
    pub(super) fn note(&mut self, code: &'static str, (written, number): (&str, &str), line: u64) {
        if self.0.iter().all(|(known, ..)| *known != code) {
            // A number that is likely right needs no note.
            let unlikely = country_of(number).filter(|_| may_be_national(number)).unwrap_or_default();
            self.0.push((code, written.to_owned(), line, unlikely));
        }
    }

    /// Forgets numbers that come behind `line` first.
    pub(super) fn cut(&mut self, line: u64) {
        self.0.retain(|(_, _, first, _)| *first <= line);
    }

    /// The note for a person if there are several codes, or an unlikely one.
    pub(crate) fn warning(&self) -> Option<String> {
        let count = self.0.len();
        if let [(code, written, _, unlikely)] = self.0.as_slice()
            && !unlikely.is_empty()
        {
            return Some(format!(
                "the numbers without + are read as numbers of {unlikely} (+{code}), such as {written}: if they are national \
                 numbers, say of which country, --country"
            ));
        }
        if count < 2 {
            return None;
        }
        let examples = self.0.iter().take(MOST_NAMED);
        let examples = examples.map(|(code, written, line, _)| format!("+{code} (line {line}: `{written}`)"));
        let more = if count > MOST_NAMED { ", …" } else { "" };
        let examples = examples.collect::<Vec<_>>().join(", ");
        Some(format!(
            "the numbers without + are of {count} country codes: {examples}{more}; if they are national numbers, say of which \
             country with --country"
        ))
    }
}

/// The columns that are printed unchanged in the texts of a body.
pub(crate) struct EmptyCells(Vec<String>);

impl EmptyCells {
    pub(crate) fn new(body: &BodyTemplate<'_>) -> Self {
        let mut columns: Vec<_> = body.uses().into_iter().flat_map(|(_, uses)| uses.gaps.iter().cloned()).collect();
        columns.sort();
        columns.dedup();
        Self(columns)
    }

    /// Those columns that are empty in `row`.
    pub(crate) fn of<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = &'a str> {
        self.0.iter().map(String::as_str).filter(move |name| row.text(name).is_some_and(|text| text.trim().is_empty()))
    }
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

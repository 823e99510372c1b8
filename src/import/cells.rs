//! Finds cells that are probably a mistake: a word that programs write for nothing or for an error, such as `#N/A` in a
//! greeting; an empty cell that leaves a gap; a number without `+` that happens to be valid in another country.

use crate::list::Row;
use crate::phone::{country_of, may_be_national};
use crate::template::BodyTemplate;

/// Words that programs write for nothing, in lower case.
const NOTHING: [&str; 11] = ["-", "--", "–", "—", "n/a", "n/d", "null", "(null)", "nan", "none", "undefined"];
/// Words that spreadsheets write for an error, after `#`, in English, Spanish and Portuguese.
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

    /// The columns with such a word in `row`, with the word.
    pub(crate) fn of<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (&'a str, &'a str)> {
        let word = |name| row.text(name).map(str::trim).filter(|text| is_error(text) || is_nothing(text));
        self.0.iter().filter_map(move |name| Some((name.as_str(), word(name)?)))
    }
}

fn is_nothing(text: &str) -> bool {
    NOTHING.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether it is a spreadsheet error, which is never intended.
pub(crate) fn is_error(text: &str) -> bool {
    let Some(name) = text.strip_prefix('#') else { return false };
    ERRORS.contains(&name.trim_start_matches(['¡', '¿']))
}

/// The maximum number of codes that are listed.
const MOST_NAMED: usize = 5;

/// Each country code, with its first number, that number's line, and the country.
#[derive(Debug, Default)]
pub(crate) struct BareCodes(Vec<(&'static str, String, u64, &'static str)>);

impl BareCodes {
    /// Records a number that was written without `+`, unless a country was given for national numbers.
    pub(super) fn note(&mut self, code: &'static str, (written, number): (&str, &str), line: u64) {
        if self.0.iter().all(|(known, ..)| *known != code) {
            // A number that is probably right needs no note.
            let unlikely = country_of(number).filter(|_| may_be_national(number)).unwrap_or_default();
            self.0.push((code, written.to_owned(), line, unlikely));
        }
    }

    /// Drops codes whose first number is after `line`.
    pub(super) fn cut(&mut self, line: u64) {
        self.0.retain(|(_, _, first, _)| *first <= line);
    }

    /// The note for the user if there are several codes, or an unlikely one.
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

    /// The columns that are empty in `row`.
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

//! The country codes of numbers without `+`.

use crate::phone::{find_country, may_be_national};

/// How many country codes a note lists.
const MAX_LISTED_CODES: usize = 5;

/// A country code of numbers without `+`.
#[derive(Debug)]
struct BareCode {
    code: &'static str,
    /// The first number, as the list has it.
    example: String,
    /// The line of the first number.
    line: u64,
    /// The country of the code, if the number may be a local one of another country; otherwise empty.
    unlikely_country: &'static str,
}

/// The numbers without `+`.
#[derive(Debug, Default)]
pub(crate) struct BareCodes {
    codes: Vec<BareCode>,
    /// Whether any of them has a country in the list.
    pub(crate) by_column: bool,
}

impl BareCodes {
    /// Records a number without `+`. Do not call it for a row with a country.
    pub(super) fn note(&mut self, code: &'static str, written: &str, number: &str, line: u64) {
        if self.codes.iter().any(|known| known.code == code) {
            return;
        }
        // A number that is probably right needs no note.
        let unlikely_country = find_country(number)
            .filter(|_| may_be_national(number))
            .unwrap_or_default();
        self.codes.push(BareCode {
            code,
            example: written.to_owned(),
            line,
            unlikely_country,
        });
    }

    /// Drops codes that first occur after `line`.
    pub(super) fn cut(&mut self, line: u64) {
        self.codes.retain(|known| known.line <= line);
    }

    /// The warning if there are several codes, or an unlikely one. `column` is the list's country column, if it is used.
    pub(crate) fn warning(&self, column: Option<&str>) -> Option<String> {
        let count = self.codes.len();
        let way = match column {
            Some(column) => format!("write their country in `{column}`"),
            None => "pass their country with --country".to_owned(),
        };
        if let [only] = self.codes.as_slice()
            && !only.unlikely_country.is_empty()
        {
            let BareCode {
                code,
                example,
                unlikely_country,
                ..
            } = only;
            return Some(format!(
                "the numbers without + are read as numbers of {unlikely_country} (+{code}), such as {example}; if they \
                 are local numbers, {way}"
            ));
        }
        if count < 2 {
            return None;
        }
        let examples = self.codes.iter().take(MAX_LISTED_CODES);
        let examples = examples
            .map(|known| format!("+{} (line {}: `{}`)", known.code, known.line, known.example));
        let more = if count > MAX_LISTED_CODES {
            ", …"
        } else {
            ""
        };
        let examples = examples.collect::<Vec<_>>().join(", ");
        Some(format!(
            "the numbers without + have {count} country codes: {examples}{more}; if they are local numbers, {way}"
        ))
    }
}

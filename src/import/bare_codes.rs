//! Under which country codes the numbers of a list fall that have no `+`: in a list of national numbers some are by chance
//! valid ones of another country.

use crate::phone::{country_of, may_be_national};

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

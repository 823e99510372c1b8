//! Counts recipients by country, and compares it with the country that the list names.

use std::cmp::Reverse;

use super::words::country_words;
use super::{CountryRows, NotMobile, OtherCode};
use crate::base::message::Lang;
use crate::phone::{Country, calling_code, find_country, is_mobile};

/// The recipients by country.
#[derive(Debug, Default)]
pub(crate) struct RecipientCountries {
    counted: Vec<CountedCountry>,
    /// The position of the last recipient's country. The next one is usually from there, too.
    last: usize,
}

#[derive(Debug)]
struct CountedCountry {
    /// Two letters; None for recipients without a country.
    country: Option<&'static str>,
    rows: u64,
    /// The first line.
    line: u64,
}

impl RecipientCountries {
    pub(crate) fn count(&mut self, recipient: &str, line: u64) {
        let country = find_country(recipient);
        if let Some(last) = self.counted.get_mut(self.last)
            && last.country == country
        {
            last.rows += 1;
            return;
        }
        let known = self
            .counted
            .iter()
            .position(|known| known.country == country);
        self.last = known.unwrap_or(self.counted.len());
        match self.counted.get_mut(self.last) {
            Some(known) => known.rows += 1,
            None => self.counted.push(CountedCountry {
                country,
                rows: 1,
                line,
            }),
        }
    }

    /// Returns how many recipients are of the country with this two-letter code.
    pub(crate) fn rows_of(&self, code: &str) -> u64 {
        let mut counted = self.counted.iter();
        let found = counted.find(|counted| counted.country == Some(code));
        found.map_or(0, |counted| counted.rows)
    }

    /// The countries with most rows first, and rows without a country at the end.
    pub(super) fn facts(&self) -> Vec<CountryRows> {
        let mut countries: Vec<_> = self.counted.iter().collect();
        countries.sort_by_key(|known| (known.country.is_none(), Reverse(known.rows)));
        let facts = countries.into_iter().map(|known| CountryRows {
            country: known.country.map(str::to_owned),
            rows: known.rows,
            line: Some(known.line),
        });
        facts.collect()
    }

    /// Returns the countries with their rows: `Ecuador 1,240, Colombia 10`.
    pub(crate) fn words(&self, language: Lang) -> String {
        let mut facts = self.facts();
        for known in &mut facts {
            known.line = None;
        }
        country_words(&facts, language).join(", ")
    }
}

impl NotMobile {
    /// Counts the row in `line` if its recipient is a number that cannot be a mobile.
    pub(super) fn count(found: &mut Option<Self>, recipient: &str, line: u64) {
        if is_mobile(recipient) || calling_code(recipient).is_none() {
            return;
        }
        found.get_or_insert(Self { rows: 0, line }).rows += 1;
    }
}

/// The country of a row, in a column of the list.
#[derive(Clone, Copy)]
pub(crate) struct NamedCountry<'a> {
    pub(crate) column: &'a str,
    pub(crate) country: Country,
}

impl NamedCountry<'_> {
    /// Counts the row in `line` if its number has another calling code. Countries that share a code, such as the United
    /// States and Canada, do not differ.
    pub(super) fn count_other_code(
        self,
        found: &mut Option<OtherCode>,
        recipient: &str,
        line: u64,
    ) {
        let code = calling_code(recipient);
        if code.is_none_or(|code| code == self.country.calling_code()) {
            return;
        }
        let found = found.get_or_insert_with(|| OtherCode {
            column: self.column.to_owned(),
            rows: 0,
            line,
        });
        found.rows += 1;
    }
}

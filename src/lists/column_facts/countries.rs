//! Counts recipients by country.

use std::cmp::Reverse;

use super::table::CountryRows;
use super::words::country_words;
use crate::base::message::Lang;
use crate::phone::find_country;

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
}

impl RecipientCountries {
    pub(crate) fn count(&mut self, recipient: &str) {
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
            None => self.counted.push(CountedCountry { country, rows: 1 }),
        }
    }

    /// The countries with most rows first, and rows without a country at the end.
    pub(super) fn facts(&self) -> Vec<CountryRows> {
        let mut countries: Vec<_> = self.counted.iter().collect();
        countries.sort_by_key(|known| (known.country.is_none(), Reverse(known.rows)));
        let facts = countries.into_iter().map(|known| CountryRows {
            country: known.country.map(str::to_owned),
            rows: known.rows,
        });
        facts.collect()
    }

    /// Returns the countries with their rows: `Ecuador 1,240, Colombia 10`.
    pub(crate) fn words(&self, language: Lang) -> String {
        country_words(&self.facts(), language).join(", ")
    }
}

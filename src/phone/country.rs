//! The country whose national numbers are meant.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::rules::{Region, regions};
use crate::nearest::plain;

/// A country that has a numbering plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Country(pub(super) &'static Region);

/// Codes that are suggested if a country is not known.
const MOST_NAMED: usize = 6;

/// The names of each country, one country per line: its code, and names as [`plain`] writes them. Written by
/// `tests/country-names`.
static NAMES: &str = include_str!("country_names.tsv");

impl Country {
    /// The country of a code of ISO 3166, with two letters or three, or of a name in Spanish or English.
    pub(crate) fn named(text: &str) -> Option<Self> {
        let code = text.trim();
        let of_code = countries().find(|region| region.code.eq_ignore_ascii_case(code)).map(Self);
        of_code.or_else(|| Self::named_otherwise(text))
    }

    /// By its three letters, or its name.
    fn named_otherwise(text: &str) -> Option<Self> {
        static READ: OnceLock<HashMap<&str, &Region>> = OnceLock::new();
        let by_name = READ.get_or_init(|| {
            let by_code: HashMap<_, _> = countries().map(|region| (region.code, region)).collect();
            let lines = NAMES.lines().filter_map(|line| line.split_once('\t'));
            let names = lines.filter_map(|(code, names)| Some((*by_code.get(code)?, names)));
            names.flat_map(|(region, names)| names.split('\t').map(move |name| (name, region))).collect()
        });
        by_name.get(plain(text).as_str()).map(|region| Self(region))
    }

    /// `EC`
    pub(crate) fn code(self) -> &'static str {
        self.0.code
    }

    /// `593`
    pub(crate) fn calling_code(self) -> &'static str {
        self.0.calling_code
    }
}

impl FromStr for Country {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let code = raw.trim().to_ascii_uppercase();
        match countries().find(|region| region.code == code) {
            Some(region) => Ok(Self(region)),
            None => Err(unknown(raw)),
        }
    }
}

impl TryFrom<String> for Country {
    type Error = String;

    fn try_from(code: String) -> Result<Self, String> {
        code.parse()
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.to_string()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.code)
    }
}

fn countries() -> impl Iterator<Item = &'static Region> {
    regions().iter().filter(|region| region.is_country())
}

/// The nearest are those of a name, or of a calling code.
fn unknown(raw: &str) -> String {
    let digits = raw.trim().trim_start_matches(['+', '0']);
    let is_near = |region: &&Region| match Country::named_otherwise(raw) {
        Some(named) => named.code() == region.code,
        None => region.calling_code == digits,
    };
    let near: Vec<_> = countries().filter(is_near).map(|region| region.code).take(MOST_NAMED).collect();
    let near = match near.as_slice() {
        [] => String::new(),
        [one] => format!("; the nearest is {one}"),
        several => format!("; the nearest are {}", several.join(", ")),
    };
    format!("`{}` is not a country; write its two letters, such as EC or MX{near}", raw.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_named_in_spanish_in_english_or_by_its_letters() {
        for (text, code) in [
            ("EC", Some("EC")),
            (" pe ", Some("PE")),
            ("COL", Some("CO")),
            ("MÉXICO", Some("MX")),
            ("mexico", Some("MX")),
            ("Estados Unidos", Some("US")),
            ("EE.UU.", Some("US")),
            ("U.S.A.", Some("US")),
            ("República Dominicana", Some("DO")),
            ("Rep. Dominicana", Some("DO")),
            ("Brazil", Some("BR")),
            ("España", Some("ES")),
            ("UK", Some("GB")),
            ("RU", Some("RU")),
            ("Narnia", None),
            ("593", None),
            ("", None),
        ] {
            assert_eq!(Country::named(text).map(Country::code), code, "{text}");
        }
    }

    #[test]
    fn a_country_is_its_two_letters_and_an_unknown_one_names_the_nearest() {
        assert_eq!("ec".parse::<Country>().unwrap().to_string(), "EC");
        for (raw, nearest) in [
            ("Ecuador", "the nearest is EC"),
            ("Chile", "the nearest is CL"),
            ("República Dominicana", "the nearest is DO"),
            ("México", "the nearest is MX"),
            ("593", "the nearest is EC"),
            ("+52", "the nearest is MX"),
            ("UK", "the nearest is GB"),
            ("EQ", "such as EC or MX"),
            ("001", "such as EC or MX"),
            ("", "such as EC or MX"),
            ("ñ", "such as EC or MX"),
        ] {
            let error = raw.parse::<Country>().expect_err(raw);
            assert!(error.contains(nearest) && error.starts_with(&format!("`{raw}` is not a country")), "{error}");
        }
    }
}

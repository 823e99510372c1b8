//! The country whose national numbers are meant.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use serde_with::{DeserializeFromStr, SerializeDisplay};

use super::rules::{Region, regions};
use crate::nearest::plain;

/// A country that has a numbering plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DeserializeFromStr, SerializeDisplay)]
pub(crate) struct Country(pub(super) &'static Region);

/// The names of each country, one country per line: its code, and names as [`plain`] writes them. Written by
/// `tests/country-names`.
static NAMES: &str = include_str!("country_names.tsv");

impl Country {
    /// The country of a code of ISO 3166, with two letters or three, or of a name in Spanish or English.
    pub(crate) fn named(text: &str) -> Option<Self> {
        let code = text.trim();
        let of_code = countries().find(|region| region.code.eq_ignore_ascii_case(code));
        of_code.or_else(|| by_name(text)).map(Self)
    }

    /// [`Self::named`], with an error for what is not a country.
    pub(crate) fn meant(text: &str) -> Result<Self, String> {
        Self::named(text).ok_or_else(|| unknown(text))
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

/// The country of three letters, or of a name.
fn by_name(text: &str) -> Option<&'static Region> {
    static READ: OnceLock<HashMap<&str, &Region>> = OnceLock::new();
    let by_name = READ.get_or_init(|| {
        let by_code: HashMap<_, _> = countries().map(|region| (region.code, region)).collect();
        let lines = NAMES.lines().filter_map(|line| line.split_once('\t'));
        let names = lines.filter_map(|(code, names)| Some((*by_code.get(code)?, names)));
        names.flat_map(|(region, names)| names.split('\t').map(move |name| (name, region))).collect()
    });
    by_name.get(plain(text).as_str()).copied()
}

impl FromStr for Country {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        // A name may be that of several: Congo, Guinea.
        Self::named(raw).filter(|_| raw.trim().len() == 2).ok_or_else(|| unknown(raw))
    }
}

impl fmt::Display for Country {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.code)
    }
}

fn unknown(raw: &str) -> String {
    format!("`{}` is not a country; write its two letters, such as EC or MX", raw.escape_debug())
}

fn countries() -> impl Iterator<Item = &'static Region> {
    regions().iter().filter(|region| region.is_country())
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
    fn what_is_not_a_country_is_told_how_to_write_one() {
        for raw in ["593", "EQ", "001", "", "ñ", "Congo"] {
            let expected = format!("`{raw}` is not a country; write its two letters, such as EC or MX");
            assert_eq!(raw.parse::<Country>(), Err(expected));
        }
    }
}

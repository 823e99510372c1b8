//! Reads the tables of all valid numbers (a graph of digits), of regions, and of countries and their names. Also knows
//! the numbers that WhatsApp spells differently from the rules.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::two_forms::two_forms;
use crate::base::invisible::with_control_pictures;
use crate::base::message::{Message, ToValue, Value, msg};
use crate::base::suggest::plain;
use crate::base::texts::rows;

/// The nodes of the graph, made by `tests/cli/phone_rules.rs`. Each has ten successors, one for each digit, the region of a
/// number that ends there, and whether it may be a mobile. The first node is the dead end, the last is the start.
static NUMBERS: &[u8] = include_bytes!("numbers.bin");

/// One region per line.
static REGIONS: &str = include_str!("regions.tsv");

/// The bytes of a node: ten successors of two bytes, the region, and 1 for a mobile.
const NODE: usize = 22;

/// A region with a numbering plan: a country, a part of one, or `001`, a service of the whole world.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Region {
    /// Two letters, as in ISO 3166.
    pub(super) code: &'static str,
    pub(super) calling_code: &'static str,
    /// How many digits follow the calling code in landlines and mobiles: `8,9`.
    lengths: &'static str,
    /// The digits of a mobile after the calling code.
    pub(super) example: &'static str,
    /// The national prefix, a regular expression; empty without one.
    pub(super) prefix: &'static str,
    /// The replacement of the prefix; empty without one.
    pub(super) in_place: &'static str,
}

/// Returns the region of `digits`, if they are a valid number with its calling code.
pub(super) fn valid_region(digits: &str) -> Option<&'static Region> {
    let [.., region, _] = walk(digits)?;
    regions().get(usize::from(*region).checked_sub(1)?)
}

/// Returns whether `digits` are a valid number with its calling code.
pub(super) fn is_valid(digits: &str) -> bool {
    walk(digits).is_some_and(|[.., region, _]| *region != 0)
}

/// Returns whether `digits`, a number with its country code in any spelling, may be a mobile. Where mobiles and landlines
/// look alike, as in the USA, every number may be one.
pub(crate) fn is_mobile(digits: &str) -> bool {
    let may_be_mobile = |digits: &str| walk(digits).is_some_and(|[.., is_mobile]| *is_mobile != 0);
    may_be_mobile(digits) || may_be_mobile(&by_the_rules(digits))
}

/// Returns the node where `digits` end; None if they have other characters.
fn walk(digits: &str) -> Option<&'static [u8; NODE]> {
    let (nodes, _) = NUMBERS.as_chunks::<NODE>();
    let mut node = nodes.last()?;
    for byte in digits.bytes() {
        let (successors, _) = node.as_chunks::<2>();
        let digit = byte.wrapping_sub(b'0');
        // The region is after the successors of ten digits.
        let successor = successors.get(usize::from(digit)).filter(|_| digit < 10)?;
        // All successors of the dead end are the dead end.
        node = nodes.get(usize::from(u16::from_le_bytes(*successor)))?;
    }
    Some(node)
}

/// Returns all regions. Regions with the same calling code are adjacent, the main one first.
pub(super) fn regions() -> &'static [Region] {
    static PARSED: OnceLock<Vec<Region>> = OnceLock::new();
    PARSED.get_or_init(|| {
        REGIONS
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(Region::read)
            .collect()
    })
}

/// Returns the regions with a calling code at the start of `digits`.
pub(super) fn regions_with_code(digits: &str) -> impl Iterator<Item = &'static Region> {
    regions()
        .iter()
        .filter(move |region| digits.starts_with(region.calling_code))
}

impl Region {
    fn read(line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        let mut field = || fields.next();
        Some(Self {
            code: field()?,
            calling_code: field()?,
            lengths: field()?,
            example: field()?,
            prefix: field()?,
            in_place: field()?,
        })
    }

    /// Returns how many digits follow the calling code in landlines and mobiles.
    pub(super) fn lengths(&self) -> impl Iterator<Item = usize> {
        let lengths = self.lengths.split(',');
        lengths.filter_map(|length| length.parse().ok())
    }

    /// Returns its name, as in "a number of the United States". A service of the world has its calling code.
    pub(super) fn with_article(&'static self) -> Value {
        let Some([english, spanish]) = country_title(self.code) else {
            return Value::Text(format!("+{}", self.calling_code));
        };
        let has_article = english.starts_with("United ")
            || english.ends_with(" Republic")
            || english.ends_with(" Islands");
        let article = if has_article { "the " } else { "" };
        Value::ByLanguage {
            english: format!("{article}{english}"),
            spanish: spanish.to_owned(),
        }
    }

    /// Returns whether it is a country or a part of one.
    pub(super) fn is_country(&self) -> bool {
        self.code != "001"
    }
}

/// Returns whether `digits` are a number with its country code, by the rules or in another spelling.
pub(crate) fn is_number(digits: &str) -> bool {
    is_valid(digits) || is_valid(&by_the_rules(digits))
}

/// Returns the region of a number in any spelling.
pub(super) fn number_region(digits: &str) -> Option<&'static Region> {
    valid_region(digits).or_else(|| valid_region(&by_the_rules(digits)))
}

/// The common countries, which Jelou serves.
const COMMON_COUNTRIES: [&str; 18] = [
    "EC", "CO", "MX", "PE", "CL", "AR", "BR", "GT", "PA", "CR", "BO", "UY", "PY", "DO", "HN", "SV",
    "NI", "VE",
];

/// Returns whether a number with its country code may begin with `digits`.
pub(crate) fn may_begin_number(digits: &str) -> bool {
    regions().iter().any(|region| {
        let code = region.calling_code;
        digits.starts_with(code) || code.starts_with(digits)
    })
}

/// Returns the regions of common countries.
pub(super) fn common_regions() -> impl Iterator<Item = &'static Region> {
    regions()
        .iter()
        .filter(|region| COMMON_COUNTRIES.contains(&region.code))
}

/// Returns whether `digits` are an international number of a common country.
pub(super) fn is_common(digits: &str) -> bool {
    number_region(digits).is_some_and(|region| COMMON_COUNTRIES.contains(&region.code))
}

/// Spells `digits` as the rules do: Mexico's 521 becomes 52, Argentina's 549 becomes 54, and a
/// mobile of Brazil gets its ninth digit.
fn by_the_rules(digits: &str) -> Cow<'_, str> {
    let form = two_forms(digits).map(|[short, long]| {
        if digits.starts_with("55") {
            long
        } else {
            short
        }
    });
    form.map_or(Cow::Borrowed(digits), Cow::Owned)
}

/// A country that has a numbering plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Country(pub(super) &'static Region);

/// The names of the countries, which `tests/country-names` writes. Each line has a country's code, and its names as
/// [`plain`] writes them.
static NAMES: &str = include_str!("country_names.tsv");

impl Country {
    /// Finds a country by its ISO 3166 code of two or three letters, or by its name in Spanish or English.
    pub(crate) fn from_name(text: &str) -> Option<Self> {
        let code = text.trim();
        let of_code = countries().find(|region| region.code.eq_ignore_ascii_case(code));
        let by_either = of_code.or_else(|| by_name(text)).map(Self);
        by_either.or_else(|| Self::from_name_with_code(code))
    }

    /// Finds a country by its name and its code in parentheses: `Ecuador (EC)`.
    fn from_name_with_code(text: &str) -> Option<Self> {
        let (name, code) = text.strip_suffix(')')?.rsplit_once('(')?;
        let country = Self::from_name(name)?;
        (Self::from_name(code) == Some(country)).then_some(country)
    }

    /// Returns all countries.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        countries().map(Self)
    }

    /// Returns whether Jelou serves the country.
    pub(crate) fn is_common(self) -> bool {
        COMMON_COUNTRIES.contains(&self.code())
    }

    /// Returns the country of a recipient that is a number, or the id of a WhatsApp user.
    pub(crate) fn of_recipient(recipient: &str) -> Option<Self> {
        Self::from_name(super::find_country(recipient)?)
    }

    /// Returns its name, as in "a number of the United States".
    pub(crate) fn with_article(self) -> Value {
        self.0.with_article()
    }

    /// Finds the countries with the calling code in `text`: `+51`, `0051`, `(51)` or `51`.
    pub(crate) fn with_calling_code(text: &str) -> Vec<Self> {
        let written = text.trim_matches(|sign: char| sign.is_whitespace() || "()'".contains(sign));
        let after_sign = written.strip_prefix('+').or(written.strip_prefix("00"));
        let code = after_sign.unwrap_or(written);
        // A 1 without + can be anything.
        let is_certain = code.len() > 1 || written.starts_with('+');
        let regions = countries().filter(|region| is_certain && region.calling_code == code);
        regions.map(Self).collect()
    }

    /// Returns the two-letter code: `EC`
    pub(crate) fn code(self) -> &'static str {
        self.0.code
    }

    /// Returns the calling code: `593`
    pub(crate) fn calling_code(self) -> &'static str {
        self.0.calling_code
    }
}

/// Finds a country by its code of three letters, or by its name.
fn by_name(text: &str) -> Option<&'static Region> {
    static REGIONS_BY_NAME: OnceLock<HashMap<&str, &Region>> = OnceLock::new();
    let by_name = REGIONS_BY_NAME.get_or_init(|| {
        let by_code: HashMap<_, _> = countries().map(|region| (region.code, region)).collect();
        let lines = NAMES.lines().filter_map(|line| line.split_once('\t'));
        let names = lines.filter_map(|(code, names)| Some((*by_code.get(code)?, names)));
        names
            .flat_map(|(region, names)| names.split('\t').map(move |name| (name, region)))
            .collect()
    });
    by_name.get(plain(text).as_str()).copied()
}

/// Code, English and Spanish name. `tests/country-names` writes it.
static TITLES: &str = include_str!("country_titles.tsv");

/// Returns the English and the Spanish name of the country with this two-letter code.
pub(crate) fn country_title(code: &str) -> Option<[&'static str; 2]> {
    let found = rows::<3>(TITLES).find(|[known, ..]| *known == code)?;
    let [_, english, spanish] = found;
    Some([english, spanish])
}

/// Its name.
impl ToValue for Country {
    fn to_value(&self) -> Value {
        let [english, spanish] = country_title(self.code()).unwrap_or([self.code(); 2]);
        Value::ByLanguage {
            english: english.to_owned(),
            spanish: spanish.to_owned(),
        }
    }
}

impl TryFrom<String> for Country {
    type Error = Message;

    fn try_from(text: String) -> Result<Self, Message> {
        text.parse()
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.to_string()
    }
}

/// Reads the same words as [`Country::from_name`].
impl FromStr for Country {
    type Err = Message;

    fn from_str(raw: &str) -> Result<Self, Message> {
        Self::from_name(raw).ok_or_else(|| unknown(raw))
    }
}

impl fmt::Display for Country {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.code)
    }
}

fn unknown(raw: &str) -> Message {
    let raw = with_control_pictures(raw.to_owned());
    msg!(
        "`{raw}` is not the code or name of a country, such as EC or Ecuador",
        raw
    )
}

fn countries() -> impl Iterator<Item = &'static Region> {
    regions().iter().filter(|region| region.is_country())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn country_is_named_in_either_language_or_code() {
        for (text, code) in [
            ("EC", Some("EC")),
            (" pe ", Some("PE")),
            ("COL", Some("CO")),
            ("MÉXICO", Some("MX")),
            ("mexico", Some("MX")),
            ("Estados Unidos", Some("US")),
            ("EE.UU.", Some("US")),
            ("U.S.A.", Some("US")),
            ("EUA", Some("US")),
            ("E.U.A.", Some("US")),
            ("República Argentina", Some("AR")),
            ("Bolivia (Plurinational State of)", Some("BO")),
            ("Ecuador (EC)", Some("EC")),
            ("Ecuador (PE)", None),
            ("Ecuador (Quito)", None),
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
            assert_eq!(Country::from_name(text).map(Country::code), code, "{text}");
        }
    }

    #[test]
    fn country_is_found_by_calling_code() {
        for (text, codes) in [
            ("+51", &["PE"][..]),
            ("51", &["PE"]),
            ("0051", &["PE"]),
            (" (51) ", &["PE"]),
            ("(+593)", &["EC"]),
            ("'+57", &["CO"]),
            ("11", &[]),
            ("+051", &[]),
            ("511", &[]),
            ("1", &[]),
            ("001", &[]),
            ("PE", &[]),
            ("+", &[]),
            ("", &[]),
        ] {
            let found = Country::with_calling_code(text).into_iter();
            assert_eq!(
                found.map(Country::code).collect::<Vec<_>>(),
                codes,
                "{text}"
            );
        }
        let shared = Country::with_calling_code("+1").into_iter();
        let shared: Vec<_> = shared.map(Country::code).collect();
        assert!(
            shared.contains(&"US") && shared.contains(&"DO"),
            "{shared:?}"
        );
    }

    #[test]
    fn mobile_is_distinguished_from_a_landline() {
        for (number, expected) in [
            ("593987654321", true),
            ("59322345678", false),
            ("51987654321", true),
            ("5114567890", false),
            ("5491123456789", true),
            ("5215512345678", true),
            ("14155550123", true),
            ("593", false),
            ("", false),
            ("59398765432x", false),
        ] {
            assert_eq!(is_mobile(number), expected, "{number}");
        }
    }

    #[test]
    fn invalid_country_error_shows_the_format() {
        for raw in ["593", "EQ", "001", "", "ñ", "Narnia", "Congo"] {
            let expected =
                format!("`{raw}` is not the code or name of a country, such as EC or Ecuador");
            let error = raw.parse::<Country>().unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }
}

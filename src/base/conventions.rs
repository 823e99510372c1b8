//! How countries write numbers and dates, according to CLDR, for the display of lists and the filters of templates.

use std::sync::LazyLock;

use jiff::civil::{DateTime, Weekday};
use jiff::fmt::strtime;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::base::currencies::named_currencies;
use crate::base::texts::rows;

/// The countries, with the names of the columns in the first line. Windows writes the language ids in the formats
/// of cells (MS-LCID).
const COUNTRIES: &str = include_str!("conventions.tsv");
/// The months, then the days from Monday on, in each language.
const NAMES: &str = include_str!("month_names.tsv");
/// A space that does not break a line.
const NO_BREAK: char = '\u{a0}';
/// Numbers from this one may have more digits than a spreadsheet keeps.
const TOO_LARGE: f64 = 1e15;

/// The language of months and days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Portuguese,
    Spanish,
}

use Language::{English, Portuguese, Spanish};

/// The conventions of one country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conventions {
    pub(crate) code: &'static str,
    pub(crate) decimal_mark: char,
    thousands_mark: char,
    /// The format of a short date, for strftime.
    pub(crate) short_date: &'static str,
    pub(crate) language: Option<Language>,
    language_ids: &'static str,
}

impl Conventions {
    /// Returns the format of a long date ("full" in CLDR), for strftime. None without a language.
    pub(crate) fn long_date(&self) -> Option<&'static str> {
        let long = match self.language? {
            English if self.short_date.starts_with("%d") => "%A, %-d %B %Y",
            English => "%A, %B %-d, %Y",
            Portuguese | Spanish => "%A, %-d de %B de %Y",
        };
        Some(long)
    }

    fn all() -> &'static [Self] {
        static READ: LazyLock<Vec<Conventions>> =
            LazyLock::new(|| rows(COUNTRIES).filter_map(Conventions::from_row).collect());
        &READ
    }

    fn from_row(
        [code, decimal, thousands, short_date, language, language_ids]: [&'static str; 6],
    ) -> Option<Self> {
        let decimal_mark = decimal.chars().next()?;
        let thousands_mark = thousands.chars().next()?;
        let language = Language::ALL
            .into_iter()
            .find(|known| format!("{known:?}") == language);
        Some(Self {
            code,
            decimal_mark,
            thousands_mark,
            short_date,
            language,
            language_ids,
        })
    }

    /// Returns the conventions of the country with this two-letter code, if known.
    pub(crate) fn for_country(code: &str) -> Option<Self> {
        Self::all()
            .iter()
            .find(|country| country.code.eq_ignore_ascii_case(code))
            .copied()
    }

    /// Returns the conventions of the country in a format's tag, with the language of the tag: `300A`, or `es-EC`.
    pub(crate) fn for_language_tag(tag: &str) -> Option<Self> {
        if let Some((language, country)) = tag.rsplit_once('-') {
            let country = Self::for_country(country)?;
            let mut languages = Language::ALL.into_iter();
            return Some(country.in_language(languages.find(|known| known.tag() == language)));
        }
        // The higher bits are the calendar and the digits.
        let number = u32::from_str_radix(tag, 16).ok()? & 0xFFFF;
        let id = format!("{number:04X}");
        let mut countries = Self::all().iter();
        let country =
            countries.find(|country| country.language_ids.split(' ').any(|known| known == id))?;
        let language_id = number & 0x3FF;
        let mut languages = Language::ALL.into_iter();
        let language = languages.find(|known| known.windows_id() == language_id);
        Some(country.in_language(language))
    }

    fn in_language(self, language: Option<Language>) -> Self {
        Self {
            language: language.or(self.language),
            ..self
        }
    }

    /// Returns whether a spreadsheet shows zero like this in the format for accounting: a dash,
    /// possibly with a currency symbol, such as `$ -`. A single letter may be another code.
    pub(crate) fn is_zero_as_dash(text: &str) -> bool {
        let is_dash = |sign: char| ['-', '–', '—'].contains(&sign);
        let text = text.trim();
        if !text.starts_with(is_dash) && !text.ends_with(is_dash) {
            return false;
        }
        let is_space = |sign: char| sign.is_whitespace();
        let symbol = text.replace(is_dash, "").replace(is_space, "");
        let is_letter = symbol.len() == 1 && symbol.chars().all(char::is_alphabetic);
        !is_letter && (symbol.is_empty() || !named_currencies(&symbol).is_empty())
    }

    /// Returns the delimiter of CSV in a spreadsheet of this country. If numbers contain commas, a comma
    /// cannot separate cells.
    pub(crate) fn csv_delimiter(&self) -> u8 {
        if self.decimal_mark == ',' { b';' } else { b',' }
    }

    /// Returns whether the currency symbol follows the amount: `5,00 €`.
    pub(crate) fn has_sign_behind(&self) -> bool {
        self.decimal_mark == ',' && (self.language.is_none() || ["ES", "PT"].contains(&self.code))
    }
}

/// How many digits to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NumberLayout {
    pub(crate) least_whole: usize,
    pub(crate) least_decimals: usize,
    pub(crate) most_decimals: usize,
    pub(crate) has_thousands: bool,
    /// Whether it is a percentage.
    pub(crate) is_percent: bool,
}

impl NumberLayout {
    /// Writes the amount of `value` without its sign, rounded like in a spreadsheet. None if it needs a separator but
    /// has no conventions, or if it has too many digits.
    pub(crate) fn write(&self, value: f64, conventions: Option<&Conventions>) -> Option<String> {
        if !value.is_finite() || value.abs() >= TOO_LARGE {
            return None;
        }
        let amount = self.rounded(value).to_string();
        let (whole, decimals) = amount.split_once('.').unwrap_or((&amount, ""));
        let whole = format!("{:0>1$}", whole.trim_start_matches('0'), self.least_whole);
        let needs_mark = !decimals.is_empty() || (self.has_thousands && whole.len() > 3);
        if conventions.is_none() && needs_mark {
            return None;
        }
        let mut written = String::new();
        for (place, digit) in whole.chars().enumerate() {
            let is_group = place > 0 && (whole.len() - place).is_multiple_of(3);
            written.extend(
                conventions
                    .filter(|_| self.has_thousands && is_group)
                    .map(|known| known.thousands_mark),
            );
            written.push(digit);
        }
        if !decimals.is_empty() {
            written.extend(conventions.map(|known| known.decimal_mark));
            written += decimals;
        }
        Some(written)
    }

    /// Returns the amount with its decimals. A spreadsheet calculates with 15 digits and rounds
    /// halves up. An amount that is too small for a `Decimal` becomes zero.
    fn rounded(&self, value: f64) -> Decimal {
        let exact = Decimal::from_scientific(&format!("{:.14e}", value.abs())).unwrap_or_default();
        let exact = if self.is_percent {
            exact * Decimal::ONE_HUNDRED
        } else {
            exact
        };
        let digits = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let max = digits(self.most_decimals);
        let mut rounded = exact
            .round_dp_with_strategy(max, RoundingStrategy::MidpointAwayFromZero)
            .normalize();
        rounded.rescale(rounded.scale().max(digits(self.least_decimals)));
        rounded
    }
}

/// The letters of strftime for parts of the date, and for parts of the time.
pub(crate) const OF_DAY: &str = "dmBbAaYy";
pub(crate) const OF_TIME: &str = "HIMSp";

/// Returns whether a format of strftime has one of these letters.
pub(crate) fn has_code(format: &str, letters: &str) -> bool {
    let codes = format
        .split('%')
        .skip(1)
        .map(|code| code.trim_start_matches('-'));
    codes
        .into_iter()
        .any(|code| code.starts_with(|letter| letters.contains(letter)))
}

impl Language {
    pub(crate) const ALL: [Self; 3] = [Spanish, Portuguese, English];

    /// Returns the language in a tag such as `es-EC`.
    const fn tag(self) -> &'static str {
        match self {
            English => "en",
            Portuguese => "pt",
            Spanish => "es",
        }
    }

    /// Returns the language in an id of Windows, whose other bits are the country.
    const fn windows_id(self) -> u32 {
        match self {
            English => 0x09,
            Portuguese => 0x16,
            Spanish => 0x0A,
        }
    }

    fn month(self, month: i8) -> &'static str {
        self.name(month - 1)
    }

    pub(crate) fn day(self, day: Weekday) -> &'static str {
        self.name(12 + day.to_monday_zero_offset())
    }

    fn half_day(self, is_morning: bool) -> String {
        match (self, is_morning) {
            (English, true) => "AM".to_owned(),
            (English, false) => "PM".to_owned(),
            (Portuguese | Spanish, true) => format!("a.{NO_BREAK}m."),
            (Portuguese | Spanish, false) => format!("p.{NO_BREAK}m."),
        }
    }

    fn name(self, place: i8) -> &'static str {
        let names = usize::try_from(place)
            .ok()
            .and_then(|place| rows(NAMES).nth(place));
        let [english, portuguese, spanish] = names.unwrap_or_default();
        match self {
            English => english,
            Portuguese => portuguese,
            Spanish => spanish,
        }
    }
}

/// Returns `at` in a format of strftime; None if it needs names in an unknown language.
pub(crate) fn written_date(
    format: &str,
    at: DateTime,
    language: Option<Language>,
) -> Option<String> {
    let short = |name: &str| name.chars().take(3).collect::<String>();
    let mut format = format.to_owned();
    for code in ["%B", "%b", "%A", "%a", "%p"] {
        if format.contains(code) {
            let language = language?;
            let month = language.month(at.month());
            let day = language.day(at.weekday());
            let name = match code {
                "%B" => month.to_owned(),
                "%b" => short(month),
                "%A" => day.to_owned(),
                "%a" => short(day),
                _ => language.half_day(at.hour() < 12),
            };
            format = format.replace(code, &name);
        }
    }
    strtime::format(format, at).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_rounded_and_formatted_by_country() {
        let two = NumberLayout {
            least_whole: 1,
            least_decimals: 2,
            most_decimals: 2,
            has_thousands: true,
            is_percent: false,
        };
        let whole = NumberLayout {
            least_whole: 1,
            has_thousands: true,
            ..NumberLayout::default()
        };
        let percent = NumberLayout {
            least_whole: 1,
            is_percent: true,
            ..NumberLayout::default()
        };
        let id = NumberLayout {
            least_whole: 10,
            ..NumberLayout::default()
        };
        let some = NumberLayout {
            most_decimals: 2,
            ..two
        };
        let some = NumberLayout {
            least_decimals: 0,
            ..some
        };
        for (value, layout, country, expected) in [
            (1500.0, two, Some("EC"), Some("1.500,00")),
            (1500.0, two, Some("MX"), Some("1,500.00")),
            (
                1_234_567.891,
                two,
                Some("CR"),
                Some("1\u{a0}234\u{a0}567,89"),
            ),
            (8.575, two, Some("US"), Some("8.58")),
            (1.005, two, Some("US"), Some("1.01")),
            (0.004, two, Some("US"), Some("0.00")),
            (0.005, two, Some("US"), Some("0.01")),
            (999.999, two, Some("US"), Some("1,000.00")),
            (9.99, whole, None, Some("10")),
            (-12.0, whole, None, Some("12")),
            (1500.0, whole, None, None),
            (12.5, two, None, None),
            (0.15, percent, None, Some("15")),
            (0.155, percent, None, Some("16")),
            (1.0, percent, None, Some("100")),
            (0.0001, percent, None, Some("0")),
            (912_345_678.0, id, None, Some("0912345678")),
            (0.0, id, None, Some("0000000000")),
            (12.5, some, Some("US"), Some("12.5")),
            (12.0, some, Some("US"), Some("12")),
            (1e15, whole, Some("US"), None),
            (f64::NAN, whole, Some("US"), None),
        ] {
            let conventions = country.map(|code| Conventions::for_country(code).unwrap());
            assert_eq!(
                layout.write(value, conventions.as_ref()).as_deref(),
                expected,
                "{value} {country:?}"
            );
        }
    }

    #[test]
    fn format_tag_names_a_language() {
        for (tag, expected) in [
            ("540A", Spanish),
            ("es-US", Spanish),
            ("409", English),
            ("en-US", English),
            ("0416", Portuguese),
            ("300A", Spanish),
        ] {
            let conventions = Conventions::for_language_tag(tag).unwrap();
            assert_eq!(conventions.language, Some(expected), "{tag}");
        }
    }

    #[test]
    fn format_tag_names_a_country() {
        for (tag, expected) in [
            ("300A", Some("EC")),
            ("409", Some("US")),
            ("1010409", Some("US")),
            ("es-MX", Some("MX")),
            ("540A", Some("US")),
            ("es-US", Some("US")),
            ("F800", None),
            ("", None),
        ] {
            assert_eq!(
                Conventions::for_language_tag(tag).map(|found| found.code),
                expected,
                "{tag}"
            );
        }
        assert_eq!(Conventions::all().len(), COUNTRIES.lines().count() - 1);
    }
}

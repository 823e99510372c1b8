//! How countries write numbers and dates, according to CLDR. Used to show lists and by the filters of templates.

use std::sync::LazyLock;

use jiff::civil::{DateTime, Weekday};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::tables::rows;

/// Each country with its marks, the form of a short date, its language, and the language ids of Windows that name it in a
/// cell's format (MS-LCID).
const COUNTRIES: &str = include_str!("conventions.tsv");
/// The months, then the days from Monday on, in each language.
const NAMES: &str = include_str!("month_names.tsv");
/// A space that does not break a line.
const NO_BREAK: char = '\u{a0}';
/// Numbers from here on may have more digits than a spreadsheet keeps.
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
    code: &'static str,
    pub(crate) decimal_mark: char,
    thousands_mark: char,
    /// A short date, in the format letters of a spreadsheet.
    pub(crate) short_date: &'static str,
    pub(crate) language: Option<Language>,
    language_ids: &'static str,
}

impl Conventions {
    fn all() -> &'static [Self] {
        static READ: LazyLock<Vec<Conventions>> =
            LazyLock::new(|| rows(COUNTRIES).filter_map(Conventions::of_row).collect());
        &READ
    }

    fn of_row([code, decimal, thousands, short_date, language, language_ids]: [&'static str; 6]) -> Option<Self> {
        let (decimal_mark, thousands_mark) = (decimal.chars().next()?, thousands.chars().next()?);
        let language = Language::ALL.into_iter().find(|known| format!("{known:?}") == language);
        Some(Self { code, decimal_mark, thousands_mark, short_date, language, language_ids })
    }

    /// The conventions of the country with these two letters, if known.
    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::all().iter().find(|country| country.code.eq_ignore_ascii_case(code)).copied()
    }

    /// The conventions of the country in a format's tag: `300A`, or `es-EC`.
    pub(crate) fn of_tag(tag: &str) -> Option<Self> {
        if let Some((_, country)) = tag.rsplit_once('-') {
            return Self::of(country);
        }
        // The bits above these are the calendar and the digits.
        let id = format!("{:04X}", u32::from_str_radix(tag, 16).ok()? & 0xFFFF);
        Self::all().iter().find(|country| country.language_ids.split(' ').any(|known| known == id)).copied()
    }

    /// Whether a currency's sign follows the amount: `5,00 €`.
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
    /// Whether hundredths are ones.
    pub(crate) is_percent: bool,
}

impl NumberLayout {
    /// The amount of `value` without its sign, rounded as a spreadsheet rounds. None if it needs a separator that no
    /// convention gives, or has too many digits.
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
            written.extend(conventions.filter(|_| self.has_thousands && is_group).map(|known| known.thousands_mark));
            written.push(digit);
        }
        if !decimals.is_empty() {
            written.extend(conventions.map(|known| known.decimal_mark));
            written += decimals;
        }
        Some(written)
    }

    /// The amount with its decimals. A spreadsheet calculates with 15 digits and rounds halves up; what is too small for a
    /// decimal is nothing.
    fn rounded(&self, value: f64) -> Decimal {
        let exact = Decimal::from_scientific(&format!("{:.14e}", value.abs())).unwrap_or_default();
        let exact = if self.is_percent { exact * Decimal::ONE_HUNDRED } else { exact };
        let digits = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let most = digits(self.most_decimals);
        let mut rounded = exact.round_dp_with_strategy(most, RoundingStrategy::MidpointAwayFromZero).normalize();
        rounded.rescale(rounded.scale().max(digits(self.least_decimals)));
        rounded
    }
}

/// A piece of a written date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DatePiece {
    Text(String),
    Day,
    Day2,
    DayName,
    DayName3,
    Month,
    Month2,
    MonthName,
    MonthName3,
    Year,
    Year2,
    Hour,
    Hour2,
    /// Of 12, for a clock with a. m. and p. m.
    HalfHour,
    HalfHour2,
    Minute,
    Minute2,
    Second,
    Second2,
    HalfDay,
}

impl DatePiece {
    /// Whether it is part of the day, not of the time.
    pub(crate) fn is_of_day(&self) -> bool {
        use DatePiece::{Day, Day2, DayName, DayName3, Month, Month2, MonthName, MonthName3, Year, Year2};

        let of_day = [Day, Day2, DayName, DayName3, Month, Month2, MonthName, MonthName3, Year, Year2];
        of_day.contains(self)
    }
}

impl Language {
    pub(crate) const ALL: [Self; 3] = [Spanish, Portuguese, English];

    pub(crate) fn month(self, month: i8) -> &'static str {
        self.name(month - 1)
    }

    pub(crate) fn day(self, day: Weekday) -> &'static str {
        self.name(12 + day.to_monday_zero_offset())
    }

    fn name(self, place: i8) -> &'static str {
        let names = usize::try_from(place).ok().and_then(|place| rows(NAMES).nth(place));
        let [english, portuguese, spanish] = names.unwrap_or_default();
        match self {
            English => english,
            Portuguese => portuguese,
            Spanish => spanish,
        }
    }
}

/// `at`, written with these pieces; None if they need names in an unknown language.
pub(crate) fn written_date(pieces: &[DatePiece], at: DateTime, language: Option<Language>) -> Option<String> {
    let short = |name: &str| name.chars().take(3).collect::<String>();
    let half_hour = if at.hour() % 12 == 0 { 12 } else { at.hour() % 12 };
    let written = pieces.iter().map(|piece| {
        Some(match piece {
            DatePiece::Text(text) => text.clone(),
            DatePiece::Day => at.day().to_string(),
            DatePiece::Day2 => format!("{:02}", at.day()),
            DatePiece::DayName => language?.day(at.weekday()).to_owned(),
            DatePiece::DayName3 => short(language?.day(at.weekday())),
            DatePiece::Month => at.month().to_string(),
            DatePiece::Month2 => format!("{:02}", at.month()),
            DatePiece::MonthName => language?.month(at.month()).to_owned(),
            DatePiece::MonthName3 => short(language?.month(at.month())),
            DatePiece::Year => format!("{:04}", at.year()),
            DatePiece::Year2 => format!("{:02}", at.year() % 100),
            DatePiece::Hour => at.hour().to_string(),
            DatePiece::Hour2 => format!("{:02}", at.hour()),
            DatePiece::HalfHour => half_hour.to_string(),
            DatePiece::HalfHour2 => format!("{half_hour:02}"),
            DatePiece::Minute => at.minute().to_string(),
            DatePiece::Minute2 => format!("{:02}", at.minute()),
            DatePiece::Second => at.second().to_string(),
            DatePiece::Second2 => format!("{:02}", at.second()),
            DatePiece::HalfDay => match (at.hour() < 12, language?) {
                (true, English) => "AM".to_owned(),
                (false, English) => "PM".to_owned(),
                (true, Portuguese | Spanish) => format!("a.{NO_BREAK}m."),
                (false, Portuguese | Spanish) => format!("p.{NO_BREAK}m."),
            },
        })
    });
    written.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_rounded_as_a_sheet_rounds_and_has_the_marks_of_its_country() {
        let two = NumberLayout {
            least_whole: 1,
            least_decimals: 2,
            most_decimals: 2,
            has_thousands: true,
            is_percent: false,
        };
        let whole = NumberLayout { least_whole: 1, has_thousands: true, ..NumberLayout::default() };
        let percent = NumberLayout { least_whole: 1, is_percent: true, ..NumberLayout::default() };
        let id = NumberLayout { least_whole: 10, ..NumberLayout::default() };
        let some = NumberLayout { most_decimals: 2, ..two };
        let some = NumberLayout { least_decimals: 0, ..some };
        for (value, layout, country, expected) in [
            (1500.0, two, Some("EC"), Some("1.500,00")),
            (1500.0, two, Some("MX"), Some("1,500.00")),
            (1_234_567.891, two, Some("CR"), Some("1\u{a0}234\u{a0}567,89")),
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
            let conventions = country.map(|code| Conventions::of(code).unwrap());
            assert_eq!(layout.write(value, conventions.as_ref()).as_deref(), expected, "{value} {country:?}");
        }
    }

    #[test]
    fn a_tag_of_a_format_names_a_country() {
        for (tag, expected) in [
            ("300A", Some("EC")),
            ("409", Some("US")),
            ("1010409", Some("US")),
            ("es-MX", Some("MX")),
            ("F800", None),
            ("", None),
        ] {
            assert_eq!(Conventions::of_tag(tag).map(|found| found.code), expected, "{tag}");
        }
        assert_eq!(Conventions::all().len(), COUNTRIES.lines().count() - 1);
    }
}

//! How countries write numbers and dates, according to CLDR. Used to show lists and by the filters of templates.

use jiff::civil::{DateTime, Weekday};

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
}

const fn of(
    code: &'static str,
    decimal_mark: char,
    thousands_mark: char,
    short_date: &'static str,
    language: Option<Language>,
) -> Conventions {
    Conventions { code, decimal_mark, thousands_mark, short_date, language }
}

const COUNTRIES: [Conventions; 46] = [
    of("AR", ',', '.', "dd/mm/yyyy", Some(Spanish)),
    of("BO", ',', '.', "dd/mm/yyyy", Some(Spanish)),
    of("BR", ',', '.', "dd/mm/yyyy", Some(Portuguese)),
    of("CL", ',', '.', "dd-mm-yyyy", Some(Spanish)),
    of("CO", ',', '.', "dd/mm/yyyy", Some(Spanish)),
    of("CR", ',', NO_BREAK, "dd/mm/yyyy", Some(Spanish)),
    of("CU", ',', '.', "dd/mm/yyyy", Some(Spanish)),
    of("EC", ',', '.', "dd/mm/yyyy", Some(Spanish)),
    of("ES", ',', '.', "dd/mm/yyyy", Some(Spanish)),
    of("PY", ',', '.', "dd/mm/yyyy", Some(Spanish)),
    of("UY", ',', '.', "dd/mm/yyyy", Some(Spanish)),
    of("VE", ',', '.', "dd/mm/yyyy", Some(Spanish)),
    of("DO", '.', ',', "dd/mm/yyyy", Some(Spanish)),
    of("GT", '.', ',', "dd/mm/yyyy", Some(Spanish)),
    of("HN", '.', ',', "dd/mm/yyyy", Some(Spanish)),
    of("MX", '.', ',', "dd/mm/yyyy", Some(Spanish)),
    of("NI", '.', ',', "dd/mm/yyyy", Some(Spanish)),
    of("PA", '.', ',', "mm/dd/yyyy", Some(Spanish)),
    of("PE", '.', ',', "dd/mm/yyyy", Some(Spanish)),
    of("PR", '.', ',', "mm/dd/yyyy", Some(Spanish)),
    of("SV", '.', ',', "dd/mm/yyyy", Some(Spanish)),
    of("AU", '.', ',', "dd/mm/yyyy", Some(English)),
    of("CA", '.', ',', "yyyy-mm-dd", Some(English)),
    of("GB", '.', ',', "dd/mm/yyyy", Some(English)),
    of("IE", '.', ',', "dd/mm/yyyy", Some(English)),
    of("IN", '.', ',', "dd/mm/yyyy", Some(English)),
    of("NZ", '.', ',', "dd/mm/yyyy", Some(English)),
    of("PH", '.', ',', "mm/dd/yyyy", Some(English)),
    of("US", '.', ',', "mm/dd/yyyy", Some(English)),
    of("PT", ',', NO_BREAK, "dd/mm/yyyy", Some(Portuguese)),
    of("AT", ',', NO_BREAK, "dd.mm.yyyy", None),
    of("BE", ',', '.', "dd/mm/yyyy", None),
    of("CN", '.', ',', "yyyy/mm/dd", None),
    of("DE", ',', '.', "dd.mm.yyyy", None),
    of("DK", ',', '.', "dd.mm.yyyy", None),
    of("FI", ',', NO_BREAK, "d.m.yyyy", None),
    of("FR", ',', NO_BREAK, "dd/mm/yyyy", None),
    of("IL", '.', ',', "dd.mm.yyyy", None),
    of("IT", ',', '.', "dd/mm/yyyy", None),
    of("JP", '.', ',', "yyyy/mm/dd", None),
    of("NL", ',', '.', "dd-mm-yyyy", None),
    of("NO", ',', NO_BREAK, "dd.mm.yyyy", None),
    of("PL", ',', NO_BREAK, "dd.mm.yyyy", None),
    of("RU", ',', NO_BREAK, "dd.mm.yyyy", None),
    of("SE", ',', NO_BREAK, "yyyy-mm-dd", None),
    of("TR", ',', '.', "dd.mm.yyyy", None),
];

/// The language ids of Windows that name a country (MS-LCID), as used in cell formats.
const LANGUAGE_IDS: [(u16, &str); 46] = [
    (0x040A, "ES"),
    (0x0C0A, "ES"),
    (0x080A, "MX"),
    (0x100A, "GT"),
    (0x140A, "CR"),
    (0x180A, "PA"),
    (0x1C0A, "DO"),
    (0x200A, "VE"),
    (0x240A, "CO"),
    (0x280A, "PE"),
    (0x2C0A, "AR"),
    (0x300A, "EC"),
    (0x340A, "CL"),
    (0x380A, "UY"),
    (0x3C0A, "PY"),
    (0x400A, "BO"),
    (0x440A, "SV"),
    (0x480A, "HN"),
    (0x4C0A, "NI"),
    (0x500A, "PR"),
    (0x5C0A, "CU"),
    (0x540A, "US"),
    (0x0409, "US"),
    (0x0809, "GB"),
    (0x0C09, "AU"),
    (0x1009, "CA"),
    (0x1409, "NZ"),
    (0x1809, "IE"),
    (0x3409, "PH"),
    (0x4009, "IN"),
    (0x0416, "BR"),
    (0x0816, "PT"),
    (0x0407, "DE"),
    (0x0C07, "AT"),
    (0x040C, "FR"),
    (0x080C, "BE"),
    (0x0410, "IT"),
    (0x0413, "NL"),
    (0x0406, "DK"),
    (0x040B, "FI"),
    (0x0414, "NO"),
    (0x0415, "PL"),
    (0x0419, "RU"),
    (0x041D, "SE"),
    (0x041F, "TR"),
    (0x0411, "JP"),
];

impl Conventions {
    /// The conventions of the country with these two letters, if known.
    pub(crate) fn of(code: &str) -> Option<Self> {
        COUNTRIES.into_iter().find(|country| country.code.eq_ignore_ascii_case(code))
    }

    /// The conventions of the country in a format's tag: `300A`, or `es-EC`.
    pub(crate) fn of_tag(tag: &str) -> Option<Self> {
        if let Some((_, country)) = tag.rsplit_once('-') {
            return Self::of(country);
        }
        // The bits above these are the calendar and the digits.
        let id = u32::from_str_radix(tag, 16).ok()? & 0xFFFF;
        let country = LANGUAGE_IDS.iter().find(|(known, _)| u32::from(*known) == id);
        country.and_then(|(_, country)| Self::of(country))
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
        let (whole, decimals) = self.rounded(value);
        let needs_mark = !decimals.is_empty() || (self.has_thousands && whole.len() > 3);
        let conventions = match conventions {
            None if needs_mark => return None,
            conventions => conventions,
        };
        let mut written = String::new();
        for (place, digit) in whole.chars().enumerate() {
            let is_group = place > 0 && (whole.len() - place).is_multiple_of(3);
            written.extend(conventions.filter(|_| self.has_thousands && is_group).map(|known| known.thousands_mark));
            written.push(digit);
        }
        if !decimals.is_empty() {
            written.extend(conventions.map(|known| known.decimal_mark));
            written += &decimals;
        }
        Some(written)
    }

    /// The digits before and after the decimal separator. A spreadsheet calculates with 15 digits and rounds halves up.
    fn rounded(&self, value: f64) -> (String, String) {
        let written = format!("{:.14e}", value.abs());
        let (digits, exponent) = written.split_once('e').unwrap_or((&written, "0"));
        let mut digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
        let shift = if self.is_percent { 3 } else { 1 };
        let point = exponent.parse::<i32>().unwrap_or(0) + shift;
        // From here on, `digits` begins at the decimal separator, or before it.
        let zeros = usize::try_from(-point).unwrap_or(0);
        digits.splice(0..0, std::iter::repeat_n(0, zeros));
        let whole = usize::try_from(point).unwrap_or(0);
        let kept = whole + self.most_decimals;
        let is_up = digits.get(kept).is_some_and(|digit| *digit >= 5);
        digits.resize(kept, 0);
        let mut carry = is_up;
        for digit in digits.iter_mut().rev() {
            if !carry {
                break;
            }
            carry = *digit == 9;
            *digit = if carry { 0 } else { *digit + 1 };
        }
        if carry {
            digits.insert(0, 1);
        }
        let text: String = digits.into_iter().map(|digit| char::from(b'0' + digit)).collect();
        let (whole, decimals) = text.split_at(text.len() - self.most_decimals);
        let whole = format!("{:0>1$}", whole.trim_start_matches('0'), self.least_whole);
        let filled = decimals.trim_end_matches('0').len().max(self.least_decimals);
        (whole, decimals.get(..filled).unwrap_or_default().to_owned())
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
        match self {
            Self::Day
            | Self::Day2
            | Self::DayName
            | Self::DayName3
            | Self::Month
            | Self::Month2
            | Self::MonthName
            | Self::MonthName3
            | Self::Year
            | Self::Year2 => true,
            Self::Text(_)
            | Self::Hour
            | Self::Hour2
            | Self::HalfHour
            | Self::HalfHour2
            | Self::Minute
            | Self::Minute2
            | Self::Second
            | Self::Second2
            | Self::HalfDay => false,
        }
    }
}

const MONTHS: [[&str; 12]; 3] = [
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    [
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ],
    [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
];
const DAYS: [[&str; 7]; 3] = [
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    ["segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo"],
    ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
];

impl Language {
    pub(crate) const ALL: [Self; 3] = [Spanish, Portuguese, English];

    pub(crate) fn month(self, month: i8) -> &'static str {
        named(&MONTHS, self, month - 1)
    }

    pub(crate) fn day(self, day: Weekday) -> &'static str {
        named(&DAYS, self, day.to_monday_zero_offset())
    }
}

fn named<const N: usize>(names: &[[&'static str; N]; 3], language: Language, place: i8) -> &'static str {
    let names = match (names, language) {
        ([english, _, _], English) => english,
        ([_, portuguese, _], Portuguese) => portuguese,
        ([_, _, spanish], Spanish) => spanish,
    };
    usize::try_from(place).ok().and_then(|place| names.get(place)).copied().unwrap_or_default()
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
        assert!(LANGUAGE_IDS.iter().all(|(_, code)| Conventions::of(code).is_some()));
    }
}

//! Reads a date as users write it in a cell: day, month and year in the order of the country, names of months and weekdays,
//! ISO 8601, and a time of 24 or 12 hours.

use jiff::ToSpan;
use jiff::civil::{Date, Time};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use super::country_fit::CountryFit;
use super::problem::TextProblem;
use crate::base::conventions::{Conventions, Language, has_code};
use crate::base::date_names::DateName;
use crate::base::message::{Message, Value, msg};
use crate::base::texts::has_only_digits;
use crate::base::timestamps;
use crate::phone::Country;

/// A date in a cell: a day, a time, or both.
#[derive(Debug, Default)]
pub(super) struct ReadDate {
    pub(super) day: Option<Date>,
    pub(super) time: Option<Time>,
    /// Whether its year has two digits that may be in the last century.
    pub(super) is_without_century: bool,
    /// Whether its format has no year.
    pub(super) is_without_year: bool,
    pub(super) is_utc: bool,
}

/// Reads `2026-11-28`, `2026-11-28T13:30:00`, `13:30`, `2:30 PM`, `28/11/2026 02:30 p. m.`, `28 de noviembre de 2026`,
/// `sábado, 28-sept-26` or `28/11/2026 (sábado)`.
pub(super) fn read_date(
    text: &str,
    conventions: Option<&Conventions>,
) -> Result<ReadDate, TextProblem> {
    let is_not = || is_not_a_date(text);
    let Some(clock) = Clock::find(text) else {
        let day = DayParts::split(text, None).ok_or_else(is_not)?;
        return day.read(text, conventions);
    };
    let (after, weekday) = split_last_weekday(clock.after);
    let is_time_only = clock.day.is_empty() && weekday.is_none();
    let day = if is_time_only {
        None
    } else {
        Some(DayParts::split(clock.day, weekday).ok_or_else(is_not)?)
    };
    let is_iso = day.as_ref().is_some_and(DayParts::has_year_first);
    let (after, zone) = if is_iso {
        Zone::split(after)
    } else {
        (after, None)
    };
    let time = clock.time(after).ok_or_else(is_not)?;
    let read = match day {
        Some(day) => day.read(text, conventions)?,
        None => ReadDate::default(),
    };
    Ok(ReadDate {
        time: Some(time),
        is_utc: zone == Some(Zone::Utc),
        ..read
    })
}

/// Reads a date in the format `from` of strftime. A date of ISO 8601, as a sheet stores it, needs none.
pub(super) fn declared_date(text: &str, from: &str) -> Result<ReadDate, TextProblem> {
    if let Some(read) = in_format(text, from) {
        return Ok(read);
    }
    let day = Clock::find(text).map_or(text, |clock| clock.day);
    if DayParts::split(day, None).is_some_and(|day| day.has_year_first()) {
        return read_date(text, None);
    }
    let problem = msg!("`{text}` is not a date in the format `{from}`", text, from);
    Err(TextProblem::from(problem).of_cell(text))
}

fn in_format(text: &str, from: &str) -> Option<ReadDate> {
    let mut parsed = BrokenDownTime::parse(from, text).ok()?;
    let is_without_year =
        parsed.year().is_none() && parsed.month().is_some() && parsed.day().is_some();
    if is_without_year {
        // A leap year has every day.
        parsed.set_year(Some(2000)).ok()?;
    }
    let mut read = ReadDate {
        day: parsed.to_date().ok(),
        is_without_year,
        time: parsed.to_time().ok().filter(|_| has_code(from, "HI")),
        ..ReadDate::default()
    };
    if let Some(day) = read.day
        && has_code(from, "y")
    {
        let short = day.year() % 100;
        read.day = day.with().year(short + 2000).build().ok();
        read.is_without_century = is_without_century(short);
    }
    // `%Y` also matches two digits.
    let is_whole = read.day.is_none_or(|day| day.year() >= 1000);
    (is_whole && (read.day.is_some() || read.time.is_some())).then_some(read)
}

/// The formats of the time after a day, for strftime.
const FORMATS_OF_TIME: [&str; 5] = ["", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p"];

/// The words that mean only "hours" after a time.
const HOURS: [&str; 4] = ["h", "hs", "hrs", "horas"];

/// The time in a text, with what is before and after it.
struct Clock<'a> {
    day: &'a str,
    hour: i8,
    minute: i8,
    second: i8,
    after: &'a str,
}

impl<'a> Clock<'a> {
    /// Finds `13:30`, `13:30:05.5` or `10h30`.
    fn find(text: &'a str) -> Option<Self> {
        let mut before = None;
        for (at, sign) in text.char_indices() {
            let is_start = before.is_none_or(|before: char| {
                before.is_whitespace() || ['T', 't', ',', '('].contains(&before)
            });
            if is_start && sign.is_ascii_digit() {
                let (day, clock) = text.split_at_checked(at)?;
                if let Some(found) = Self::begin(day, clock) {
                    return Some(found);
                }
            }
            before = Some(sign);
        }
        None
    }

    /// Reads the time that `clock` begins with.
    fn begin(day: &'a str, clock: &'a str) -> Option<Self> {
        let (hour, rest) = split_digits(clock);
        let rest = rest.strip_prefix([':', 'h', 'H'])?;
        let (minute, mut after) = split_digits(rest);
        let mut second = "00";
        if let Some(rest) = after.strip_prefix(':') {
            (second, after) = split_digits(rest);
        }
        if let Some(rest) = after.strip_prefix('.') {
            let (fraction, rest) = split_digits(rest);
            after = if fraction.is_empty() { after } else { rest };
        }
        if hour.len() > 2 || minute.len() != 2 || second.len() != 2 {
            return None;
        }
        let day = day.trim_end();
        Some(Self {
            day: day.strip_suffix(['T', 't']).unwrap_or(day),
            hour: hour.parse().ok()?,
            minute: minute.parse().ok()?,
            second: second.parse().ok()?,
            after,
        })
    }

    /// Returns the time, if `after`, the words after it, are a part of the day or mean "hours".
    fn time(&self, after: &str) -> Option<Time> {
        let is_word =
            |sign: char| sign.is_alphabetic() || sign.is_whitespace() || ".,-".contains(sign);
        if !after.chars().all(is_word) {
            return None;
        }
        let is = |part: DateName| part.number(after).is_some();
        let word = after.trim().trim_end_matches('.').to_lowercase();
        let hour = match self.hour {
            hour if word.is_empty() || HOURS.contains(&word.as_str()) => hour,
            12 if is(DateName::Morning) => 0,
            12 if is(DateName::Afternoon) || is(DateName::Noon) => 12,
            hour @ 0..=11 if is(DateName::Morning) => hour,
            hour @ 1..=11 if is(DateName::Afternoon) => hour + 12,
            _ => return None,
        };
        Time::new(hour, self.minute, self.second, 0).ok()
    }
}

/// Splits the digits from the start of a text.
fn split_digits(text: &str) -> (&str, &str) {
    let end = text.find(|sign: char| !sign.is_ascii_digit());
    text.split_at_checked(end.unwrap_or(text.len()))
        .unwrap_or_default()
}

/// A time zone after a time of ISO 8601.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Zone {
    Utc,
    /// The time is local there, so the offset does not matter.
    Offset,
}

impl Zone {
    /// Splits the zone from the end of the words after a time, such as `p. m. GMT-5`.
    fn split(after: &str) -> (&str, Option<Self>) {
        let after = after.trim_end();
        let (before, last) = after
            .rsplit_once(char::is_whitespace)
            .unwrap_or(("", after));
        match Self::read(last) {
            Some(zone) => (before, Some(zone)),
            None => (after, None),
        }
    }

    /// Reads `Z`, `UTC`, `-0600`, `-06:00` or `GMT-6`.
    fn read(word: &str) -> Option<Self> {
        let word = word.to_uppercase();
        if ["Z", "UTC", "GMT"].contains(&word.as_str()) {
            return Some(Self::Utc);
        }
        let named = word.strip_prefix("GMT").or(word.strip_prefix("UTC"));
        let offset = named.unwrap_or(&word);
        let digits = offset.strip_prefix(['+', '-'])?.replacen(':', "", 1);
        let is_length = match digits.len() {
            1 | 3 => named.is_some(),
            count => count == 2 || count == 4,
        };
        let is_utc = digits.bytes().all(|digit| digit == b'0');
        let zone = if is_utc { Self::Utc } else { Self::Offset };
        (is_length && has_only_digits(&digits)).then_some(zone)
    }
}

/// Splits the weekday from the end of the words after a time, such as `p. m., sábado`.
fn split_last_weekday(text: &str) -> (&str, Option<&str>) {
    let end = text.trim_end_matches([' ', '\u{a0}', '.', ')']);
    let start = end.rfind([' ', '\u{a0}', ',', '(']);
    let start = start.map_or(0, |at| {
        at + end[at..].chars().next().map_or(0, char::len_utf8)
    });
    match end.split_at_checked(start) {
        Some((before, word)) if DateName::Weekday.number(word).is_some() => {
            let is_sign = |sign: char| sign.is_whitespace() || ",(".contains(sign);
            (before.trim_end_matches(is_sign), Some(word))
        }
        _ => (text, None),
    }
}

/// The words between the parts of a date.
const JOINING: [&str; 3] = ["de", "del", "of"];

/// The parts of a day: `28`, `noviembre` and `2026`, in any order.
struct DayParts<'a> {
    weekday: Option<&'a str>,
    parts: [&'a str; 3],
}

impl<'a> DayParts<'a> {
    /// Splits `28/11/2026`, `28-11-2026`, `28.11.2026`, `sábado, 28 de noviembre de 2026` or `20261128`. The `weekday` may be
    /// known from elsewhere.
    fn split(text: &'a str, weekday: Option<&'a str>) -> Option<Self> {
        let words = words(text)?;
        let is_weekday = |word: &str| DateName::Weekday.number(word).is_some();
        let (parts, own) = match words[..] {
            [whole] if whole.len() == 8 => {
                let (year, day) = whole.split_at_checked(4)?;
                let (month, day) = day.split_at_checked(2)?;
                ([year, month, day], None)
            }
            [one, two, three] => ([one, two, three], None),
            [one, two, three, last] if is_weekday(last) => ([one, two, three], Some(last)),
            [first, one, two, three] if is_weekday(first) => ([one, two, three], Some(first)),
            _ => return None,
        };
        // Only one weekday fits.
        (own.is_none() || weekday.is_none()).then_some(Self {
            weekday: own.or(weekday),
            parts,
        })
    }

    fn has_year_first(&self) -> bool {
        let [first, ..] = self.parts;
        first.len() == 4 && number(first).is_some()
    }

    /// Returns the format of `text` for strftime, if it has one. The first two numbers have the codes `order`.
    fn format(&self, text: &str, order: [&str; 2]) -> Option<String> {
        let [one, _, year] = self.parts;
        let separator = text.strip_prefix(one)?.chars().next()?.to_string();
        let year = if year.len() == 2 { "%y" } else { "%Y" };
        let [first, second] = order;
        let day = [first, second, year].join(&separator);
        let mut formats = FORMATS_OF_TIME.iter().map(|time| format!("{day}{time}"));
        formats.find(|format| in_format(text, format).is_some())
    }

    /// Reads the day of `text`.
    fn read(&self, text: &str, conventions: Option<&Conventions>) -> Result<ReadDate, TextProblem> {
        let is_not = || is_not_a_date(text);
        let [one, two, three] = self.parts;
        let (day, month, year) = match (number(one), month(one), number(two), month(two)) {
            (Some(day), _, _, Some(month)) | (_, Some(month), Some(day), _) => (day, month, three),
            (Some(_), _, Some(month), _) if self.has_year_first() => {
                (number(three).ok_or_else(is_not)?, month, one)
            }
            (Some(first), _, Some(second), _) => {
                if is_month_first(text, self, first, second, conventions)? {
                    (second, first, three)
                } else {
                    (first, second, three)
                }
            }
            _ => return Err(is_not()),
        };
        let (year, is_without_century) = match (number(year), year.len()) {
            (Some(short), 2) => (short + 2000, is_without_century(short)),
            (Some(year), 4) => (year, false),
            _ => return Err(is_not()),
        };
        let narrow = |number: i16| i8::try_from(number).map_err(|_| is_not());
        let date = Date::new(year, narrow(month)?, narrow(day)?).map_err(|_| {
            if (1..=12).contains(&month) && (29..=31).contains(&day) {
                let problem = msg!(
                    "`{text}` is not a date: its month has no day {day}",
                    text,
                    day = i32::from(day)
                );
                TextProblem::from(problem).of_cell(text)
            } else {
                is_not()
            }
        })?;
        if let Some(weekday) = self.weekday {
            check_weekday(text, weekday, date, is_without_century)?;
        }
        Ok(ReadDate {
            day: Some(date),
            time: None,
            is_without_century,
            is_without_year: false,
            is_utc: false,
        })
    }
}

/// Splits a day into its numbers and words, without those that only join them. None if it has other signs.
fn words(text: &str) -> Option<Vec<&str>> {
    let is_between = |sign: char| sign.is_whitespace() || "/-.,()".contains(sign);
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(is_between);
    while let Some(first) = rest.chars().next() {
        let end = if first.is_ascii_digit() {
            split_digits(rest).0.len()
        } else {
            end_of_word(rest)
        };
        let (word, after) = rest.split_at_checked(end).filter(|_| end > 0)?;
        if !JOINING.contains(&word.to_lowercase().as_str()) {
            words.push(word);
        }
        rest = after.trim_start_matches(is_between);
    }
    Some(words)
}

/// Returns where the word at the start of `text` ends. `sexta-feira` is one word.
fn end_of_word(text: &str) -> usize {
    let mut signs = text.char_indices().peekable();
    while let Some((at, sign)) = signs.next() {
        let next = signs.peek().map(|(_, next)| *next);
        let is_inner_hyphen = sign == '-' && at > 0 && next.is_some_and(char::is_alphabetic);
        if !sign.is_alphabetic() && !is_inner_hyphen {
            return at;
        }
    }
    text.len()
}

/// Reads a whole number without a sign.
fn number(word: &str) -> Option<i16> {
    let is_number = has_only_digits(word);
    word.parse().ok().filter(|_| is_number)
}

fn month(word: &str) -> Option<i16> {
    DateName::Month.number(word).map(i16::from)
}

/// Checks that `word`, a weekday in `text`, is the weekday of `date`. If the date `is_without_century`, the weekday of the
/// same date in the last century fits, too.
fn check_weekday(
    text: &str,
    word: &str,
    date: Date,
    is_without_century: bool,
) -> Result<(), TextProblem> {
    let in_last_century = date
        .with()
        .year(date.year() - 100)
        .build()
        .ok()
        .filter(|_| is_without_century);
    let named = DateName::Weekday.number(word);
    let fits = |date: Date| named == Some(date.weekday().to_monday_one_offset());
    if fits(date) || in_last_century.is_some_and(fits) {
        Ok(())
    } else {
        Err(msg!("the weekday of `{text}` does not fit its date", text).into())
    }
}

/// A two-digit year at most this many years ahead is clear: `36` is the end of a loan in 2036. A
/// later one may be a birth in 1937.
const CLEAR_YEARS: i16 = 10;

/// Returns whether a two-digit year may also be in the last century.
fn is_without_century(short: i16) -> bool {
    let this_year = TimeZone::UTC.to_datetime(timestamps::now()).year();
    may_be_in_last_century(short, this_year)
}

fn may_be_in_last_century(short: i16, this_year: i16) -> bool {
    short + 2000 > this_year + CLEAR_YEARS
}

/// Returns whether the `first` two numbers of a `text` are month and day. If the digits contradict
/// the order of the country, it is an error, because other dates of the list, such as 03/05/2026,
/// are read in that order.
fn is_month_first(
    text: &str,
    day: &DayParts<'_>,
    first: i16,
    second: i16,
    conventions: Option<&Conventions>,
) -> Result<bool, TextProblem> {
    let usual = conventions.and_then(has_month_first);
    let shown = match (first > 12, second > 12) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        (true, true) | (false, false) => None,
    };
    match (shown, usual) {
        (Some(true), Some(false)) => {
            let problem = msg!(
                "`{text}` has the month first, but {country} writes the day first",
                text,
                country = country_of(conventions)
            );
            Err(
                TextProblem::new(problem, write_all_dates(day.format(text, ["%m", "%d"])))
                    .of_cell(text),
            )
        }
        (Some(false), Some(true)) => {
            let problem = msg!(
                "`{text}` has the day first, but {country} writes the month first",
                text,
                country = country_of(conventions)
            );
            Err(
                TextProblem::new(problem, write_all_dates(day.format(text, ["%d", "%m"])))
                    .of_cell(text),
            )
        }
        (Some(is_month), _) | (None, Some(is_month)) => Ok(is_month),
        (None, None) if first == second || first > 12 => Ok(false),
        (None, None) => {
            let problem = msg!("`{text}` may be two days", text);
            let hint = match conventions {
                Some(_) => msg!(
                    "write it as 2026-11-28, or set the order of the column: `date(\"…\", from=\"%d/%m/%Y\")`"
                ),
                None => {
                    msg!("pass the country of the list with --country, or write it as 2026-11-28")
                }
            };
            Err(TextProblem::new(problem, hint).of_cell(text))
        }
    }
}

/// What to do about a date in another order: the other dates of the column are read in the order of the country. `from` is its
/// format, if strftime has it.
fn write_all_dates(from: Option<String>) -> Message {
    let rewrite = msg!("write each date of the column as year-month-day: 2026-11-28");
    match from {
        Some(from) => msg!(
            "if all its dates are like this: `date(\"…\", from=\"{from}\")`; else {rewrite}",
            from,
            rewrite
        ),
        None => rewrite,
    }
}

/// Returns the name of the country.
fn country_of(conventions: Option<&Conventions>) -> Value {
    let country = conventions.and_then(|country| country.code.parse::<Country>().ok());
    country.map_or_else(|| Value::Text(String::new()), Country::with_article)
}

/// Returns whether a country writes the month before the day. None if both are usual: its dates begin with the year, or it
/// writes the month first, but its language writes the day first.
fn has_month_first(conventions: &Conventions) -> Option<bool> {
    let first = conventions
        .short_date
        .chars()
        .find(|sign| sign.is_alphabetic());
    match (first, conventions.language) {
        (Some('d'), _) => Some(false),
        (Some('m'), Some(Language::English)) => Some(true),
        _ => None,
    }
}

/// Which of the first two numbers of a date is the day, by its digits alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateOrder {
    DayFirst,
    MonthFirst,
    /// Both may be the day.
    Either,
}

impl DateOrder {
    /// Finds the order in a date such as `12/25/2026`. None if it does not matter, and for other texts.
    pub(crate) fn find(text: &str) -> Option<Self> {
        let parts = text.split(|sign: char| !sign.is_ascii_digit());
        let numbers = parts.filter(|part| !part.is_empty()).count();
        if numbers < NUMBERS_OF_DATE {
            return None;
        }
        let day = Clock::find(text).map_or(text, |clock| clock.day);
        let [first, second, year] = DayParts::split(day, None)?.parts;
        if first.len() > 2 || second.len() > 2 || !matches!(year.len(), 2 | 4) {
            return None;
        }
        number(year)?;
        let first = number(first)?;
        let second = number(second)?;
        let are_days = (1..=31).contains(&first) && (1..=31).contains(&second);
        match (first > 12, second > 12) {
            _ if !are_days => None,
            (false, false) if first != second => Some(Self::Either),
            (true, false) => Some(Self::DayFirst),
            (false, true) => Some(Self::MonthFirst),
            _ => None,
        }
    }

    /// Returns how it fits the order of a country. None if it is clear and fits, or if its dates begin with the year.
    pub(crate) fn fit(self, conventions: &Conventions) -> Option<CountryFit> {
        let is_month_usual = has_month_first(conventions)?;
        match self {
            Self::Either => Some(CountryFit::ByCountry),
            Self::DayFirst if is_month_usual => Some(CountryFit::Contrary),
            Self::MonthFirst if !is_month_usual => Some(CountryFit::Contrary),
            Self::DayFirst | Self::MonthFirst => None,
        }
    }
}

/// A day, a month and a year.
const NUMBERS_OF_DATE: usize = 3;

/// How many digits the days have that Excel stores for the years 1927 to 2173.
const DIGITS_OF_EXCEL: usize = 5;

fn is_not_a_date(text: &str) -> TextProblem {
    let problem = match date_of_excel(text).map(|date| date.to_string()) {
        Some(date) => TextProblem::new(
            msg!("`{text}` is Excel's number for {date}", text, date),
            msg!("format the column as a date, or write it as {date}", date),
        ),
        None => msg!("`{text}` is not a date", text).into(),
    };
    problem.of_cell(text)
}

/// Returns the date for a whole number, as Excel stores it: the days since the end of 1899.
fn date_of_excel(text: &str) -> Option<Date> {
    let day: i32 = text.parse().ok()?;
    let start = Date::new(1899, 12, 30).ok();
    let start = start.filter(|_| text.len() == DIGITS_OF_EXCEL)?;
    start.checked_add(day.days()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digit_year_is_clear_for_ten_years() {
        for (short, this_year, expected) in [
            (26, 2026, false),
            (36, 2026, false),
            (37, 2026, true),
            (85, 2026, true),
            (0, 2026, false),
            (39, 2029, false),
            (40, 2029, true),
        ] {
            let found = may_be_in_last_century(short, this_year);
            assert_eq!(found, expected, "{short} {this_year}");
        }
    }

    #[test]
    fn order_of_day_and_month_is_found_in_every_form() {
        use CountryFit::{ByCountry, Contrary};
        let ecuador = Conventions::for_country("EC").unwrap();
        let united_states = Conventions::for_country("US").unwrap();
        for (text, in_ecuador, in_united_states) in [
            ("12/05/2026", Some(ByCountry), Some(ByCountry)),
            ("12/25/2026", Some(Contrary), None),
            ("25/12/2026", None, Some(Contrary)),
            ("12/25/26 2:00 pm", Some(Contrary), None),
            ("12/25/2026, 14:00", Some(Contrary), None),
            ("12/05/2026, 02:30 p. m.", Some(ByCountry), Some(ByCountry)),
            ("vie 12/25/2026", Some(Contrary), None),
            ("12/25/2026 (viernes)", Some(Contrary), None),
            (" 12 / 25 / 2026 ", Some(Contrary), None),
            ("12-25-2026", Some(Contrary), None),
            ("05/05/2026", None, None),
            ("2026-12-05", None, None),
            ("2026-12-05 14:00:00 -0600", None, None),
            ("12 de mayo de 2026", None, None),
            ("32/12/2026", None, None),
            ("0/12/2026", None, None),
            ("12/05", None, None),
            // An invoice's number, and a version.
            ("00012345", None, None),
            ("1-13-4", None, None),
            ("14:30", None, None),
            ("", None, None),
        ] {
            let order = DateOrder::find(text);
            let fit = |country| order.and_then(|order| order.fit(country));
            assert_eq!(fit(&ecuador), in_ecuador, "{text}");
            assert_eq!(fit(&united_states), in_united_states, "{text}");
        }
    }

    #[test]
    fn dates_of_a_country_are_read() {
        let ecuador = Conventions::for_country("EC").unwrap();
        for (text, expected) in [
            ("05-sept-26", Some("2026-09-05")),
            ("5 de setiembre de 2026", Some("2026-09-05")),
            ("5 Set. 2026", Some("2026-09-05")),
            ("September 5, 2026", Some("2026-09-05")),
            ("05SEP2026", Some("2026-09-05")),
            ("5/9/2026", Some("2026-09-05")),
            ("5.9.2026", Some("2026-09-05")),
            ("05-09-26", Some("2026-09-05")),
            ("20260905", Some("2026-09-05")),
            ("2026-09-05", Some("2026-09-05")),
            ("sábado 5 de septiembre de 2026", Some("2026-09-05")),
            ("2026-09-05T10:30:00.123-05:00", Some("2026-09-05 10:30")),
            ("2026/09/05 3:15:22 p. m. GMT-5", Some("2026-09-05 15:15")),
            ("2026/09/05 10:30 GMT+5:30", Some("2026-09-05 10:30")),
            ("2026-09-05 10:30 UTC", Some("2026-09-05 10:30")),
            ("5/9/2026 10h30", Some("2026-09-05 10:30")),
            ("5/9/2026 12:00 m.", Some("2026-09-05 12:00")),
            ("5/9/2026 12:00 a. m.", Some("2026-09-05 00:00")),
            ("5/9/2026, 2:30 p.\u{a0}m.", Some("2026-09-05 14:30")),
            ("5/9/2026 2:30PM (sábado)", Some("2026-09-05 14:30")),
            ("30/12/1899", Some("1899-12-30")),
            ("1970-01-01", Some("1970-01-01")),
            ("9999-12-31", Some("9999-12-31")),
            ("5 de setiembre", None),
            ("5 de setiemb de 2026", None),
            ("5/9/2026 1:00 m.", None),
            ("5/9/2026 10h", None),
            ("5/9/2026 10:30 -0500", None),
            ("5/9/2026 10:30 GMT-5", None),
            ("2026-09-05 10:30 -5", None),
            ("2026-09-05 10:30 EST-5", None),
            ("5_9_2026", None),
            ("5/9/2026 sábado (sábado) 10:30", None),
            ("sábado 5/9/2026 10:30 sábado", None),
            ("0000-00-00", None),
            ("1900-01-00", None),
            ("0", None),
        ] {
            let read = read_date(text, Some(&ecuador)).ok();
            let found = read.map(|read| {
                let day = read.day.unwrap().to_string();
                let time = read.time.map(|time| time.strftime(" %H:%M").to_string());
                day + &time.unwrap_or_default()
            });
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}

//! The filter `date`. It reads a date in the usual forms, and writes it in a format of strftime or
//! of its country.

use std::ops::RangeInclusive;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, State, Value as Cell};

use super::country_fit::CountryFit;
use super::numbers::{conventions, refused};
use super::row_view::RowView;
use super::stored_amount::seconds;
use crate::base::conventions::{Conventions, Language, OF_DAY, OF_TIME, has_code, written_date};
use crate::base::suggest::plain;
use crate::base::timestamps;

/// The codes of a format, as in strftime.
const CODES: &str = "%d %-d %m %-m %B %b %A %a %Y %y %H %-H %I %-I %M %-M %S %-S %p";

/// Implements `{{ vence | date('%d/%m/%Y') }}`: the date in this format. Without one, in the short
/// format of the country.
pub(super) fn date(
    state: &State<'_, '_>,
    typed: &Cell,
    how: Option<&str>,
) -> Result<String, Error> {
    let text = match typed.kind() {
        ValueKind::String | ValueKind::Number => typed.to_string(),
        ValueKind::None => return Ok(String::new()),
        ValueKind::Undefined => return Err(ErrorKind::UndefinedError.into()),
        other => return Err(refused("date", &format!("a {other} is not a date"))),
    };
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    // A sheet stores midnight as a date without a time.
    let view = RowView::in_state(state);
    let is_midnight = view.as_ref().is_some_and(|view| {
        view.shown_text(typed)
            .is_some_and(|shown| shown.contains(':'))
    });
    let written = rewritten(text.trim(), is_midnight, how, conventions(state).as_ref());
    let written = written.map_err(|problem| refused("date", &problem))?;
    if let Some(view) = view {
        view.keep_amount(seconds(written.at));
    }
    Ok(written.text)
}

struct WrittenDate {
    at: DateTime,
    text: String,
}

/// Rewrites the date `text` in the format `how`. A date without a time is an error for a format
/// with a time, unless it `is_midnight`.
fn rewritten(
    text: &str,
    is_midnight: bool,
    how: Option<&str>,
    conventions: Option<&Conventions>,
) -> Result<WrittenDate, String> {
    let format = match (how, conventions) {
        (Some(format), _) => checked(format)?,
        (None, Some(known)) => known.short_date,
        (None, None) => {
            return Err(
                "the format is missing; write date('%d/%m/%Y') or date('%-d de %B')".to_owned(),
            );
        }
    };
    let read = read_date(text, conventions)?;
    if read.is_without_century && has_code(format, "YAa") {
        return Err(format!(
            "the year of `{text}` may be in two centuries; write it with four digits in the list, or omit it: \
             date('%d/%m')"
        ));
    }
    if read.day.is_none() && has_code(format, OF_DAY) {
        return Err(format!("`{text}` is a time without a date"));
    }
    let shows_time = has_code(format, OF_TIME);
    if shows_time && read.time.is_none() && !is_midnight {
        return Err(format!("`{text}` is a date without a time"));
    }
    let at = read
        .day
        .unwrap_or_default()
        .to_datetime(read.time.unwrap_or_default());
    if read.is_utc && (shows_time || at.time() != Time::midnight()) {
        return Err(format!(
            "`{text}` is the time in UTC; write the local time, such as 2026-11-28T13:30"
        ));
    }
    let text = written_date(format, at, conventions.and_then(|known| known.language));
    let text = text.ok_or(
        "the language of its names is unknown; pass the country of the list with --country",
    )?;
    Ok(WrittenDate { at, text })
}

/// A date in a cell: a day, a time, or both.
#[derive(Default)]
pub(super) struct ReadDate {
    pub(super) day: Option<Date>,
    pub(super) time: Option<Time>,
    /// Whether its year has two digits that may be in the last century.
    is_without_century: bool,
    is_utc: bool,
}

/// Reads `2026-11-28`, `2026-11-28T13:30:00`, `13:30`, `2:30 PM`, `28/11/2026 02:30 p. m.`, `28 de noviembre de 2026`,
/// `sábado, 28 de noviembre de 2026` or `28/11/2026 (sábado)`.
pub(super) fn read_date(text: &str, conventions: Option<&Conventions>) -> Result<ReadDate, String> {
    let Some((date, weekday)) = split_last_weekday(text) else {
        return read_plain_date(text, text, conventions);
    };
    let read = read_plain_date(text, date, conventions)?;
    let day = read.day.ok_or_else(|| is_not_a_date(text))?;
    check_weekday(text, weekday, day, read.is_without_century)?;
    Ok(read)
}

/// Splits the weekday from the end of a text such as `28/11/2026 (sábado)`. None without one.
fn split_last_weekday(text: &str) -> Option<(&str, &str)> {
    let is_sign = |sign: char| !sign.is_alphanumeric();
    let end = text.trim_end_matches(is_sign);
    let endings = ["-feira", "-Feira", "-FEIRA"];
    let end = endings
        .iter()
        .find_map(|ending| end.strip_suffix(ending))
        .unwrap_or(end);
    let date = end.trim_end_matches(char::is_alphabetic);
    let weekday = end.get(date.len()..)?;
    is_weekday(weekday).then(|| (date.trim_end_matches(is_sign), weekday))
}

/// Reads the `date` of a `text`, without a weekday after it.
fn read_plain_date(
    text: &str,
    date: &str,
    conventions: Option<&Conventions>,
) -> Result<ReadDate, String> {
    if let Some(time) = read_clock(date) {
        return Ok(ReadDate {
            time: Some(time),
            ..ReadDate::default()
        });
    }
    let joined = with_joined_zone(date);
    let date = joined.as_deref().unwrap_or(date);
    if let Ok(at) = date.trim_end_matches(['Z', 'z']).parse::<DateTime>() {
        let time = date.contains([':', 'T', 't']).then_some(at.time());
        let is_utc = date
            .parse::<Timestamp>()
            .is_ok_and(|instant| TimeZone::UTC.to_datetime(instant) == at);
        return Ok(ReadDate {
            day: Some(at.date()),
            time,
            is_utc,
            ..ReadDate::default()
        });
    }
    let (day, time) = match split_time(date) {
        Some((day, clock)) => {
            let time = read_clock(clock).ok_or_else(|| is_not_a_date(text))?;
            (day, Some(time))
        }
        None => (date, None),
    };
    let (day, is_without_century) = read_day(text, day, conventions)?;
    Ok(ReadDate {
        day: Some(day),
        time,
        is_without_century,
        is_utc: false,
    })
}

/// Returns a text such as `2026-11-21 09:15:00 -0600`, or with `UTC`, in the form of ISO 8601, without a space before its
/// zone. None if it is not such a text.
fn with_joined_zone(text: &str) -> Option<String> {
    let (time, zone) = text.rsplit_once(' ')?;
    let is_utc = ["UTC", "GMT", "Z"].contains(&zone.to_uppercase().as_str());
    let zone = if is_utc { "Z" } else { zone };
    let joined = format!("{time}{zone}");
    let is_time = time.contains(':') && time.parse::<DateTime>().is_ok();
    (is_time && joined.parse::<Timestamp>().is_ok()).then_some(joined)
}

/// Splits the day and the time of a text such as `28/11/2026 02:30 p. m.`, unparsed. None if it has
/// no time.
fn split_time(text: &str) -> Option<(&str, &str)> {
    let (before, _) = text.split_once(':')?;
    let hour = before.trim_end_matches(|sign: char| sign.is_ascii_digit());
    let (day, clock) = text.split_at_checked(hour.len())?;
    day.ends_with(char::is_whitespace).then_some((day, clock))
}

/// Reads the time of day in `13:30`, `13:30:05.5`, `13:30 h`, `2:30 PM`, `2:30pm` or `02:30 p. m.`,
/// with any kind of space.
fn read_clock(text: &str) -> Option<Time> {
    let is_of_clock = |sign: char| sign.is_ascii_digit() || ":.".contains(sign);
    let end = text
        .find(|sign: char| !is_of_clock(sign))
        .unwrap_or(text.len());
    let (digits, after) = text.split_at_checked(end)?;
    let (hour, rest) = digits.trim_end_matches('.').split_once(':')?;
    let half: String = after
        .chars()
        .filter(|sign| !sign.is_whitespace() && *sign != '.')
        .flat_map(char::to_lowercase)
        .collect();
    let hour: u8 = hour.parse().ok()?;
    let hour = match (half.as_str(), hour) {
        ("" | "h" | "hs" | "hrs" | "horas", hour) => hour,
        ("am", 12) => 0,
        ("am", 0..=11) | ("pm", 12) => hour,
        ("pm", 1..=11) => hour + 12,
        _ => return None,
    };
    format!("{hour:02}:{rest}").parse().ok()
}

fn is_not_a_date(text: &str) -> String {
    match date_of_excel(text) {
        Some(date) => format!(
            "`{text}` is Excel's number for {date}; format the column as a date, or write it as {date}"
        ),
        None => format!("`{text}` is not a date"),
    }
}

/// The days with the numbers that are probably a date: 1990 to 2100.
const DAYS_OF_EXCEL: RangeInclusive<i32> = 32_874..=73_415;

/// Returns the date for a whole number, as Excel stores it: the days since the end of 1899.
fn date_of_excel(text: &str) -> Option<Date> {
    let day: i32 = text.parse().ok()?;
    let is_plain = text.len() == 5 && DAYS_OF_EXCEL.contains(&day);
    let start = Date::new(1899, 12, 30).ok().filter(|_| is_plain)?;
    start.checked_add(day.days()).ok()
}

/// Reads the `day` of a `text`, and whether its century is unknown.
fn read_day(
    text: &str,
    day: &str,
    conventions: Option<&Conventions>,
) -> Result<(Date, bool), String> {
    let is_not = || is_not_a_date(text);
    let (weekday, [one, two, three]) = split_day(day).ok_or_else(is_not)?;
    let (day, month, year) = match (number(one), parse_month(one), number(two), parse_month(two)) {
        (Some(day), _, _, Some(month)) | (_, Some(month), Some(day), _) => (day, month, three),
        (Some(_), _, Some(month), _) if one.len() == 4 => (number(three).unwrap_or(0), month, one),
        (Some(first), _, Some(second), _) => {
            let is_month_first = is_month_first(text, first, second, conventions)?;
            if is_month_first {
                (second, first, three)
            } else {
                (first, second, three)
            }
        }
        _ => return Err(is_not()),
    };
    let (year, is_without_century) = match (number(year), year.len()) {
        (Some(short), 2) => {
            let this_year = TimeZone::UTC.to_datetime(timestamps::now()).year();
            (short + 2000, is_without_century(short, this_year))
        }
        (Some(year), 4) => (year, false),
        _ => return Err(is_not()),
    };
    let narrow = |number: i16| i8::try_from(number).map_err(|_| is_not());
    let date = Date::new(year, narrow(month)?, narrow(day)?).map_err(|_| {
        if (1..=12).contains(&month) && (29..=31).contains(&day) {
            format!("`{text}` is not a date: its month has no day {day}")
        } else {
            is_not()
        }
    })?;
    if let Some(weekday) = weekday {
        check_weekday(text, weekday, date, is_without_century)?;
    }
    Ok((date, is_without_century))
}

/// Splits a day such as `28/11/2026` or `sábado, 28 de noviembre de 2026` into its weekday, if it has one, and its other
/// three words.
fn split_day(day: &str) -> Option<(Option<&str>, [&str; 3])> {
    let words = day.split(|sign: char| !sign.is_alphanumeric());
    let words: Vec<_> = words
        .filter(|word| !["", "de", "del", "of", "feira"].contains(&word.to_lowercase().as_str()))
        .collect();
    match words[..] {
        [one, two, three] => Some((None, [one, two, three])),
        [one, two, three, weekday] if is_weekday(weekday) => {
            Some((Some(weekday), [one, two, three]))
        }
        [weekday, one, two, three] if is_weekday(weekday) => {
            Some((Some(weekday), [one, two, three]))
        }
        _ => None,
    }
}

/// Reads a whole number without a sign.
fn number(word: &str) -> Option<i16> {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|_| is_number)
}

/// Checks that `word`, a weekday in `text`, is the weekday of `date`. If the date `is_without_century`, the weekday of the
/// same date in the last century fits, too.
fn check_weekday(
    text: &str,
    word: &str,
    date: Date,
    is_without_century: bool,
) -> Result<(), String> {
    let in_last_century = date
        .with()
        .year(date.year() - 100)
        .build()
        .ok()
        .filter(|_| is_without_century);
    let fits = |date: Date| is_name_of_weekday(word, date.weekday());
    if fits(date) || in_last_century.is_some_and(fits) {
        Ok(())
    } else {
        Err(format!(
            "the weekday of `{text}` does not fit its date; write only the date, such as 2026-11-28"
        ))
    }
}

fn is_weekday(word: &str) -> bool {
    let mut weekdays = Weekday::Monday.cycle_forward().take(7);
    word.starts_with(char::is_alphabetic)
        && weekdays.any(|weekday| is_name_of_weekday(word, weekday))
}

/// Returns whether `word` is the name of this `weekday` in any language, or its first three letters.
fn is_name_of_weekday(word: &str, weekday: Weekday) -> bool {
    let word = plain(word);
    Language::ALL.into_iter().any(|language| {
        // Only `sexta` of `sexta-feira`.
        let name = language.day(weekday).split('-').next().unwrap_or_default();
        is_name_or_short(&word, &plain(name))
    })
}

/// A two-digit year at most this many years ahead is clear: `36` is the end of a loan in 2036. A
/// later one may be a birth in 1937.
const CLEAR_YEARS: i16 = 10;

/// Returns whether a two-digit year may also be in the last century, seen from `this_year`.
fn is_without_century(short: i16, this_year: i16) -> bool {
    short + 2000 > this_year + CLEAR_YEARS
}

/// Returns whether the `first` two numbers of a `text` are month and day. If the digits contradict
/// the order of the country, it is an error, because other dates of the list, such as 03/05/2026,
/// are read in that order.
fn is_month_first(
    text: &str,
    first: i16,
    second: i16,
    conventions: Option<&Conventions>,
) -> Result<bool, String> {
    let usual = conventions.and_then(has_month_first);
    let shown = match (first > 12, second > 12) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        (true, true) | (false, false) => None,
    };
    let name = |is_month| if is_month { "month" } else { "day" };
    match (shown, usual) {
        (Some(shown), Some(usual)) if shown != usual => Err(format!(
            "`{text}` has the {} first, but in its country the {} comes first; write all dates of the column as 2026-11-28, \
             because the others are read with the {} first",
            name(shown),
            name(usual),
            name(usual)
        )),
        (Some(is_month), _) | (None, Some(is_month)) => Ok(is_month),
        (None, None) if first == second || first > 12 => Ok(false),
        (None, None) => Err(format!(
            "`{text}` may be two days; pass the country of the list with --country, or write it as 2026-11-28"
        )),
    }
}

/// Returns whether a country writes the month before the day. None if its dates begin with the year, which does not show
/// the order of the other two.
fn has_month_first(conventions: &Conventions) -> Option<bool> {
    match conventions
        .short_date
        .chars()
        .find(|sign| sign.is_alphabetic())
    {
        Some('d') => Some(false),
        Some('m') => Some(true),
        _ => None,
    }
}

/// Returns how a date such as `12/25/2026`, in any form that [`read_date`] reads, fits its country. None if the order of its
/// numbers is clear and fits, and for other texts.
pub(crate) fn date_fit(text: &str, conventions: &Conventions) -> Option<CountryFit> {
    let is_month_usual = has_month_first(conventions)?;
    let date = split_last_weekday(text).map_or(text, |(date, _)| date);
    let day = split_time(date).map_or(date, |(day, _)| day);
    let (_, [first, second, year]) = split_day(day)?;
    number(year)?;
    let first = number(first)?;
    let second = number(second)?;
    let are_days = (1..=31).contains(&first) && (1..=31).contains(&second);
    if !are_days {
        return None;
    }
    match (first > 12, second > 12) {
        (false, false) if first != second => Some(CountryFit::ByCountry),
        (true, false) if is_month_usual => Some(CountryFit::Contrary),
        (false, true) if !is_month_usual => Some(CountryFit::Contrary),
        _ => None,
    }
}

/// Returns the month with this name, or with these first three letters.
fn parse_month(word: &str) -> Option<i16> {
    if !word.starts_with(char::is_alphabetic) {
        return None;
    }
    let word = plain(word);
    let is_it = |month: &i8| {
        Language::ALL
            .into_iter()
            .any(|language| is_name_or_short(&word, &plain(language.month(*month))))
    };
    (1..=12).find(is_it).map(i16::from)
}

/// Returns whether `word` is the `name` of a month or a weekday, or its first three letters.
fn is_name_or_short(word: &str, name: &str) -> bool {
    name == word || word.len() == 3 && name.starts_with(word)
}

/// Checks that a `format` such as `%d/%m/%Y` has known codes, and no month as a word.
fn checked(format: &str) -> Result<&str, String> {
    let is_known = |at: usize| {
        format
            .get(at..)
            .is_some_and(|rest| CODES.split(' ').any(|code| rest.starts_with(code)))
    };
    if !format.match_indices('%').all(|(at, _)| is_known(at)) {
        return Err(format!(
            "`{format}` has an unknown code; the codes are {CODES}"
        ));
    }
    let text = CODES
        .split(' ')
        .fold(format.to_owned(), |text, code| text.replace(code, " "));
    let problem = match text
        .split(|letter: char| !letter.is_alphabetic())
        .find(|word| parse_month(word).is_some())
    {
        _ if !format.contains('%') => {
            format!("`{format}` has no code, so every date would be the same")
        }
        Some(month) => format!("`{month}` would be in every date"),
        None => return Ok(format),
    };
    Err(format!(
        "{problem}; write date('%d/%m/%Y') or date('%-d de %B')"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::template::fixture::check;

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
            let found = is_without_century(short, this_year);
            assert_eq!(found, expected, "{short} {this_year}");
        }
    }

    #[test]
    fn time_with_a_zone_is_read_as_in_iso() {
        for (cell, expected) in [
            ("2026-11-21 09:15:00 -0600", Ok("21/11 09:15")),
            ("2026-11-21 09:15:00 -06:00", Ok("21/11 09:15")),
            ("2026-11-21T09:15:00-06:00", Ok("21/11 09:15")),
            ("2026-11-21 09:15:00 +0000", Err("is the time in UTC")),
            (
                "2026-11-21 09:15:00 UTC",
                Err("`2026-11-21 09:15:00 UTC` is the time in UTC"),
            ),
            ("2026-11-21T09:15:00Z", Err("is the time in UTC")),
            ("2026-11-21 09:15 pm", Ok("21/11 21:15")),
            ("2026-11-21 -0600", Err("is not a date")),
            ("2026-11-21 09:15:00 -6", Err("is not a date")),
            ("2026-11-21 09:15:00 EST", Err("is not a date")),
        ] {
            check("{{ x | date('%d/%m %H:%M') }}", cell, Some("MX"), expected);
        }
        for cell in ["2026-11-21 00:00:00 +0000", "2026-11-21T00:00:00Z"] {
            check("{{ x | date('%d/%m') }}", cell, Some("MX"), Ok("21/11"));
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
            ("14:30", None, None),
            ("", None, None),
        ] {
            assert_eq!(date_fit(text, &ecuador), in_ecuador, "{text}");
            assert_eq!(date_fit(text, &united_states), in_united_states, "{text}");
        }
    }

    #[test]
    fn wrong_day_is_explained() {
        for (cell, expected) in [
            (
                "45989",
                "`45989` is Excel's number for 2025-11-28; format the column as a date",
            ),
            ("32874", "for 1990-01-01"),
            ("73415", "for 2100-12-31"),
            ("73416", "`73416` is not a date"),
            ("1234", "`1234` is not a date"),
            ("045989", "`045989` is not a date"),
            ("45989.5", "`45989.5` is not a date"),
            (
                "31/02/2026",
                "`31/02/2026` is not a date: its month has no day 31",
            ),
            ("2026-02-29", "its month has no day 29"),
            ("32/01/2026", "`32/01/2026` is not a date"),
            (
                "12/25/2026",
                "write all dates of the column as 2026-11-28, because the others are read with the day first",
            ),
        ] {
            check("{{ x | date('%d/%m') }}", cell, Some("EC"), Err(expected));
        }
        check(
            "{{ x | date('%d/%m') }}",
            "29/02/2028",
            Some("EC"),
            Ok("29/02"),
        );
    }

    #[test]
    fn twelve_hour_times_are_read() {
        for (cell, expected) in [
            ("05/12/2026 02:30 p. m.", Ok("05/12 14:30")),
            ("05/12/2026 02:30 p.\u{a0}m.", Ok("05/12 14:30")),
            ("05/12/2026\u{202f}2:30\u{202f}PM", Ok("05/12 14:30")),
            ("5/12/2026, 12:05:09 a.m.", Ok("05/12 00:05")),
            ("2026-12-05 12:00 pm", Ok("05/12 12:00")),
            ("5 de diciembre de 2026 2:30pm", Ok("05/12 14:30")),
            ("05/12/2026 14:30 h", Ok("05/12 14:30")),
            ("05/12/2026 14:30", Ok("05/12 14:30")),
            ("05/12/2026 13:30 PM", Err("is not a date")),
            ("05/12/2026 0:30 PM", Err("is not a date")),
            ("05/12/2026 24:00", Err("is not a date")),
            ("05/12/2026 2:30 de la tarde", Err("is not a date")),
            ("05/12/2026:14:30", Err("is not a date")),
            ("2:30 PM", Err("is a time without a date")),
        ] {
            let source = "{{ x | date('%d/%m %H:%M') }}";
            check(source, cell, Some("EC"), expected);
        }
        for (cell, expected) in [
            ("2:30 PM", Ok("14:30")),
            ("02:30 p. m.", Ok("14:30")),
            ("12:00 AM", Ok("00:00")),
            ("9:05", Ok("09:05")),
        ] {
            check("{{ x | date('%H:%M') }}", cell, None, expected);
        }
    }

    #[test]
    fn weekday_after_a_date_is_checked() {
        for (cell, expected) in [
            ("05/12/2026 (sábado)", Ok("05/12")),
            ("5 dic 2026, sábado", Ok("05/12")),
            ("2026-12-05 sáb.", Ok("05/12")),
            ("3 mar 2026 mar", Ok("03/03")),
            ("Mar 3, 2026 (Tue)", Ok("03/03")),
            ("4 de dezembro de 2026 (sexta-feira)", Ok("04/12")),
            ("4 DE DEZEMBRO DE 2026 (SEXTA-FEIRA)", Ok("04/12")),
            ("05/12/2026 14:30 (sábado)", Ok("05/12")),
            ("05/12/2026 (sábado) 02:30 p. m.", Ok("05/12")),
            ("05/12/2026 02:30 p. m., sábado", Ok("05/12")),
            (
                "05/12/2026 (lunes) 14:30",
                Err("the weekday of `05/12/2026 (lunes) 14:30` does not fit"),
            ),
            ("2026-12-05T14:30 sábado", Ok("05/12")),
            (
                "05/12/2026 (viernes)",
                Err("the weekday of `05/12/2026 (viernes)` does not fit its date"),
            ),
            (
                "12/25/2026 (viernes)",
                Err("`12/25/2026 (viernes)` has the month first"),
            ),
            ("mar 3 2026", Ok("03/03")),
            ("mar 3 2026 14:30", Ok("03/03")),
            ("05/12/2026 vence", Err("`05/12/2026 vence` is not a date")),
            ("05/12/2026 (5)", Err("is not a date")),
            ("14:30 (sábado)", Err("is not a date")),
            ("sábado", Err("is not a date")),
            ("", Ok("")),
        ] {
            check("{{ x | date('%d/%m') }}", cell, Some("EC"), expected);
        }
    }

    #[test]
    fn weekday_of_either_century_fits_a_short_year() {
        for cell in ["viernes, 6/12/85", "jueves, 6/12/85", "6/12/85 (viernes)"] {
            check("{{ x | date('%d/%m') }}", cell, Some("EC"), Ok("06/12"));
            let ambiguous = Err("may be in two centuries");
            check("{{ x | date('%d/%m/%Y') }}", cell, Some("EC"), ambiguous);
        }
        for cell in ["lunes, 6/12/85", "sábado, 6/12/26"] {
            let wrong = Err("does not fit its date");
            check("{{ x | date('%d/%m/%Y') }}", cell, Some("EC"), wrong);
        }
        check(
            "{{ x | date }}",
            "domingo, 6/12/26",
            Some("EC"),
            Ok("06/12/2026"),
        );
    }

    #[test]
    fn weekday_before_a_date_is_checked() {
        for (cell, expected) in [
            ("sábado, 5 de diciembre de 2026", Ok("05/12")),
            ("sáb 05/12/2026", Ok("05/12")),
            ("SÁB. 5-dic-2026", Ok("05/12")),
            ("martes 3 de marzo de 2026", Ok("03/03")),
            ("mar 3 mar 2026", Ok("03/03")),
            ("Saturday, December 5, 2026", Ok("05/12")),
            ("sábado, 5 de dezembro de 2026", Ok("05/12")),
            ("sexta-feira, 4 de dezembro de 2026", Ok("04/12")),
            ("sábado 2026-12-05", Ok("05/12")),
            (
                "viernes, 5 de diciembre de 2026",
                Err("the weekday of `viernes, 5 de diciembre de 2026` does not fit its date"),
            ),
            ("vence 05/12/2026", Err("is not a date")),
            ("1 05/12/2026", Err("is not a date")),
            ("sábado diciembre 2026", Err("is not a date")),
        ] {
            check("{{ x | date('%d/%m') }}", cell, Some("EC"), expected);
        }
        let with_time = "sábado, 5 de diciembre de 2026 14:30";
        check(
            "{{ x | date('%d/%m %H:%M') }}",
            with_time,
            Some("EC"),
            Ok("05/12 14:30"),
        );
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of inputs and results")]
    fn dates_are_read_and_written_in_common_formats() {
        for (source, cell, country, expected) in [
            (
                "{{ x | date('%-d de %B') }}",
                "2026-03-05",
                Some("EC"),
                Ok("5 de marzo"),
            ),
            (
                "{{ x | date('%B %-d, %Y') }}",
                "2026-03-05",
                Some("US"),
                Ok("March 5, 2026"),
            ),
            (
                "{{ x | date('%A %-d de %b') }}",
                "2026-03-05",
                Some("EC"),
                Ok("jueves 5 de mar"),
            ),
            (
                "{{ x | date('%d/%m/%y %H:%M') }}",
                "2026-03-05T08:05:00",
                None,
                Ok("05/03/26 08:05"),
            ),
            (
                "{{ x | date('%Y-%m-%dT%I:%M:%S %p') }}",
                "2026-12-01T08:05:00",
                Some("EC"),
                Ok("2026-12-01T08:05:00 a.\u{a0}m."),
            ),
            (
                "{{ x | date('%-d/%m/%Y %H:%M') }}",
                "2026-03-05 08:05",
                None,
                Ok("5/03/2026 08:05"),
            ),
            (
                "{{ x | date('%d de %B') }}",
                "28/11/2026",
                Some("EC"),
                Ok("28 de noviembre"),
            ),
            (
                "{{ x | date('%d de %B') }}",
                "28/11/2026",
                None,
                Err("language of its names"),
            ),
            (
                "{{ x | date('%d de noviembre') }}",
                "2026-03-05",
                Some("EC"),
                Err("`noviembre` would be in every date"),
            ),
            ("{{ x | date }}", "2026-11-28", Some("US"), Ok("11/28/2026")),
            ("{{ x | date }}", "2026-03-05", Some("FI"), Ok("5.3.2026")),
            (
                "{{ x | date }}",
                "2026-11-28",
                None,
                Err("the format is missing"),
            ),
            (
                "{{ x | date('%d') }}",
                "05/03/2026",
                None,
                Err("may be two days"),
            ),
            ("{{ x | date('%d') }}", "05/03/2026", Some("US"), Ok("03")),
            ("{{ x | date('%d') }}", "05/03/2026", Some("MX"), Ok("05")),
            (
                "{{ x | date('%d/%m') }}",
                "5 de marzo de 2026",
                None,
                Ok("05/03"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "mañana",
                None,
                Err("`mañana` is not a date"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "31/02/2026",
                None,
                Err("is not a date"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "13:30:00",
                None,
                Err("a time without a date"),
            ),
            ("{{ x | date('%d/%m') }}", "12/25/2026", None, Ok("25/12")),
            (
                "{{ x | date('%d/%m') }}",
                "12/25/2026",
                Some("US"),
                Ok("25/12"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "12/25/2026",
                Some("EC"),
                Err("has the month first, but in its country the day"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "25/12/2026",
                Some("US"),
                Err("has the day first, but in its country the month"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "13/14/2026",
                Some("EC"),
                Err("is not a date"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "25/12/2026",
                Some("CA"),
                Ok("25/12"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "05/03/2026",
                Some("CA"),
                Err("may be two days"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "28/11/226",
                None,
                Err("is not a date"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "1/2/3",
                Some("EC"),
                Err("is not a date"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "2026-11-28T00:00:00.000Z",
                Some("EC"),
                Ok("28/11"),
            ),
            (
                "{{ x | date('%d/%m') }}",
                "2026-11-29T02:00:00.000Z",
                Some("EC"),
                Err("is the time in UTC"),
            ),
            (
                "{{ x | date('%H:%M') }}",
                "2026-11-28T00:00:00Z",
                Some("EC"),
                Err("write the local time, such as"),
            ),
            (
                "{{ x | date('%H:%M') }}",
                "2026-11-28T20:00:00+00:00",
                Some("EC"),
                Err("is the time in UTC"),
            ),
            (
                "{{ x | date('%H:%M') }}",
                "2026-11-28T20:00:00-05:00",
                Some("EC"),
                Ok("20:00"),
            ),
            (
                "{{ x | date('%H:%M') }}",
                "28/11/2026",
                Some("EC"),
                Err("is a date without a time"),
            ),
            (
                "{{ x | date('%H:%M') }}",
                "2026-11-28T00:00",
                Some("EC"),
                Ok("00:00"),
            ),
            (
                "{{ x | date('%d/%m/%Y') }}",
                "28/11/26",
                None,
                Ok("28/11/2026"),
            ),
            (
                "{{ x | date('%d/%m/%y') }}",
                "28/11/85",
                None,
                Ok("28/11/85"),
            ),
            (
                "{{ x | date('%d/%m/%Y') }}",
                "28/11/85",
                None,
                Err("the year of `28/11/85` may be in two centuries"),
            ),
            (
                "{{ x | date('%A') }}",
                "28 nov 85",
                None,
                Err("with four digits in the list, or omit it"),
            ),
            ("{{ x | date('%H.%M') }}", "13:30:00", None, Ok("13.30")),
            ("{{ x | date('%d/%m') }}.", "", None, Ok(".")),
            (
                "{{ x | date('%q') }}",
                "2026-03-05",
                None,
                Err("has an unknown code"),
            ),
            (
                "{{ x | date('28 de noviembre') }}",
                "2026-03-05",
                None,
                Err("has no code, so every date would be the same"),
            ),
        ] {
            check(source, cell, country, expected);
        }
    }
}

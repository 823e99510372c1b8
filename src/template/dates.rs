//! The filter `date`: it reads a date as people write it, and writes it in the format of an example, or in its country's.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{Timestamp, tz::TimeZone};
use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, State, Value as Cell};

use super::formats::{conventions, refused};
use super::row_view::RowView;
use crate::conventions::{Conventions, DatePiece, Language, written_date};
use crate::nearest::plain;

/// The day of an example: 28 November 2026, a Saturday.
const EXAMPLE: &str = "date('28 de noviembre'), date('sábado 28 de noviembre'), date('28/11/2026') or date('%d/%m/%Y')";
/// Words between a day and its month.
const BETWEEN: [&str; 5] = ["de", "del", "of", "the", "feira"];

/// The codes of strftime, each with its piece, and that of `%-d`.
const CODES: [(char, DatePiece, DatePiece); 14] = [
    ('d', DatePiece::Day2, DatePiece::Day),
    ('e', DatePiece::Day, DatePiece::Day),
    ('m', DatePiece::Month2, DatePiece::Month),
    ('B', DatePiece::MonthName, DatePiece::MonthName),
    ('b', DatePiece::MonthName3, DatePiece::MonthName3),
    ('A', DatePiece::DayName, DatePiece::DayName),
    ('a', DatePiece::DayName3, DatePiece::DayName3),
    ('Y', DatePiece::Year, DatePiece::Year),
    ('y', DatePiece::Year2, DatePiece::Year2),
    ('H', DatePiece::Hour2, DatePiece::Hour),
    ('I', DatePiece::HalfHour2, DatePiece::HalfHour),
    ('M', DatePiece::Minute2, DatePiece::Minute2),
    ('S', DatePiece::Second2, DatePiece::Second2),
    ('p', DatePiece::HalfDay, DatePiece::HalfDay),
];

/// `{{ vence | date('28 de noviembre') }}`: the day in the format of the example, or of `%d/%m/%Y`; without an
/// argument, in the short format of the country.
pub(super) fn date(state: &State<'_, '_>, typed: &Cell, how: Option<&str>) -> Result<String, Error> {
    let text = match typed.kind() {
        ValueKind::String | ValueKind::Number => typed.to_string(),
        ValueKind::None => return Ok(String::new()),
        ValueKind::Undefined => return Err(ErrorKind::UndefinedError.into()),
        other => return Err(refused("date", &format!("a {other} is not a date"))),
    };
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    // A sheet stores a midnight as a day.
    let is_midnight = RowView::in_state(state).is_some_and(|view| view.shown_text(typed).is_some_and(has_clock));
    let written = rewritten(text.trim(), is_midnight, how, conventions(state).as_ref());
    written.map_err(|problem| refused("date", &problem))
}

/// The date `text` in the format `how`. A day has no time, unless it `is_midnight`.
fn rewritten(
    text: &str,
    is_midnight: bool,
    how: Option<&str>,
    conventions: Option<&Conventions>,
) -> Result<String, String> {
    let language = conventions.and_then(|known| known.language);
    let format = match (how, conventions) {
        (Some(codes), _) if codes.contains('%') => DateFormat::of_codes(codes)?,
        (Some(example), _) => DateFormat::of_example(example, language)?,
        (None, Some(known)) => DateFormat::of_letters(known.short_date),
        (None, None) => return Err(format!("say how it is written: {EXAMPLE}")),
    };
    let read = read_date(text, conventions)?;
    let has = |is_it: fn(&DatePiece) -> bool| format.pieces.iter().any(is_it);
    if read.is_without_century
        && has(|piece| matches!(piece, DatePiece::Year | DatePiece::DayName | DatePiece::DayName3))
    {
        return Err(format!(
            "the year of `{text}` may be of two centuries; write it in the list with four digits, or leave it out: \
             date('%d/%m')"
        ));
    }
    if read.day.is_none() && has(DatePiece::is_of_day) {
        return Err(format!("`{text}` is a time without a date"));
    }
    let shows_time = has(|piece| !piece.is_of_day() && !matches!(piece, DatePiece::Text(_)));
    if shows_time && read.time.is_none() && !is_midnight {
        return Err(format!("`{text}` is a date without a time"));
    }
    let at = read.day.unwrap_or_default().to_datetime(read.time.unwrap_or_default());
    if read.is_utc && (shows_time || at.time() != Time::midnight()) {
        return Err(format!("`{text}` is the time in UTC; write the local time, such as 2026-11-28T13:30"));
    }
    let written = format.write(at, format.language.or(language));
    written
        .ok_or_else(|| "the language of its names is not known; say the country of the list with --country".to_owned())
}

/// A date in a cell: a day, a time, or both.
#[derive(Default)]
struct ReadDate {
    day: Option<Date>,
    time: Option<Time>,
    /// Whether its year is 30 to 99: spreadsheets read earlier ones as 2000 to 2029.
    is_without_century: bool,
    is_utc: bool,
}

fn has_clock(text: &str) -> bool {
    text.contains(':')
}

/// Whether a text is a date or a time, whichever of its numbers is the day.
pub(super) fn is_date(text: &str) -> bool {
    ["EC", "US"].into_iter().any(|country| read_date(text, Conventions::of(country).as_ref()).is_ok())
}

/// Reads `2026-11-28`, `2026-11-28T13:30:00`, `13:30`, `28/11/2026` or `28 de noviembre de 2026`.
fn read_date(text: &str, conventions: Option<&Conventions>) -> Result<ReadDate, String> {
    let is_clock = has_clock(text) && text.chars().all(|sign| sign.is_ascii_digit() || ":.".contains(sign));
    if let Some(time) = is_clock.then(|| text.parse().ok()).flatten() {
        return Ok(ReadDate { time: Some(time), ..ReadDate::default() });
    }
    if let Ok(at) = text.trim_end_matches(['Z', 'z']).parse::<DateTime>() {
        let time = text.contains([':', 'T', 't']).then_some(at.time());
        let is_utc = text.parse::<Timestamp>().is_ok_and(|instant| TimeZone::UTC.to_datetime(instant) == at);
        return Ok(ReadDate { day: Some(at.date()), time, is_utc, ..ReadDate::default() });
    }
    let (day, time) = match text.rsplit_once(' ').filter(|(_, time)| has_clock(time)) {
        Some((day, time)) => (day, Some(time.parse().map_err(|_| is_not_a_date(text))?)),
        None => (text, None),
    };
    let (day, is_without_century) = read_day(text, day, conventions)?;
    Ok(ReadDate { day: Some(day), time, is_without_century, is_utc: false })
}

fn is_not_a_date(text: &str) -> String {
    format!("`{text}` is not a date")
}

/// Reads the `day` of a `text`, and whether its century is not known.
fn read_day(text: &str, day: &str, conventions: Option<&Conventions>) -> Result<(Date, bool), String> {
    let is_not = || is_not_a_date(text);
    let words = day.split(|sign: char| !sign.is_alphanumeric());
    let words: Vec<_> = words.filter(|word| !["", "de", "del", "of"].contains(word)).collect();
    let [one, two, three] = words[..] else { return Err(is_not()) };
    let number = |word: &str| word.parse::<i16>().ok().filter(|_| word.bytes().all(|byte| byte.is_ascii_digit()));
    let (day, month, year) = match (number(one), month_of(one), number(two), month_of(two)) {
        (Some(day), _, _, Some(month)) | (_, Some(month), Some(day), _) => (day, month, three),
        (Some(_), _, Some(month), _) if one.len() == 4 => (number(three).unwrap_or(0), month, one),
        (Some(first), _, Some(second), _) => {
            let is_month_first = is_month_first(text, first, second, conventions)?;
            if is_month_first { (second, first, three) } else { (first, second, three) }
        }
        _ => return Err(is_not()),
    };
    let (year, is_short) = match (number(year), year.len()) {
        (Some(short), 2) => (short + 2000, true),
        (Some(year), 4) => (year, false),
        _ => return Err(is_not()),
    };
    let narrow = |number: i16| i8::try_from(number).map_err(|_| is_not());
    let date = Date::new(year, narrow(month)?, narrow(day)?).map_err(|_| is_not())?;
    Ok((date, is_short && year >= 2030))
}

/// Whether the `first` two numbers of a `text` are month and day. Another date of the list, such as 03/05/2026, would be
/// read by the country's order: so this one may not contradict it.
fn is_month_first(text: &str, first: i16, second: i16, conventions: Option<&Conventions>) -> Result<bool, String> {
    let usual = conventions.and_then(|known| match known.short_date.chars().next() {
        Some('d') => Some(false),
        Some('m') => Some(true),
        // The year is first there, which says nothing of the other two.
        _ => None,
    });
    let shown = match (first > 12, second > 12) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        (true, true) | (false, false) => None,
    };
    let name = |is_month| if is_month { "month" } else { "day" };
    match (shown, usual) {
        (Some(shown), Some(usual)) if shown != usual => Err(format!(
            "`{text}` has the {} first, but in its country the {} comes first; write it as 2026-11-28",
            name(shown),
            name(usual)
        )),
        (Some(is_month), _) | (None, Some(is_month)) => Ok(is_month),
        (None, None) if first == second || first > 12 => Ok(false),
        (None, None) => Err(format!(
            "`{text}` may be two days: say the country of the list with --country, or write it as 2026-11-28"
        )),
    }
}

/// The month of this name, or of its first three letters.
fn month_of(word: &str) -> Option<i16> {
    if !word.starts_with(char::is_alphabetic) {
        return None;
    }
    let is_it = |month: &i8| Language::ALL.into_iter().any(|language| is_named(word, language.month(*month)));
    (1..=12).find(is_it).map(i16::from)
}

fn is_named(word: &str, name: &str) -> bool {
    let (word, name) = (plain(word), plain(name));
    word == name || (word.len() == 3 && name.starts_with(&word))
}

/// How a date is written.
#[derive(Default)]
struct DateFormat {
    pieces: Vec<DatePiece>,
    /// The places of the names that have a capital.
    capitals: Vec<usize>,
    /// That of the names of an example.
    language: Option<Language>,
}

impl DateFormat {
    /// `at` in this format; None if it needs names in an unknown language.
    fn write(&self, at: DateTime, language: Option<Language>) -> Option<String> {
        let written = (0..).zip(&self.pieces).map(|(place, piece)| {
            let text = written_date(std::slice::from_ref(piece), at, language)?;
            Some(if self.capitals.contains(&place) { with_capital(&text) } else { text })
        });
        written.collect()
    }

    /// `%d/%m/%Y`, as in strftime.
    fn of_codes(codes: &str) -> Result<Self, String> {
        if let Some(name) = fixed_name(&codes.replace("%-", "%"), |_| false) {
            return Err(format!("`{name}` would be in every date; write %B for the month and %A for the weekday"));
        }
        let (mut pieces, mut characters) = (Vec::new(), codes.chars());
        while let Some(character) = characters.next() {
            if character != '%' {
                pieces.push(DatePiece::Text(character.to_string()));
                continue;
            }
            let code = characters.next();
            let (is_short, code) = if code == Some('-') { (true, characters.next()) } else { (false, code) };
            let known = CODES.iter().find(|(known, ..)| Some(*known) == code);
            pieces.push(match known {
                Some((_, _, short)) if is_short => short.clone(),
                Some((_, long, _)) => long.clone(),
                None if code == Some('%') => DatePiece::Text("%".to_owned()),
                None => {
                    return Err(format!(
                        "`{codes}` has a code that is not known; there are %d %-d %m %B %b %A %a %Y %y %H %I %M %S %p"
                    ));
                }
            });
        }
        Ok(Self { pieces, ..Self::default() })
    }

    /// A short date, in the letters of a sheet's formats.
    fn of_letters(short: &str) -> Self {
        let piece = |run: String| match run.as_str() {
            "d" => DatePiece::Day,
            "dd" => DatePiece::Day2,
            "m" => DatePiece::Month,
            "mm" => DatePiece::Month2,
            "yyyy" => DatePiece::Year,
            _ => DatePiece::Text(run),
        };
        Self { pieces: runs(short).into_iter().map(piece).collect(), ..Self::default() }
    }

    /// The format of `example`, which is 28 November 2026, 13:30. Its language is that of the country if it has these names.
    fn of_example(example: &str, country: Option<Language>) -> Result<Self, String> {
        let is_not = || format!("`{example}` is not an example of 28 November 2026; write {EXAMPLE}");
        let piece_of = |word: &str| Language::ALL.into_iter().find_map(|language| name_in(word, language));
        if let Some(name) = fixed_name(example, |word| piece_of(word).is_some()) {
            return Err(format!(
                "`{name}` would be in every date: the example is 28 November 2026, a Saturday; write {EXAMPLE}"
            ));
        }
        let (mut pieces, mut capitals, mut named) = (Vec::new(), Vec::new(), Vec::new());
        for run in runs(example) {
            let piece = match run.as_str() {
                "28" => DatePiece::Day2,
                "11" => DatePiece::Month2,
                "2026" => DatePiece::Year,
                "26" => DatePiece::Year2,
                "13" => DatePiece::Hour2,
                "30" => DatePiece::Minute2,
                number if number.contains(char::is_numeric) => return Err(is_not()),
                word => piece_of(word).unwrap_or_else(|| DatePiece::Text(word.to_owned())),
            };
            if is_name(&piece) {
                capitals.extend(run.starts_with(char::is_uppercase).then_some(pieces.len()));
                named.push(run);
            }
            pieces.push(piece);
        }
        if !is_whole(&pieces) {
            return Err(is_not());
        }
        if named.is_empty() {
            return Ok(Self { pieces, ..Self::default() });
        }
        // A date in words does not write 05.
        for day in pieces.iter_mut().filter(|piece| **piece == DatePiece::Day2) {
            *day = DatePiece::Day;
        }
        let has_all = |language: &Language| named.iter().all(|word| name_in(word, *language).is_some());
        // `nov` is Spanish and `Nov` English.
        let by_capital = (!capitals.is_empty()).then_some(Language::English);
        let language = [country, by_capital].into_iter().flatten().chain(Language::ALL).find(has_all);
        Ok(Self { pieces, capitals, language })
    }
}

fn with_capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// `text` in runs of letters, of digits, and of other signs.
fn runs(text: &str) -> Vec<String> {
    let kind = |sign: &char| (sign.is_alphabetic(), sign.is_numeric());
    let signs: Vec<_> = text.chars().collect();
    signs.chunk_by(|one, next| kind(one) == kind(next)).map(String::from_iter).collect()
}

/// Whether each number is what it seems to be. In `30/11/2026` and `26 de noviembre` the first is meant as the day.
fn is_whole(pieces: &[DatePiece]) -> bool {
    use DatePiece::{Day2, Hour2, Minute2, Month2, Text, Year, Year2};
    let has_name = pieces.iter().any(is_name);
    let is_number = |piece: &&DatePiece| !is_name(piece) && !matches!(piece, Text(_));
    let numbers: Vec<_> = pieces.iter().filter(is_number).collect();
    match numbers.as_slice() {
        numbers if numbers.contains(&&Day2) => true,
        [] => has_name,
        [Year] | [Hour2, Minute2] => true,
        [_] | [Month2, Year | Year2] | [Year, Month2] => !has_name,
        _ => false,
    }
}

fn is_name(piece: &DatePiece) -> bool {
    matches!(piece, DatePiece::DayName | DatePiece::DayName3 | DatePiece::MonthName | DatePiece::MonthName3)
}

/// What `word` means in `language` for a Saturday in November.
fn name_in(word: &str, language: Language) -> Option<DatePiece> {
    let is_short = word.chars().count() == 3;
    match (is_named(word, language.month(11)), is_named(word, language.day(Weekday::Saturday))) {
        (true, _) => Some(if is_short { DatePiece::MonthName3 } else { DatePiece::MonthName }),
        (_, true) => Some(if is_short { DatePiece::DayName3 } else { DatePiece::DayName }),
        _ => None,
    }
}

/// The first word that names a month or a weekday, or begins like one beside a number. `is_shown` says which names are
/// meant to be shown.
fn fixed_name(format: &str, is_shown: impl Fn(&str) -> bool) -> Option<&str> {
    let words: Vec<_> = format
        .split(|sign: char| !sign.is_alphanumeric() && sign != '%')
        .filter(|word| !word.is_empty() && !BETWEEN.contains(&plain(word).as_str()))
        .collect();
    let is_number = |at: Option<usize>| {
        at.and_then(|at| words.get(at))
            .is_some_and(|word| word.starts_with(|sign: char| sign == '%' || sign.is_numeric()))
    };
    // Each with whether it is also a word for a place in a row, such as `segunda`.
    let names: Vec<_> = Language::ALL
        .into_iter()
        .flat_map(|language| {
            let months = (1..=12).map(move |month| language.month(month));
            months.chain(Weekday::Monday.cycle_forward().take(7).map(move |day| language.day(day)))
        })
        .map(|name| (plain(name.trim_end_matches("-feira")), name.ends_with("-feira")))
        .collect();
    (0_usize..).zip(&words).find_map(|(at, word)| {
        let (name, is_beside) = (plain(word), is_number(at.checked_sub(1)) || is_number(Some(at + 1)));
        let is_before_word = at + 1 < words.len() && !is_number(Some(at + 1));
        let is_it = |(known, is_ordinal): &(String, bool)| {
            let is_begun = is_beside && name.len() >= 3 && known.starts_with(&name);
            (*known == name || is_begun) && !(*is_ordinal && is_before_word)
        };
        let is_name = names.iter().any(is_it) || name == "setiembre";
        (is_name && !is_shown(word)).then_some(*word)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use crate::list::Row;
    use crate::template::{RowView, TextTemplate, language};

    fn filled(source: &str, cell: &str, country: Option<&str>) -> Result<String, String> {
        let language = language();
        let template = TextTemplate::compile(&language, "text", source).map_err(|error| error.problem)?.unwrap();
        let row = Row::Fields(Arc::new(serde_json::from_value(json!({ "x": cell })).unwrap()));
        let country = country.map(|code| code.parse().unwrap());
        let filled = template.fill("text", &row, RowView::of(&row, country)).map_err(|error| error.problem)?;
        Ok(filled.as_str().map_or_else(|| filled.to_string(), str::to_owned))
    }

    #[test]
    fn dates_are_read_and_written_as_people_do() {
        for (source, cell, country, expected) in [
            ("{{ x | date('28 de noviembre') }}", "2026-03-05", None, Ok("5 de marzo")),
            ("{{ x | date('November 28, 2026') }}", "2026-03-05", None, Ok("March 5, 2026")),
            ("{{ x | date('sábado 28 de nov') }}", "2026-03-05", None, Ok("jueves 5 de mar")),
            ("{{ x | date('28/11/2026') }}", "2026-03-05T08:05:00", None, Ok("05/03/2026")),
            ("{{ x | date('28/11/26 13:30') }}", "2026-03-05T08:05:00", None, Ok("05/03/26 08:05")),
            ("{{ x | date('%-d/%m/%Y %H:%M') }}", "2026-03-05 08:05", None, Ok("5/03/2026 08:05")),
            ("{{ x | date('%d de %B') }}", "28/11/2026", Some("EC"), Ok("28 de noviembre")),
            ("{{ x | date('%d de %B') }}", "28/11/2026", None, Err("language of its names")),
            ("{{ x | date }}", "2026-11-28", Some("US"), Ok("11/28/2026")),
            ("{{ x | date }}", "2026-11-28", None, Err("say how it is written")),
            ("{{ x | date('%d') }}", "05/03/2026", None, Err("may be two days")),
            ("{{ x | date('%d') }}", "05/03/2026", Some("US"), Ok("03")),
            ("{{ x | date('%d') }}", "05/03/2026", Some("MX"), Ok("05")),
            ("{{ x | date('%d/%m') }}", "5 de marzo de 2026", None, Ok("05/03")),
            ("{{ x | date('%d/%m') }}", "mañana", None, Err("`mañana` is not a date")),
            ("{{ x | date('%d/%m') }}", "31/02/2026", None, Err("is not a date")),
            ("{{ x | date('%d/%m') }}", "13:30:00", None, Err("a time without a date")),
            ("{{ x | date('%d/%m') }}", "12/25/2026", None, Ok("25/12")),
            ("{{ x | date('%d/%m') }}", "12/25/2026", Some("US"), Ok("25/12")),
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
            ("{{ x | date('%d/%m') }}", "13/14/2026", Some("EC"), Err("is not a date")),
            ("{{ x | date('%d/%m') }}", "25/12/2026", Some("CA"), Ok("25/12")),
            ("{{ x | date('%d/%m') }}", "05/03/2026", Some("CA"), Err("may be two days")),
            ("{{ x | date('%d/%m') }}", "28/11/226", None, Err("is not a date")),
            ("{{ x | date('%d/%m') }}", "1/2/3", Some("EC"), Err("is not a date")),
            ("{{ x | date('%d/%m') }}", "2026-11-28T00:00:00.000Z", Some("EC"), Ok("28/11")),
            ("{{ x | date('%d/%m') }}", "2026-11-29T02:00:00.000Z", Some("EC"), Err("is the time in UTC")),
            ("{{ x | date('%H:%M') }}", "2026-11-28T00:00:00Z", Some("EC"), Err("write the local time, such as")),
            ("{{ x | date('%H:%M') }}", "2026-11-28T20:00:00+00:00", Some("EC"), Err("is the time in UTC")),
            ("{{ x | date('%H:%M') }}", "2026-11-28T20:00:00-05:00", Some("EC"), Ok("20:00")),
            ("{{ x | date('%H:%M') }}", "28/11/2026", Some("EC"), Err("is a date without a time")),
            ("{{ x | date('28/11, 13:30') }}", "2026-11-28", Some("EC"), Err("is a date without a time")),
            ("{{ x | date('%H:%M') }}", "2026-11-28T00:00", Some("EC"), Ok("00:00")),
            ("{{ x | date('%d/%m/%Y') }}", "28/11/26", None, Ok("28/11/2026")),
            ("{{ x | date('%d/%m/%y') }}", "28/11/85", None, Ok("28/11/85")),
            ("{{ x | date('28 de noviembre') }}", "28/11/85", None, Ok("28 de noviembre")),
            ("{{ x | date('%d/%m/%Y') }}", "28/11/85", None, Err("the year of `28/11/85` may be of two centuries")),
            ("{{ x | date('sábado') }}", "28 nov 85", None, Err("with four digits, or leave it out")),
            ("{{ x | date('%H.%M') }}", "13:30:00", None, Ok("13.30")),
            ("{{ x | date('%d/%m') }}.", "", None, Ok(".")),
            ("{{ x | date('%q') }}", "2026-03-05", None, Err("code that is not known")),
            ("{{ x | date('5 de marzo') }}", "2026-03-05", None, Err("`marzo` would be in every date")),
            ("{{ x | date('5 de noviembre') }}", "2026-03-05", None, Err("not an example of 28 November")),
        ] {
            check(source, cell, country, expected);
        }
    }

    #[test]
    fn an_example_of_another_day_is_refused() {
        for (example, name) in [
            ("28 de diciembre", "diciembre"),
            ("lunes 28 de noviembre", "lunes"),
            ("28 de marzo", "marzo"),
            ("Dec 28", "Dec"),
            ("lun 28 nov", "lun"),
            ("mar, 28 de nov", "mar"),
            ("miércoles, 28/11/2026", "miércoles"),
            ("Miercoles 28", "Miercoles"),
            ("Monday, 28 Nov", "Monday"),
            ("terça-feira, 28 de novembro", "terça"),
            ("seg, 28/11", "seg"),
            ("28 de setiembre", "setiembre"),
            ("28 de sept.", "sept"),
            ("domingo", "domingo"),
            ("%d de diciembre", "diciembre"),
            ("%d de noviembre", "noviembre"),
            ("lun %-d/%m", "lun"),
            ("sábado %d", "sábado"),
        ] {
            let source = format!("{{{{ x | date('{example}') }}}}");
            check(&source, "2026-12-01", Some("EC"), Err(&format!("`{name}` would be in every date")));
        }
        for example in ["30/11/2026", "13/11/2026", "26/11/2026", "30 de noviembre", "11 de noviembre", "sábado 26"] {
            let source = format!("{{{{ x | date('{example}') }}}}");
            check(&source, "2026-12-01", Some("EC"), Err("is not an example of 28 November 2026"));
        }
        for (example, written) in [
            ("Segunda cuota: 28/11/2026", "Segunda cuota: 01/12/2026"),
            ("El 28/11, quinta visita", "El 01/12, quinta visita"),
            ("%d/%m, sexta cuota", "01/12, sexta cuota"),
            ("28 de nov a las 13:30", "1 de dic a las 08:05"),
            ("mar o sol, 13:30", "mar o sol, 08:05"),
            ("11/2026", "12/2026"),
            ("11/26", "12/26"),
            ("noviembre de 2026", "diciembre de 2026"),
            ("13.30 h", "08.05 h"),
            ("el %d de %B", "el 01 de diciembre"),
        ] {
            let source = format!("{{{{ x | date('{example}') }}}}");
            check(&source, "2026-12-01T08:05:00", Some("EC"), Ok(written));
        }
    }

    #[test]
    fn the_names_of_an_example_have_the_language_of_the_country() {
        for (example, country, written) in [
            ("Sábado, 28/11", Some("EC"), "Martes, 1/12"),
            ("sabado, 28/11", Some("EC"), "martes, 1/12"),
            ("Sábado, 28/11", None, "Martes, 1/12"),
            ("Sábado, 28/11", Some("BR"), "Terça-feira, 1/12"),
            ("Sábado 28 de noviembre", Some("EC"), "Martes 1 de diciembre"),
            ("28 Nov 2026", Some("EC"), "1 Dic 2026"),
            ("28 nov", Some("BR"), "1 dez"),
            ("28 Nov 2026", None, "1 Dec 2026"),
            ("28 nov", None, "1 dic"),
            ("Saturday, November 28", Some("EC"), "Tuesday, December 1"),
        ] {
            check(&format!("{{{{ x | date('{example}') }}}}"), "2026-12-01", country, Ok(written));
        }
    }

    fn check(source: &str, cell: &str, country: Option<&str>, expected: Result<&str, &str>) {
        match (filled(source, cell, country), expected) {
            (Ok(written), Ok(expected)) => assert_eq!(written, expected, "{source} {cell}"),
            (Err(problem), Err(part)) => assert!(problem.contains(part), "{source} {cell}: {problem}"),
            (found, expected) => panic!("{source} {cell}: {found:?}, not {expected:?}"),
        }
    }
}

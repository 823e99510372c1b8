//! The filter `date`: it reads a date as people write it, and writes it in the format of an example, or in its country's.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::fmt::strtime;
use jiff::{Timestamp, tz::TimeZone};
use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, State, Value as Cell};

use super::formats::{conventions, refused};
use super::row_view::RowView;
use crate::conventions::{Conventions, DatePiece, Language, written_date};
use crate::nearest::plain;

/// The day of an example: 28 November 2026, a Saturday.
const EXAMPLE: &str = "date('28 de noviembre'), date('sábado 28 de noviembre'), date('28/11/2026') or date('%d/%m/%Y')";
/// The codes of a format that belong to a day, and those that belong to a time; as in strftime.
const OF_DAY: &str = "dmBbAaYy";
const OF_TIME: &str = "HIMSp";
/// The words that may stand in a format, without accents: others may be meant for a part of the date.
const WORDS: [&str; 20] = [
    "al", "as", "at", "da", "das", "de", "del", "dia", "do", "el", "em", "feira", "horas", "hrs", "hs", "la", "las",
    "of", "on", "the",
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
    let country = conventions.and_then(|known| known.language);
    let (format, language) = match (how, conventions) {
        (Some(codes), _) if codes.contains('%') => (checked(codes)?, country),
        (Some(example), _) => of_example(example, country)?,
        (None, Some(known)) => (of_letters(known.short_date), country),
        (None, None) => return Err(format!("say how it is written: {EXAMPLE}")),
    };
    let read = read_date(text, conventions)?;
    let has = |of: &str| codes(&format).any(|code| of.contains(code));
    if read.is_without_century && has("YAa") {
        return Err(format!(
            "the year of `{text}` may be of two centuries; write it in the list with four digits, or leave it out: \
             date('%d/%m')"
        ));
    }
    if read.day.is_none() && has(OF_DAY) {
        return Err(format!("`{text}` is a time without a date"));
    }
    let shows_time = has(OF_TIME);
    if shows_time && read.time.is_none() && !is_midnight {
        return Err(format!("`{text}` is a date without a time"));
    }
    let at = read.day.unwrap_or_default().to_datetime(read.time.unwrap_or_default());
    if read.is_utc && (shows_time || at.time() != Time::midnight()) {
        return Err(format!("`{text}` is the time in UTC; write the local time, such as 2026-11-28T13:30"));
    }
    write(&format, at, language)
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

/// `at` in a format of strftime, whose `%^A` is a name with a capital; None if it needs names in an unknown language.
fn write(format: &str, at: DateTime, language: Option<Language>) -> Option<String> {
    use DatePiece::{DayName, DayName3, HalfDay, MonthName, MonthName3};
    let mut plain = format.to_owned();
    for (code, piece) in [('B', MonthName), ('b', MonthName3), ('A', DayName), ('a', DayName3), ('p', HalfDay)] {
        if codes(format).any(|own| own == code) {
            let name = written_date(&[piece], at, language)?;
            plain = plain.replace(&format!("%^{code}"), &with_capital(&name)).replace(&format!("%{code}"), &name);
        }
    }
    strtime::format(plain, at).ok()
}

/// The letters of the codes of a format.
fn codes(format: &str) -> impl Iterator<Item = char> {
    let rests = format.split('%').skip(1);
    rests.map(|rest| rest.trim_start_matches(['-', '^']).chars().next().unwrap_or('%'))
}

/// `%d/%m/%Y`, if its codes and words are known.
fn checked(format: &str) -> Result<String, String> {
    if codes(format).any(|code| !OF_DAY.contains(code) && !OF_TIME.contains(code)) {
        return Err(format!(
            "`{format}` has a code that is not known; there are %d %-d %m %-m %B %b %A %a %Y %y %H %I %M %S %p"
        ));
    }
    let literals: Vec<_> = format
        .split('%')
        .enumerate()
        .map(|(at, rest)| {
            let rest = rest.trim_start_matches(['-', '^']);
            if at == 0 { rest } else { rest.get(1..).unwrap_or_default() }
        })
        .collect();
    literals.iter().flat_map(|literal| runs(literal)).try_for_each(|run| check_word(&run))?;
    Ok(format.to_owned())
}

/// Refuses a word that would be in every date, such as the name of another month than that of an example.
fn check_word(run: &str) -> Result<(), String> {
    if !run.starts_with(char::is_alphabetic) || run.len() == 1 || WORDS.contains(&plain(run).as_str()) {
        return Ok(());
    }
    Err(format!(
        "`{run}` would be in every date; write other words outside the brackets, and a date as in {EXAMPLE}: the example is \
         28 November 2026, a Saturday"
    ))
}

/// The format of a short date in the letters of a sheet's formats.
fn of_letters(short: &str) -> String {
    let code = |run: String| match run.as_str() {
        "d" => "%-d".to_owned(),
        "dd" => "%d".to_owned(),
        "m" => "%-m".to_owned(),
        "mm" => "%m".to_owned(),
        "yyyy" => "%Y".to_owned(),
        _ => run,
    };
    runs(short).into_iter().map(code).collect()
}

/// The format of `example`, which is 28 November 2026, 13:30, and the language of its names: that of the country if it
/// has them.
fn of_example(example: &str, country: Option<Language>) -> Result<(String, Option<Language>), String> {
    let (mut format, mut numbers, mut names) = (String::new(), String::new(), Vec::new());
    for run in runs(example) {
        let number = [("28", 'd'), ("11", 'm'), ("2026", 'Y'), ("26", 'y'), ("13", 'H'), ("30", 'M')];
        let number = number.into_iter().find(|(number, _)| *number == run).map(|(_, code)| code);
        if let Some(code) = number {
            numbers.push(code);
            format.extend(['%', code]);
        } else if let Some(code) = Language::ALL.into_iter().find_map(|language| name_in(&run, language)) {
            format += if run.starts_with(char::is_uppercase) { "%^" } else { "%" };
            format.push(code);
            names.push(run);
        } else {
            check_word(&run)?;
            format += &run;
        }
    }
    // In `30/11/2026` and `26 de noviembre` the first number is meant as the day.
    let is_date = match numbers.as_str() {
        "Y" | "HM" => true,
        "mY" | "my" | "Ym" => names.is_empty(),
        "" => !names.is_empty(),
        numbers => numbers.contains('d'),
    };
    if !is_date || format.contains(char::is_numeric) {
        return Err(format!("`{example}` is not an example of 28 November 2026; write {EXAMPLE}"));
    }
    if names.is_empty() {
        return Ok((format, None));
    }
    let has_all = |language: &Language| names.iter().all(|word| name_in(word, *language).is_some());
    // `nov` is Spanish and `Nov` English.
    let by_capital = format.contains('^').then_some(Language::English);
    let language = [country, by_capital].into_iter().flatten().chain(Language::ALL).find(has_all);
    // A date in words does not write 05.
    Ok((format.replace("%d", "%-d"), language))
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

/// The code of `word` in `language`, for a Saturday in November.
fn name_in(word: &str, language: Language) -> Option<char> {
    let is_short = word.chars().count() == 3;
    match (is_named(word, language.month(11)), is_named(word, language.day(Weekday::Saturday))) {
        (true, _) => Some(if is_short { 'b' } else { 'B' }),
        (_, true) => Some(if is_short { 'a' } else { 'A' }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::template::fixture::check;

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
            ("Dec 28", "Dec"),
            ("lun 28 nov", "lun"),
            ("miércoles, 28/11/2026", "miércoles"),
            ("terça-feira, 28 de novembro", "terça"),
            ("28 de setiembre", "setiembre"),
            ("domingo", "domingo"),
            ("November 28th", "th"),
            ("Segunda cuota: 28/11/2026", "Segunda"),
            ("%d de diciembre", "diciembre"),
            ("lun %-d/%m", "lun"),
            ("sábado %d", "sábado"),
        ] {
            let source = format!("{{{{ x | date('{example}') }}}}");
            check(&source, "2026-12-01", Some("EC"), Err(&format!("`{name}` would be in every date")));
        }
        for example in
            ["30/11/2026", "13/11/2026", "26/11/2026", "30 de noviembre", "11 de noviembre", "sábado 26", "5/11"]
        {
            let source = format!("{{{{ x | date('{example}') }}}}");
            check(&source, "2026-12-01", Some("EC"), Err("is not an example of 28 November 2026"));
        }
        for (example, written) in [
            ("28 de nov a las 13:30", "1 de dic a las 08:05"),
            ("11/2026", "12/2026"),
            ("11/26", "12/26"),
            ("noviembre de 2026", "diciembre de 2026"),
            ("13.30 h", "08.05 h"),
            ("el %d de %B", "el 01 de diciembre"),
            ("%Y-%m-%dT%I:%M:%S %p", "2026-12-01T08:05:00 a.\u{a0}m."),
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
}

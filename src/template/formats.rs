//! The filters that read a number or a date, and write it in the format of its country: `number`, `money`, `percent`,
//! `date`.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{Timestamp, tz::TimeZone};
use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, State, Value as Cell};

use super::numbers::{Amount, read_number};
use super::row_view::RowView;
use crate::conventions::{Conventions, DatePiece, Language, NumberLayout, written_date};
use crate::nearest::plain;

/// The day of an example: 28 November 2026, a Saturday.
const EXAMPLE: &str = "date('28 de noviembre'), date('sábado 28 de noviembre'), date('28/11/2026') or date('%d/%m/%Y')";
/// Words between a day and its month.
const BETWEEN: [&str; 5] = ["de", "del", "of", "the", "feira"];
/// The most decimals that a filter writes.
const MOST_DECIMALS: usize = 10;

fn refused(filter: &str, problem: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("{filter}: {problem}"))
}

fn conventions(state: &State<'_, '_>) -> Option<Conventions> {
    Conventions::of(RowView::in_state(state)?.country?.code())
}

/// `{% if saldo | number > 100 %}`: a text as a number; an empty text is undefined. `number(',')` sets the decimal
/// sign. `{{ saldo | number(2) }}` is a text with two decimals.
pub(super) fn number(state: &State<'_, '_>, typed: &Cell, how: Option<&Cell>) -> Result<Cell, Error> {
    let Some(how) = how else { return read(state, "number", typed, None) };
    match how.as_str() {
        Some(mark @ ("," | ".")) => read(state, "number", typed, mark.chars().next()),
        Some(other) => {
            Err(refused("number", &format!("`{other}` is not a sign of decimals; write number(',') or number('.')")))
        }
        None => {
            let layout = layout("number", how)?;
            written(state, "number", &read(state, "number", typed, None)?, layout).map(Cell::from)
        }
    }
}

/// `{{ saldo | money('$') }}`: `$1.500,00`, in the format of the country.
pub(super) fn money(state: &State<'_, '_>, typed: &Cell, sign: &str, decimals: Option<&Cell>) -> Result<String, Error> {
    let sign = sign.trim();
    let layout = layout("money", decimals.unwrap_or(&Cell::from(2)))?;
    let amount = written(state, "money", &read(state, "money", typed, None)?, layout)?;
    let (minus, amount) = amount.strip_prefix('-').map_or(("", amount.as_str()), |amount| ("-", amount));
    Ok(match sign {
        _ if amount.is_empty() => String::new(),
        "€" if conventions(state).is_some_and(|known| known.has_sign_behind()) => format!("{minus}{amount}\u{a0}€"),
        word if word.ends_with(char::is_alphabetic) => format!("{minus}{word}\u{a0}{amount}"),
        sign => format!("{minus}{sign}{amount}"),
    })
}

/// `{{ tasa | percent }}`: 0.15 is `15%`; `percent(1)` writes one decimal.
pub(super) fn percent(state: &State<'_, '_>, typed: &Cell, decimals: Option<&Cell>) -> Result<String, Error> {
    let plain = NumberLayout { least_whole: 1, most_decimals: 2, ..NumberLayout::default() };
    let layout = decimals.map_or(Ok(plain), |decimals| layout("percent", decimals))?;
    let number = read(state, "percent", typed, None)?;
    let amount = written(state, "percent", &number, NumberLayout { is_percent: true, ..layout })?;
    Ok(if amount.is_empty() { amount } else { format!("{amount}%") })
}

/// A number with this many decimals.
fn layout(filter: &str, decimals: &Cell) -> Result<NumberLayout, Error> {
    let count = decimals.as_usize().filter(|count| *count <= MOST_DECIMALS);
    let count = count.ok_or_else(|| {
        refused(
            filter,
            &format!("`{decimals}` is not a number of decimals; write 0 to {MOST_DECIMALS}, such as {filter}(2)"),
        )
    })?;
    Ok(NumberLayout {
        least_whole: 1,
        least_decimals: count,
        most_decimals: count,
        has_thousands: true,
        is_percent: false,
    })
}

/// A number that was read, as a text; an empty text if there was none.
fn written(state: &State<'_, '_>, filter: &str, number: &Cell, layout: NumberLayout) -> Result<String, Error> {
    if number.is_none() {
        return Ok(String::new());
    }
    let value = f64::try_from(number.clone()).map_err(|_| refused(filter, &format!("`{number}` is too large")))?;
    if layout.write(value, conventions(state).as_ref()).is_none() {
        let mut problem = format!("`{number}` cannot be written, since its country is not known");
        problem += "; say the country of the list with --country";
        let is_small = layout.write(value, Conventions::of("US").as_ref()).is_some();
        return Err(refused(filter, &if is_small { problem } else { format!("`{number}` has too many digits") }));
    }
    let amount = layout.write(value, conventions(state).as_ref()).unwrap_or_default();
    let is_negative = value < 0.0 && amount.chars().any(|digit| ('1'..='9').contains(&digit));
    Ok(format!("{}{amount}", if is_negative { "-" } else { "" }))
}

/// The number in a cell; None for an empty cell.
fn read(state: &State<'_, '_>, filter: &str, typed: &Cell, mark: Option<char>) -> Result<Cell, Error> {
    match typed.kind() {
        ValueKind::Number | ValueKind::None => Ok(typed.clone()),
        ValueKind::Undefined => Err(ErrorKind::UndefinedError.into()),
        ValueKind::String => {
            // A sheet stores numbers with a point, in every country.
            let (text, view) = (typed.as_str().unwrap_or_default(), RowView::in_state(state));
            let is_stored = || view.as_ref().is_some_and(|view| view.shown_text(typed).is_some());
            let mut read = read_number(text, mark);
            if mark.is_none() && is_stored() {
                read = read_number(text, Some('.'));
            } else if mark.is_none() {
                read = read_number(text, conventions(state).map(|known| known.decimal_mark));
                // Another filter has made a text of it, which no longer tells where it comes from.
                let is_of_sheet = view.is_some_and(|view| view.stores(text.trim()));
                if is_of_sheet && read != read_number(text, Some('.')) {
                    let text = text.trim();
                    return Err(refused(
                        filter,
                        &format!(
                            "`{text}` may be a number of the sheet, with decimals; put the filter first, or say number('.')"
                        ),
                    ));
                }
            }
            Ok(match read.map_err(|problem| refused(filter, &problem))? {
                Some(Amount::Whole(whole)) => Cell::from(whole),
                Some(Amount::Fraction(fraction)) => Cell::from(fraction),
                None => Cell::from(()),
            })
        }
        other => Err(refused(filter, &format!("a {other} is not a number"))),
    }
}

/// `{{ vence | date('28 de noviembre') }}`: the day in the format of the example, or of `%d/%m/%Y`; without an
/// argument, in the short format of the country.
pub(super) fn date(state: &State<'_, '_>, typed: &Cell, how: Option<&str>) -> Result<String, Error> {
    let refuse = |problem: String| refused("date", &problem);
    let text = match typed.kind() {
        ValueKind::String | ValueKind::Number => typed.to_string(),
        ValueKind::None => return Ok(String::new()),
        ValueKind::Undefined => return Err(ErrorKind::UndefinedError.into()),
        other => return Err(refuse(format!("a {other} is not a date"))),
    };
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    let conventions = conventions(state);
    let (pieces, capitals, language) = match how {
        Some(codes) if codes.contains('%') => (of_codes(codes).map_err(refuse)?, Vec::new(), None),
        Some(example) => of_example(example, conventions.and_then(|known| known.language)).map_err(refuse)?,
        None => {
            let short = conventions.map(|known| known.short_date);
            let short = short.ok_or_else(|| refuse(format!("say how it is written: {EXAMPLE}")))?;
            (of_letters(short), Vec::new(), None)
        }
    };
    let read = read_date(text.trim(), conventions.as_ref()).map_err(refuse)?;
    let shows_century = |piece: &DatePiece| matches!(piece, DatePiece::Year | DatePiece::DayName | DatePiece::DayName3);
    if read.is_without_century && pieces.iter().any(shows_century) {
        return Err(refuse(format!(
            "the year of `{}` may be of two centuries; write it in the list with four digits, or leave it out: \
             date('%d/%m')",
            text.trim()
        )));
    }
    let language = language.or(conventions.and_then(|known| known.language));
    if read.day.is_none() && pieces.iter().any(DatePiece::is_of_day) {
        return Err(refuse(format!("`{}` is a time without a date", text.trim())));
    }
    let shows_time = pieces.iter().any(|piece| !piece.is_of_day() && !matches!(piece, DatePiece::Text(_)));
    // A sheet stores a midnight as a day.
    let is_midnight = || RowView::in_state(state).is_some_and(|view| view.shown_text(typed).is_some_and(has_clock));
    if shows_time && read.time.is_none() && !is_midnight() {
        return Err(refuse(format!("`{}` is a date without a time", text.trim())));
    }
    let at = read.day.unwrap_or_default().to_datetime(read.time.unwrap_or_default());
    if read.is_utc && (shows_time || at.time() != Time::midnight()) {
        return Err(refuse(format!(
            "`{}` is the time in UTC; write the local time, such as 2026-11-28T13:30",
            text.trim()
        )));
    }
    let unnamed =
        || refuse("the language of its names is not known; say the country of the list with --country".to_owned());
    let written = (0..).zip(&pieces).map(|(place, piece)| {
        let text = written_date(std::slice::from_ref(piece), at, language)?;
        Some(if capitals.contains(&place) { with_capital(&text) } else { text })
    });
    written.collect::<Option<String>>().ok_or_else(unnamed)
}

fn with_capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
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
    let is_not = || format!("`{text}` is not a date");
    let is_clock = text.contains(':') && text.chars().all(|sign| sign.is_ascii_digit() || ":.".contains(sign));
    if let Some(time) = is_clock.then(|| text.parse::<Time>().ok()).flatten() {
        return Ok(ReadDate { time: Some(time), ..ReadDate::default() });
    }
    if let Ok(at) = text.trim_end_matches(['Z', 'z']).parse::<DateTime>() {
        let time = text.contains([':', 'T', 't']).then_some(at.time());
        let is_utc = text.parse::<Timestamp>().is_ok_and(|instant| TimeZone::UTC.to_datetime(instant) == at);
        return Ok(ReadDate { day: Some(at.date()), time, is_utc, ..ReadDate::default() });
    }
    // Another date of the list, such as 03/05/2026, would be read by the country's order.
    let other_order = |[first, usual]: [&str; 2]| {
        format!("`{text}` has the {first} first, but in its country the {usual} comes first; write it as 2026-11-28")
    };
    let (day, time) = match text.rsplit_once(' ').filter(|(_, time)| has_clock(time)) {
        Some((day, time)) => (day, Some(time.parse::<Time>().map_err(|_| is_not())?)),
        None => (text, None),
    };
    let words: Vec<&str> = day
        .split(|sign: char| !sign.is_alphanumeric())
        .filter(|word| !["", "de", "del", "of"].contains(word))
        .collect();
    let [one, two, three] = words.as_slice() else { return Err(is_not()) };
    let number = |word: &str| word.parse::<i16>().ok().filter(|_| word.bytes().all(|byte| byte.is_ascii_digit()));
    let year = |word: &str| match word.len() {
        2 => number(word).map(|year| year + 2000),
        4 => number(word),
        _ => None,
    };
    let is_without_century = three.len() == 2 && number(three).is_some_and(|year| year >= 30) && one.len() != 4;
    let parts = match (number(one), month_of(one), number(two), month_of(two)) {
        (Some(day), _, _, Some(month)) | (_, Some(month), Some(day), _) => Some((day, month, year(three))),
        (Some(first), _, Some(second), _) if one.len() == 4 => Some((number(three).unwrap_or(0), second, Some(first))),
        (Some(first), _, Some(second), _) => {
            let shown = (first > 12) != (second > 12);
            let shown = shown.then_some(second > 12);
            let usual = conventions.and_then(|known| match known.short_date.chars().next() {
                Some('d') => Some(false),
                Some('m') => Some(true),
                // The year is first there, which says nothing of the other two.
                _ => None,
            });
            let is_month_first = match (shown, usual) {
                (Some(true), Some(false)) => return Err(other_order(["month", "day"])),
                (Some(false), Some(true)) => return Err(other_order(["day", "month"])),
                (Some(is_month_first), _) | (None, Some(is_month_first)) => is_month_first,
                (None, None) if first == second || first > 12 => false,
                (None, None) => {
                    return Err(format!(
                        "`{text}` may be two days: say the country of the list with --country, or write it as 2026-11-28"
                    ));
                }
            };
            let (day, month) = if is_month_first { (second, first) } else { (first, second) };
            Some((day, month, year(three)))
        }
        _ => None,
    };
    let Some((day, month, Some(year))) = parts else { return Err(is_not()) };
    let narrow = |number: i16| i8::try_from(number).map_err(|_| is_not());
    let date = Date::new(year, narrow(month)?, narrow(day)?).map_err(|_| is_not())?;
    Ok(ReadDate { day: Some(date), time, is_without_century, is_utc: false })
}

/// Whether a text is a date or a time, whichever of its numbers is the day.
pub(super) fn is_date(text: &str) -> bool {
    ["EC", "US"].into_iter().any(|country| read_date(text, Conventions::of(country).as_ref()).is_ok())
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

/// `%d/%m/%Y`, as in strftime.
fn of_codes(codes: &str) -> Result<Vec<DatePiece>, String> {
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
    Ok(pieces)
}

/// A short date, in the letters of a sheet's formats.
fn of_letters(short: &str) -> Vec<DatePiece> {
    let pieces = short.split_inclusive(|sign: char| !sign.is_alphabetic()).flat_map(|part| {
        let letters = part.trim_end_matches(|sign: char| !sign.is_alphabetic());
        let piece = match letters {
            "d" => DatePiece::Day,
            "dd" => DatePiece::Day2,
            "m" => DatePiece::Month,
            "mm" => DatePiece::Month2,
            _ => DatePiece::Year,
        };
        let sign = part.get(letters.len()..).filter(|sign| !sign.is_empty());
        [Some(piece), sign.map(|sign| DatePiece::Text(sign.to_owned()))].into_iter().flatten()
    });
    pieces.collect()
}

/// A format, the places of its names that have a capital, and their language.
type DateExample = (Vec<DatePiece>, Vec<usize>, Option<Language>);

/// The format of `example`, which is 28 November 2026, 13:30. Its language is that of the country if it has these names.
fn of_example(example: &str, country: Option<Language>) -> Result<DateExample, String> {
    let is_not = || format!("`{example}` is not an example of 28 November 2026; write {EXAMPLE}");
    let is_known = |word: &str| Language::ALL.into_iter().any(|language| name_in(word, language).is_some());
    if let Some(name) = fixed_name(example, is_known) {
        return Err(format!(
            "`{name}` would be in every date: the example is 28 November 2026, a Saturday; write {EXAMPLE}"
        ));
    }
    let (mut pieces, mut capitals, mut named) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = example;
    while let Some(first) = rest.chars().next() {
        let is_alike =
            |sign: char| sign.is_alphabetic() == first.is_alphabetic() && sign.is_numeric() == first.is_numeric();
        let (part, behind) = rest.split_at(rest.find(|sign: char| !is_alike(sign)).unwrap_or(rest.len()));
        rest = behind;
        let piece = match part {
            "28" => DatePiece::Day2,
            "11" => DatePiece::Month2,
            "2026" => DatePiece::Year,
            "26" => DatePiece::Year2,
            "13" => DatePiece::Hour2,
            "30" => DatePiece::Minute2,
            number if number.chars().any(char::is_numeric) => return Err(is_not()),
            word => match Language::ALL.into_iter().find_map(|language| name_in(word, language)) {
                Some(name) => {
                    named.push(word);
                    capitals.extend(word.starts_with(char::is_uppercase).then_some(pieces.len()));
                    name
                }
                None => DatePiece::Text(word.to_owned()),
            },
        };
        pieces.push(piece);
    }
    if !is_whole(&pieces) {
        return Err(is_not());
    }
    if named.is_empty() {
        return Ok((pieces, capitals, None));
    }
    // A date in words does not write 05.
    for day in pieces.iter_mut().filter(|piece| **piece == DatePiece::Day2) {
        *day = DatePiece::Day;
    }
    let languages =
        Language::ALL.into_iter().filter(|language| named.iter().all(|word| name_in(word, *language).is_some()));
    let languages: Vec<_> = languages.collect();
    // `nov` is Spanish and `Nov` English.
    let by_capital = (!capitals.is_empty()).then_some(Language::English);
    let known = [country, by_capital].into_iter().flatten().find(|language| languages.contains(language));
    Ok((pieces, capitals, known.or(languages.first().copied())))
}

/// Whether each number is what it seems to be. In `30/11/2026` and `26 de noviembre` the first is meant as the day.
fn is_whole(pieces: &[DatePiece]) -> bool {
    use DatePiece::{Day2, DayName, DayName3, Hour2, Minute2, Month2, MonthName, MonthName3, Text, Year, Year2};
    let is_name = |piece: &&DatePiece| matches!(piece, DayName | DayName3 | MonthName | MonthName3);
    let has_name = pieces.iter().any(|piece| is_name(&piece));
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

/// What `word` means in `language` for a Saturday in November.
fn name_in(word: &str, language: Language) -> Option<DatePiece> {
    let is_short = word.chars().count() == 3;
    match (is_named(word, language.month(11)), is_named(word, language.day(Weekday::Saturday))) {
        (true, _) => Some(if is_short { DatePiece::MonthName3 } else { DatePiece::MonthName }),
        (_, true) => Some(if is_short { DatePiece::DayName3 } else { DatePiece::DayName }),
        _ => None,
    }
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
    fn numbers_are_written_as_their_country_does() {
        for (source, cell, country, expected) in [
            ("{{ x | number(2) }}", "1500", Some("EC"), Ok("1.500,00")),
            ("{{ x | number(0) }}", "1500.4", Some("MX"), Ok("1,500")),
            ("{{ x | number(1) }}.", "", Some("MX"), Ok(".")),
            ("{{ x | number(2) }}", "1500", None, Err("country is not known")),
            ("{{ x | number(0) }}", "15", None, Ok("15")),
            ("{{ x | number(0) }}", "quince", Some("EC"), Err("`quince` is not a number")),
            ("{{ x | number(11) }}", "1", Some("EC"), Err("0 to 10")),
            ("{{ x | number(';') }}", "1", Some("EC"), Err("not a sign of decimals")),
            ("{{ x | money('$') }}", "-1500,5", Some("EC"), Ok("-$1.500,50")),
            ("{{ x | money('USD') }}", "1500", Some("US"), Ok("USD\u{a0}1,500.00")),
            ("{{ x | money('€') }}", "3.5", Some("ES"), Ok("3,50\u{a0}€")),
            ("{{ x | money('$', 0) }}", "1500", Some("CL"), Ok("$1.500")),
            ("{{ x | money }}", "1500", Some("CL"), Err("write `x | money('$')`")),
            ("{{ x | percent }}", "0.15", None, Ok("15%")),
            ("{{ x | percent }}", "15 %", None, Ok("15%")),
            ("{{ x | percent }}", "0.155", Some("EC"), Ok("15,5%")),
            ("{{ x | percent(1) }}", "0.15", Some("MX"), Ok("15.0%")),
            ("{{ x | percent }}", "mucho", None, Err("`mucho` is not a number")),
        ] {
            check(source, cell, country, expected);
        }
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

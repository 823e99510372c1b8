//! Numbers as users write them in the cells of a list, and the filters that read a number and write it in the format of its
//! country: `number`, `money`.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, State, Value as Cell};

use super::row_view::RowView;
use super::walk::quoted;
use crate::base::conventions::{Conventions, NumberLayout};

/// The most decimals that a filter writes.
const MAX_DECIMALS: usize = 10;

pub(super) fn refused(filter: &str, problem: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("{filter}: {problem}"))
}

pub(super) fn conventions(state: &State<'_, '_>) -> Option<Conventions> {
    Conventions::for_country(RowView::in_state(state)?.country?.code())
}

/// Implements `{% if saldo | number > 100 %}`: a text as a number; an empty text is undefined.
/// `number(',')` sets the decimal sign. `{{ saldo | number(2) }}` is a text with two decimals.
pub(super) fn number(
    state: &State<'_, '_>,
    typed: &Cell,
    how: Option<&Cell>,
) -> Result<Cell, Error> {
    let Some(how) = how else {
        check_separator(state, "number", typed)?;
        return read(state, "number", typed, None);
    };
    match how.as_str() {
        Some(mark @ ("," | ".")) => read(state, "number", typed, mark.chars().next()),
        Some(other) => Err(refused(
            "number",
            &format!("`{other}` is not a decimal separator; write number(',') or number('.')"),
        )),
        None => {
            let layout = layout("number", how)?;
            check_separator(state, "number", typed)?;
            let number = read(state, "number", typed, None)?;
            format_number(state, "number", &number, layout).map(Cell::from)
        }
    }
}

/// Implements `{{ saldo | money('$') }}`: `$1.500,00`, in the format of the country.
pub(super) fn money(
    state: &State<'_, '_>,
    typed: &Cell,
    sign: &str,
    decimals: Option<&Cell>,
) -> Result<String, Error> {
    // A space after the sign is printed.
    let sign = sign.trim_start();
    let mark = sign.trim_end();
    let layout = layout("money", decimals.unwrap_or(&Cell::from(2)))?;
    check_separator(state, "money", typed)?;
    check_currency(state, typed, mark)?;
    let amount = format_number(state, "money", &read(state, "money", typed, None)?, layout)?;
    let (minus, amount) = amount
        .strip_prefix('-')
        .map_or(("", amount.as_str()), |amount| ("-", amount));
    Ok(match mark {
        _ if amount.is_empty() => String::new(),
        "€" if conventions(state).is_some_and(|known| known.has_sign_behind()) => {
            format!("{minus}{amount}\u{a0}€")
        }
        word if word.ends_with(char::is_alphabetic) => format!("{minus}{word}\u{a0}{amount}"),
        _ => format!("{minus}{sign}{amount}"),
    })
}

/// Refuses a text with three digits after the decimal separator of its country: the country does
/// not distinguish $1,234 from a thousand times as much. A number that a sheet stores is certain.
fn check_separator(state: &State<'_, '_>, filter: &str, typed: &Cell) -> Result<(), Error> {
    let Some(text) = typed.as_str().map(str::trim) else {
        return Ok(());
    };
    let mark = conventions(state).map(|known| known.decimal_mark);
    if !mark.is_some_and(|mark| has_ambiguous_separator(text, mark)) {
        return Ok(());
    }
    // After another filter, a cell is still the text that the sheet stores.
    match RowView::in_state(state) {
        Some(view) if view.has_stored_text(text) => Ok(()),
        _ => Err(refused(filter, &ambiguous(text))),
    }
}

/// Refuses a cell in another currency than `sign`, and a percentage. A `sign` that is not the
/// symbol of a known currency fits every cell.
fn check_currency(state: &State<'_, '_>, typed: &Cell, sign: &str) -> Result<(), Error> {
    let Some(text) = visible_text(state, typed).filter(|_| Conventions::is_currency_mark(sign))
    else {
        return Ok(());
    };
    let Some(AmountUnits { marks, is_percent }) = AmountUnits::find(&text) else {
        return Ok(());
    };
    let country = conventions(state);
    let is_other = |mark: &&str| !Conventions::may_be_same_currency(country.as_ref(), mark, sign);
    let problem = match marks.into_iter().find(is_other) {
        Some(mark) => format!("is an amount in {mark}, not in {sign}"),
        None if is_percent => format!("is a percentage, not an amount in {sign}"),
        None => return Ok(()),
    };
    let argument = quoted(sign);
    Err(refused(
        "money",
        &format!(
            "`{text}` {problem}; correct the cell, or to print its number: `| number | money({argument})`"
        ),
    ))
}

/// Returns the text of a cell that the sheet shows differently from its stored value.
pub(super) fn sheet_text(state: &State<'_, '_>, typed: &Cell) -> Option<String> {
    let view = RowView::in_state(state)?;
    Some(view.sheet_text(typed)?.trim().to_owned())
}

/// Returns the text of a cell as the list shows it. None if it is not a text.
pub(super) fn visible_text(state: &State<'_, '_>, typed: &Cell) -> Option<String> {
    let text = || Some(typed.as_str()?.trim().to_owned());
    sheet_text(state, typed).or_else(text)
}

fn ambiguous(text: &str) -> String {
    format!(
        "`{text}` is ambiguous: its separator may be for decimals or for thousands; to set it: number(',') or number('.')"
    )
}

/// Returns the format of a number with this many decimals.
pub(super) fn layout(filter: &str, decimals: &Cell) -> Result<NumberLayout, Error> {
    let count = decimals.as_usize().filter(|count| *count <= MAX_DECIMALS);
    let count = count.ok_or_else(|| {
        refused(
            filter,
            &format!("the number of decimals is `{decimals}`; it must be 0 to {MAX_DECIMALS}, as in {filter}(2)"),
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

/// Formats a number as a text; empty for a missing number.
pub(super) fn format_number(
    state: &State<'_, '_>,
    filter: &str,
    number: &Cell,
    layout: NumberLayout,
) -> Result<String, Error> {
    if number.is_none() {
        return Ok(String::new());
    }
    let value = f64::try_from(number.clone())
        .map_err(|_| refused(filter, &format!("`{number}` is too large")))?;
    let conventions = conventions(state);
    let amount = layout.write(value, conventions.as_ref()).ok_or_else(|| {
        let problem = match conventions {
            None => "cannot be written, because its country is unknown; pass the country of the list with --country",
            Some(_) => "has too many digits",
        };
        refused(filter, &format!("`{number}` {problem}"))
    })?;
    let is_negative = value < 0.0 && amount.chars().any(|digit| ('1'..='9').contains(&digit));
    Ok(format!("{}{amount}", if is_negative { "-" } else { "" }))
}

/// Reads the number in a cell; None for an empty cell. The row keeps it for the smallest and largest of the column.
pub(super) fn read(
    state: &State<'_, '_>,
    filter: &str,
    typed: &Cell,
    mark: Option<char>,
) -> Result<Cell, Error> {
    let number = read_cell(state, filter, typed, mark)?;
    if let Ok(amount) = f64::try_from(number.clone())
        && let Some(view) = RowView::in_state(state)
    {
        view.keep_amount(amount);
    }
    Ok(number)
}

fn read_cell(
    state: &State<'_, '_>,
    filter: &str,
    typed: &Cell,
    mark: Option<char>,
) -> Result<Cell, Error> {
    match typed.kind() {
        ValueKind::Number | ValueKind::None => Ok(typed.clone()),
        ValueKind::Undefined => Err(ErrorKind::UndefinedError.into()),
        ValueKind::String => {
            let text = typed.as_str().unwrap_or_default();
            let view = RowView::in_state(state);
            let is_stored = view
                .as_ref()
                .is_some_and(|view| view.sheet_text(typed).is_some());
            // A sheet stores numbers with a point, in every country.
            let usual = || {
                if is_stored {
                    Some('.')
                } else {
                    conventions(state).map(|known| known.decimal_mark)
                }
            };
            let read = read_number(text, mark.or_else(usual));
            // Another filter has changed the cell to a text, so it may no longer come from the
            // sheet's number.
            let may_be_stored =
                mark.is_none() && view.is_some_and(|view| view.has_stored_text(text.trim()));
            if may_be_stored && read != read_number(text, Some('.')) {
                return Err(refused(
                    filter,
                    &format!(
                        "`{}` may be a number with decimals in the sheet; put the filter first, or write number('.')",
                        text.trim()
                    ),
                ));
            }
            read.map_err(|problem| refused(filter, &problem))
        }
        other => Err(refused(filter, &format!("a {other} is not a number"))),
    }
}

/// The separators of thousands other than a point or a comma: spaces, and the apostrophe in both of its characters.
const THOUSANDS_SPACES: [char; 5] = [' ', '\u{a0}', '\u{202f}', '\'', '’'];

/// An amount without its currency.
struct PlainAmount<'a> {
    is_negative: bool,
    /// The currency symbols around it.
    marks: Vec<&'static str>,
    /// Digits, points, commas, spaces and apostrophes.
    digits: &'a str,
    is_percent: bool,
}

impl<'a> PlainAmount<'a> {
    fn parse(typed: &'a str) -> Option<Self> {
        let minus = ['-', '−'];
        let rest = typed.strip_prefix(minus);
        let is_before = rest.is_some();
        let (rest, marks) = without_currency(rest.unwrap_or(typed).trim());
        let is_percent = rest.ends_with('%');
        let rest = rest.strip_suffix('%').unwrap_or(rest).trim();
        let after = rest.strip_prefix(minus).filter(|_| !is_before);
        let digits = after.unwrap_or(rest).trim();
        let is_of_number = |sign: char| {
            sign.is_ascii_digit() || sign == '.' || sign == ',' || THOUSANDS_SPACES.contains(&sign)
        };
        let is_digit = |sign: char| sign.is_ascii_digit();
        let is_amount = digits.chars().all(is_of_number)
            && digits.starts_with(is_digit)
            && digits.ends_with(is_digit);
        is_amount.then_some(Self {
            is_negative: is_before || after.is_some(),
            marks,
            digits,
            is_percent,
        })
    }
}

/// The currency symbols and the percent sign of an amount.
#[derive(Default)]
pub(super) struct AmountUnits {
    pub(super) marks: Vec<&'static str>,
    is_percent: bool,
}

impl AmountUnits {
    /// Finds them in a text such as `US$ 300.00`, or `(S/ 20)`, as a sheet can show a negative
    /// number. None if the text is not an amount.
    pub(super) fn find(text: &str) -> Option<Self> {
        let text = text.replace(['(', ')'], "");
        let PlainAmount {
            marks, is_percent, ..
        } = PlainAmount::parse(text.trim())?;
        Some(Self { marks, is_percent })
    }
}

/// Reads `1.200,50`, `1,200.50`, `$ 50`, `15 %` or `-3`. An empty cell is not a number. `mark` is
/// the decimal separator for ambiguous numbers such as `1.200`.
///
/// # Errors
/// If it is not a number, or could be two numbers.
pub(super) fn read_number(text: &str, mark: Option<char>) -> Result<Cell, String> {
    let typed = text.trim();
    if typed.is_empty() {
        return Ok(Cell::from(()));
    }
    let is_not = || format!("`{typed}` is not a number");
    let PlainAmount {
        is_negative,
        digits,
        is_percent,
        ..
    } = PlainAmount::parse(typed).ok_or_else(is_not)?;
    let (whole, decimals) = digits
        .split_once(find_decimal_mark(digits, mark).ok_or_else(|| ambiguous(typed))?)
        .unwrap_or((digits, ""));
    if !is_grouped(whole) || !is_digits(decimals) {
        return Err(is_not());
    }
    let minus = if is_negative { "-" } else { "" };
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let plain = format!("{minus}{whole}");
    if decimals.trim_end_matches('0').is_empty() && !is_percent {
        return plain.parse::<i64>().map(Cell::from).map_err(|_| is_not());
    }
    let exponent = if is_percent { "e-2" } else { "" };
    format!("{plain}.{decimals}{exponent}")
        .parse::<f64>()
        .map(Cell::from)
        .map_err(|_| is_not())
}

/// Returns whether the digits before the decimals are in groups of three, by any separators, or in one group.
fn is_grouped(whole: &str) -> bool {
    let groups: Vec<_> = whole.split(|sign: char| !sign.is_ascii_digit()).collect();
    match groups.as_slice() {
        [_] => true,
        [first, rest @ ..] => {
            (1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3)
        }
        [] => false,
    }
}

fn is_digits(text: &str) -> bool {
    text.chars().all(|sign| sign.is_ascii_digit())
}

/// Returns the decimal separator of an amount with a point or a comma: from its digits, or `known`
/// if they are ambiguous.
pub(crate) fn decimal_mark(text: &str, known: Option<char>) -> Option<char> {
    let digits = PlainAmount::parse(text.trim())?.digits;
    let has_mark = digits.contains([',', '.']) && read_number(text, known).is_ok();
    find_decimal_mark(digits, known).filter(|_| has_mark)
}

/// Describes an amount that is read with the decimal separator `mark`: `has a decimal comma`, or `is read as 1500` if it
/// has no decimals.
pub(crate) fn describe_decimals(text: &str, mark: char) -> String {
    let digits = PlainAmount::parse(text.trim()).map_or("", |amount| amount.digits);
    if digits.contains(mark) {
        let name = if mark == ',' { "comma" } else { "point" };
        return format!("has a decimal {name}");
    }
    let whole: String = digits.chars().filter(char::is_ascii_digit).collect();
    format!("is read as {whole}")
}

/// Returns whether an amount with this decimal separator has three decimals that may be thousands:
/// `1,234`.
fn has_ambiguous_separator(text: &str, mark: char) -> bool {
    // Most amounts have two decimals or none, and the search for currencies takes longer.
    let decimals = text.rsplit_once(mark).map_or("", |(_, after)| after);
    let end_of_decimals = decimals.find(|sign: char| !sign.is_ascii_digit());
    if end_of_decimals.unwrap_or(decimals.len()) != 3 {
        return false;
    }
    let digits = PlainAmount::parse(text.trim()).map_or("", |amount| amount.digits);
    digits.contains(mark) && find_decimal_mark(digits, None).is_none()
}

/// Finds the decimal separator in `digits`. If they have no decimals, returns a separator that does
/// not occur in them. None if it is ambiguous.
pub(super) fn find_decimal_mark(digits: &str, known: Option<char>) -> Option<char> {
    let marks: Vec<char> = digits
        .chars()
        .filter(|sign| ['.', ','].contains(sign))
        .collect();
    let other_than = |mark: char| if mark == ',' { '.' } else { ',' };
    match marks.as_slice() {
        [] => Some('.'),
        [only] => {
            let (whole, after) = digits.split_once(*only).unwrap_or_default();
            if !is_digits(after) {
                // Thousands follow it: `1.200'000`.
                return Some(other_than(*only));
            }
            let may_be_thousands = whole != "0" && is_grouped(digits);
            if may_be_thousands { known } else { Some(*only) }
        }
        [first, .., last] if first == last => Some(other_than(*last)),
        [.., last] => Some(*last),
    }
}

/// Returns an amount without a currency before or after it, in any case, and the symbols of that currency.
fn without_currency(text: &str) -> (&str, Vec<&'static str>) {
    let is_digit = |sign: char| sign.is_ascii_digit();
    if text.starts_with(is_digit) && text.ends_with(is_digit) {
        return (text, Vec::new());
    }
    let marks = Conventions::currency_marks();
    let before = marks
        .iter()
        .find_map(|mark| Some((without_prefix(text, mark)?, *mark)));
    let rest = before.map_or(text, |(rest, _)| rest);
    let after = marks
        .iter()
        .find_map(|mark| Some((without_suffix(rest, mark)?, *mark)));
    let rest = after.map_or(rest, |(rest, _)| rest);
    let found = before.into_iter().chain(after).map(|(_, mark)| mark);
    (rest.trim(), found.collect())
}

fn without_prefix<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let (begin, rest) = text.split_at_checked(mark.len())?;
    begin.eq_ignore_ascii_case(mark).then_some(rest)
}

fn without_suffix<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let (rest, end) = text.split_at_checked(text.len().checked_sub(mark.len())?)?;
    end.eq_ignore_ascii_case(mark).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::template::fixture::{check, filled, filled_from_sheet};

    fn check_number(text: &str, mark: Option<char>, expected: &Result<Cell, &str>) {
        match (read_number(text, mark), expected) {
            (Ok(read), Ok(expected)) => assert_eq!(read, *expected, "{text}"),
            (Err(problem), Err(part)) => assert!(problem.contains(part), "{text}: {problem}"),
            (read, _) => panic!("{text}: {read:?}"),
        }
    }

    #[test]
    fn numbers_are_read_in_common_formats() {
        for (text, mark, expected) in [
            ("1.200,50", None, Ok(Cell::from(1200.5))),
            ("1,200.50", None, Ok(Cell::from(1200.5))),
            ("$ 50", None, Ok(Cell::from(50))),
            ("US$ 1.234.567", None, Ok(Cell::from(1_234_567))),
            ("U$S 1.234.567", None, Ok(Cell::from(1_234_567))),
            ("-3,5", None, Ok(Cell::from(-3.5))),
            ("-$1,500.00", None, Ok(Cell::from(-1500))),
            ("1 200", None, Ok(Cell::from(1200))),
            (
                "$ 1\u{a0}234\u{a0}567,50",
                None,
                Ok(Cell::from(1_234_567.5)),
            ),
            ("1'200.50", None, Ok(Cell::from(1200.5))),
            ("₡12.500,00", None, Ok(Cell::from(12500))),
            ("Gs. 150.000.000", None, Ok(Cell::from(150_000_000))),
            ("₲ 20", None, Ok(Cell::from(20))),
            ("S/. 1,200.00", None, Ok(Cell::from(1200))),
            ("s/1,200.50", None, Ok(Cell::from(1200.5))),
            ("Bs. 20", None, Ok(Cell::from(20))),
            ("bs.s 20,5", None, Ok(Cell::from(20.5))),
            ("RD$ 1,200.50", None, Ok(Cell::from(1200.5))),
            ("-C$1,200.50", None, Ok(Cell::from(-1200.5))),
            ("L. 1,200.50", None, Ok(Cell::from(1200.5))),
            ("1 200,50 zł", None, Ok(Cell::from(1200.5))),
            ("12,50 kr.", None, Ok(Cell::from(12.5))),
            ("usd 1,200.50", None, Ok(Cell::from(1200.5))),
            ("$ 50 MXN", None, Ok(Cell::from(50))),
            ("₹1,200.50", None, Ok(Cell::from(1200.5))),
            (".5", None, Err("is not a number")),
            ("$.50", None, Err("is not a number")),
            ("Gs .50", None, Err("is not a number")),
            ("XX 50", None, Err("is not a number")),
            ("S/", None, Err("is not a number")),
            ("10 20", None, Err("is not a number")),
            ("2 3 4", None, Err("is not a number")),
            ("1 2345", None, Err("is not a number")),
            ("1000 200", None, Err("is not a number")),
            ("1,5 200", None, Err("is not a number")),
            ("0,125", None, Ok(Cell::from(0.125))),
            ("12.3456", None, Ok(Cell::from(12.3456))),
            ("1.200", Some(','), Ok(Cell::from(1200))),
            ("1.200", Some('.'), Ok(Cell::from(1.2))),
            ("1.200", None, Err("is ambiguous")),
            ("", None, Ok(Cell::from(()))),
            ("  ", None, Ok(Cell::from(()))),
            ("cien", None, Err("is not a number")),
            ("1.20.3", None, Err("is not a number")),
            ("5-", None, Err("is not a number")),
            ("1e5", None, Err("is not a number")),
            ("99999999999999999999", None, Err("is not a number")),
        ] {
            check_number(text, mark, &expected);
        }
    }

    #[test]
    fn apostrophe_and_space_separate_thousands() {
        for (text, mark, expected) in [
            ("1'200,50", Some('.'), Ok(Cell::from(1200.5))),
            ("1'200'000", None, Ok(Cell::from(1_200_000))),
            ("1’200’000,5", None, Ok(Cell::from(1_200_000.5))),
            ("$1'200.000", Some(','), Ok(Cell::from(1_200_000))),
            ("$1'200,000", Some('.'), Ok(Cell::from(1_200_000))),
            ("1'200.000,50", None, Ok(Cell::from(1_200_000.5))),
            ("1'200,000.50", None, Ok(Cell::from(1_200_000.5))),
            ("1.200'000", None, Ok(Cell::from(1_200_000))),
            ("1,200'000", Some('.'), Ok(Cell::from(1_200_000))),
            ("1'200.000", None, Err("is ambiguous")),
            ("1 200.000", None, Err("is ambiguous")),
            ("1 200.000", Some('.'), Ok(Cell::from(1200))),
            ("1234.567", None, Ok(Cell::from(1234.567))),
            ("1'20.000", None, Err("is not a number")),
            ("1'50", None, Err("is not a number")),
            ("'200", None, Err("is not a number")),
            ("200'", None, Err("is not a number")),
            ("1''200", None, Err("is not a number")),
            ("1´200", None, Err("is not a number")),
        ] {
            check_number(text, mark, &expected);
        }
        for (source, cell, country, expected) in [
            (
                "{{ x | money('$', 0) }}",
                "$1'200.000",
                Some("CO"),
                Ok("$1.200.000"),
            ),
            (
                "{{ x | money('$') }}",
                "$1'200,000.00",
                Some("MX"),
                Ok("$1,200,000.00"),
            ),
            (
                "{{ x | money('S/') }}",
                "S/ 1'200,000",
                Some("PE"),
                Ok("S/1,200,000.00"),
            ),
            (
                "{{ x | money('$') }}",
                "$1'200.000",
                Some("MX"),
                Err("money: `$1'200.000` is ambiguous"),
            ),
            (
                "{{ x | number }}",
                "1'200,000",
                Some("CL"),
                Err("is ambiguous"),
            ),
            (
                "{{ x | number(',') | money('$') }}",
                "$1'200.000",
                Some("MX"),
                Ok("$1,200,000.00"),
            ),
        ] {
            check(source, cell, country, expected);
        }
    }

    #[test]
    fn decimal_separator_of_a_cell_is_detected() {
        for (text, known, expected) in [
            ("1,234.50", None, Some('.')),
            ("950.00", Some(','), Some('.')),
            ("$ 1.234.567", None, Some(',')),
            ("1,234", None, None),
            ("1,234", Some('.'), Some('.')),
            ("B/. 50", None, None),
            ("1234", Some(','), None),
            ("pagado, gracias.", Some(','), None),
        ] {
            assert_eq!(decimal_mark(text, known), expected, "{text}");
        }
    }

    #[test]
    fn amount_without_decimals_has_no_decimal_separator() {
        for (text, mark, expected) in [
            ("1.500", ',', "is read as 1500"),
            ("Gs. 1,500", '.', "is read as 1500"),
            ("1,234,567", '.', "is read as 1234567"),
            ("1,500", ',', "has a decimal comma"),
            ("1,234.50", '.', "has a decimal point"),
        ] {
            assert_eq!(describe_decimals(text, mark), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_formatted_by_country() {
        for (source, cell, country, expected) in [
            ("{{ x | number(2) }}", "1500", Some("EC"), Ok("1.500,00")),
            ("{{ x | number(0) }}", "1500.4", Some("MX"), Ok("1,500")),
            ("{{ x | number(1) }}.", "", Some("MX"), Ok(".")),
            (
                "{{ x | number(2) }}",
                "1500",
                None,
                Err("country is unknown"),
            ),
            ("{{ x | number(0) }}", "15", None, Ok("15")),
            (
                "{{ x | number(0) }}",
                "quince",
                Some("EC"),
                Err("`quince` is not a number"),
            ),
            ("{{ x | number(11) }}", "1", Some("EC"), Err("0 to 10")),
            (
                "{{ x | number(';') }}",
                "1",
                Some("EC"),
                Err("not a decimal separator"),
            ),
            (
                "{{ x | money('$') }}",
                "-1500,5",
                Some("EC"),
                Ok("-$1.500,50"),
            ),
            (
                "{{ x | money('$') }}",
                "$1,234",
                Some("EC"),
                Err("`$1,234` is ambiguous: its separator"),
            ),
            (
                "{{ x | number(',') | money('$') }}",
                "$1,234",
                Some("EC"),
                Ok("$1,23"),
            ),
            ("{{ x | money('$') }}", "1.234", Some("EC"), Ok("$1.234,00")),
            ("{{ x | money('$') }}", "0,125", Some("EC"), Ok("$0,13")),
            (
                "{{ x | money('B/.') }}",
                "B/. 1,234",
                Some("PA"),
                Ok("B/.1,234.00"),
            ),
            (
                "{{ x | money('USD') }}",
                "1500",
                Some("US"),
                Ok("USD\u{a0}1,500.00"),
            ),
            ("{{ x | money('€') }}", "3.5", Some("ES"), Ok("3,50\u{a0}€")),
            ("{{ x | money('$', 0) }}", "1500", Some("CL"), Ok("$1.500")),
            (
                "{{ x | money('$ ', 0) }}",
                "1500",
                Some("CL"),
                Ok("$ 1.500"),
            ),
            (
                "{{ x | money('R$ ') }}",
                "-1234,56",
                Some("BR"),
                Ok("-R$ 1.234,56"),
            ),
            ("{{ x | money(' $') }}", "5", Some("EC"), Ok("$5,00")),
            (
                "{{ x | money('USD ') }}",
                "5",
                Some("US"),
                Ok("USD\u{a0}5.00"),
            ),
            ("{{ x | money('€ ') }}", "5", Some("ES"), Ok("5,00\u{a0}€")),
            ("{{ x | money('$ ') }}.", "", Some("CL"), Ok(".")),
            (
                "{{ x | money }}",
                "1500",
                Some("CL"),
                Err("write `x | money('$')`"),
            ),
            ("{{ x | percent }}", "0.15", None, Ok("15%")),
            ("{{ x | percent }}", "15 %", None, Ok("15%")),
            ("{{ x | percent }}", "0.155", Some("EC"), Ok("15,5%")),
            ("{{ x | percent(1) }}", "0.15", Some("MX"), Ok("15.0%")),
            (
                "{{ x | percent }}",
                "mucho",
                None,
                Err("`mucho` is not a number"),
            ),
        ] {
            check(source, cell, country, expected);
        }
    }

    #[test]
    fn ambiguous_separator_is_refused() {
        for (source, cell, country, expected) in [
            (
                "{{ x | number }}",
                "1,234",
                Some("EC"),
                Err("number: `1,234` is ambiguous"),
            ),
            (
                "{{ x | number(0) }} puntos",
                "1,500",
                Some("EC"),
                Err("number: `1,500` is ambiguous"),
            ),
            (
                "{{ x | number | round }}",
                "1.500",
                Some("MX"),
                Err("is ambiguous"),
            ),
            (
                "{{ x | split | first | number }}",
                "12,990 kg",
                Some("CL"),
                Err("is ambiguous"),
            ),
            (
                "{{ x | number('.') | number(0) }}",
                "1,500",
                Some("EC"),
                Ok("1.500"),
            ),
            ("{{ x | number(0) }}", "1.500", Some("EC"), Ok("1.500")),
            ("{{ x | number(0) }}", "12,50", Some("EC"), Ok("13")),
            (
                "{{ x | number(1) }}",
                "1.234.567,5",
                Some("EC"),
                Ok("1.234.567,5"),
            ),
            (
                "{{ x | number * 2 }}",
                "1,234",
                Some("EC"),
                Err(
                    "`1,234` is ambiguous: its separator may be for decimals or for thousands; to set it: number(',') or",
                ),
            ),
            (
                "{{ 'a' if 5 < x | trim | number else 'b' }}",
                "1,234",
                Some("EC"),
                Err("is ambiguous"),
            ),
            (
                "{% if y == 'z' %}{{ x | number + 1 }}{% endif %}.",
                "1,234",
                Some("EC"),
                Ok("."),
            ),
            (
                "{{ x | number(',') + 1 }}{{ x | number(',') ~ y }}",
                "1,234",
                Some("EC"),
                Ok("2.2341.234y"),
            ),
            ("{{ x | number + 1 }}", "1.234", Some("EC"), Ok("1235")),
            (
                "{% if x | number > 100 %}a{% endif %}",
                "$ 1.234",
                Some("MX"),
                Err("is ambiguous"),
            ),
            (
                "{{ x | number | money('S/') }}",
                "US$ 1.234",
                Some("PE"),
                Err("is ambiguous"),
            ),
            (
                "{{ x | number(',') | money('S/') }}",
                "US$ 1.234",
                Some("PE"),
                Ok("S/1,234.00"),
            ),
            (
                "{{ x | number(',') | round(1) }}",
                "1,234",
                Some("EC"),
                Ok("1.2"),
            ),
            ("{{ x | number | round }}", "0,125", Some("EC"), Ok("0.0")),
            ("{{ x | number }}", "0,125", Some("EC"), Ok("0.125")),
            ("{{ x | number(',') }}", "1,234", Some("EC"), Ok("1.234")),
        ] {
            check(source, cell, country, expected);
        }
    }

    #[test]
    fn stored_number_is_not_ambiguous() {
        for (source, cell, country, expected) in [
            ("{{ x | number(1) }}", ["1.234", "1,23"], "EC", Ok("1,2")),
            ("{{ x | number * 2 }}", ["1.234", "1.23"], "MX", Ok("2.468")),
            (
                "{{ x | trim | number }}",
                ["1.234", "1.23"],
                "MX",
                Ok("1.234"),
            ),
            (
                "{{ x | trim | number }}",
                ["1.234", "1,23"],
                "EC",
                Err("may be a number with decimals in the sheet"),
            ),
            ("{{ x | money('$') }}", ["1.234", "1,23"], "EC", Ok("$1,23")),
        ] {
            for as_shown in [true, false] {
                let found = filled_from_sheet(source, cell, country, as_shown);
                let is_it = match (&found, expected) {
                    (Ok(text), Ok(expected)) => text == expected,
                    (Err(problem), Err(part)) => problem.contains(part),
                    _ => false,
                };
                assert!(is_it, "{source} {cell:?}: {found:?}");
            }
        }
    }

    #[test]
    fn amount_keeps_its_currency() {
        for (cell, country, sign, expected) in [
            (
                "US$ 300.00",
                "PE",
                "S/",
                Some(
                    "`US$ 300.00` is an amount in US$, not in S/; correct the cell, or to print its number: `| number | money('S/')`",
                ),
            ),
            (
                "usd 20.00",
                "PE",
                "S/ ",
                Some("is an amount in USD, not in S/"),
            ),
            ("$ 20", "PE", "S/", Some("is an amount in $, not in S/")),
            ("€ 20.00", "PE", "S/", Some("is an amount in €")),
            (
                "20%",
                "PE",
                "S/",
                Some("`20%` is a percentage, not an amount in S/"),
            ),
            ("R$ 30", "EC", "$", Some("in R$, not in $")),
            ("S/ 30", "EC", "$", Some("in S/, not in $")),
            ("Bs 30", "EC", "$", Some("in Bs, not in $")),
            ("-£30", "EC", "$", Some("in £, not in $")),
            ("30 EUR", "EC", "$", Some("in EUR, not in $")),
            ("COP 30.000", "EC", "$", Some("in COP, not in $")),
            ("$ 50 MXN", "EC", "$", Some("in MXN, not in $")),
            ("US$ 50", "MX", "$", Some("in US$, not in $")),
            ("Bs. 50", "VE", "$", Some("in Bs., not in $")),
            ("$ 50 MXN", "MX", "$", None),
            ("US$ 50", "EC", "$", None),
            ("50 usd", "EC", "$", None),
            ("$ 50", "EC", "USD", None),
            ("$ 50", "MX", "USD", None),
            ("$ 50", "CO", "COP", None),
            ("PEN 50", "PE", "S/", None),
            ("s/. 50", "PE", "S/", None),
            ("US$ 50", "PE", "$", None),
            ("$ 50", "PA", "B/.", None),
            ("B/. 50", "PA", "US$", None),
            ("30 EUR", "EC", "€", None),
            ("RD$ 300", "DO", "$", None),
            ("$ 300", "DO", "RD$", None),
            ("US$ 300", "DO", "RD$", Some("in US$, not in RD$")),
            ("Gs 50", "PY", "₲", None),
            ("50", "PE", "S/", None),
            ("US$ 50", "PE", "pts ", None),
            ("20%", "PE", "", None),
        ] {
            let source = format!("{{{{ x | money('{sign}') }}}}");
            let found = filled(&source, cell, Some(country)).err();
            let is_it = match (&found, expected) {
                (Some(problem), Some(part)) => problem.contains(part),
                (found, expected) => found.is_none() && expected.is_none(),
            };
            assert!(is_it, "{cell} {country} {sign}: {found:?}");
            let number = format!("{{{{ x | number | money('{sign}') }}}}");
            assert!(filled(&number, cell, Some(country)).is_ok(), "{cell}");
        }
    }
}

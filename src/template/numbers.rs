//! Numbers, and yes or no, as people write them in the cells of a list.

use minijinja::Value as Cell;

/// A currency before or after an amount.
const CURRENCIES: [&str; 14] = ["US$", "USD", "R$", "S/", "RD$", "Bs", "B/.", "COP", "MXN", "EUR", "Q", "$", "€", "£"];
/// What may stand between thousands, beside a point or a comma.
const BLANKS: [char; 4] = [' ', '\u{a0}', '\u{202f}', '\''];

/// An amount without its currency.
struct PlainAmount<'a> {
    is_negative: bool,
    /// Digits, points, commas and blanks.
    digits: &'a str,
    is_percent: bool,
}

impl<'a> PlainAmount<'a> {
    fn of(typed: &'a str) -> Option<Self> {
        let minus = ['-', '−'];
        let rest = typed.strip_prefix(minus);
        let is_before = rest.is_some();
        let rest = without_currency(rest.unwrap_or(typed).trim());
        let is_percent = rest.ends_with('%');
        let rest = rest.strip_suffix('%').unwrap_or(rest).trim();
        let behind = rest.strip_prefix(minus).filter(|_| !is_before);
        let digits = behind.unwrap_or(rest).trim();
        let is_of_number = |sign: char| sign.is_ascii_digit() || sign == '.' || sign == ',' || BLANKS.contains(&sign);
        let is_digit = |sign: char| sign.is_ascii_digit();
        let is_amount = digits.chars().all(is_of_number) && digits.starts_with(is_digit) && digits.ends_with(is_digit);
        is_amount.then_some(Self { is_negative: is_before || behind.is_some(), digits, is_percent })
    }
}

/// Reads `1.200,50`, `1,200.50`, `$ 50`, `15 %` or `-3`; an empty cell is none. `mark` is the decimal sign, for `1.200`,
/// which is ambiguous.
///
/// # Errors
/// If it is not a number, or could be two; in words.
pub(super) fn read_number(text: &str, mark: Option<char>) -> Result<Cell, String> {
    let typed = text.trim();
    if typed.is_empty() {
        return Ok(Cell::from(()));
    }
    let is_not = || format!("`{typed}` is not a number");
    let PlainAmount { is_negative, digits, is_percent } = PlainAmount::of(typed).ok_or_else(is_not)?;
    let ambiguous = || {
        format!(
            "`{typed}` may be two numbers, one a thousand times the other: say which sign its decimals have, number(',') or \
             number('.'); the country of the list (--country) says it, too, except of money with three decimals"
        )
    };
    let (whole, decimals) = digits.split_once(mark_of(digits, mark).ok_or_else(ambiguous)?).unwrap_or((digits, ""));
    let groups: Vec<_> = whole.split(|sign: char| !sign.is_ascii_digit()).collect();
    let is_grouped = match groups.as_slice() {
        [_] => true,
        [first, rest @ ..] => (1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3),
        [] => false,
    };
    if !is_grouped || !decimals.chars().all(|sign| sign.is_ascii_digit()) {
        return Err(is_not());
    }
    let plain = format!("{}{}", if is_negative { "-" } else { "" }, groups.concat());
    if decimals.trim_end_matches('0').is_empty() && !is_percent {
        return plain.parse::<i64>().map(Cell::from).map_err(|_| is_not());
    }
    let exponent = if is_percent { "e-2" } else { "" };
    format!("{plain}.{decimals}{exponent}").parse::<f64>().map(Cell::from).map_err(|_| is_not())
}

/// The decimal sign of an amount with a point or a comma: the one that its digits show, or `known` if they could be read
/// with either.
pub(crate) fn decimal_mark(text: &str, known: Option<char>) -> Option<char> {
    let digits = PlainAmount::of(text.trim())?.digits;
    let has_mark = digits.contains([',', '.']) && read_number(text, known).is_ok();
    mark_of(digits, known).filter(|_| has_mark)
}

/// Whether an amount with this decimal sign has three decimals that may be thousands: `1,234`.
pub(super) fn may_be_thousands(text: &str, mark: char) -> bool {
    let digits = PlainAmount::of(text.trim()).map_or("", |amount| amount.digits);
    digits.contains(mark) && mark_of(digits, None).is_none()
}

/// The decimal sign in `digits`, or a sign that is not in them if they have no decimals; None if it is ambiguous.
fn mark_of(digits: &str, known: Option<char>) -> Option<char> {
    let marks: Vec<char> = digits.chars().filter(|sign| ['.', ','].contains(sign)).collect();
    let other_than = |mark: char| if mark == ',' { '.' } else { ',' };
    match marks.as_slice() {
        [] => Some('.'),
        [only] => {
            let (whole, behind) = digits.split_once(*only).unwrap_or_default();
            let may_be_thousands = behind.len() == 3 && (1..=3).contains(&whole.len()) && whole != "0";
            if may_be_thousands { known } else { Some(*only) }
        }
        [first, .., last] if first == last => Some(other_than(*last)),
        [.., last] => Some(*last),
    }
}

fn without_currency(text: &str) -> &str {
    let begun = CURRENCIES.iter().find_map(|sign| text.strip_prefix(sign)).unwrap_or(text);
    CURRENCIES.iter().find_map(|sign| begun.strip_suffix(sign)).unwrap_or(begun).trim()
}

/// Whether a cell says yes.
///
/// # Errors
/// If it says neither yes nor no; in words.
pub(super) fn read_yes(text: &str) -> Result<bool, String> {
    let word = text.trim().to_lowercase();
    match word.as_str() {
        "sí" | "si" | "s" | "yes" | "y" | "true" | "verdadero" | "1" | "x" => Ok(true),
        "no" | "n" | "false" | "falso" | "0" | "" => Ok(false),
        _ => Err(format!("`{}` is neither yes nor no", text.trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_as_people_write_them() {
        for (text, mark, expected) in [
            ("1.200,50", None, Ok(Cell::from(1200.5))),
            ("1,200.50", None, Ok(Cell::from(1200.5))),
            ("$ 50", None, Ok(Cell::from(50))),
            ("US$ 1.234.567", None, Ok(Cell::from(1_234_567))),
            ("-3,5", None, Ok(Cell::from(-3.5))),
            ("-$1,500.00", None, Ok(Cell::from(-1500))),
            ("1 200", None, Ok(Cell::from(1200))),
            ("$ 1\u{a0}234\u{a0}567,50", None, Ok(Cell::from(1_234_567.5))),
            ("1'200.50", None, Ok(Cell::from(1200.5))),
            ("10 20", None, Err("is not a number")),
            ("2 3 4", None, Err("is not a number")),
            ("1 2345", None, Err("is not a number")),
            ("1000 200", None, Err("is not a number")),
            ("1,5 200", None, Err("is not a number")),
            ("0,125", None, Ok(Cell::from(0.125))),
            ("12.3456", None, Ok(Cell::from(12.3456))),
            ("1.200", Some(','), Ok(Cell::from(1200))),
            ("1.200", Some('.'), Ok(Cell::from(1.2))),
            ("1.200", None, Err("may be two numbers")),
            ("", None, Ok(Cell::from(()))),
            ("  ", None, Ok(Cell::from(()))),
            ("cien", None, Err("is not a number")),
            ("1.20.3", None, Err("is not a number")),
            ("5-", None, Err("is not a number")),
            ("1e5", None, Err("is not a number")),
            ("99999999999999999999", None, Err("is not a number")),
        ] {
            match (read_number(text, mark), expected) {
                (Ok(read), Ok(expected)) => assert_eq!(read, expected, "{text}"),
                (Err(problem), Err(part)) => assert!(problem.contains(part), "{text}: {problem}"),
                (read, _) => panic!("{text}: {read:?}"),
            }
        }
    }

    #[test]
    fn knows_which_decimal_sign_a_cell_shows() {
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
    fn knows_what_says_yes() {
        assert_eq!(read_yes("SÍ"), Ok(true));
        assert_eq!(read_yes("Falso"), Ok(false));
        assert!(read_yes("quizás").is_err());
    }
}

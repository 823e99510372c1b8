//! Numbers, and yes or no, as people write them in the cells of a list.

/// A currency before or after an amount.
const CURRENCIES: [&str; 14] = ["US$", "USD", "R$", "S/", "RD$", "Bs", "B/.", "COP", "MXN", "EUR", "Q", "$", "€", "£"];
/// The number in a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Amount {
    Whole(i64),
    Fraction(f64),
}

/// An amount without its currency and blanks.
struct PlainAmount {
    is_negative: bool,
    /// Digits, points and commas.
    digits: String,
    is_percent: bool,
}

impl PlainAmount {
    fn of(typed: &str) -> Option<Self> {
        let (is_negative, rest) = match typed.strip_prefix(['-', '−']) {
            Some(rest) => (true, rest),
            None => (false, typed),
        };
        let rest = without_currency(rest.trim());
        let (rest, is_percent) = match rest.strip_suffix('%') {
            Some(rest) => (rest.trim(), true),
            None => (rest, false),
        };
        let (is_negative, rest) = match rest.strip_prefix(['-', '−']) {
            Some(rest) if !is_negative => (true, rest.trim()),
            _ => (is_negative, rest),
        };
        let parts: Vec<_> = rest.split([' ', '\u{a0}', '\u{202f}', '\'']).collect();
        // `10 20` is two numbers.
        if parts.len() > 1 && !are_thousands(&parts) {
            return None;
        }
        let digits = parts.concat();
        let is_of_number = |sign: char| sign.is_ascii_digit() || sign == '.' || sign == ',';
        let is_amount = digits.chars().all(is_of_number) && digits.starts_with(|first: char| first.is_ascii_digit());
        is_amount.then_some(Self { is_negative, digits, is_percent })
    }
}

/// Reads `1.200,50`, `1,200.50`, `$ 50`, `15 %` or `-3`; an empty cell has no number. `mark` is the decimal sign, for
/// `1.200`, which is ambiguous.
///
/// # Errors
/// If it is not a number, or could be two; in words.
pub(super) fn read_number(text: &str, mark: Option<char>) -> Result<Option<Amount>, String> {
    let typed = text.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let is_not = || format!("`{typed}` is not a number");
    let PlainAmount { is_negative, digits, is_percent } = PlainAmount::of(typed).ok_or_else(is_not)?;
    let ambiguous = || {
        format!(
            "`{typed}` may be two numbers: say which sign its decimals have, number(',') or number('.'), or the country of the \
             list with --country"
        )
    };
    let mark = mark_of(&digits, mark).ok_or_else(ambiguous)?;
    let (whole, decimals) = match digits.split_once(mark) {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (digits.as_str(), None),
    };
    let groups: Vec<_> = whole.split(['.', ',']).collect();
    let is_grouped = groups.iter().skip(1).all(|group| group.len() == 3)
        && (groups.len() == 1 || groups.first().is_some_and(|first| (1..=3).contains(&first.len())));
    let is_fraction =
        decimals.is_none_or(|decimals| !decimals.is_empty() && decimals.chars().all(|sign| sign.is_ascii_digit()));
    if !is_grouped || !is_fraction {
        return Err(is_not());
    }
    let sign = if is_negative { "-" } else { "" };
    let plain =
        format!("{sign}{}{}", groups.concat(), decimals.map(|decimals| format!(".{decimals}")).unwrap_or_default());
    if is_percent {
        let value: f64 = format!("{plain}e-2").parse().map_err(|_| is_not())?;
        return Ok(Some(Amount::Fraction(value)));
    }
    match decimals.filter(|decimals| decimals.chars().any(|digit| digit != '0')) {
        Some(_) => plain.parse().map(Amount::Fraction).map_err(|_| is_not()),
        None => format!("{sign}{}", groups.concat()).parse().map(Amount::Whole).map_err(|_| is_not()),
    }
    .map(Some)
}

/// The decimal sign of an amount with a point or a comma: the one that its digits show, or `known` if they could be read
/// with either.
pub(crate) fn decimal_mark(text: &str, known: Option<char>) -> Option<char> {
    let digits = PlainAmount::of(text.trim())?.digits;
    let has_mark = digits.contains([',', '.']) && read_number(text, known).is_ok();
    mark_of(&digits, known).filter(|_| has_mark)
}

/// Whether the parts between blanks are thousands: `1 234 567,50`.
fn are_thousands(parts: &[&str]) -> bool {
    let digits = |part: &str| part.bytes().take_while(u8::is_ascii_digit).count();
    let is_whole = |part: &&str| digits(part) == part.len();
    parts
        .iter()
        .enumerate()
        .all(|(place, part)| if place == 0 { (1..=3).contains(&digits(part)) } else { digits(part) == 3 })
        && parts.iter().rev().skip(1).all(is_whole)
}

/// The decimal sign in `digits`, or a sign that is not in them if they have no decimals; None if it is ambiguous.
fn mark_of(digits: &str, known: Option<char>) -> Option<char> {
    let marks: Vec<char> = digits.chars().filter(|sign| !sign.is_ascii_digit()).collect();
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

/// Whether a cell is a number, with either decimal sign.
pub(super) fn is_amount(text: &str) -> bool {
    matches!(read_number(text, Some('.')), Ok(Some(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_as_people_write_them() {
        for (text, mark, expected) in [
            ("1.200,50", None, Ok(Some(Amount::Fraction(1200.5)))),
            ("1,200.50", None, Ok(Some(Amount::Fraction(1200.5)))),
            ("$ 50", None, Ok(Some(Amount::Whole(50)))),
            ("US$ 1.234.567", None, Ok(Some(Amount::Whole(1_234_567)))),
            ("-3,5", None, Ok(Some(Amount::Fraction(-3.5)))),
            ("-$1,500.00", None, Ok(Some(Amount::Whole(-1500)))),
            ("1 200", None, Ok(Some(Amount::Whole(1200)))),
            ("$ 1\u{a0}234\u{a0}567,50", None, Ok(Some(Amount::Fraction(1_234_567.5)))),
            ("1'200.50", None, Ok(Some(Amount::Fraction(1200.5)))),
            ("10 20", None, Err("is not a number")),
            ("2 3 4", None, Err("is not a number")),
            ("1 2345", None, Err("is not a number")),
            ("1000 200", None, Err("is not a number")),
            ("1,5 200", None, Err("is not a number")),
            ("0,125", None, Ok(Some(Amount::Fraction(0.125)))),
            ("12.3456", None, Ok(Some(Amount::Fraction(12.3456)))),
            ("1.200", Some(','), Ok(Some(Amount::Whole(1200)))),
            ("1.200", Some('.'), Ok(Some(Amount::Fraction(1.2)))),
            ("1.200", None, Err("may be two numbers")),
            ("", None, Ok(None)),
            ("  ", None, Ok(None)),
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

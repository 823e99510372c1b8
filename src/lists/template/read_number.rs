//! Reads a number as users write it in a cell: digits with separators, and around them a minus, a percent sign and the
//! sign, code or name of a currency.

use std::borrow::Cow;

use minijinja::Value as Cell;

use super::country_fit::CountryFit;
use super::problem::TextProblem;
use crate::base::currencies::named_currencies;
use crate::base::message::{Message, msg};

const MINUS: [char; 2] = ['-', '−'];

/// The separators of thousands other than a point or a comma: spaces, and the apostrophe in both of its characters.
const THOUSANDS_SPACES: [char; 5] = [' ', '\u{a0}', '\u{202f}', '\'', '’'];

/// How the decimal separator of a number is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DecimalSign {
    /// The text declares it, so a number with the other one is an error: `1.250.000` with a point.
    Declared(char),
    /// The country of the list or the sheet uses it. Digits that can only be read with the other separator have that.
    Expected(char),
    /// The country of the list uses it, but three digits after it can also be thousands.
    OfCountry(char),
    Unknown,
}

/// A number that has two readings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TwoReadings;

/// An amount in a cell.
#[derive(Debug)]
pub(super) struct Amount<'a> {
    is_negative: bool,
    pub(super) is_percent: bool,
    /// The currency as it is written before and after the digits; empty without one.
    pub(super) currency: String,
    /// Digits, points, commas, spaces and apostrophes.
    digits: &'a str,
}

impl<'a> Amount<'a> {
    /// Finds the amount in a text such as `-3`, `US$ 300.00`, `1.234,56-`, `(S/ 20)`, `120 soles`, `.50` or `S/ -`.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let is_digit = |sign: char| sign.is_ascii_digit();
        let Some(first) = text.find(is_digit) else {
            return Self::zero_of_accounting(text);
        };
        let start = without_whole_digits(text.get(..first)?).unwrap_or(first);
        let end = text.rfind(is_digit)? + 1;
        let digits = text.get(start..end)?;
        if !digits.chars().all(is_of_digits) {
            return None;
        }
        if digits.len() == text.len() {
            return Some(Self {
                is_negative: false,
                is_percent: false,
                currency: String::new(),
                digits,
            });
        }
        Self::with_signs(text.get(..start)?, digits, text.get(end..)?)
    }

    /// Reads `S/ -`, `$-` or `- €`, as spreadsheets show a zero in the accounting format.
    fn zero_of_accounting(text: &'a str) -> Option<Self> {
        let currency = text
            .strip_suffix(MINUS)
            .or(text.strip_prefix(MINUS))?
            .trim();
        let is_zero = !touches_letter(text) && !named_currencies(currency).is_empty();
        is_zero.then(|| Self {
            is_negative: false,
            is_percent: false,
            currency: currency.to_owned(),
            digits: "0",
        })
    }

    /// Reads the signs before and after the `digits`.
    fn with_signs(before: &str, digits: &'a str, after: &str) -> Option<Self> {
        // A hyphen that touches a letter belongs to a code: `L-15`. In front of a currency it is a minus: `-S/ 5`.
        let follows_letter = before
            .split_once(MINUS)
            .is_some_and(|(letters, _)| letters.ends_with(char::is_alphabetic));
        let is_code = follows_letter || touches_letter(after);
        let behind = after.strip_prefix(MINUS);
        let (before, opens) = without_sign(before, &['(']);
        let (before, is_before) = without_sign(&before, &MINUS);
        let (after, closes) = without_sign(behind.unwrap_or(after), &[')']);
        let (after, is_percent) = without_sign(&after, &['%']);
        let minus_signs = [opens, is_before, behind.is_some()];
        let currency = format!("{before} {after}").trim().to_owned();
        let is_amount = opens == closes
            && !is_code
            && minus_signs.into_iter().filter(|is_there| *is_there).count() <= 1
            && (currency.is_empty() || !named_currencies(&currency).is_empty());
        is_amount.then_some(Self {
            is_negative: minus_signs.contains(&true),
            is_percent,
            currency,
            digits,
        })
    }

    /// Reads the number.
    pub(super) fn number(&self, sign: DecimalSign) -> Result<Option<Cell>, TwoReadings> {
        let split = split_digits(self.digits, sign)?;
        if self.is_percent && split.is_some_and(|split| split.may_have_decimals(sign)) {
            return Err(TwoReadings);
        }
        Ok(split.and_then(|split| split.number(self.is_negative, self.is_percent)))
    }

    /// Returns how many decimals it has.
    pub(super) fn decimals(&self, mark: char) -> usize {
        let split = split_digits(self.digits, DecimalSign::Expected(mark));
        let split = split.ok().flatten();
        split.map_or(0, |split| split.decimals.len())
    }
}

/// Returns where a number without whole digits begins, such as `-.50`: at its decimal separator. `before` is the text before
/// its first digit. None behind a currency, as in `S/.50`, where the point may belong to it.
fn without_whole_digits(before: &str) -> Option<usize> {
    let sign = before.strip_suffix(['.', ','])?;
    sign.trim_start_matches(MINUS)
        .is_empty()
        .then_some(sign.len())
}

fn is_of_digits(sign: char) -> bool {
    sign.is_ascii_digit() || [',', '.'].contains(&sign) || THOUSANDS_SPACES.contains(&sign)
}

/// Returns the trimmed `text` without the first of the `signs`, and whether it had one.
fn without_sign<'t>(text: &'t str, signs: &[char]) -> (Cow<'t, str>, bool) {
    if !text.contains(signs) {
        return (Cow::Borrowed(text.trim()), false);
    }
    let rest = text.replacen(signs, "", 1);
    (Cow::Owned(rest.trim().to_owned()), true)
}

/// Returns whether a minus in `text` has a letter next to it.
fn touches_letter(text: &str) -> bool {
    text.split_once(MINUS).is_some_and(|(before, after)| {
        before.ends_with(char::is_alphabetic) || after.starts_with(char::is_alphabetic)
    })
}

/// The digits before and after the decimal separator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SplitDigits<'a> {
    whole: &'a str,
    decimals: &'a str,
}

impl<'a> SplitDigits<'a> {
    /// Splits `digits` at the decimal separator `mark`. The digits before it may be in groups of three.
    fn new(digits: &'a str, mark: char) -> Option<Self> {
        let (whole, decimals) = digits.split_once(mark).unwrap_or((digits, ""));
        let is_number = is_grouped(whole) && decimals.bytes().all(|sign: u8| sign.is_ascii_digit());
        is_number.then_some(Self { whole, decimals })
    }

    /// Returns whether its group of thousands may be decimals, as in `9.875`. A percentage seldom has thousands.
    fn may_have_decimals(self, sign: DecimalSign) -> bool {
        let is_declared = matches!(sign, DecimalSign::Declared(_));
        let mut separators = self.whole.matches([',', '.']);
        let is_single = separators.next().is_some() && separators.next().is_none();
        !is_declared && self.decimals.is_empty() && is_single
    }

    fn number(self, is_negative: bool, is_percent: bool) -> Option<Cell> {
        let Self { whole, decimals } = self;
        let mut plain = String::from(if is_negative { "-0" } else { "0" });
        plain.extend(whole.chars().filter(char::is_ascii_digit));
        if decimals.trim_end_matches('0').is_empty() && !is_percent {
            return plain.parse::<i64>().ok().map(Cell::from);
        }
        let exponent = if is_percent { "e-2" } else { "" };
        plain.extend([".", decimals, exponent]);
        plain.parse::<f64>().ok().map(Cell::from)
    }
}

/// Returns whether the digits are in groups of three, by any separators, or in one group.
fn is_grouped(whole: &str) -> bool {
    let is_separator = |sign: char| !sign.is_ascii_digit();
    let Some((first, rest)) = whole.split_once(is_separator) else {
        return true;
    };
    (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && rest.split(is_separator).all(|group| group.len() == 3)
}

const fn other_mark(mark: char) -> char {
    if mark == ',' { '.' } else { ',' }
}

/// Splits `digits` by their decimal separator. None if they are no number.
fn split_digits(digits: &str, sign: DecimalSign) -> Result<Option<SplitDigits<'_>>, TwoReadings> {
    let mark = match sign {
        DecimalSign::Declared(mark)
        | DecimalSign::Expected(mark)
        | DecimalSign::OfCountry(mark) => mark,
        DecimalSign::Unknown => '.',
    };
    let usual = SplitDigits::new(digits, mark);
    if matches!(sign, DecimalSign::Declared(_)) {
        return Ok(usual);
    }
    let other = SplitDigits::new(digits, other_mark(mark));
    let may_be_other = match sign {
        DecimalSign::Declared(_) | DecimalSign::Expected(_) => false,
        // The country decides that a point in `1.500` is for thousands, but not that a comma in `1,500` is for decimals.
        DecimalSign::OfCountry(mark) => digits.contains(mark),
        DecimalSign::Unknown => digits.contains([',', '.']),
    };
    if may_be_other && usual.is_some() && other.is_some() {
        return Err(TwoReadings);
    }
    Ok(usual.or(other))
}

/// Reads `1.200,50`, `1,200.50`, `$ 50`, `15 %` or `-3`. An empty cell has no number.
///
/// # Errors
/// If it is not a number, or could be two numbers.
pub(super) fn read_number(text: &str, sign: DecimalSign) -> Result<Cell, TextProblem> {
    let typed = text.trim();
    if typed.is_empty() {
        return Ok(Cell::from(()));
    }
    let read = Amount::parse(typed).map_or(Ok(None), |amount| amount.number(sign));
    match read {
        Ok(Some(number)) => Ok(number),
        Ok(None) => Err(not_a_number(typed, sign).of_cell(typed)),
        Err(TwoReadings) => {
            let problem = msg!(
                "`{typed}` is ambiguous: its separator may be for decimals or for thousands",
                typed
            );
            let hint = msg!("to set it: number(\",\") or number(\".\")");
            Err(TextProblem::new(problem, hint).of_cell(typed))
        }
    }
}

fn not_a_number(typed: &str, sign: DecimalSign) -> TextProblem {
    let reads_as = |sign| Amount::parse(typed)?.number(sign).ok().flatten();
    let problem = match sign {
        DecimalSign::Declared(mark) if reads_as(DecimalSign::Expected(mark)).is_some() => msg!(
            "`{typed}` is not a number with the decimal separator `{mark}`",
            typed,
            mark
        ),
        _ => msg!("`{typed}` is not a number", typed),
    };
    problem.into()
}

/// Returns how the separators of an amount fit the decimal separator `mark` of its country. None if they fit it in the only
/// way, or if the cell is an error by itself.
pub(crate) fn number_fit(text: &str, mark: char) -> Option<CountryFit> {
    let digits = Amount::parse(text.trim())?.digits;
    let usual = SplitDigits::new(digits, mark);
    let other = SplitDigits::new(digits, other_mark(mark));
    match (usual, other) {
        (None, Some(_)) => Some(CountryFit::Contrary),
        (Some(usual), Some(other)) if usual.decimals.is_empty() && other != usual => {
            Some(CountryFit::ByCountry)
        }
        _ => None,
    }
}

/// Describes an amount in `line` that is read with the decimal separator `mark`.
pub(crate) fn describe_decimals(text: &str, line: u64, mark: char) -> Message {
    let digits = Amount::parse(text.trim()).map_or("", |amount| amount.digits);
    if digits.contains(mark) {
        return match mark {
            ',' => msg!("`{text}` in line {line} has a decimal comma", text, line),
            _ => msg!("`{text}` in line {line} has a decimal point", text, line),
        };
    }
    let whole: String = digits.chars().filter(char::is_ascii_digit).collect();
    msg!(
        "`{text}` in line {line} is read as {whole}",
        text,
        line,
        whole
    )
}

#[cfg(test)]
mod tests {
    use super::DecimalSign::{Declared, Expected, OfCountry, Unknown};
    use super::*;

    fn check_number(text: &str, sign: DecimalSign, expected: Result<f64, &str>) {
        let read = read_number(text, sign).map(|number| f64::try_from(number).unwrap());
        match (read, expected) {
            (Ok(read), Ok(expected)) => assert!((read - expected).abs() < 1e-9, "{text}: {read}"),
            (Err(problem), Err(part)) => {
                assert!(problem.to_string().contains(part), "{text}: {problem}");
            }
            (read, _) => panic!("{text}: {read:?}"),
        }
    }

    #[test]
    fn number_may_have_currency_and_sign() {
        for (text, expected) in [
            ("$ 50", Some(50.0)),
            ("-S/ 5.00", Some(-5.0)),
            ("-US$5", Some(-5.0)),
            ("-USD 5", Some(-5.0)),
            ("−R$ 5,00", Some(-5.0)),
            ("US$ 1.234.567", Some(1_234_567.0)),
            ("U$S 1.234.567", Some(1_234_567.0)),
            ("COP$ 1.200.000", Some(1_200_000.0)),
            ("120 soles", Some(120.0)),
            ("120,50 Soles peruanos", Some(120.5)),
            ("USD dólares 20", Some(20.0)),
            ("₡12.500,00", Some(12_500.0)),
            ("Gs. 150.000.000", Some(150_000_000.0)),
            ("₲ 20", Some(20.0)),
            ("S/. 1,200.00", Some(1200.0)),
            ("s/1,200.50", Some(1200.5)),
            ("bs.s 20,5", Some(20.5)),
            ("RD$ 1,200.50", Some(1200.5)),
            ("L. 1,200.50", Some(1200.5)),
            ("1 200,50 zł", Some(1200.5)),
            ("12,50 kr.", Some(12.5)),
            ("usd 1,200.50", Some(1200.5)),
            ("$ 50 MXN", Some(50.0)),
            ("₹1,200.50", Some(1200.5)),
            ("-3,5", Some(-3.5)),
            ("−3,5", Some(-3.5)),
            ("-$1,500.00", Some(-1500.0)),
            ("$-1,500.00", Some(-1500.0)),
            ("S/ -20", Some(-20.0)),
            ("USD -20", Some(-20.0)),
            ("1.234,56-", Some(-1234.56)),
            ("$ 1.234,56-", Some(-1234.56)),
            ("(1.234,56)", Some(-1234.56)),
            ("(S/ 20)", Some(-20.0)),
            ("$ (20)", Some(-20.0)),
            ("5-", Some(-5.0)),
            ("15%", Some(0.15)),
            ("-15 %", Some(-0.15)),
            ("(15%)", Some(-0.15)),
            ("L-15", None),
            ("USD-15", None),
            ("15-L", None),
            ("15 -", None),
            ("-15-", None),
            ("(-15)", None),
            ("--15", None),
            ("(15", None),
            ("15)", None),
            ("20 mil", None),
            ("20 kg", None),
            ("20 km", None),
            ("20k", None),
            ("12.500.-", None),
            ("50,00 CR", None),
            ("MXN 20 soles", None),
            ("20 peruanos", None),
            (".5000", Some(0.5)),
            (".500", Some(0.5)),
            (",5", Some(0.5)),
            ("-.50", Some(-0.5)),
            (".0000", Some(0.0)),
            ("S/ -", Some(0.0)),
            ("$  -", Some(0.0)),
            ("$-", Some(0.0)),
            ("S/-", Some(0.0)),
            ("- €", Some(0.0)),
            ("Q-", None),
            ("--", None),
            ("-$-", None),
            ("L-", None),
            ("-", None),
            ("USD-", None),
            ("pagado -", None),
            (".5.000", None),
            ("..5", None),
            ("$.50", None),
            ("€.50", None),
            ("Gs .50", None),
            ("XX 50", None),
            ("S/", None),
            ("15 %%", None),
            ("1e5", None),
            ("cien", None),
            ("99999999999999999999", None),
        ] {
            let expected = expected.ok_or("is not a number");
            check_number(text, OfCountry(','), expected);
        }
        assert_eq!(read_number("  ", Unknown), Ok(Cell::from(())));
    }

    #[test]
    fn separators_are_read_by_the_country() {
        let not_a_number = Err("is not a number");
        let ambiguous = Err("is ambiguous");
        for (text, by_comma, by_point, unknown) in [
            ("1.200,50", Ok(1200.5), Ok(1200.5), Ok(1200.5)),
            ("1250.50", Ok(1250.5), Ok(1250.5), Ok(1250.5)),
            ("1.200", Ok(1200.0), ambiguous, ambiguous),
            ("1,500", ambiguous, Ok(1500.0), ambiguous),
            ("0,125", Ok(0.125), Ok(0.125), Ok(0.125)),
            ("12.3456", Ok(12.3456), Ok(12.3456), Ok(12.3456)),
            ("1234.567", Ok(1234.567), Ok(1234.567), Ok(1234.567)),
            ("1 200", Ok(1200.0), Ok(1200.0), Ok(1200.0)),
            (
                "1\u{a0}234\u{a0}567,5",
                Ok(1_234_567.5),
                Ok(1_234_567.5),
                Ok(1_234_567.5),
            ),
            (
                "1.234.567",
                Ok(1_234_567.0),
                Ok(1_234_567.0),
                Ok(1_234_567.0),
            ),
            ("1'200.50", Ok(1200.5), Ok(1200.5), Ok(1200.5)),
            (
                "1’200’000,5",
                Ok(1_200_000.5),
                Ok(1_200_000.5),
                Ok(1_200_000.5),
            ),
            ("1'200.000", Ok(1_200_000.0), ambiguous, ambiguous),
            ("1'200,000", ambiguous, Ok(1_200_000.0), ambiguous),
            ("1 200.000", Ok(1_200_000.0), ambiguous, ambiguous),
            (
                "1.200'000",
                Ok(1_200_000.0),
                Ok(1_200_000.0),
                Ok(1_200_000.0),
            ),
            (
                "1'200.000,50",
                Ok(1_200_000.5),
                Ok(1_200_000.5),
                Ok(1_200_000.5),
            ),
            ("1'20.000", not_a_number, not_a_number, not_a_number),
            ("1'50", not_a_number, not_a_number, not_a_number),
            ("'200", not_a_number, not_a_number, not_a_number),
            ("200'", not_a_number, not_a_number, not_a_number),
            ("1''200", not_a_number, not_a_number, not_a_number),
            ("1´200", not_a_number, not_a_number, not_a_number),
            ("10 20", not_a_number, not_a_number, not_a_number),
            ("1 2345", not_a_number, not_a_number, not_a_number),
            ("1000 200", not_a_number, not_a_number, not_a_number),
            ("1,5 200", not_a_number, not_a_number, not_a_number),
            ("1.20.3", not_a_number, not_a_number, not_a_number),
        ] {
            check_number(text, OfCountry(','), by_comma);
            check_number(text, OfCountry('.'), by_point);
            check_number(text, Unknown, unknown);
        }
        check_number("1,500", Declared(','), Ok(1.5));
        check_number("1,500", Declared('.'), Ok(1500.0));
        check_number("950.00", Expected(','), Ok(950.0));
        check_number("1.250.000", Expected('.'), Ok(1_250_000.0));
        for (text, mark) in [("950.00", ','), ("1.250.000", '.'), ("2,000.00", ',')] {
            let expected = format!("is not a number with the decimal separator `{mark}`");
            check_number(text, Declared(mark), Err(&expected));
        }
        check_number("2,000.00", Declared('.'), Ok(2000.0));
        check_number("cien", Declared('.'), Err("`cien` is not a number"));
    }

    #[test]
    fn separators_of_a_cell_fit_its_country() {
        use CountryFit::{ByCountry, Contrary};
        for (text, mark, expected) in [
            ("1.500", ',', Some(ByCountry)),
            ("$ 1'500.000", ',', Some(ByCountry)),
            ("950.00", ',', Some(Contrary)),
            ("1,234.50", ',', Some(Contrary)),
            ("1,234,567", ',', Some(Contrary)),
            // It is an error of its row.
            ("1,500", ',', None),
            ("1.500,25", ',', None),
            ("1234", ',', None),
            ("B/. 50", '.', None),
            ("pagado, gracias.", ',', None),
        ] {
            assert_eq!(number_fit(text, mark), expected, "{text}");
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
            let described = describe_decimals(text, 2, mark).to_string();
            assert_eq!(described, format!("`{text}` in line 2 {expected}"));
        }
    }
}

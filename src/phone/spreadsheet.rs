//! Recognizes numbers that a spreadsheet changed: a formula or apostrophe that keeps text, decimals, an exponent.

use super::recipient_error::{NUMBER_DIGITS, RecipientError};
use crate::base::message::{Message, msg};
use crate::base::texts::has_only_digits;

/// A number in a form that only spreadsheets write.
pub(super) struct SpreadsheetForm {
    /// The number in its usual form; None if its digits are lost.
    pub(super) number: Option<String>,
    pub(super) problem: Message,
    /// How to keep the digits; None if they are not lost.
    pub(super) hint: Option<Message>,
}

/// The apostrophes in front of a text in a spreadsheet.
pub(super) const TEXT_MARKS: [char; 2] = ['\'', '\u{2019}'];

/// Returns whether `typed` begins with a sign that only marks text in a spreadsheet.
pub(super) fn is_spreadsheet_text(typed: &str) -> bool {
    typed.starts_with('=') || typed.starts_with(TEXT_MARKS)
}

impl SpreadsheetForm {
    /// Finds the form of `typed`, which must be trimmed of invisible characters.
    pub(super) fn find(typed: &str) -> Option<Self> {
        if let Some(number) = number_in_formula(typed) {
            let problem = msg!(
                "`{typed}` is a spreadsheet formula that keeps a number as text",
                typed
            );
            return Some(Self::new(number, problem));
        }
        if let Some(number) = typed.strip_prefix(TEXT_MARKS) {
            let problem = msg!(
                "`{typed}` begins with the apostrophe that marks text in a spreadsheet",
                typed
            );
            return Some(Self::new(number, problem));
        }
        let number = typed.strip_prefix('+').unwrap_or(typed);
        let plus = typed.strip_suffix(number).unwrap_or_default();
        if let Some((mantissa, exponent)) = split_exponent(number) {
            let Some(digits) = whole_number(mantissa, exponent) else {
                return Some(Self {
                    number: None,
                    problem: msg!(
                        "Excel has shortened this number, `{typed}`, and its last digits are lost",
                        typed
                    ),
                    hint: Some(msg!(
                        "send the .xlsx itself, or format the column as a number without decimals and save it again"
                    )),
                });
            };
            let problem = msg!(
                "`{typed}` is written with an exponent, as Excel shows a long number",
                typed
            );
            return Some(Self::new(&format!("{plus}{digits}"), problem));
        }
        let (whole, is_zero) = split_decimals(number)?;
        Some(Self {
            number: is_zero.then(|| format!("{plus}{whole}")),
            problem: msg!(
                "`{typed}` has decimals, as a spreadsheet writes a number",
                typed
            ),
            hint: Some(msg!("format the column as a number without decimals")),
        })
    }

    /// Returns the error for this form. `read` is the result of reading the number in it.
    pub(super) fn error(self, read: Result<&str, RecipientError>) -> RecipientError {
        match read {
            Ok(number) => RecipientError::misspelt(&self.problem, number),
            Err(error) => error.in_form(&self.problem),
        }
    }

    fn new(number: &str, problem: Message) -> Self {
        Self {
            number: Some(number.to_owned()),
            problem,
            hint: None,
        }
    }
}

/// Returns the number in `="0987654301"`, or in `=0987654301`.
fn number_in_formula(typed: &str) -> Option<&str> {
    let value = typed.strip_prefix('=')?.trim();
    let quoted = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    Some(quoted.unwrap_or(value).trim_matches('\''))
}

/// Splits off decimals, and returns whether they are zero. Decimals are `593987654321.0`, more zeros after the only
/// dot, and `593987654321,0`. In `593987650001.5`, too many digits are before the dot for a separator. `415.555.0000`
/// has no decimals.
fn split_decimals(number: &str) -> Option<(&str, bool)> {
    let sign = number.rfind(['.', ','])?;
    let whole = number.get(..sign)?;
    let decimals = number.get(sign + 1..)?;
    if decimals.is_empty() || !has_only_digits(decimals) {
        return None;
    }
    let is_zero = decimals.bytes().all(|byte| byte == b'0');
    let is_whole = whole.len() >= *NUMBER_DIGITS.start() && has_only_digits(whole);
    let is_long_whole = is_whole && (decimals.len() <= 2 || is_zero);
    let has_dot = number.get(sign..)?.starts_with('.');
    let is_last_zero = has_dot && is_zero && (decimals.len() == 1 || !whole.contains('.'));
    (is_long_whole || is_last_zero).then_some((whole, is_zero))
}

/// Splits mantissa and exponent of `5,93988E+11`, as Excel writes a long number.
fn split_exponent(number: &str) -> Option<(&str, usize)> {
    let (mantissa, exponent) = number.split_once(['E', 'e'])?;
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let is_mantissa = mantissa.starts_with(|first: char| first.is_ascii_digit())
        && mantissa
            .chars()
            .all(|character| character.is_ascii_digit() || ",.".contains(character));
    Some((mantissa, exponent.parse().ok()?)).filter(|_| is_mantissa)
}

/// Returns the number, if the mantissa has all its digits: one before the decimal separator, and
/// `exponent` digits after it.
fn whole_number(mantissa: &str, exponent: usize) -> Option<String> {
    let (first, rest) = mantissa.split_once([',', '.'])?;
    let is_whole = first.len() == 1 && rest.len() == exponent && has_only_digits(rest);
    is_whole.then(|| format!("{first}{rest}"))
}

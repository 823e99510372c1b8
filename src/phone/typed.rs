//! Reads the digits of a number that the user typed or pasted.

use std::ops::RangeInclusive;

use super::national::without_prefix;
use super::recipient_error::{NUMBER_DIGITS, RecipientError};
use super::rules::{is_number, regions_with_code};
use super::spreadsheet::{SpreadsheetForm, TEXT_MARKS};
use crate::base::invisible::{is_invisible, is_other_line_break, is_unseen};
use crate::base::texts::has_only_digits;

/// The digits of the typed number.
#[derive(Debug)]
pub(super) struct ParsedDigits {
    /// Whether the digits begin with a country code, after `+` or 00. `digits` does not include the 00.
    pub(super) is_international: bool,
    pub(super) digits: String,
    /// The digits in parentheses in front, if they may be an area code: `51` in `(51) 98765-4321`.
    pub(super) area_code: Option<String>,
}

/// How many digits an area code has, without the national prefix.
const AREA_CODE_DIGITS: RangeInclusive<usize> = 2..=4;

impl ParsedDigits {
    /// Reads a number that stands alone.
    ///
    /// # Errors
    /// If it is not clearly one number.
    pub(super) fn read(typed: &str) -> Result<Self, RecipientError> {
        // Nearly all numbers of a list are only digits, so this path is fast.
        let digits = typed.strip_prefix('+').unwrap_or(typed);
        let is_plain = NUMBER_DIGITS.contains(&digits.len()) && has_only_digits(digits);
        if is_plain && !typed.starts_with("00") {
            return Ok(Self {
                is_international: digits.len() < typed.len(),
                digits: digits.to_owned(),
                area_code: None,
            });
        }
        let typed = typed.trim_matches(is_unseen);
        // No digit of these is in doubt.
        let number = without_text_mark(typed)
            .or_else(|| without_zero_of_float(typed))
            .unwrap_or(typed);
        if let Some(form) = SpreadsheetForm::find(number) {
            let hint = form.hint;
            return Err(RecipientError {
                hint,
                ..RecipientError::bare(form.problem)
            });
        }
        let bare: String = number
            .chars()
            .filter(|character| !is_paste_residue(*character))
            .collect();
        let (plus, number) = match bare.trim_start_matches(['(', '.', '-']).strip_prefix('+') {
            Some(number) => (true, number),
            None => (false, bare.as_str()),
        };
        let without_zero = without_zero_in_parentheses(number);
        let number = without_zero.as_deref().unwrap_or(number);
        let digits: String = number
            .chars()
            .take_while(|character| is_phone_character(*character))
            .filter(char::is_ascii_digit)
            .collect();
        if let Some(found) = number
            .chars()
            .find(|character| !is_phone_character(*character))
        {
            return Err(RecipientError::not_a_phone(typed, found, &digits));
        }
        if digits.is_empty() {
            return Err(RecipientError::empty());
        }
        let area_code = area_code_in_front(number).filter(|_| !plus);
        let (is_international, digits) = match digits.strip_prefix("00") {
            Some(rest) if !plus => (true, rest.to_owned()),
            _ => (plus, digits),
        };
        let count = digits.len();
        if count > *NUMBER_DIGITS.end() || is_international && count < *NUMBER_DIGITS.start() {
            return Err(RecipientError::length(typed, &digits));
        }
        Ok(Self {
            is_international,
            digits,
            area_code,
        })
    }
}

/// Returns the number in `'0987654321` or `="0987654321"`, which a spreadsheet keeps as text. None if it is not one.
fn without_text_mark(typed: &str) -> Option<&str> {
    let number = match typed.strip_prefix("=\"") {
        Some(quoted) => quoted.strip_suffix('"'),
        None => typed.strip_prefix(TEXT_MARKS),
    };
    number.filter(|number| number.starts_with(|sign| sign == '+' || is_phone_character(sign)))
}

/// Returns the number in `593987654321.0`, as a program writes a float. None if it is not one.
fn without_zero_of_float(typed: &str) -> Option<&str> {
    let number = typed.strip_suffix(".0")?;
    let digits = number.strip_prefix('+').unwrap_or(number);
    let is_number = NUMBER_DIGITS.contains(&digits.len()) && has_only_digits(digits);
    is_number.then_some(number)
}

/// Returns `+44 (0)20 7946 0000` without its `(0)`: the prefix for calls inside the country, behind the country's code. None
/// if it is not such a number.
fn without_zero_in_parentheses(number: &str) -> Option<String> {
    let (code, rest) = number.split_once("(0)")?;
    let digits_of = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let code_digits = digits_of(code);
    let calling_code = code_digits.strip_prefix("00").unwrap_or(&code_digits);
    let national = digits_of(rest);
    let is_prefix = regions_with_code(calling_code).any(|region| {
        region.calling_code == calling_code
            && without_prefix(&format!("0{national}"), region).as_ref() == Some(&national)
    });
    let is_valid = is_prefix && is_number(&format!("{calling_code}{national}"));
    is_valid.then(|| format!("{code}{rest}"))
}

/// Returns the digits in parentheses at the beginning of `number`, if they may be an area code.
fn area_code_in_front(number: &str) -> Option<String> {
    let (group, rest) = number.strip_prefix('(')?.split_once(')')?;
    let is_area_code = AREA_CODE_DIGITS.contains(&group.len())
        && has_only_digits(group)
        && !group.starts_with('0');
    let has_more = rest.contains(|character: char| character.is_ascii_digit());
    (is_area_code && has_more).then(|| group.to_owned())
}

fn is_phone_character(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '-' | '.' | '(' | ')')
}

/// Returns whether a copy of a number from a page or chat can include `character`: spaces,
/// typographic hyphens, direction marks. Tabs and line breaks separate values, so they do not
/// count.
fn is_paste_residue(character: char) -> bool {
    is_invisible(character) && !is_other_line_break(character)
        || matches!(
            character,
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
        )
}

//! A phone number that the format of its cell completes: with the format `"+51 "000000000`, the sheet shows 987654321
//! as +51 987654321. The shown number is the one that the user means.

use super::number_format::{Token, sections, tokens};
use crate::base::texts::has_only_digits;
use crate::phone::{NUMBER_DIGITS, is_number};

/// Returns the number that a sheet shows for the number `stored` in the format `code`.
pub(super) fn formatted_phone(stored: &str, code: &str) -> Option<String> {
    let may_add_code = |sign: char| sign == '+' || sign.is_ascii_digit() && sign != '0';
    if !code.contains(may_add_code) {
        return None;
    }
    let section = sections(code).into_iter().next()?;
    let shown = fill(&tokens(section, &mut None), stored)?;
    shown_phone(stored, &shown)
}

/// Returns `shown`, if it is a number that ends with the digits of `stored`: one with `+`, or the format adds the code of
/// its country.
pub(super) fn shown_phone(stored: &str, shown: &str) -> Option<String> {
    let stored_digits = digits(stored)?;
    let without_parenthesis = shown.strip_prefix('(').unwrap_or(shown);
    let after_plus = without_parenthesis.strip_prefix('+');
    let shown_digits = digits(after_plus.unwrap_or(shown))?;
    let added = shown_digits.strip_suffix(&stored_digits)?;
    let is_phone = if after_plus.is_some() {
        // An amount may also be shown with its sign.
        NUMBER_DIGITS.contains(&shown_digits.len())
            && (!added.is_empty() || is_number(&shown_digits))
    } else {
        let international = shown_digits.strip_prefix("00").unwrap_or(&shown_digits);
        added.contains(|digit| digit != '0') && is_number(international)
    };
    is_phone.then(|| shown.to_owned())
}

/// Returns the digits of a number without `+`. None if it has other characters than a phone number.
fn digits(number: &str) -> Option<String> {
    let is_of_number = |sign: char| sign.is_ascii_digit() || " -.()\u{a0}".contains(sign);
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    (number.chars().all(is_of_number) && !digits.is_empty()).then_some(digits)
}

/// Writes the digits of `stored`, a whole number, into the places of a format. There may be text between the places.
/// None if the format has anything else.
fn fill(tokens: &[Token], stored: &str) -> Option<String> {
    if !has_only_digits(stored) {
        return None;
    }
    let first = tokens
        .iter()
        .position(|token| matches!(token, Token::Digit(_)))?;
    let mut digits = stored.chars().rev();
    // The places are filled from the last one.
    let mut reversed = String::new();
    for (place, token) in tokens.iter().enumerate().rev() {
        match token {
            Token::Text(text) => reversed.extend(text.chars().rev()),
            Token::Digit(sign) => {
                let if_missing = (*sign == '0').then_some('0');
                reversed.extend(digits.next().or(if_missing));
            }
            _ => return None,
        }
        if place == first {
            reversed.extend(digits.by_ref());
        }
    }
    let filled: String = reversed.chars().rev().collect();
    Some(filled.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_completes_phone_number() {
        for (stored, code, expected) in [
            ("987654321", "\"+51 \"000000000", Some("+51 987654321")),
            ("987654321", "+51000000000", Some("+51987654321")),
            (
                "987654321",
                "\\+\\5\\1\\ ###\\ ###\\ ###",
                Some("+51 987 654 321"),
            ),
            ("987654321", "\"+51 \"0;\"-\"0", Some("+51 987654321")),
            ("987654321", "[$-300A]\"+51 \"#", Some("+51 987654321")),
            ("4155550100", "+1 (###) ###-####", Some("+1 (415) 555-0100")),
            ("987654321", "\"(+51) \"000000000", Some("(+51) 987654321")),
            // A digit is missing, and the sheet shows that it is a number of Peru.
            ("98765432", "\"+51 \"000000000", Some("+51 098765432")),
            ("593987654321", "+0", Some("+593987654321")),
            ("593987654321", "\"+\"0", Some("+593987654321")),
            // Without a plus, the number is one of a country.
            ("987654321", "\"51\"0", Some("51987654321")),
            ("987654321", "\"(51) \"0", Some("(51) 987654321")),
            ("987654321", "\"0051 \"0", Some("0051 987654321")),
            ("1123456789", "\"549\"0", Some("5491123456789")),
            ("98765432", "\"51\"0", None),
            ("987654321", "\"0\"0", None),
            ("12", "\"2026-\"000", None),
            // These are amounts, or the country is unknown.
            ("1500000", "+0;-0", None),
            ("1500000", "+#,##0;-#,##0", None),
            ("15", "\"+5 \"0", None),
            ("12.5", "+0.0", None),
            ("-987654321", "\"+51 \"0", None),
            ("987654321", "0000000000", None),
            ("987654321", "\"Tel. +51 \"0", None),
            ("987654321", "\"+51 \"0\" x\"", None),
            ("987654321", "0\"+51\"", None),
            ("987654321", "\"+51 \"", None),
            ("1234567890123", "\"+51 \"0", Some("+51 1234567890123")),
            ("12345678901234", "\"+51 \"0", None),
            ("45000", "+dd/mm/yyyy", None),
        ] {
            let shown = formatted_phone(stored, code);
            assert_eq!(shown.as_deref(), expected, "{stored} {code}");
        }
    }

    #[test]
    fn shown_text_completes_phone_number() {
        for (stored, shown, expected) in [
            ("987654321", "+51 987654321", Some("+51 987654321")),
            ("98 765 4321", "+51 98 765 4321", Some("+51 98 765 4321")),
            ("987654321", "+51 987654322", None),
            ("987654321", "51 987654321", Some("51 987654321")),
            ("0987654321", "593987654321", None),
            ("987654321", "099 987654321", None),
            ("1500000", "2 1500000", None),
            ("Ana", "+51 Ana", None),
            ("1500000", "+1500000", None),
            ("987654321", "", None),
        ] {
            let found = shown_phone(stored, shown);
            assert_eq!(found.as_deref(), expected, "{stored} {shown}");
        }
    }
}

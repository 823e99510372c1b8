//! Explains why digits are not a number, and finds the number that one change of a zero gives.

use super::national::without_prefix;
use super::rules::{Region, is_number, regions_with_code};
use crate::base::message::{Message, msg};

/// A shorter number with the country's code may as well be a local number.
const DIGITS_WITH_CODE: usize = 11;

/// Explains why `digits`, which should begin with a country code, are not a number, and finds the probable number.
/// `expected` is the country that the user named.
pub(super) fn why_not_international(
    digits: &str,
    expected: Option<&Region>,
) -> (Message, Option<String>) {
    let after_zeros = digits.trim_start_matches('0');
    if after_zeros.len() < digits.len() {
        let is_expected = expected.is_some_and(|region| {
            after_zeros.starts_with(region.calling_code) && is_number(after_zeros)
        });
        let suggestion = is_expected.then(|| after_zeros.to_owned());
        return (msg!("no country code begins with 0"), suggestion);
    }
    let Some(region) = regions_with_code(digits).next() else {
        return (msg!("the first digits are not a country code"), None);
    };
    let code = region.calling_code;
    let national = digits.strip_prefix(code).unwrap_or_default();
    if national.starts_with(code) && is_number(national) {
        return (
            msg!("the country code {code} appears twice", code),
            Some(national.to_owned()),
        );
    }
    let without_zero = format!("{code}{}", national.trim_start_matches('0'));
    if without_zero != digits && is_number(&without_zero) {
        let reason = msg!(
            "the 0 after the country code {code} is only for calls inside the country",
            code
        );
        return (reason, Some(without_zero));
    }
    if let Some(number) = dialled_inside(national, region) {
        let country = region.with_article();
        let reason = msg!("it has a prefix for calls inside {country}", country);
        return (reason, Some(number));
    }
    (describe_mismatch(region, national.len()), None)
}

/// Returns the number for `national`, the digits after the country code, if they have a prefix for calls inside the country,
/// such as the 15 in Argentina's 11 15 8765 0001. A rule that adds digits, such as an area code, finds no prefix.
fn dialled_inside(national: &str, region: &'static Region) -> Option<String> {
    let without_prefix = without_prefix(national, region)?;
    let number = format!("{}{without_prefix}", region.calling_code);
    (without_prefix.len() < national.len() && is_number(&number)).then_some(number)
}

/// Explains why `digits` are neither a local number of `region` nor an international one.
pub(super) fn why_not_national(digits: &str, region: &'static Region) -> (Message, Option<String>) {
    let (reason, suggestion) = why_not_international(digits, Some(region));
    let has_code = digits.starts_with(region.calling_code) && digits.len() >= DIGITS_WITH_CODE;
    if suggestion.is_some() || has_code {
        return (reason, suggestion);
    }
    let national = without_prefix(digits, region).map_or(digits.len(), |rest| rest.len());
    (describe_mismatch(region, national), None)
}

/// Says whether the number is too short or too long, as libphonenumber does; otherwise the digits are wrong.
fn describe_mismatch(region: &'static Region, count: usize) -> Message {
    let country = region.with_article();
    let example = format!("+{}{}", region.calling_code, region.example);
    let lengths: Vec<usize> = region.lengths().collect();
    match (lengths.iter().min(), lengths.iter().max()) {
        (Some(shortest), _) if count < *shortest => {
            msg!(
                "it is too short for a number of {country}, such as {example}",
                country,
                example
            )
        }
        (_, Some(longest)) if count > *longest => {
            msg!(
                "it is too long for a number of {country}, such as {example}",
                country,
                example
            )
        }
        _ if lengths.contains(&count) => {
            msg!(
                "its digits fit no number of {country}, such as {example}",
                country,
                example
            )
        }
        _ => msg!(
            "it has another length than a number of {country}, such as {example}",
            country,
            example
        ),
    }
}

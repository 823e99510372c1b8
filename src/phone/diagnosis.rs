//! Explains why digits are not a number, and finds the probable one.

use super::national::{international, without_prefix};
use super::old_style::number_in_old_style;
use super::rules::{Region, common_regions, is_common, is_number, regions_with_code};

/// A shorter number without its zeros may as well be a local number, which is by chance valid in another country.
const DIGITS_AFTER_ZEROS: usize = 11;
/// What callers in North America dial before a country code.
const NORTH_AMERICAN_PREFIX: &str = "011";

/// Explains why `digits`, which should begin with a country code, are not a number, and finds the probable number.
/// `expected` is the country that the user named.
pub(super) fn why_not_international(
    digits: &str,
    expected: Option<&Region>,
) -> (String, Option<String>) {
    if digits.starts_with('0') {
        let suggestion =
            number_after_prefix(digits).or_else(|| number_after_zeros(digits, expected));
        return ("no country code begins with 0".to_owned(), suggestion);
    }
    let Some(region) = regions_with_code(digits).next() else {
        return ("the first digits are not a country code".to_owned(), None);
    };
    let code = region.calling_code;
    let national = digits.strip_prefix(code).unwrap_or_default();
    if national.starts_with(code) && is_number(national) {
        return (
            format!("the country code {code} appears twice"),
            Some(national.to_owned()),
        );
    }
    let suggestion = international(national, region).filter(|number| is_number(number));
    if let (Some(suggestion), Some(rest)) = (suggestion, without_prefix(national, region)) {
        let prefix = national
            .strip_suffix(rest.as_str())
            .filter(|prefix| !prefix.is_empty());
        let prefix = prefix.unwrap_or("prefix");
        let reason = format!(
            "the {prefix} after the country code {code} is only for calls inside the country"
        );
        return (reason, Some(suggestion));
    }
    if let Some(suggestion) = number_in_old_style(national, region) {
        let reason = format!("the digits after the country code {code} have an old prefix");
        return (reason, Some(suggestion));
    }
    (describe_mismatch(region, national.len()), None)
}

/// Returns the number after the prefix of North America. Local numbers with an area code 11 are shorter.
fn number_after_prefix(digits: &str) -> Option<String> {
    let number = digits.strip_prefix(NORTH_AMERICAN_PREFIX)?;
    (number.len() >= DIGITS_AFTER_ZEROS && is_number(number)).then(|| number.to_owned())
}

/// Returns the number that probably follows the zeros of `digits`. It is a number of the expected
/// country. If the user named no country, it is a number of a common country, and `digits` are not
/// a local number of another one.
fn number_after_zeros(digits: &str, expected: Option<&Region>) -> Option<String> {
    let number = digits.trim_start_matches('0');
    if number.len() < DIGITS_AFTER_ZEROS || !is_number(number) {
        return None;
    }
    let is_likely = match expected {
        Some(region) => number.starts_with(region.calling_code),
        None => is_common(number) && possible_local_numbers(digits).all(|other| other == number),
    };
    is_likely.then(|| number.to_owned())
}

/// Reads `digits` as a local number of each common country.
fn possible_local_numbers(digits: &str) -> impl Iterator<Item = String> {
    common_regions().filter_map(move |region| {
        international(digits, region).or_else(|| number_in_old_style(digits, region))
    })
}

/// Explains why `digits` are neither a local number of `region` nor an international one.
pub(super) fn why_not_national(digits: &str, region: &'static Region) -> (String, Option<String>) {
    let (reason, suggestion) = why_not_international(digits, Some(region));
    let has_code = digits.starts_with(region.calling_code) && digits.len() >= DIGITS_AFTER_ZEROS;
    if suggestion.is_some() || has_code {
        return (reason, suggestion);
    }
    let national = without_prefix(digits, region).map_or(digits.len(), |rest| rest.len());
    (describe_mismatch(region, national), None)
}

/// Names the valid lengths if the length is wrong; otherwise the digits are wrong.
fn describe_mismatch(region: &Region, count: usize) -> String {
    let Region {
        code,
        calling_code,
        lengths,
        ..
    } = region;
    let country = if region.is_country() {
        format!("{code} (+{calling_code})")
    } else {
        format!("+{calling_code}")
    };
    let valid_lengths: Vec<_> = lengths.split(',').collect();
    if valid_lengths.contains(&count.to_string().as_str()) {
        // If there are several valid lengths, a digit may be missing.
        let with_length = if valid_lengths.len() > 1 {
            format!(" with {count} digits")
        } else {
            String::new()
        };
        return format!("no number of {country}{with_length} begins with these digits");
    }
    let lengths = match valid_lengths.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    };
    format!("a number of {country} has {lengths} digits after the country code, not {count}")
}

//! Reads local numbers in a spelling from before their country changed its rules, or without the zero that a
//! spreadsheet drops. The same digits may also be an international number of another country.

use super::national::{international, without_prefix};
use super::recipient_error::{RecipientError, country_or_another};
use super::rules::{Country, Region, is_valid, number_region};
use crate::base::message::msg;

/// The old prefixes of local numbers, by country. Mexico had 01, 044 and 045 until 2019, and a 1 in front of its
/// mobiles; a spreadsheet drops the zero. Chile had 0 in front of an area or a mobile.
const OLD_PREFIXES: [(&str, &[&str]); 2] = [
    ("MX", &["044", "045", "01", "44", "45", "1"]),
    ("CL", &["0"]),
];

/// The digits in front of an Argentinian mobile without its area code.
const MOBILE_WITHOUT_AREA: &str = "15";

/// Reads `digits` as a number of `region` in an old spelling, and returns it with its calling code.
pub(super) fn number_in_old_style(digits: &str, region: &'static Region) -> Option<String> {
    let (_, prefixes) = OLD_PREFIXES
        .iter()
        .find(|(country, _)| *country == region.code)
        .copied()
        .unwrap_or_default();
    prefixes
        .iter()
        .filter_map(|prefix| digits.strip_prefix(prefix))
        .map(|national| format!("{}{national}", region.calling_code))
        .find(|number| is_valid(number))
        .or_else(|| argentinian_mobile(digits, region))
        .or_else(|| with_missing_zero(digits, region))
}

/// Returns a mobile with 15 in front of its area code: 15 11 2345 6789.
fn argentinian_mobile(digits: &str, region: &Region) -> Option<String> {
    let national = digits
        .trim_start_matches('0')
        .strip_prefix(MOBILE_WITHOUT_AREA)
        .filter(|_| region.code == "AR")?;
    Some(format!("549{national}")).filter(|number| is_valid(number))
}

/// Creates a number that lost the zero of a longer prefix, such as the prefix of a carrier.
fn with_missing_zero(digits: &str, region: &'static Region) -> Option<String> {
    let dialled = format!("0{digits}");
    let has_more = |national: &String| national.len() < digits.len();
    without_prefix(&dialled, region)
        .filter(has_more)
        .and_then(|_| international(&dialled, region))
}

/// Returns whether `digits` may be a mobile of Argentina as callers in its area dialled it: 15,
/// then no area code.
pub(super) fn may_lack_area(digits: &str, region: &Region) -> bool {
    let national = digits.trim_start_matches('0');
    region.code == "AR" && national.starts_with(MOBILE_WITHOUT_AREA)
}

/// Returns the error for `typed`, which may be a number of `region` in an old spelling, or
/// `foreign`, one of another country.
pub(super) fn ambiguous(
    typed: &str,
    in_old_style: Option<String>,
    region: &'static Region,
    foreign: &str,
) -> RecipientError {
    let country = region.with_article();
    let code = region.calling_code;
    let other = country_or_another(number_region(foreign).map(Country));
    let problem = match &in_old_style {
        Some(number) => msg!(
            "`{typed}` may be +{number}, a number of {country} in an old spelling, or +{foreign}, a number of {other}",
            typed,
            number,
            country,
            foreign,
            other
        ),
        None => msg!(
            "`{typed}` may be a mobile of {country} with 15 instead of +{code}9 and its area code, or +{foreign}, a number \
             of {other}",
            typed,
            country,
            code,
            foreign,
            other
        ),
    };
    let candidates = in_old_style.into_iter().chain([foreign.to_owned()]);
    RecipientError::ambiguous(problem, candidates.collect())
}

//! Turns a local number, as callers dial it inside a country, into the international number.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use regex_lite::{Captures, Regex};

use super::rules::{Region, is_number, is_valid};

/// Returns the international number for `digits` that a caller dials in `region`.
pub(super) fn international(digits: &str, region: &'static Region) -> Option<String> {
    let with_code = |national: &str| format!("{}{national}", region.calling_code);
    let stripped = without_prefix(digits, region).map(|national| with_code(&national));
    stripped
        .filter(|number| is_valid(number))
        .or_else(|| Some(with_code(digits)).filter(|number| is_national(number, region)))
}

/// Returns whether `number` is valid if its local form has no prefix. Some spellings differ from
/// the rules, and only Brazil's can lack the country code: callers dial Mexico's 1 only after 52.
fn is_national(number: &str, region: &Region) -> bool {
    if region.code == "BR" {
        is_number(number)
    } else {
        is_valid(number)
    }
}

/// The countries with a national prefix that callers dial only before landlines, each with the first digits and the
/// length of its mobiles with their country code.
const MOBILES_WITHOUT_PREFIX: [(&str, &str, usize); 1] = [("PE", "519", 11)];

/// Returns whether `number` is a mobile of `region` that callers never dial with the national prefix.
pub(super) fn is_mobile_without_prefix(number: &str, region: &Region) -> bool {
    MOBILES_WITHOUT_PREFIX
        .iter()
        .any(|(country, start, length)| {
            *country == region.code && number.starts_with(start) && number.len() == *length
        })
}

/// Returns `digits` without the national prefix, such as 0.
pub(super) fn without_prefix(digits: &str, region: &'static Region) -> Option<String> {
    match region.prefix {
        "" => None,
        "0" => digits.strip_prefix('0').map(str::to_owned),
        pattern => with_pattern(pattern, |prefix| {
            let found = prefix.captures(digits)?;
            let end = found.get(0)?.end();
            let rest = digits.get(end..)?;
            Some(format!("{}{rest}", in_place(&found, region.in_place)))
        }),
    }
}

/// Fills the replacement of a prefix, as in libphonenumber: empty if no group of the pattern
/// matched.
fn in_place(found: &Captures<'_>, rule: &str) -> String {
    let last = found.iter().skip(1).last().flatten();
    let mut text = String::new();
    if last.is_some_and(|group| !group.is_empty()) {
        found.expand(rule, &mut text);
    }
    text
}

/// Compiles a pattern only once, because a list has many numbers of one country.
fn with_pattern<T>(pattern: &'static str, with: impl FnOnce(&Regex) -> Option<T>) -> Option<T> {
    static COMPILED: Mutex<Option<HashMap<&'static str, Option<Regex>>>> = Mutex::new(None);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let compiled = compiled.get_or_insert_default();
    let regex = compiled
        .entry(pattern)
        .or_insert_with(|| Regex::new(&format!("^(?:{pattern})")).ok());
    with(regex.as_ref()?)
}

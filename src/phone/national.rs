//! Turns a number as it is dialled inside a country into the international number, explains why digits are not a
//! number, and finds the probable one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use regex_lite::{Captures, Regex};

use super::rules::{Region, is_number, is_valid, regions_of_code};

/// The number that `digits` reaches when it is dialled in `region`, with its calling code.
pub(super) fn international(digits: &str, region: &'static Region) -> Option<String> {
    let behind_code = |national: &str| format!("{}{national}", region.calling_code);
    let stripped = without_prefix(digits, region).map(|national| behind_code(&national));
    stripped
        .filter(|number| is_valid(number))
        .or_else(|| Some(behind_code(digits)).filter(|number| is_national(number, region)))
}

/// A number that is written without any prefix. Of the spellings that differ from the rules, only Brazil's can be
/// written without the country code: Mexico's 1 is only dialled after 52.
fn is_national(number: &str, region: &Region) -> bool {
    if region.code == "BR" {
        is_number(number)
    } else {
        is_valid(number)
    }
}

/// `digits` without what is dialled in front of a number, such as 0.
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

/// The replacement of a prefix, as in libphonenumber: empty if no group of the pattern matched.
fn in_place(found: &Captures<'_>, rule: &str) -> String {
    let last = found.iter().skip(1).last().flatten();
    let mut text = String::new();
    if last.is_some_and(|group| !group.is_empty()) {
        found.expand(rule, &mut text);
    }
    text
}

/// Compiles a pattern once: a list has many numbers of one country.
fn with_pattern<T>(pattern: &'static str, with: impl FnOnce(&Regex) -> Option<T>) -> Option<T> {
    static COMPILED: Mutex<Option<HashMap<&'static str, Option<Regex>>>> = Mutex::new(None);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let compiled = compiled.get_or_insert_default();
    let regex = compiled
        .entry(pattern)
        .or_insert_with(|| Regex::new(&format!("^(?:{pattern})")).ok());
    with(regex.as_ref()?)
}

/// A shorter number without its zeros is as likely a national one that is by chance valid in another country.
const DIGITS_BEHIND_ZEROS: usize = 11;

/// What is wrong with `digits`, which should begin with a country code, and the probable number. `expected` is the
/// country that was given.
pub(super) fn why_not_international(
    digits: &str,
    expected: Option<&Region>,
) -> (String, Option<String>) {
    let without_zeros = digits.trim_start_matches('0');
    if without_zeros != digits {
        let is_expected =
            expected.is_none_or(|region| without_zeros.starts_with(region.calling_code));
        let is_meant =
            is_expected && without_zeros.len() >= DIGITS_BEHIND_ZEROS && is_number(without_zeros);
        let meant = is_meant.then(|| without_zeros.to_owned());
        return ("no country code begins with 0".to_owned(), meant);
    }
    let Some(region) = regions_of_code(digits).next() else {
        return ("no country code begins like this".to_owned(), None);
    };
    let code = region.calling_code;
    let national = digits.strip_prefix(code).unwrap_or_default();
    if national.starts_with(code) && is_number(national) {
        return (
            format!("it has the country code {code} twice"),
            Some(national.to_owned()),
        );
    }
    let meant = international(national, region).filter(|number| is_number(number));
    if let (Some(meant), Some(rest)) = (meant, without_prefix(national, region)) {
        let prefix = national
            .strip_suffix(rest.as_str())
            .filter(|prefix| !prefix.is_empty());
        let prefix = prefix.map_or("what".to_owned(), |prefix| format!("the {prefix} that"));
        return (
            format!(
                "behind the country code {code} it has {prefix} is dialled only inside the country"
            ),
            Some(meant),
        );
    }
    (wrong_for(region, national.len()), None)
}

/// What is wrong with `digits` that are neither a national number of `region` nor an international one.
pub(super) fn why_not_national(digits: &str, region: &'static Region) -> (String, Option<String>) {
    let (reason, meant) = why_not_international(digits, Some(region));
    let has_code = digits.starts_with(region.calling_code) && digits.len() >= DIGITS_BEHIND_ZEROS;
    if meant.is_some() || has_code {
        return (reason, meant);
    }
    let national = without_prefix(digits, region).map_or(digits.len(), |rest| rest.len());
    (wrong_for(region, national), None)
}

/// The length is wrong, or else the digits.
fn wrong_for(region: &Region, count: usize) -> String {
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
    let known: Vec<_> = lengths.split(',').collect();
    if known.contains(&count.to_string().as_str()) {
        // Where there are several lengths, a digit may be missing.
        let with_length = if known.len() > 1 {
            format!(" with {count} digits")
        } else {
            String::new()
        };
        return format!("no number of {country}{with_length} begins like this");
    }
    let lengths = match known.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    };
    format!(
        "a number of {country} has {lengths} digits behind the country code, and this has {count}"
    )
}

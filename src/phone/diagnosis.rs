//! Explains why digits are not a number, and finds the probable one.

use super::national::{international, without_prefix};
use super::old_style::number_in_old_style;
use super::rules::{Region, is_number, is_of_lists, regions_of_code, regions_of_lists};

/// A shorter number without its zeros is as likely a national one that is by chance valid in another country.
const DIGITS_BEHIND_ZEROS: usize = 11;

/// What is wrong with `digits`, which should begin with a country code, and the probable number. `expected` is the
/// country that was given.
pub(super) fn why_not_international(
    digits: &str,
    expected: Option<&Region>,
) -> (String, Option<String>) {
    if digits.starts_with('0') {
        let meant = number_behind_zeros(digits, expected);
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
    if let Some(meant) = number_in_old_style(national, region) {
        let reason = format!(
            "behind the country code {code} it has what was dialled inside the country before"
        );
        return (reason, Some(meant));
    }
    (wrong_for(region, national.len()), None)
}

/// The number that probably follows the zeros of `digits`: one of the expected country or, if none was given, of a
/// country of most lists, unless the digits may be a national number of another one.
fn number_behind_zeros(digits: &str, expected: Option<&Region>) -> Option<String> {
    let number = digits.trim_start_matches('0');
    if number.len() < DIGITS_BEHIND_ZEROS || !is_number(number) {
        return None;
    }
    let is_meant = match expected {
        Some(region) => number.starts_with(region.calling_code),
        None => is_of_lists(number) && national_readings(digits).all(|other| other == number),
    };
    is_meant.then(|| number.to_owned())
}

/// What `digits` may be as a national number of each country of most lists.
fn national_readings(digits: &str) -> impl Iterator<Item = String> {
    regions_of_lists().filter_map(move |region| {
        international(digits, region).or_else(|| number_in_old_style(digits, region))
    })
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

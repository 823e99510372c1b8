//! What a cell of a list of excluded people may mean: a person, a number among other words, or a date.

use crate::invisible::is_invisible;
use crate::phone::is_user_id;

/// The fewest digits of a number.
const FEWEST_DIGITS: usize = 7;
/// The most digits of a number with its country code, as of E.164.
const MOST_DIGITS: usize = 15;

/// Whether a cell of any column can only be meant for a person, even if it cannot be read.
pub(super) fn is_person(text: &str) -> bool {
    let id = text.trim_matches(|sign: char| !sign.is_alphanumeric());
    id.starts_with("id:") || is_user_id(id) || (has_number(text) && !text.contains(is_letter))
}

/// Whether it is one number with its country code, which means the same in every country.
pub(super) fn is_international(text: &str) -> bool {
    let is_of_number = |sign: char| sign.is_ascii_digit() || " -.()".contains(sign);
    let digits = text.trim().strip_prefix('+').filter(|digits| digits.chars().all(is_of_number));
    digits.is_some_and(|digits| digits.chars().filter(char::is_ascii_digit).count() <= MOST_DIGITS)
}

/// Whether a cell may be meant for a person, or hold somebody's number among other words.
pub(super) fn may_name_person(text: &str) -> bool {
    is_person(text) || has_number(text) || may_be_id(text)
}

/// Whether a text may be meant as `id:USER`: `ID :juan`.
pub(super) fn may_be_id(text: &str) -> bool {
    let visible: String = text.chars().filter(|sign| !is_invisible(*sign)).take(4).collect();
    visible.len() > 3 && visible.to_ascii_lowercase().starts_with("id:")
}

/// Whether it has enough digits for a number, of any script and wherever they stand.
pub(super) fn has_digits(text: &str) -> bool {
    text.chars().filter(|sign| sign.is_numeric()).count() >= FEWEST_DIGITS
}

/// Whether enough digits for a number stand together, with no letters between them, that are not a date.
pub(super) fn has_number(text: &str) -> bool {
    let digits = |part: &str| {
        let words = part.split_whitespace().filter(|word| part.contains('+') || !is_date(word));
        words.flat_map(str::chars).filter(|sign| sign.is_numeric()).count()
    };
    has_digits(text) && text.split(is_letter).any(|part| digits(part) >= FEWEST_DIGITS)
}

/// Whether it is a letter that a number does not have: Excel shortens one to `5,93988E+11`.
fn is_letter(sign: char) -> bool {
    sign.is_alphabetic() && sign != 'E'
}

/// Whether a word is a day, as `2026-11-20` and `20/11/2026`, a time of day, or two years, as `2025-2026`.
fn is_date(word: &str) -> bool {
    let word = word.trim_matches(|sign: char| !sign.is_ascii_digit());
    let is_year = |part: u16| (1900..2100).contains(&part);
    let is_day = |[year, month, day]: [u16; 3]| is_year(year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let parts: Result<Vec<u16>, _> = word.split(['-', '/', '.']).map(str::parse::<u16>).collect();
    match parts.as_deref() {
        Ok([first, second, third]) => [[first, second, third], [third, second, first], [third, first, second]]
            .into_iter()
            .any(|parts| is_day(parts.map(|part| *part))),
        Ok([from, to]) => is_year(*from) && to.checked_sub(*from) == Some(1),
        _ => word.contains(':') && word.chars().all(|sign| sign.is_ascii_digit() || ":.".contains(sign)),
    }
}

//! Numbers that WhatsApp spells differently from the rules: they are valid as they are.

use std::borrow::Cow;

use super::rules::{Region, is_valid, region_of};

/// Whether `digits` are a number by the rules, or another spelling of one.
pub(super) fn is_number(digits: &str) -> bool {
    is_valid(digits) || is_valid(&by_the_rules(digits))
}

/// The region of a number in any spelling.
pub(super) fn region_of_number(digits: &str) -> Option<&'static Region> {
    region_of(digits).or_else(|| region_of(&by_the_rules(digits)))
}

/// Mexico's 521 is 52, Argentina's 549 is 54, and a mobile of Brazil without its ninth digit has one.
fn by_the_rules(digits: &str) -> Cow<'_, str> {
    let (begin, rest) = match digits.as_bytes() {
        [b'5', b'2', b'1', rest @ ..] | [b'5', b'4', b'9', rest @ ..] if rest.len() == 10 => (2, 3),
        [b'5', b'5', _, _, b'6'..=b'9', rest @ ..] if rest.len() == 7 => (4, 4),
        _ => return Cow::Borrowed(digits),
    };
    let (Some(begin), Some(rest), ninth) =
        (digits.get(..begin), digits.get(rest..), if begin == rest { "9" } else { "" })
    else {
        return Cow::Borrowed(digits);
    };
    Cow::Owned(format!("{begin}{ninth}{rest}"))
}

//! Whether two recipients are the same person: in three countries one telephone has two numbers.

use std::borrow::Cow;
use std::ops::RangeInclusive;

/// How many digits a telephone number has (E.164).
pub(crate) const NUMBER_DIGITS: RangeInclusive<usize> = 7..=15;

/// The key of a person, whose recipients can differ: Mexico's 521 is 52, Argentina's 549 is 54, and Brazil's mobiles lose their
/// ninth digit. A number with `+`, spaces or hyphens, or in an id, is reduced to its digits; other recipients are unchanged.
pub(crate) fn person_key(recipient: &str) -> Cow<'_, str> {
    let digits = number_in(recipient).map_or_else(|| digits_of(recipient), Cow::Borrowed);
    match digits.as_bytes() {
        [b'5', b'2', b'1', rest @ ..] | [b'5', b'4', b'9', rest @ ..] if rest.len() == 10 => {
            let (code, rest) = (digits.get(..2), digits.get(3..));
            Cow::Owned(format!("{}{}", code.unwrap_or_default(), rest.unwrap_or_default()))
        }
        [b'5', b'5', _, _, b'9', b'6'..=b'9', rest @ ..] if rest.len() == 7 => {
            let (area, rest) = (digits.get(..4), digits.get(5..));
            Cow::Owned(format!("{}{}", area.unwrap_or_default(), rest.unwrap_or_default()))
        }
        _ => digits,
    }
}

/// How one person's number can be written: `recipient` unchanged, and its other form, if there is one.
pub(crate) fn spellings(recipient: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let key = person_key(recipient);
    let long = match key.as_bytes() {
        [b'5', b'2', rest @ ..] if rest.len() == 10 => Some((2, '1')),
        [b'5', b'4', rest @ ..] if rest.len() == 10 => Some((2, '9')),
        [b'5', b'5', _, _, b'6'..=b'9', rest @ ..] if rest.len() == 7 => Some((4, '9')),
        _ => None,
    };
    let long = long.map(|(at, digit)| {
        let mut long = key.clone().into_owned();
        long.insert(at, digit);
        Cow::Owned(long)
    });
    [Some(Cow::Borrowed(recipient)), Some(key), long].into_iter().flatten()
}

/// The telephone number in an id that has it with the prefix of calls abroad, WhatsApp's own domain, or as a float.
pub(crate) fn number_in(id: &str) -> Option<&str> {
    let id = ["@c.us", "@s.whatsapp.net", ".0"].iter().find_map(|end| id.strip_suffix(end)).unwrap_or(id);
    let number = id.strip_prefix("00").unwrap_or(id);
    (NUMBER_DIGITS.contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(number)
}

/// The digits of a number that is formatted for people; any other text is unchanged.
fn digits_of(recipient: &str) -> Cow<'_, str> {
    if recipient.bytes().all(|byte| byte.is_ascii_digit()) {
        return Cow::Borrowed(recipient);
    }
    let number = recipient.trim_start();
    let number = number.strip_prefix('+').unwrap_or(number);
    let is_number = number.chars().all(|character| character.is_ascii_digit() || " -.()\u{a0}".contains(character));
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if is_number && digits.len() >= 7 { Cow::Owned(digits) } else { Cow::Borrowed(recipient) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_one_key_however_the_number_is_written() {
        for (recipient, key) in [
            ("5215512345678", "525512345678"),
            ("525512345678", "525512345678"),
            ("5491123456789", "541123456789"),
            ("541123456789", "541123456789"),
            ("5511987654321", "551187654321"),
            ("551187654321", "551187654321"),
            // A landline, and a number whose 9 is not the ninth digit.
            ("551133334444", "551133334444"),
            ("5511933334444", "5511933334444"),
            ("593987654321", "593987654321"),
            ("+593 98 765-4321", "593987654321"),
            ("5215512345678@s.whatsapp.net", "525512345678"),
            ("00593987654321", "593987654321"),
            ("521551234567", "521551234567"),
            ("USER_ID", "USER_ID"),
            // An id never counts as the person of a number.
            ("EC.593987654321593987", "EC.593987654321593987"),
            ("MX.ENT.5215512345678", "MX.ENT.5215512345678"),
            ("12-3", "12-3"),
            ("", ""),
            ("5٢1", "5٢1"),
        ] {
            assert_eq!(person_key(recipient), key, "{recipient}");
        }
    }

    #[test]
    fn a_person_has_every_spelling() {
        for (recipient, expected) in [
            ("5215512345678", &["5215512345678", "525512345678", "5215512345678"][..]),
            ("541123456789", &["541123456789", "541123456789", "5491123456789"]),
            ("551187654321", &["551187654321", "551187654321", "5511987654321"]),
            ("593987654321", &["593987654321", "593987654321"]),
        ] {
            assert_eq!(spellings(recipient).collect::<Vec<_>>(), expected, "{recipient}");
        }
    }
}

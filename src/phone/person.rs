//! Finds out whether two spellings are the same recipient: in three countries one telephone has two numbers.

use std::borrow::Cow;

use super::published_form::ID_ENDINGS;
use super::recipient_error::NUMBER_DIGITS;
use super::two_forms::two_forms;
use super::typed::ParsedDigits;
use crate::base::invisible::is_invisible;
use crate::base::texts::has_only_digits;

/// Returns the key of a recipient, which is the same for every spelling of a number. Exclusions,
/// `allow_to`, `--once` and the ledger compare recipients by it. It is the number's digits, but
/// Mexico's 521 becomes 52, Argentina's 549 becomes 54, and Brazil's mobiles lose their ninth
/// digit. Text that is not clearly a number only loses its characters without a width.
pub(crate) fn person_key(recipient: &str) -> Cow<'_, str> {
    let digits = number_digits(recipient);
    two_forms(&digits).map_or(digits, |[short, _]| Cow::Owned(short))
}

/// Returns the spellings of one recipient's number: `recipient` unchanged, and both forms, if there
/// are two.
pub(crate) fn spellings(recipient: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let key = person_key(recipient);
    let long = two_forms(&key).map(|[_, long]| Cow::Owned(long));
    [Some(Cow::Borrowed(recipient)), Some(key), long]
        .into_iter()
        .flatten()
}

/// Returns the phone number in an id that adds the prefix of calls abroad, WhatsApp's domain, or
/// the decimals of a float.
pub(crate) fn number_in(id: &str) -> Option<&str> {
    let mut endings = ID_ENDINGS.into_iter().chain([".0"]);
    let id = endings.find_map(|end| id.strip_suffix(end)).unwrap_or(id);
    let number = id.trim_start_matches("00");
    (NUMBER_DIGITS.contains(&number.len()) && has_only_digits(number)).then_some(number)
}

/// Returns the digits of a number in an id or in a common spelling. Any other text only loses its
/// characters without a width.
fn number_digits(recipient: &str) -> Cow<'_, str> {
    if let Some(number) = number_in(recipient) {
        return Cow::Borrowed(number);
    }
    let visible = without_hidden_characters(recipient);
    let number = match number_in(&visible) {
        Some(number) => Some(number.to_owned()),
        None => ParsedDigits::read(&visible)
            .ok()
            .and_then(|read| number_in(&read.digits).map(str::to_owned)),
    };
    number.map_or(visible, Cow::Owned)
}

/// Returns `text` without characters that have no width, which no reader sees in an id.
fn without_hidden_characters(text: &str) -> Cow<'_, str> {
    let is_hidden = |character: char| !character.is_whitespace() && is_invisible(character);
    if text.is_ascii() || !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(is_hidden, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_spellings_share_one_recipient_key() {
        for (recipient, key) in [
            ("5215512345678", "525512345678"),
            ("525512345678", "525512345678"),
            ("ana\u{200b}luz", "analuz"),
            ("ana luz", "ana luz"),
            ("5491123456789", "541123456789"),
            ("541123456789", "541123456789"),
            ("5511987654321", "551187654321"),
            ("551187654321", "551187654321"),
            // A landline, and a number with a 9 that is not the ninth digit.
            ("551133334444", "551133334444"),
            ("5511933334444", "5511933334444"),
            ("593987654321", "593987654321"),
            ("+593 98 765-4321", "593987654321"),
            ("(+593) 987654321", "593987654321"),
            ("'+593987654321", "593987654321"),
            ("0054 9 11 2345-6789", "541123456789"),
            ("593\u{2011}987\u{fe0f}654\u{34f}321", "593987654321"),
            // These may be ids, and it is not documented how Jelou reads them.
            ("0593987654321", "0593987654321"),
            ("593987654321.00", "593987654321.00"),
            ("tel:593987654321", "tel:593987654321"),
            ("5215512345678@s.whatsapp.net", "525512345678"),
            ("00593987654321", "593987654321"),
            ("5939\u{200d}87654321.0", "593987654321"),
            ("521551234567", "521551234567"),
            ("USER_ID", "USER_ID"),
            // A user id is never the same recipient as a number.
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
    fn recipient_key_has_every_spelling() {
        for (recipient, expected) in [
            (
                "5215512345678",
                &["5215512345678", "525512345678", "5215512345678"][..],
            ),
            (
                "541123456789",
                &["541123456789", "541123456789", "5491123456789"],
            ),
            (
                "551187654321",
                &["551187654321", "551187654321", "5511987654321"],
            ),
            ("593987654321", &["593987654321", "593987654321"]),
        ] {
            assert_eq!(
                spellings(recipient).collect::<Vec<_>>(),
                expected,
                "{recipient}"
            );
        }
    }
}

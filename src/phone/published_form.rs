//! The forms in which other programs write a phone number.

use super::recipient_error::RecipientError;
use super::typed::ParsedDigits;
use crate::base::invisible::is_unseen;
use crate::base::texts::has_only_digits;

/// What is in front of a number:
/// - `tel:` in RFC 3966,
/// - `whatsapp:` in the addresses of Twilio,
/// - `p:` in the phone column of Meta's lead forms.
const SCHEMES: [&str; 3] = ["tel:", "whatsapp:", "p:"];

/// The links of WhatsApp's click to chat, before a number with its country code.
const LINKS: [&str; 3] = [
    "https://wa.me/",
    "https://api.whatsapp.com/send?phone=",
    "https://api.whatsapp.com/send/?phone=",
];

/// What follows a number with its country code in the ids of WhatsApp's users. Those of groups (`@g.us`) and of users
/// without a number (`@lid`) have no number.
pub(super) const ID_ENDINGS: [&str; 2] = ["@c.us", "@s.whatsapp.net"];

/// Reads a number, alone or in one of the forms.
///
/// # Errors
/// If it is not clearly one number.
pub(super) fn read_in_any_form(typed: &str) -> Result<ParsedDigits, RecipientError> {
    ParsedDigits::read(typed).or_else(|error| {
        let form = read_published_form(typed.trim_matches(is_unseen));
        form.unwrap_or(Err(error))
    })
}

/// Reads a number in one of the forms. None if `typed` has none of them.
fn read_published_form(typed: &str) -> Option<Result<ParsedDigits, RecipientError>> {
    // `Name <number>`, as address books write it (RFC 5322).
    let named = typed
        .strip_suffix('>')
        .and_then(|rest| rest.rsplit_once('<'));
    if let Some((_, number)) = named {
        let plain = ParsedDigits::read(number);
        return Some(plain.or_else(|error| in_form(number.trim()).unwrap_or(Err(error))));
    }
    in_form(typed)
}

fn in_form(typed: &str) -> Option<Result<ParsedDigits, RecipientError>> {
    let find = |starts: &[&str]| {
        let mut found = starts.iter().map(|start| without_start(typed, start));
        found.find_map(|rest| rest)
    };
    if let Some(number) = find(&SCHEMES) {
        return Some(ParsedDigits::read(number));
    }
    let in_link = find(&LINKS).map(|rest| rest.split(['?', '&', '/']).next().unwrap_or(rest));
    let in_id = ID_ENDINGS.iter().find_map(|end| typed.strip_suffix(end));
    let number = in_link.or(in_id)?;
    let digits = number.strip_prefix('+').unwrap_or(number);
    let is_number = has_only_digits(digits);
    is_number.then(|| ParsedDigits::read(&format!("+{digits}")))
}

fn without_start<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let (begin, rest) = text.split_at_checked(start.len())?;
    begin.eq_ignore_ascii_case(start).then_some(rest)
}

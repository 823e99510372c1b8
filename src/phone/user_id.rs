//! WhatsApp's user ids: a country's two capital letters, a dot, letters and digits. Their recipients hide their number.

use crate::base::texts::has_only_digits;

/// The maximum of letters and digits after the dot of a user id.
const MAX_ID_LENGTH: usize = 128;
/// A user id with fewer digits could be a mistyped number.
const MIN_ID_DIGITS: usize = 16;

/// Returns whether `recipient` is a WhatsApp user id: `US.13491208655302741918`, or `US.ENT.…`,
/// which a group of businesses shares.
pub(crate) fn is_user_id(recipient: &str) -> bool {
    let is_short = |id: &str| id.len() < MIN_ID_DIGITS && has_only_digits(id);
    split_user_id(recipient).is_some_and(|(_, id)| !is_short(id))
}

/// Returns whether `recipient` has the form of a WhatsApp user id, perhaps with too few digits.
pub(crate) fn is_like_user_id(recipient: &str) -> bool {
    split_user_id(recipient).is_some()
}

/// Returns the country of a WhatsApp user id.
pub(super) fn user_id_country(recipient: &str) -> Option<&str> {
    is_user_id(recipient)
        .then(|| split_user_id(recipient))
        .flatten()
        .map(|(country, _)| country)
}

/// Splits a WhatsApp user id into country and id. An id without digits is a name: `MR.Smith`.
fn split_user_id(recipient: &str) -> Option<(&str, &str)> {
    let (country, id) = recipient.split_once('.')?;
    let bare = id.strip_prefix("ENT.").unwrap_or(id);
    let is_country = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_id = (1..=MAX_ID_LENGTH).contains(&bare.len())
        && bare.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && bare.bytes().any(|byte| byte.is_ascii_digit());
    (is_country && is_id).then_some((country, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_ids_differ_from_numbers_and_names() {
        for id in [
            "US.13491208655302741918",
            "EC.1234567890123456",
            "US.ENT.1",
            "MX.a1",
            &format!("US.{}", "1".repeat(128)),
        ] {
            assert!(is_user_id(id), "{id}");
        }
        for short in ["EC.593987654321", "US.1", "EC.123456789012345"] {
            assert_eq!(
                (is_user_id(short), is_like_user_id(short)),
                (false, true),
                "{short}"
            );
        }
        let long = format!("US.{}", "1".repeat(129));
        for other in [
            "",
            "US.",
            "US.ENT.",
            "us.13491208655302741918",
            "USA.13491208655302741918",
            "U.13491208655302741918",
            "US13491208655302741918",
            "MR.Smith",
            "US.1349-1208655302741918",
            "US.1.2",
            "ÚS.13491208655302741918",
            "US.ENT.1.2",
            "593.98.765.4321",
            &long,
        ] {
            assert!(!is_like_user_id(other), "{other}");
        }
    }
}

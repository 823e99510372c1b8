//! WhatsApp's ids of people whose number a business does not see: a country's two
//! capital letters, a dot, letters and digits.

/// The most letters and digits after the dot.
const MOST: usize = 128;
/// Fewer digits are as likely a mistyped number.
const FEWEST_DIGITS: usize = 16;

/// Whether `recipient` is such an id: `US.13491208655302741918`, or `US.ENT.…`, which a group of businesses shares.
pub(crate) fn is_user_id(recipient: &str) -> bool {
    let is_short = |id: &str| id.len() < FEWEST_DIGITS && id.bytes().all(|byte| byte.is_ascii_digit());
    parts(recipient).is_some_and(|(_, id)| !is_short(id))
}

/// Whether it has the form of such an id, perhaps with too few digits.
pub(crate) fn is_like_user_id(recipient: &str) -> bool {
    parts(recipient).is_some()
}

/// The country of such an id.
pub(super) fn country(recipient: &str) -> Option<&str> {
    is_user_id(recipient).then(|| parts(recipient)).flatten().map(|(country, _)| country)
}

/// Country and id. Only letters are a name, not an id: `MR.Smith`.
fn parts(recipient: &str) -> Option<(&str, &str)> {
    let (country, id) = recipient.split_once('.')?;
    let bare = id.strip_prefix("ENT.").unwrap_or(id);
    let is_country = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_id = (1..=MOST).contains(&bare.len())
        && bare.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && bare.bytes().any(|byte| byte.is_ascii_digit());
    (is_country && is_id).then_some((country, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_an_id_from_a_number_and_a_name() {
        for id in
            ["US.13491208655302741918", "EC.1234567890123456", "US.ENT.1", "MX.a1", &format!("US.{}", "1".repeat(128))]
        {
            assert!(is_user_id(id), "{id}");
        }
        for short in ["EC.593987654321", "US.1", "EC.123456789012345"] {
            assert_eq!((is_user_id(short), is_like_user_id(short)), (false, true), "{short}");
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

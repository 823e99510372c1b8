//! Judges a recipient in a body. It is sent unchanged, so a value that `--to` would refuse, or would read as another
//! number, causes a warning.

use crate::base::message::{Message, msg};
use crate::phone::{
    Country, PhoneNumber, RecipientError, country_or_another, is_clear, is_number, is_user_id,
    may_be_national, number_in,
};

/// Returns the error for an ambiguous recipient in a body.
pub(crate) fn unclear(user: &str) -> RecipientError {
    RecipientError::new(
        msg!(
            "`{user}` in the body is neither a number with its country code nor a known id",
            user
        ),
        msg!(
            "to send to a number, write it as 593987654321; to send to a user of another channel: --to id:USER"
        ),
    )
}

/// Returns a warning if a body's recipient may be wrong. Local numbers are numbers of `country`.
pub(super) fn literal_warning(user: &str, country: Option<Country>) -> Option<Message> {
    if is_user_id(user) {
        return None;
    }
    match PhoneNumber::read(user, country) {
        Ok(number) => warning_about_number(user, &number, country),
        Err(error) => warning_about_error(user, &error, country),
    }
}

/// Returns a warning if `user`, which `--to` reads as `number`, is not this number for WhatsApp.
fn warning_about_number(
    user: &str,
    number: &PhoneNumber,
    country: Option<Country>,
) -> Option<Message> {
    let meant = number.as_str();
    let other = country_or_another(Country::of_recipient(user));
    match country {
        Some(country) if meant != user && is_number(user) => Some(msg!(
            "`{user}` is sent unchanged, as a number of {other}; as a number of {country}, it is {meant}",
            user,
            other,
            country = country.with_article(),
            meant
        )),
        _ if meant != user => Some(msg!(
            "`{user}` is sent unchanged; WhatsApp writes this number {meant}",
            user,
            meant
        )),
        None if may_be_national(user) => Some(msg!(
            "`{user}` is sent unchanged, as a number of {other}; a local number lacks its country code",
            user,
            other
        )),
        // The digits have a country code, and the country of the send decides only local numbers.
        Some(_) | None => None,
    }
}

/// Returns a warning if `user`, which `--to` refuses with `error`, is not an id of another channel.
fn warning_about_error(
    user: &str,
    error: &RecipientError,
    country: Option<Country>,
) -> Option<Message> {
    let sent_anyway = || msg!("sent unchanged, but {problem}", problem = error.message());
    let is_documented = PhoneNumber::read(user, None).is_ok_and(|number| number.as_str() == user);
    let may_be_local = |country: Country| {
        let code = country.calling_code();
        let mut candidates = error.candidates.iter();
        candidates.any(|number| number.trim_start_matches('+').starts_with(code))
    };
    let names_number = error.is_misspelt || !error.candidates.is_empty();
    match country {
        Some(country) if is_documented && !may_be_local(country) => None,
        _ if names_number => Some(sent_anyway()),
        Some(_) if !is_clear(user) && !user.contains(char::is_alphabetic) => Some(sent_anyway()),
        _ if !is_clear(user) => Some(msg!(
            "`{user}` is sent unchanged, but it is not a number with a country code",
            user
        )),
        _ => None,
    }
}

/// Returns a warning about a recipient in a body that is a number, but not in the form of Jelou's
/// documentation.
pub(crate) fn undocumented_form(user: &str) -> Option<Message> {
    let meant = match PhoneNumber::read(user, None) {
        Ok(number) if number.as_str() == user => return None,
        Ok(number) => Some(number.as_str().to_owned()),
        Err(error) if is_clear(user) && !error.is_misspelt => return None,
        Err(_) => number_in(user)
            .filter(|number| is_number(number))
            .map(str::to_owned),
    };
    Some(match meant {
        Some(number) => msg!(
            "the recipient `{user}` may open another chat: Jelou documents digits with the country code, without +: {number}",
            user,
            number
        ),
        None => msg!(
            "the recipient `{user}` may open another chat: Jelou documents digits with the country code, without +",
            user
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_body_recipient_causes_warning_without_country() {
        for (user, expected) in [
            ("0987654321", "it is not a number with a country code"),
            ("987654321", "it is not a number with a country code"),
            ("59398765432", "it is not a number with a country code"),
            ("3212345678", "a local number lacks its country code"),
            ("+593987654321", "WhatsApp writes this number 593987654321"),
            (
                "593 98 765 4321",
                "WhatsApp writes this number 593987654321",
            ),
            ("id:0987654321", "it is not a number with a country code"),
            ("593987654301.0", "WhatsApp writes this number 593987654301"),
            ("'593987654301", "WhatsApp writes this number 593987654301"),
            (
                "593987654301.00",
                "sent unchanged, but `593987654301.00` has decimals, as a spreadsheet writes a number (did you mean +593987654301?)",
            ),
            (
                "+54 11 15 8765 0001",
                "it has a prefix for calls inside Argentina (did you mean +5491187650001?)",
            ),
            ("'0987654301", "it is not a number with a country code"),
            ("5930987654321", "did you mean +593987654321?"),
            (
                "(51) 98765-4321",
                "sent unchanged, but in `(51) 98765-4321`, the digits in parentheses may be an area code",
            ),
        ] {
            let warning = literal_warning(user, None).unwrap_or_default().to_string();
            assert!(warning.contains(expected), "{user}: {warning}");
        }
        for user in IDS
            .iter()
            .chain(&["593987654321", "15512340009", "573001234567"])
        {
            assert_eq!(literal_warning(user, None), None, "{user}");
        }
    }

    /// Recipients that are not phone numbers.
    const IDS: [&str; 10] = [
        "1",
        "U1",
        "12-3",
        "ana@example.com",
        "{{ celular }}",
        "US.13491208655302741918",
        "2435678901234567",
        "100004567891234",
        "5f0c2a",
        "593987654321@c.us",
    ];

    #[test]
    fn country_decides_warning_about_body_recipient() {
        for (country, user, expected) in [
            (
                "MX",
                "15512340009",
                "sent unchanged, but `15512340009` may be +525512340009, a number of Mexico in an old spelling, or +15512340009, a number of the United States",
            ),
            (
                "EC",
                "550e8400-e29b-41d4-a716-446655440000",
                "it is not a number with a country code",
            ),
            (
                "EC",
                "0987654321",
                "`0987654321` is sent unchanged; WhatsApp writes this number 593987654321",
            ),
            (
                "EC",
                "987654321",
                "WhatsApp writes this number 593987654321",
            ),
            (
                "EC",
                "'0987654321",
                "WhatsApp writes this number 593987654321",
            ),
            (
                "EC",
                "593987654301.0",
                "WhatsApp writes this number 593987654301",
            ),
            (
                "EC",
                "59398765",
                "its digits fit no number of Ecuador, such as +593",
            ),
            ("MX", "044 55 1234 0005", "did you mean +525512340005?"),
            (
                "MX",
                "4771234567",
                "`4771234567` is sent unchanged, as a number of Norway; as a number of Mexico, it is 524771234567",
            ),
            ("AR", "15 2345-6789", "the area code is missing after 15"),
        ] {
            let warning = literal_warning(user, country.parse().ok());
            let warning = warning.unwrap_or_default().to_string();
            assert!(warning.contains(expected), "{country} {user}: {warning}");
        }
        for country in ["EC", "MX", "CO", "AR", "BR", "US"] {
            for user in IDS {
                assert_eq!(
                    literal_warning(user, country.parse().ok()),
                    None,
                    "{country} {user}"
                );
            }
        }
        for (country, user) in [
            ("EC", "593987654321"),
            ("EC", "573001234567"),
            ("MX", "593987654321"),
            ("BR", "12015550123"),
            ("BR", "34612345678"),
            ("MX", "525512340009"),
            ("MX", "5215512340009"),
            ("CO", "573001234567"),
            ("AR", "5491123456789"),
            ("BR", "5511987654321"),
            ("BR", "551187654321"),
            ("US", "14155550100"),
            ("DO", "18095551234"),
            ("PE", "51987654321"),
            ("CL", "56987654321"),
            ("DE", "4921123456"),
        ] {
            assert_eq!(
                literal_warning(user, country.parse().ok()),
                None,
                "{country} {user}"
            );
        }
    }
}

//! Why an address is not a URL.

use url::ParseError;

use super::message::{Message, msg};

/// Returns why an address, usually with this `scheme`, is not a URL. The text does not repeat the address, which may
/// contain a password.
pub(crate) fn url_problem(error: ParseError, scheme: &str) -> Message {
    match error {
        ParseError::RelativeUrlWithoutBase | ParseError::RelativeUrlWithCannotBeABaseBase => {
            msg!("it has no scheme such as {scheme}://", scheme)
        }
        ParseError::EmptyHost => msg!("it has no host"),
        ParseError::IdnaError | ParseError::InvalidDomainCharacter => {
            msg!("its host has an invalid character")
        }
        ParseError::InvalidPort => msg!("its port is not a number from 0 to 65535"),
        ParseError::InvalidIpv4Address | ParseError::InvalidIpv6Address => {
            msg!("its host is not a complete IP address")
        }
        _ => msg!("it cannot be read"),
    }
}

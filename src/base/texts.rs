//! Texts: tables that are files of the project, and long texts cut short.

use std::borrow::Cow;

use url::ParseError;

/// The rows of `table`, each with `N` cells: a row a line below the header, its cells separated by tabs.
pub(crate) fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table
        .lines()
        .skip(1)
        .filter_map(|line| line.split('\t').collect::<Vec<_>>().try_into().ok())
}

/// Why an address is not a URL; it does not repeat the address.
pub(crate) fn url_problem(error: ParseError) -> &'static str {
    match error {
        ParseError::RelativeUrlWithoutBase | ParseError::RelativeUrlWithCannotBeABaseBase => {
            "it has no scheme such as https://"
        }
        ParseError::EmptyHost => "it has no host",
        ParseError::IdnaError | ParseError::InvalidDomainCharacter => {
            "its host has a character that no host's name has"
        }
        ParseError::InvalidPort => "its port is not a number from 0 to 65535",
        ParseError::InvalidIpv4Address | ParseError::InvalidIpv6Address => {
            "its host is not a whole IP address"
        }
        _ => "it cannot be read",
    }
}

/// The text, or its beginning and `…`: `most` characters at the most.
pub(crate) fn clipped(text: &str, most: usize) -> Cow<'_, str> {
    let mut ends = text
        .char_indices()
        .skip(most.saturating_sub(1))
        .map(|(end, _)| end);
    match (ends.next(), ends.next()) {
        (Some(end), Some(_)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        _ => Cow::Borrowed(text),
    }
}

//! Reads tables that are files of the project, describes invalid URLs, and shortens texts.

use std::borrow::Cow;

use url::ParseError;

/// Returns the rows of `table` below its header, each with `N` cells that tabs separate.
pub(crate) fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table
        .lines()
        .skip(1)
        .filter_map(|line| line.split('\t').collect::<Vec<_>>().try_into().ok())
}

/// Returns why an address, usually with this `scheme`, is not a URL. The text does not repeat the address, which may
/// contain a password.
pub(crate) fn url_problem(error: ParseError, scheme: &str) -> String {
    let problem = match error {
        ParseError::RelativeUrlWithoutBase | ParseError::RelativeUrlWithCannotBeABaseBase => {
            return format!("it has no scheme such as {scheme}://");
        }
        ParseError::EmptyHost => "it has no host",
        ParseError::IdnaError | ParseError::InvalidDomainCharacter => {
            "its host has an invalid character"
        }
        ParseError::InvalidPort => "its port is not a number from 0 to 65535",
        ParseError::InvalidIpv4Address | ParseError::InvalidIpv6Address => {
            "its host is not a complete IP address"
        }
        _ => "it cannot be read",
    };
    problem.to_owned()
}

/// Quotes a word, so that a shell reads every character literally.
pub(crate) fn shell_word(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Returns the text, or its beginning and `…`, with at most `max` characters.
pub(crate) fn shorten(text: &str, max: usize) -> Cow<'_, str> {
    let mut ends = text
        .char_indices()
        .skip(max.saturating_sub(1))
        .map(|(end, _)| end);
    match (ends.next(), ends.next()) {
        (Some(end), Some(_)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        _ => Cow::Borrowed(text),
    }
}

//! Texts: tables that are files of the project, and long texts cut short.

use std::borrow::Cow;

/// The rows of `table`, each with `N` cells: a row a line below the header, its cells separated by tabs.
pub(crate) fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table
        .lines()
        .skip(1)
        .filter_map(|line| line.split('\t').collect::<Vec<_>>().try_into().ok())
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

//! A value that a row sends, and how much of it is shown.

use crate::base::texts::shorten;

/// The most characters of a shown value.
const MAX_VALUE: usize = 40;

/// A value that is printed in a row.
#[derive(Clone, Copy)]
pub(super) struct PrintedValue<'a> {
    pub(super) line: u64,
    pub(super) text: &'a str,
    /// The number or the date, if the text is certainly one.
    pub(super) amount: Option<f64>,
}

/// Returns the beginning of a value, as it is shown.
pub(super) fn shown_value(text: &str) -> String {
    shorten(text, MAX_VALUE).into_owned()
}

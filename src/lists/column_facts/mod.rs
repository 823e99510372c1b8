//! Counts what a message takes from the columns of a list, row by row, so that a person sees odd cells before the
//! question. Only facts: nothing here decides whether a value is right. Memory does not grow with the list.

mod amounts;
mod column_counts;
mod counted_column;
mod countries;
mod frequent;
mod letters;
mod printed_values;
mod shape;
mod table;
mod unused_column;
mod words;

use serde_json::Value;
use twox_hash::XxHash3_64;

pub(crate) use self::column_counts::ColumnCounts;
pub(crate) use self::countries::{NamedCountry, RecipientCountries};
pub(crate) use self::table::{ColumnTable, RareShape};

use crate::base::texts::shorten;
use crate::lists::list_file::Row;
use crate::lists::template::RowValues;
use crate::phone::Country;

/// The most characters of a shown value.
const MAX_VALUE: usize = 40;

/// A row that would be sent.
#[derive(Clone, Copy)]
pub(crate) struct CountedRow<'a> {
    pub(crate) line: u64,
    pub(crate) row: &'a Row,
    pub(crate) country: Option<Country>,
    /// The country that the list names for the row.
    pub(crate) named_country: Option<NamedCountry<'a>>,
    pub(crate) recipient: &'a str,
    /// Its message as JSON.
    pub(crate) json: &'a str,
    pub(crate) sent: SentValues<'a>,
}

/// What a row sends.
#[derive(Clone, Copy)]
pub(crate) enum SentValues<'a> {
    /// The values of the expressions of the message.
    OfExpressions(&'a RowValues),
    /// The row is a whole message.
    Message(&'a Value),
}

/// A value that an expression prints in a row.
#[derive(Clone, Copy)]
struct ValueOfRow<'a> {
    line: u64,
    text: &'a str,
    /// The number or the date, if the text is certainly one.
    amount: Option<f64>,
}

/// Returns the beginning of a value, as it is shown.
fn shown_value(text: &str) -> String {
    shorten(text, MAX_VALUE).into_owned()
}

/// The key of a text in a table of counts.
fn hash(text: &str) -> u64 {
    XxHash3_64::oneshot(text.as_bytes())
}

//! A row whose columns are counted.

use serde_json::Value;

use crate::lists::list_file::Row;
use crate::lists::template::RowValues;
use crate::phone::Country;

/// A row that would be sent.
#[derive(Clone, Copy)]
pub(crate) struct CountedRow<'a> {
    pub(crate) line: u64,
    pub(crate) row: &'a Row,
    pub(crate) country: Option<Country>,
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

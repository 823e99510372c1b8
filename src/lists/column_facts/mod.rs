//! Counts what a message takes from the columns of a list, row by row, so that a person sees odd cells before the
//! question. Only facts: nothing here decides whether a value is right. Memory does not grow with the list.

mod amounts;
mod column_counts;
mod counted_column;
mod counted_row;
mod countries;
mod few_values;
mod frequent;
mod letters;
mod printed_value;
mod printed_values;
mod shape;
mod table;
mod unused_column;
mod words;

use twox_hash::XxHash3_64;

pub(crate) use self::column_counts::ColumnCounts;
pub(crate) use self::counted_row::{CountedRow, SentValues};
pub(crate) use self::countries::RecipientCountries;
pub(crate) use self::table::{ColumnTable, RareShape};

/// The key of a text in a table of counts.
fn hash(text: &str) -> u64 {
    XxHash3_64::oneshot(text.as_bytes())
}

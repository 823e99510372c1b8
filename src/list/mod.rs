//! A list of people: rows of CSV or NDJSON one at a time, their columns, and the columns that a report adds. It knows
//! nothing of messages.

mod bounded;
mod columns;
mod error;
mod foreign;
mod format;
mod outcome;
mod reader;
mod record_marks;
mod repeated;
mod row;

pub(crate) use self::columns::{MeantColumn, meant_column, recipient_column};
pub(crate) use self::error::ListError;
pub(crate) use self::format::{CsvFormat, ListFormat, MARK};
pub(crate) use self::outcome::{OUTCOME_COLUMNS, guarded, quoted};
pub(crate) use self::reader::{ListReader, ListRow};
pub(crate) use self::row::Row;

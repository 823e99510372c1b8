//! A list of people: rows of CSV or NDJSON one at a time, their columns, and the columns that a report adds. It knows
//! nothing of messages.

mod bounded;
mod columns;
mod error;
mod format;
mod outcome;
mod reader;
mod row;

pub use self::columns::recipient_column;
pub use self::error::ListError;
pub use self::format::ListFormat;
pub use self::outcome::{OUTCOME_COLUMNS, guarded};
pub use self::reader::{ListReader, ListRow};
pub use self::row::Row;

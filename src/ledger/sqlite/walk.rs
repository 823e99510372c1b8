//! A text of a row that was read.

use rusqlite::Row as SqlRow;

use crate::ledger::LedgerError;

/// A text of a row, which must be one.
pub(super) fn text_of<'a>(row: &'a SqlRow<'_>, column: usize) -> Result<&'a str, LedgerError> {
    Ok(row.get_ref(column)?.as_str()?)
}

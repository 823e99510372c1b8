//! The one walk over the rows that a query gives.

use rusqlite::{Connection, Params, Row as SqlRow};

use crate::ledger::LedgerError;

/// Gives `each` the rows of `query`, one after the other, until there are no more or it fails.
pub(super) fn walk(
    db: &Connection,
    query: &str,
    parameters: impl Params,
    mut each: impl FnMut(&SqlRow<'_>) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let mut statement = db.prepare_cached(query)?;
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        each(row)?;
    }
    Ok(())
}

/// A text of a row, which must be one.
pub(super) fn text_of<'a>(row: &'a SqlRow<'_>, column: usize) -> Result<&'a str, LedgerError> {
    Ok(row.get_ref(column)?.as_str()?)
}

//! What can be wrong with a run, beyond its rows.

use std::io;

use thiserror::Error;

use crate::ledger::{DatabaseError, LedgerError};
use crate::list::ListError;
use crate::message::InvalidMessage;
use crate::template::{MisspellingError, TemplateError};

#[derive(Debug, Error)]
pub(crate) enum BulkError {
    #[error(transparent)]
    List(#[from] ListError),
    #[error(transparent)]
    Misspelling(#[from] MisspellingError),
    /// A template that no row can fill.
    #[error(transparent)]
    Template(TemplateError),
    /// A message that is not valid whatever the row.
    #[error(transparent)]
    Message(InvalidMessage),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// NDJSON has no place for two fields of one name.
    #[error("the input's own column `{column}` has the name of one of the outcome's: take --format csv")]
    ColumnOfOutcome { column: String },
    /// A sheet has an end.
    #[error("the report has {rows} rows, and a sheet has room for {most}")]
    TooManyRows { rows: u64, most: u64 },
    #[error(
        "line {line}: the cell under `{column}` has more than the {most} characters that a cell of a sheet may have"
    )]
    CellTooLong { line: u64, column: String, most: usize },
    #[error("the report cannot be written: {0}")]
    Report(io::Error),
}

impl From<DatabaseError> for BulkError {
    fn from(error: DatabaseError) -> Self {
        Self::Ledger(error.into())
    }
}

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
    #[error("the report cannot be written: {0}")]
    Report(io::Error),
}

impl From<DatabaseError> for BulkError {
    fn from(error: DatabaseError) -> Self {
        Self::Ledger(error.into())
    }
}

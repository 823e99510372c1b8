//! Converts the values and the errors of SQLite.

use rusqlite::types::{FromSqlError, ToSqlOutput, ValueRef};
use rusqlite::{Error, ErrorCode, ToSql};

use crate::runs::ledger::db::SqlValue;
use crate::runs::ledger::error::LedgerError;

/// `PRAGMA application_id` of a ledger: "Jelo".
pub(super) const APPLICATION: i32 = 0x4a65_6c6f;

impl ToSql for SqlValue<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

/// Converts a value that SQLite returns.
pub(crate) fn value(value: ValueRef<'_>) -> Result<SqlValue<'static>, LedgerError> {
    Ok(match value {
        ValueRef::Null => SqlValue::Null,
        ValueRef::Integer(value) => SqlValue::Int(value),
        text => SqlValue::Text(text.as_str()?.to_owned().into()),
    })
}

impl From<Error> for LedgerError {
    fn from(error: Error) -> Self {
        // A value of the wrong type is damage, like a page that cannot be read.
        let is_other_value = matches!(
            error,
            Error::FromSqlConversionFailure(..)
                | Error::InvalidColumnType(..)
                | Error::IntegralValueOutOfRange(..)
                | Error::Utf8Error(..)
        );
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::damaged(error),
            // SQLite reports the second if it cannot read while another process writes.
            Some(ErrorCode::DatabaseBusy | ErrorCode::FileLockingProtocolFailed) => {
                Self::kept_locked()
            }
            _ if is_other_value => Self::damaged(error),
            _ => Self::sqlite(&error.to_string()),
        }
    }
}

impl From<FromSqlError> for LedgerError {
    fn from(error: FromSqlError) -> Self {
        Error::from(error).into()
    }
}

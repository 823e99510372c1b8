//! Makes the ledger in a database.

use super::address::DatabaseAddress;
use super::database::{Database, LONG, Use};
use super::error::DatabaseError;
use super::once::SharedClaims;
use super::runs::SharedRuns;
use super::schema;

/// Makes the ledger in the database at `address`. When it cannot be made, nothing was changed.
pub(crate) fn set_up(address: DatabaseAddress) -> Result<bool, DatabaseError> {
    let database = Database::new(address.clone())?;
    let sql = match SharedRuns::open(address) {
        Ok(runs) => match SharedClaims::open(&runs) {
            Ok(_) => return Ok(false),
            Err(DatabaseError::OlderClaims { .. }) => schema::claims_sql(),
            Err(error) => return Err(error),
        },
        Err(DatabaseError::NoLedger { .. }) => schema::sql(),
        Err(error) => return Err(error),
    };
    let client = database.connect(Use::Setup)?;
    match database.call(LONG, client.batch_execute(&sql)) {
        Ok(()) => Ok(true),
        Err(DatabaseError::Rights { at, cause }) => Err(DatabaseError::SetupRights { at, cause }),
        Err(error) => Err(error),
    }
}

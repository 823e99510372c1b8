//! Creates the tables, functions and roles of a ledger in a database.

use super::VERSION;
use super::database::{Database, DatabaseAddress, LONG, Use};
use super::error::DatabaseError;
use super::once::SharedClaims;
use super::runs::SharedRuns;

/// The sender and the reader. Roles belong to the whole server, and may exist already.
const ROLES: [&str; 2] = ["jelouctl_sender", "jelouctl_reader"];

/// The complete SQL, in one transaction, for the owner of the database.
pub(crate) fn sql() -> String {
    let roles = ROLES.map(|role| {
        format!(
            "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role} NOLOGIN; \
             END IF; END $$;\n"
        )
    });
    // Names must not resolve to objects that already exist in a schema of that name.
    format!(
        "BEGIN;\nSET LOCAL search_path = pg_catalog, pg_temp;\n\n{}\n{}\n{}\n{}\nINSERT INTO ledger VALUES ({VERSION});\n\nCOMMIT;\n",
        roles.concat(),
        include_str!("schema.sql"),
        include_str!("functions.sql"),
        include_str!("once.sql"),
    )
}

/// Only the claims under keys, for a ledger that lacks them or has an older version.
pub(super) fn claims_sql() -> String {
    format!("BEGIN;\nSET LOCAL search_path = pg_catalog, pg_temp;\n\n{}\nCOMMIT;\n", include_str!("once.sql"))
}

/// Creates the ledger in the database at `address`. Returns false if it exists already; an error changes nothing.
pub(crate) fn set_up(address: DatabaseAddress) -> Result<bool, DatabaseError> {
    let database = Database::new(address.clone())?;
    let sql = match SharedRuns::open(address) {
        Ok(runs) => match SharedClaims::open(&runs) {
            Ok(_) => return Ok(false),
            Err(DatabaseError::OlderClaims { .. }) => claims_sql(),
            Err(error) => return Err(error),
        },
        Err(DatabaseError::NoLedger { .. }) => sql(),
        Err(error) => return Err(error),
    };
    let client = database.connect(Use::Setup)?;
    match database.call(LONG, client.batch_execute(&sql)) {
        Ok(()) => Ok(true),
        Err(DatabaseError::Rights { at, cause }) => Err(DatabaseError::SetupRights { at, cause }),
        Err(error) => Err(error),
    }
}

//! The ledger of a team: a schema in a PostgreSQL database. All SQL for it is in this folder.

mod comparison;
mod database;
mod delivery;
mod error;
mod import;
mod joined_run;
mod once;
mod reading;
mod run;
mod runs;
mod store;
mod tls;

pub(crate) use self::database::{DatabaseAddress, DatabaseTls};
pub(crate) use self::error::DatabaseError;
pub(crate) use self::runs::SharedRuns;
pub(crate) use self::store::{schema_sql, set_up};

/// The version of the schema.
const VERSION: i32 = 14;
/// The version of the claims under keys, in `once.sql`; older claims are upgraded to it.
const CLAIMS_VERSION: i32 = 6;

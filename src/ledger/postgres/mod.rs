//! The ledger of a team: a schema of a PostgreSQL database. Its SQL stands here and nowhere else.

mod comparison;
mod database;
mod delivery;
mod error;
mod import;
mod joined_run;
mod once;
mod outcome_columns;
mod reading;
mod resolve;
mod run;
mod runs;
mod schema;
mod store;
mod tls;

pub(crate) use self::database::{DatabaseAddress, DatabaseTls};
pub(crate) use self::error::DatabaseError;
pub(crate) use self::runs::SharedRuns;
pub(crate) use self::schema::{set_up, sql as schema_sql};

/// The version of the schema.
const VERSION: i32 = 11;
/// The version of the claims under keys, in `once.sql`: an older one is brought up to it.
const CLAIMS_VERSION: i32 = 3;

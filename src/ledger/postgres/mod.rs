//! The ledger of a team: a schema of a PostgreSQL database. Its SQL stands here and nowhere else.

mod address;
mod comparison;
mod database;
mod delivery;
mod error;
mod import;
mod joined_run;
mod lease;
mod once;
mod outcome_columns;
mod reading;
mod resolve;
mod run;
mod runs;
mod schema;
mod setup;
mod store;
mod tls;

pub(crate) use self::address::{DatabaseAddress, DatabaseTls};
pub(crate) use self::error::DatabaseError;
pub(crate) use self::runs::SharedRuns;
pub(crate) use self::schema::sql as schema_sql;
pub(crate) use self::setup::set_up;

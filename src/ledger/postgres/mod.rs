//! ledger/postgres

mod address;
mod comparison;
mod database;
mod error;
mod find;
mod import;
mod lease;
mod outcome_columns;
mod overview;
mod pause;
mod removal;
mod report;
mod requests;
mod resolve;
mod run;
mod run_counts;
mod runs;
mod schema;
mod setup;
mod tls;
mod workers;

pub(crate) use self::address::{DatabaseAddress, DatabaseTls};
pub(crate) use self::comparison::SharedEarlier;
pub(crate) use self::error::DatabaseError;
pub(crate) use self::pause::{PausedRun, Resumed};
pub(crate) use self::resolve::LostWorker;
pub(crate) use self::run_counts::RunId;
pub(crate) use self::runs::SharedRuns;
pub(crate) use self::schema::sql as schema_sql;
pub(crate) use self::setup::set_up;
pub(crate) use self::workers::RunWorker;

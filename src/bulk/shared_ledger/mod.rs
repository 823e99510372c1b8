//! The ledger of runs that several machines send: a schema of a PostgreSQL database. SQL of the database stands here and
//! nowhere else. Whether a row may leave is decided by its functions; that no row is sent twice needs no clock and no lease:
//! a row is pending again only when the process that took it says that no byte has left, or a person says so.

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

//! The store of a team, in a PostgreSQL database: what exists only there.

mod connection;
mod engine;
mod error;
mod setup;

pub(crate) use self::connection::DatabaseAddress;
pub(super) use self::engine::DatabaseEngine;
pub(crate) use self::setup::{schema_sql, set_up};

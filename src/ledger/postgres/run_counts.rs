//! A run by its number, and how many of its rows are in each state.

use tokio_postgres::Client;

use super::database::{Database, LONG};
use super::error::DatabaseError;
use crate::ledger::{Counts, RowState};

/// A run, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunId(pub(super) i64);

/// How many rows of a run are in each state. It reads them all, in less than a second for a million: counts that are kept
/// beside them would be written with every exchange.
pub(super) fn counts_of(database: &Database, client: &Client, run: RunId) -> Result<Counts, DatabaseError> {
    let query = "SELECT state, count(*) FROM jelouctl.row WHERE run = $1 GROUP BY state";
    let rows = database.call(LONG, client.query(query, &[&run.0]))?;
    let mut counts = Counts::default();
    for row in rows {
        let state = row.try_get::<_, String>(0).ok().and_then(|name| RowState::of_name(&name));
        let number = row.try_get::<_, i64>(1).ok().and_then(|rows| u64::try_from(rows).ok());
        if let (Some(state), Some(rows)) = (state, number) {
            *counts.of_mut(state) = rows;
        }
    }
    Ok(counts)
}

//! The ledger in a database: its connection, and finding a run by its name or number.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::types::{FromSqlOwned, ToSql};
use tokio_postgres::{Client, Error, Row};

use super::VERSION;
use super::database::{Database, DatabaseAddress, LONG, SHORT};
use super::error::DatabaseError;
use crate::ledger::{Counts, FAILED_OVER, LedgerError, PausedFor, RESTORED, RowState, RunName};

/// The parameters of a statement.
pub(super) type SqlParameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A run's number, which is never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunId(pub(super) i64);

/// The ledger of a team. All clones share one connection.
#[derive(Clone)]
pub(crate) struct SharedRuns {
    pub(super) database: Arc<Database>,
    pub(super) client: Arc<Client>,
}

impl SharedRuns {
    /// Connects to the ledger at `address`.
    pub(crate) fn open(address: DatabaseAddress) -> Result<Self, DatabaseError> {
        let database = Database::new(address)?;
        let client = database.connect()?;
        let runs = Self { database: Arc::new(database), client: Arc::new(client) };
        match runs.value::<Option<i32>>(SHORT, "SELECT max(version) FROM jelouctl.ledger", &[])? {
            Some(VERSION) => Ok(runs),
            Some(version) if version > VERSION => Err(DatabaseError::NewerSchema { version }),
            version => Err(DatabaseError::OlderSchema { version: version.unwrap_or_default() }),
        }
    }

    /// Opens the same ledger on a new connection, in case the old one was lost.
    pub(crate) fn reopened(&self) -> Result<Self, DatabaseError> {
        Self::open(self.database.address.clone())
    }

    pub(super) fn call<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, DatabaseError> {
        self.database.call(limit, work)
    }

    /// The rows that a query returns, as `read` reads them.
    pub(super) fn rows<T: Send>(
        &self,
        limit: Duration,
        query: &str,
        parameters: SqlParameters<'_>,
        read: impl Fn(&Row) -> Result<T, Error> + Send,
    ) -> Result<Vec<T>, DatabaseError> {
        self.call(limit, async { self.client.query(query, parameters).await?.iter().map(read).collect() })
    }

    /// The same for a query that returns one row.
    pub(super) fn one<T: Send>(
        &self,
        limit: Duration,
        query: &str,
        parameters: SqlParameters<'_>,
        read: impl Fn(&Row) -> Result<T, Error> + Send,
    ) -> Result<T, DatabaseError> {
        self.call(limit, async move {
            let row = self.client.query_one(query, parameters).await?;
            read(&row)
        })
    }

    /// The value that a query returns.
    pub(super) fn value<T: FromSqlOwned + Send>(
        &self,
        limit: Duration,
        query: &str,
        parameters: SqlParameters<'_>,
    ) -> Result<T, DatabaseError> {
        self.one(limit, query, parameters, |row| row.try_get(0))
    }

    /// Runs a statement whose result is not needed.
    pub(super) fn execute(
        &self,
        limit: Duration,
        statement: &str,
        parameters: SqlParameters<'_>,
    ) -> Result<(), DatabaseError> {
        self.call(limit, self.client.execute(statement, parameters)).map(|_| ())
    }

    /// Runs `work` in a single transaction that is closed afterwards, so that later statements are not part of it.
    pub(super) fn in_transaction<T, E: From<LedgerError>>(
        &self,
        begin: &str,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.call(SHORT, self.client.batch_execute(begin)).map_err(LedgerError::from)?;
        let done = work();
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = self.call(LONG, self.client.batch_execute(end));
        let done = done?;
        ended.map_err(LedgerError::from)?;
        Ok(done)
    }

    /// The address for display.
    pub(crate) fn shown(&self) -> &str {
        &self.database.address.shown
    }

    /// The server's version, as it reports it.
    pub(crate) fn server_version(&self) -> Result<String, DatabaseError> {
        self.value(SHORT, "SELECT split_part(current_setting('server_version'), ' ', 1)", &[])
    }

    /// Whether this role may import and send, and not only read.
    pub(crate) fn may_send(&self) -> Result<bool, DatabaseError> {
        self.value(SHORT, "SELECT has_table_privilege('jelouctl.row', 'INSERT')", &[])
    }

    /// Fails if this role may only read.
    pub(super) fn require_sender(&self) -> Result<(), DatabaseError> {
        let (at, cause) = (self.shown().to_owned(), "it may only read".to_owned());
        if self.may_send()? { Ok(()) } else { Err(DatabaseError::Rights { at, cause }) }
    }

    /// Its number, which is never reused.
    pub(crate) fn id(&self, name: &RunName) -> Result<RunId, LedgerError> {
        let query = "SELECT id FROM jelouctl.run WHERE name = $1";
        let found = self.rows(SHORT, query, &[&name.to_string()], |row| row.try_get(0))?;
        let removed = || DatabaseError::Failed { cause: format!("run {name} was removed") };
        Ok(RunId(found.first().copied().ok_or_else(removed)?))
    }

    /// A process that is sending it now, such as `db-2 pid 812`.
    pub(super) fn sent_by(&self, run: RunId) -> Result<Option<String>, LedgerError> {
        Ok(self.value(SHORT, "SELECT jelouctl.sent_by($1)", &[&run.0])?)
    }

    /// Counts the rows of a run in each state. It reads all of them, in less than a second for a million: stored counts
    /// would have to be updated in every exchange.
    pub(super) fn counts_of(&self, run: RunId) -> Result<Counts, DatabaseError> {
        let query = "SELECT state, count(*) FROM jelouctl.row WHERE run = $1 GROUP BY state";
        let read = |row: &Row| Ok((RowState::of_name(row.try_get(0)?), row.try_get::<_, i64>(1)?));
        let mut counts = Counts::default();
        for (state, rows) in self.rows(LONG, query, &[&run.0], read)? {
            // The schema allows no other states.
            if let Some(state) = state {
                *counts.of_mut(state) = rows.unsigned_abs();
            }
        }
        Ok(counts)
    }

    /// The runs with rows that may have been sent though they are not sent here, each with the reason: all runs, or
    /// only `run`.
    pub(super) fn doubts(&self, run: Option<RunId>) -> Result<BTreeMap<String, LedgerError>, LedgerError> {
        let query =
            "SELECT name, doubt, why FROM jelouctl.run, jelouctl.doubt_of(id) WHERE $1::bigint IS NULL OR id = $1";
        let read = |row: &Row| {
            let (run, doubt, why): (String, &str, &str) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let what = if doubt == PausedFor::Failover.name() { FAILED_OVER } else { RESTORED };
            Ok((run.clone(), LedgerError::Doubtful { run, problem: format!("{what} ({why})") }))
        };
        Ok(self.rows(SHORT, query, &[&run.map(|run| run.0)], read)?.into_iter().collect())
    }
}

//! The ledger in a database: its connection, and finding a run by its name or number.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::{Client, Error};

use super::database::{Database, DatabaseAddress, LONG, SHORT, Use};
use super::error::DatabaseError;
use crate::ledger::{FAILED_OVER, LedgerError, PausedFor, RESTORED, RunName};

/// A run's number, which is never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunId(pub(super) i64);

/// The ledger of a team. All clones share one connection.
#[derive(Clone)]
pub(crate) struct SharedRuns {
    database: Arc<Database>,
    client: Arc<Client>,
}

impl SharedRuns {
    /// Connects to the ledger at `address`.
    pub(crate) fn open(address: DatabaseAddress) -> Result<Self, DatabaseError> {
        let database = Database::new(address)?;
        let client = database.connect(Use::Ledger)?;
        Ok(Self { database: Arc::new(database), client: Arc::new(client) })
    }

    /// Opens the same ledger on a new connection, in case the old one was lost.
    pub(crate) fn reopened(&self) -> Result<Self, DatabaseError> {
        Self::open(self.database.address.clone())
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn call<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, DatabaseError> {
        self.database.call(limit, work)
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
        let query = "SELECT split_part(current_setting('server_version'), ' ', 1)";
        self.call(SHORT, async { self.client.query_one(query, &[]).await?.try_get(0) })
    }

    /// Whether this role may import and send, and not only read.
    pub(crate) fn may_send(&self) -> Result<bool, DatabaseError> {
        let query = "SELECT has_table_privilege('jelouctl.row', 'INSERT')";
        self.call(SHORT, async { self.client.query_one(query, &[]).await?.try_get(0) })
    }

    /// Its number, which is never reused.
    pub(crate) fn id(&self, name: &RunName) -> Result<RunId, LedgerError> {
        let name = name.to_string();
        let query = "SELECT id FROM jelouctl.run WHERE name = $1";
        let row = self.call(SHORT, self.client.query_opt(query, &[&name]))?;
        let id = row.and_then(|row| row.try_get(0).ok());
        id.map(RunId)
            .ok_or_else(|| LedgerError::Database(DatabaseError::Failed { cause: format!("run {name} was removed") }))
    }

    /// A process that is sending it now, such as `db-2 pid 812`.
    pub(super) fn sent_by(&self, run: RunId) -> Result<Option<String>, LedgerError> {
        let query = "SELECT jelouctl.sent_by($1)";
        Ok(self.call(SHORT, async { self.client.query_one(query, &[&run.0]).await?.try_get(0) })?)
    }

    /// The runs with rows that may have been sent though they are not sent here, each with the reason: all runs, or
    /// only `run`.
    pub(super) fn doubts(&self, run: Option<RunId>) -> Result<BTreeMap<String, LedgerError>, LedgerError> {
        let query =
            "SELECT name, doubt, why FROM jelouctl.run, jelouctl.doubt_of(id) WHERE $1::bigint IS NULL OR id = $1";
        let rows: Vec<(String, String, String)> = self.call(SHORT, async {
            let rows = self.client.query(query, &[&run.map(|run| run.0)]).await?;
            rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
        })?;
        let doubt = |(run, doubt, why): (String, String, _)| {
            let what = if doubt == PausedFor::Failover.name() { FAILED_OVER } else { RESTORED };
            (run.clone(), LedgerError::Doubtful { run, problem: format!("{what} ({why})") })
        };
        Ok(rows.into_iter().map(doubt).collect())
    }
}

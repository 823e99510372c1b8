//! The runs of a database: the connection to it, and which runs there are.

use std::time::Duration;

use tokio_postgres::{Client, Error};

use super::address::DatabaseAddress;
use super::database::{Database, SHORT, Use};
use super::error::DatabaseError;
use super::run_counts::RunId;
use crate::ledger::{LedgerError, RunError, RunName};

/// The ledger of a team.
pub(crate) struct SharedRuns {
    database: Database,
    client: Client,
}

impl SharedRuns {
    /// Connects to the ledger at `address`.
    pub(crate) fn open(address: DatabaseAddress) -> Result<Self, DatabaseError> {
        let database = Database::new(address)?;
        let client = database.connect(Use::Ledger)?;
        Ok(Self { database, client })
    }

    /// The same on a new connection, where the old one may have been lost meanwhile.
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

    /// Where it is, as a person may read it.
    pub(crate) fn shown(&self) -> &str {
        &self.database.address.shown
    }

    /// The version of the server, as it says it.
    pub(crate) fn server_version(&self) -> Result<String, DatabaseError> {
        let query = "SELECT split_part(current_setting('server_version'), ' ', 1)";
        self.call(SHORT, async { self.client.query_one(query, &[]).await?.try_get(0) })
    }

    /// What its clock shows, in milliseconds since 1970.
    pub(crate) fn now(&self) -> Result<i64, DatabaseError> {
        let query = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
        self.call(SHORT, async { self.client.query_one(query, &[]).await?.try_get(0) })
    }

    /// Whether this role may import and send, and not only look.
    pub(crate) fn may_send(&self) -> Result<bool, DatabaseError> {
        let query = "SELECT has_table_privilege('jelouctl.row', 'INSERT')";
        self.call(SHORT, async { self.client.query_one(query, &[]).await?.try_get(0) })
    }

    /// Every run, by name.
    pub(crate) fn names(&self) -> Result<Vec<RunName>, DatabaseError> {
        let rows = self.call(SHORT, self.client.query("SELECT name FROM jelouctl.run ORDER BY name", &[]))?;
        Ok(rows.iter().filter_map(|row| row.try_get::<_, String>(0).ok()?.parse().ok()).collect())
    }

    /// The run `asked` for, else the only one that is not finished; nothing where none is named and all are finished.
    ///
    /// # Errors
    /// When there is no such run, or none is named and several are unfinished.
    pub(crate) fn named_or_unfinished(&self, asked: Option<&RunName>) -> Result<Option<RunName>, LedgerError> {
        asked.map_or_else(|| self.only_unfinished(), |asked| self.named(asked).map(Some))
    }

    /// The run of this name.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn named(&self, asked: &RunName) -> Result<RunName, LedgerError> {
        let known = self.names()?;
        if known.contains(asked) {
            return Ok(asked.clone());
        }
        Err(RunError::NoSuchRun { name: asked.clone(), known }.into())
    }

    /// The newest run, one on the sandbox only where there is no other.
    ///
    /// # Errors
    /// When there are none.
    pub(crate) fn newest(&self) -> Result<RunName, LedgerError> {
        let query = "SELECT name FROM jelouctl.run ORDER BY sandbox, created_at DESC LIMIT 1";
        let row = self.call(SHORT, self.client.query_opt(query, &[]))?;
        let name = row.and_then(|row| row.try_get::<_, String>(0).ok()?.parse().ok());
        name.ok_or_else(|| RunError::NoRuns.into())
    }

    /// The only run that is not finished; nothing where all are.
    ///
    /// # Errors
    /// When there are several.
    fn only_unfinished(&self) -> Result<Option<RunName>, LedgerError> {
        let query = "SELECT name FROM jelouctl.run WHERE finished_at IS NULL ORDER BY name";
        let rows = self.call(SHORT, self.client.query(query, &[]))?;
        let unfinished: Vec<RunName> =
            rows.iter().filter_map(|row| row.try_get::<_, String>(0).ok()?.parse().ok()).collect();
        match unfinished.as_slice() {
            [] => Ok(None),
            [name] => Ok(Some(name.clone())),
            _ => Err(RunError::Several { known: unfinished }.into()),
        }
    }

    /// Its number, which no run had before it.
    pub(crate) fn id(&self, name: &RunName) -> Result<RunId, LedgerError> {
        let name = name.to_string();
        let query = "SELECT id FROM jelouctl.run WHERE name = $1";
        let row = self.call(SHORT, self.client.query_opt(query, &[&name]))?;
        let id = row.and_then(|row| row.try_get(0).ok());
        id.map(RunId)
            .ok_or_else(|| LedgerError::Database(DatabaseError::Failed { cause: format!("run {name} was removed") }))
    }

    /// Its name.
    pub(crate) fn name(&self, run: RunId) -> Result<String, LedgerError> {
        let query = "SELECT name FROM jelouctl.run WHERE id = $1";
        Ok(self.call(SHORT, async { self.client.query_one(query, &[&run.0]).await?.try_get(0) })?)
    }
}

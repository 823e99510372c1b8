//! A run in a database is removed, or those that have been complete for some time.

use super::database::LONG;
use super::run_counts::RunId;
use super::runs::SharedRuns;
use crate::ledger::{LedgerError, RunAge, RunName};

/// A thousand years are for ever, and the database's times end.
const LONGEST: i64 = 31_556_952_000_000;

impl SharedRuns {
    /// Removes a run with all that is known of its rows.
    ///
    /// # Errors
    /// When a process still sends it.
    pub(crate) fn remove(&self, run: RunId, name: &RunName) -> Result<(), LedgerError> {
        let query = "SELECT jelouctl.remove_run($1)";
        let busy: Option<String> =
            self.call(LONG, async { self.client().query_one(query, &[&run.0]).await?.try_get(0) })?;
        match busy {
            None => Ok(()),
            Some(worker) => Err(LedgerError::in_use_by(name, &worker)),
        }
    }

    /// The runs that are complete, and in which nothing has changed for so long.
    pub(crate) fn finished_for(&self, age: RunAge) -> Result<Vec<RunName>, LedgerError> {
        let query = "SELECT name FROM jelouctl.run WHERE finished_at IS NOT NULL \
                     AND changed_at <= clock_timestamp() - $1::bigint * interval '1 ms' ORDER BY name";
        let age = age.milliseconds().min(LONGEST);
        let rows = self.call(LONG, self.client().query(query, &[&age]))?;
        Ok(rows.iter().filter_map(|row| row.try_get::<_, String>(0).ok()?.parse().ok()).collect())
    }

    /// Removes the run where it is still such a one, and nobody sends it. Says whether it was.
    pub(crate) fn remove_finished(&self, name: &RunName, age: RunAge) -> Result<bool, LedgerError> {
        let query = "SELECT jelouctl.remove_old_run(id, $2) FROM jelouctl.run WHERE name = $1";
        let (name, age) = (name.to_string(), age.milliseconds().min(LONGEST));
        let removed = self.call(LONG, self.client().query_opt(query, &[&name, &age]))?;
        Ok(removed.is_some_and(|row| row.try_get(0).unwrap_or_default()))
    }
}

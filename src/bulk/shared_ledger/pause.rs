//! A person stops a run, or goes on with it.

use super::database::SHORT;
use super::run_counts::RunId;
use super::runs::SharedRuns;
use crate::bulk::ledger::{LedgerError, RunConditions};

impl SharedRuns {
    /// Nobody takes rows of it any more until a person resumes it.
    pub(crate) fn pause(&self, run: RunId) -> Result<(), LedgerError> {
        let query = "SELECT jelouctl.pause_run($1, 'person', $2)";
        self.call(SHORT, self.client().execute(query, &[&run.0, &"jelouctl bulk stop"]))?;
        Ok(())
    }

    /// When it was paused last, in microseconds since 1970; nothing while it is not.
    pub(crate) fn paused_at(&self, run: RunId) -> Result<Option<i64>, LedgerError> {
        let query = "SELECT jelouctl.paused_at_of(run) FROM jelouctl.run WHERE id = $1";
        Ok(self.call(SHORT, async { self.client().query_one(query, &[&run.0]).await?.try_get(0) })?)
    }

    /// Lifts the pause of `seen`: one that was asked for since then holds. A rate holds for all who send it.
    pub(crate) fn resume(
        &self,
        run: RunId,
        seen: Option<i64>,
        rate: Option<f64>,
        conditions: Option<&RunConditions>,
    ) -> Result<(), LedgerError> {
        let conditions = conditions.map(serde_json::to_string).transpose();
        let conditions = conditions.map_err(|error| LedgerError::Damaged { problem: error.to_string() })?;
        let query = "SELECT jelouctl.resume_run($1, $2, $3, $4)";
        self.call(SHORT, self.client().execute(query, &[&run.0, &seen, &rate, &conditions]))?;
        Ok(())
    }
}

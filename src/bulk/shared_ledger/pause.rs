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

    /// Lifts a pause; a rate holds for all who send it.
    pub(crate) fn resume(
        &self,
        run: RunId,
        rate: Option<f64>,
        conditions: Option<&RunConditions>,
    ) -> Result<(), LedgerError> {
        let conditions = conditions.map(serde_json::to_string).transpose();
        let conditions = conditions.map_err(|error| LedgerError::Damaged { problem: error.to_string() })?;
        let query = "SELECT jelouctl.resume_run($1, $2, $3)";
        self.call(SHORT, self.client().execute(query, &[&run.0, &rate, &conditions]))?;
        Ok(())
    }
}

//! Why nobody takes rows of a run in a database, and which runs are in doubt there.

use std::collections::BTreeMap;

use super::database::SHORT;
use super::error::DatabaseError;
use super::reading::RunId;
use super::runs::SharedRuns;
use crate::ledger::{FAILED_OVER, LedgerError, PausedFor, RESTORED, RunPause};

impl SharedRuns {
    /// The runs whose rows may have been sent though they are not sent here, each with why: all of them, or that of `run`.
    pub(super) fn doubts(&self, run: Option<RunId>) -> Result<BTreeMap<String, LedgerError>, LedgerError> {
        let query =
            "SELECT name, doubt, why FROM jelouctl.run, jelouctl.doubt_of(id) WHERE $1::bigint IS NULL OR id = $1";
        let rows: Vec<(String, String, String)> = self.call(SHORT, async {
            let rows = self.client().query(query, &[&run.map(|run| run.0)]).await?;
            rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
        })?;
        let doubt = |(run, doubt, why): (String, String, _)| {
            let what = if doubt == PausedFor::Failover.name() { FAILED_OVER } else { RESTORED };
            (run.clone(), LedgerError::Doubtful { run, problem: format!("{what} ({why})") })
        };
        Ok(rows.into_iter().map(doubt).collect())
    }
}

/// A pause as it is written in the database.
pub(super) fn pause_of(reason: &str, by: String) -> Result<RunPause, DatabaseError> {
    let cause = || format!("the run is paused for `{reason}`, which this jelouctl does not know");
    let reason = PausedFor::of_name(reason).ok_or_else(|| DatabaseError::Failed { cause: cause() })?;
    Ok(RunPause { reason, by })
}

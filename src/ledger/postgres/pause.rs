//! Why nobody takes rows of a run: a person stops it, is told what it is paused for, and goes on with it.

use std::collections::BTreeMap;

use tokio_postgres::types::ToSql;

use super::database::SHORT;
use super::error::DatabaseError;
use super::run_counts::RunId;
use super::runs::SharedRuns;
use crate::ledger::{FAILED_OVER, LedgerError, PausedFor, RESTORED, RunConditions, RunPause};
use crate::process::user_and_host;

/// A run of which nobody takes rows, and since when.
#[derive(Clone, Debug)]
pub(crate) struct PausedRun {
    pub(crate) pause: RunPause,
    /// In milliseconds since 1970.
    pub(crate) at: i64,
    /// How often it was paused or stopped by then.
    pub(crate) pauses: i64,
}

/// What a person who resumes a run gives anew, and knows of it.
#[derive(Debug)]
pub(crate) struct Resumed<'a> {
    /// The pause that the person was told of.
    pub(crate) seen: Option<&'a PausedRun>,
    /// Whether the person has answered a question after that.
    pub(crate) has_answered: bool,
    /// It holds for all who send the run.
    pub(crate) rate: Option<f64>,
    pub(crate) conditions: Option<&'a RunConditions>,
}

impl SharedRuns {
    /// Nobody takes rows of it any more until a person resumes it.
    pub(crate) fn stop(&self, run: RunId) -> Result<(), LedgerError> {
        let query = "SELECT jelouctl.stop_run($1, $2)";
        self.call(SHORT, self.client().execute(query, &[&run.0, &user_and_host()]))?;
        Ok(())
    }

    /// Pauses it where the database is another one than it began in.
    pub(crate) fn check_database(&self, run: RunId) -> Result<(), LedgerError> {
        self.call(SHORT, self.client().execute("SELECT jelouctl.check_database($1)", &[&run.0]))?;
        Ok(())
    }

    /// The runs whose rows may have been sent though they are not sent here, each with why: all of them, or that of `run`.
    pub(crate) fn doubts(&self, run: Option<RunId>) -> Result<BTreeMap<String, LedgerError>, LedgerError> {
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

    /// Why rows of `run` may have been sent though they are not sent here.
    pub(crate) fn doubt(&self, run: RunId) -> Result<Option<LedgerError>, LedgerError> {
        Ok(self.doubts(Some(run))?.into_values().next())
    }

    /// Why nobody takes rows of it, where that is so.
    pub(crate) fn paused(&self, run: RunId) -> Result<Option<PausedRun>, LedgerError> {
        let query = "SELECT paused, paused_by, (extract(epoch FROM paused_at) * 1000)::bigint, pauses FROM jelouctl.run \
                     WHERE id = $1 AND paused IS NOT NULL";
        let found: Option<(String, String, i64, i64)> = self.call(SHORT, async {
            let row = self.client().query_opt(query, &[&run.0]).await?;
            row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?))).transpose()
        })?;
        let paused = |(reason, by, at, pauses): (String, _, _, _)| {
            Ok::<_, DatabaseError>(PausedRun { pause: pause_of(&reason, by)?, at, pauses })
        };
        Ok(found.map(paused).transpose()?)
    }

    /// Lifts the pause that the person was told of: one that came since then holds, and so does a failover that nobody who
    /// resumes the run was told of before. Where it does not go on, who joins it is told why.
    pub(crate) fn resume(&self, run: RunId, resumed: &Resumed<'_>) -> Result<(), LedgerError> {
        let conditions = resumed.conditions.map(serde_json::to_string).transpose();
        let conditions = conditions.map_err(|error| LedgerError::Damaged { problem: error.to_string() })?;
        let seen = resumed.seen.map(|paused| paused.pauses);
        let query = "SELECT jelouctl.resume_run($1, $2, $3, $4, $5)";
        let parameters: [&(dyn ToSql + Sync); 5] = [&run.0, &seen, &resumed.has_answered, &resumed.rate, &conditions];
        self.call(SHORT, self.client().execute(query, &parameters))?;
        Ok(())
    }
}

/// A pause as it is written in the database.
pub(super) fn pause_of(reason: &str, by: String) -> Result<RunPause, DatabaseError> {
    let cause = || format!("the run is paused for `{reason}`, which this jelouctl does not know");
    let reason = PausedFor::of_name(reason).ok_or_else(|| DatabaseError::Failed { cause: cause() })?;
    Ok(RunPause { reason, by })
}

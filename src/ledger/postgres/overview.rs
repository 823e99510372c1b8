//! What a run is, and how it stands.

use std::collections::BTreeMap;

use tokio_postgres::{Error, Row};

use super::database::{LONG, SHORT};
use super::error::DatabaseError;
use super::run_counts::{RunId, counts_of};
use super::runs::SharedRuns;
use crate::ledger::{Counts, Details, LedgerError, RowState, RunEvent, RunEventKind, RunName, RunOverview, SkipCounts};

impl SharedRuns {
    /// The run in figures.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn overview(&self, name: &RunName) -> Result<RunOverview, LedgerError> {
        let run = self.id(name)?;
        let is_held = self.sent_by(run)?.is_some();
        let [created_at, changed_at] = self.times(run)?;
        let (details, damage, counts) = (self.details(run)?, self.doubt(run)?, self.counts(run)?);
        let noted = if damage.is_some() { counts.where_records_are_lost() } else { counts };
        Ok(RunOverview { name: name.clone(), damage, details, noted, created_at, changed_at, is_held })
    }

    /// What the run is, with the conditions that were given last.
    pub(crate) fn details(&self, run: RunId) -> Result<Details, LedgerError> {
        let query = "SELECT details, conditions FROM jelouctl.run WHERE id = $1";
        let row = self.call(SHORT, self.client().query_one(query, &[&run.0]))?;
        let text = |column: usize| row.try_get::<_, Option<String>>(column).ok().flatten();
        let broken = |error: serde_json::Error| LedgerError::Damaged { problem: error.to_string() };
        let mut details: Details = serde_json::from_str(&text(0).unwrap_or_default()).map_err(broken)?;
        if let Some(conditions) = text(1) {
            details.conditions = serde_json::from_str(&conditions).map_err(broken)?;
        }
        Ok(details)
    }

    /// When it was made, and when it was changed last, in milliseconds since 1970.
    pub(crate) fn times(&self, run: RunId) -> Result<[i64; 2], LedgerError> {
        let query = "SELECT (extract(epoch FROM created_at) * 1000)::bigint, (extract(epoch FROM changed_at) * 1000)::bigint \
                     FROM jelouctl.run WHERE id = $1";
        let times = self.call(SHORT, async {
            let row = self.client().query_one(query, &[&run.0]).await?;
            Ok([row.try_get(0)?, row.try_get(1)?])
        })?;
        Ok(times)
    }

    /// How many rows are in each state.
    pub(crate) fn counts(&self, run: RunId) -> Result<Counts, LedgerError> {
        Ok(counts_of(self.database(), self.client(), run)?)
    }

    /// How many rows are left out for each reason.
    pub(crate) fn skip_counts(&self, run: RunId) -> Result<SkipCounts, LedgerError> {
        let query =
            "SELECT reason, count(*) FROM jelouctl.decision WHERE run = $1 AND \"to\" = 'skipped' GROUP BY reason";
        let rows = self.call(LONG, self.client().query(query, &[&run.0]))?;
        let counted: Vec<(String, i64)> =
            rows.iter().filter_map(|row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?))).collect();
        let of = |reason: &str| counted.iter().find(|(name, _)| name == reason).map_or(0, |(_, rows)| *rows);
        Ok(SkipCounts::of(|reason| u64::try_from(of(reason)).unwrap_or_default()))
    }

    /// Of the rows in these states: how many for each reason, the API's own code where there is one.
    pub(crate) fn reasons(&self, run: RunId, states: &[RowState]) -> Result<BTreeMap<String, u64>, LedgerError> {
        let query = "SELECT coalesce(decision.reason, last.api_code, last.code, row.state), count(*) FROM jelouctl.row \
                     LEFT JOIN jelouctl.decision USING (run, n, number) \
                     LEFT JOIN LATERAL (SELECT api_code, code FROM jelouctl.attempt WHERE attempt.run = $1 \
                       AND attempt.n = row.n ORDER BY attempt.number DESC LIMIT 1) AS last ON true \
                     WHERE row.run = $1 AND row.state = ANY ($2) GROUP BY 1";
        let states: Vec<_> = states.iter().map(|state| state.name()).collect();
        let rows = self.call(LONG, self.client().query(query, &[&run.0, &states]))?;
        let read = |row: &Row| Some((row.try_get(0).ok()?, u64::try_from(row.try_get::<_, i64>(1).ok()?).ok()?));
        Ok(rows.iter().filter_map(read).collect())
    }

    /// Recipient and body of the first message: of one that is not left out, where there is one.
    pub(crate) fn first_message(&self, run: RunId) -> Result<Option<(String, String)>, LedgerError> {
        let query = "SELECT recipient, body FROM jelouctl.content JOIN jelouctl.row USING (run, n) \
                     WHERE run = $1 AND recipient IS NOT NULL ORDER BY state = 'skipped', n LIMIT 1";
        let row = self.call(LONG, self.client().query_opt(query, &[&run.0]))?;
        Ok(row.and_then(|row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?))))
    }

    /// What happened to the run, in order.
    pub(crate) fn events(&self, run: RunId) -> Result<Vec<RunEvent>, LedgerError> {
        let query = "SELECT kind, (extract(epoch FROM at) * 1000)::bigint, reason, problem, \
                     (extract(epoch FROM until) * 1000)::bigint FROM jelouctl.event WHERE run = $1 ORDER BY number";
        let rows = self.call(LONG, self.client().query(query, &[&run.0]))?;
        let read = |row: &Row| {
            let kind = RunEventKind::of_name(row.try_get(0)?);
            let (at, reason, problem, until) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
            Ok(kind.map(|kind| RunEvent { kind, at, reason, problem, until }))
        };
        let events: Result<Vec<_>, Error> = rows.iter().map(read).collect();
        let events = events.map_err(|error| DatabaseError::of_statement(self.shown(), &error))?;
        Ok(events.into_iter().flatten().collect())
    }
}

//! What a person decides of rows of a run in a database, while others may be sending it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::database::{LONG, SHORT};
use super::error::DatabaseError;
use super::run_counts::RunId;
use super::runs::SharedRuns;
use crate::ledger::sqlite::hash_of_person;
use crate::ledger::{
    Counts, DecidedRow, LedgerError, Resolution, ResolveError, RowState, RunLedger, StandingRow, StandingRows,
    chosen_rows, decided_by_hand, rows_reported_otherwise,
};
use crate::phone::person_key;

/// A row as it stands.
const STANDING: &str = "n, number, line, state, recipient, \
     CASE WHEN isfinite(row.at) THEN (extract(epoch FROM row.at) * 1000)::bigint END";

/// Rows that are about to be decided.
#[derive(Debug)]
pub(crate) enum SharedDecision {
    /// Every row that is in the first state once nobody else may change it, as `SharedRuns::resolve` has it.
    All([RowState; 2]),
    Rows(Vec<DecidedRow>),
}

impl SharedDecision {
    /// Whether unknown rows are to be sent again.
    fn sends_again(&self) -> bool {
        let is_sent_again = |change: [RowState; 2]| change == [RowState::Unknown, RowState::Pending];
        match self {
            Self::All(change) => is_sent_again(*change),
            Self::Rows(rows) => rows.iter().any(|row| is_sent_again(row.change)),
        }
    }

    /// Which rows they are; nothing for all in their state.
    fn rows(&self) -> Option<Vec<i64>> {
        match self {
            Self::All(_) => None,
            Self::Rows(rows) => Some(rows.iter().map(|row| row.n).collect()),
        }
    }
}

/// A process that was not heard of again while rows of it were under way.
#[derive(Debug)]
pub(crate) struct LostWorker {
    pub(crate) host: String,
    pub(crate) pid: i64,
    /// When something was heard of it last, in milliseconds since 1970.
    pub(crate) seen_at: i64,
    /// The rows, and the number of what is known of each.
    pub(crate) rows: Vec<i64>,
    pub(crate) numbers: Vec<i32>,
}

impl SharedRuns {
    /// Makes rows unknown that were under way at a process which was not heard of again, as whoever comes by does.
    pub(crate) fn note_lost_rows(&self, run: RunId) -> Result<(), LedgerError> {
        let mut visit = Box::new(self.join(run, Duration::ZERO)?);
        visit.watch(Arc::new(AtomicBool::new(true)));
        visit.close()?;
        Ok(())
    }

    /// Finds the rows that `resolution` is about.
    ///
    /// # Errors
    /// When a row is not there or in another state than was meant.
    pub(crate) fn decide(&self, run: RunId, resolution: &Resolution) -> Result<SharedDecision, ResolveError> {
        let rows = RowsOfRun { runs: self, run };
        Ok(match resolution {
            Resolution::All(change) => SharedDecision::All(*change),
            Resolution::Some { change, lines, people } => {
                SharedDecision::Rows(chosen_rows(&rows, *change, lines, people)?)
            }
            Resolution::Reported(said) => SharedDecision::Rows(rows_reported_otherwise(&rows, said)?),
        })
    }

    /// The processes that have not said what became of unknown rows which `decision` sends again.
    pub(crate) fn lost_workers(&self, run: RunId, decision: &SharedDecision) -> Result<Vec<LostWorker>, LedgerError> {
        if !decision.sends_again() {
            return Ok(Vec::new());
        }
        let rows = decision.rows();
        let query = "SELECT host, pid, (extract(epoch FROM seen_at) * 1000)::bigint, array_agg(n), array_agg(number) \
                     FROM jelouctl.row JOIN jelouctl.worker ON worker.id = row.worker \
                     WHERE row.run = $1 AND lease_until IS NOT NULL AND state = 'unknown' \
                       AND ($2::bigint[] IS NULL OR n = ANY ($2)) GROUP BY worker.id ORDER BY worker.id";
        let read = |row: &Row| {
            Ok::<_, Error>(LostWorker {
                host: row.try_get(0)?,
                pid: row.try_get(1)?,
                seen_at: row.try_get(2)?,
                rows: row.try_get(3)?,
                numbers: row.try_get(4)?,
            })
        };
        let workers = self.call(LONG, async {
            self.client().query(query, &[&run.0, &rows]).await?.iter().map(read).collect::<Result<_, _>>()
        })?;
        Ok(workers)
    }

    /// Decides them; of rows at processes that were not heard of again, `lost` are those that a person was asked about. Says
    /// how many are in which state now because of it.
    ///
    /// # Errors
    /// When a row is not any more as it was when it was found, or it cannot be written: then nothing is changed.
    pub(crate) fn resolve(
        &self,
        run: RunId,
        decision: &SharedDecision,
        lost: &[LostWorker],
    ) -> Result<Counts, ResolveError> {
        let mut changed = Counts::default();
        match decision {
            SharedDecision::All(change) => {
                let [from, to] = *change;
                let query = "SELECT jelouctl.resolve_rows($1, $2, $3, $4, $5, $6)";
                let why = decided_by_hand(*change);
                let asked: Vec<_> = lost.iter().flat_map(|worker| worker.rows.iter().copied()).collect();
                let numbers: Vec<_> = lost.iter().flat_map(|worker| worker.numbers.iter().copied()).collect();
                let parameters: [&(dyn ToSql + Sync); 6] = [&run.0, &from.name(), &to.name(), &why, &asked, &numbers];
                *changed.of_mut(to) = self.changed_by(query, &parameters)?;
            }
            SharedDecision::Rows(rows) => {
                self.call(SHORT, self.client().batch_execute("BEGIN")).map_err(LedgerError::from)?;
                let decided = self.decide_rows(run, rows);
                let end = if decided.is_ok() { "COMMIT" } else { "ROLLBACK" };
                let ended = self.call(LONG, self.client().batch_execute(end));
                changed = decided?;
                ended.map_err(LedgerError::from)?;
            }
        }
        Ok(changed)
    }

    fn decide_rows(&self, run: RunId, rows: &[DecidedRow]) -> Result<Counts, ResolveError> {
        let kinds: BTreeSet<_> = rows.iter().map(|row| row.change.map(RowState::name)).collect();
        let mut changed = Counts::default();
        for [from, to] in kinds {
            let rows: Vec<_> = rows.iter().filter(|row| row.change.map(RowState::name) == [from, to]).collect();
            let numbers: Vec<_> = rows.iter().map(|row| row.n).collect();
            let records: Vec<_> = rows.iter().map(|row| i32::try_from(row.number).unwrap_or(i32::MAX)).collect();
            let Some(first) = rows.first() else { continue };
            let why = decided_by_hand(first.change);
            let query = "SELECT jelouctl.decide_rows($1, $2, $3, $4, $5, $6)";
            let decided = self.changed_by(query, &[&run.0, &numbers, &records, &from, &to, &why])?;
            if usize::try_from(decided) != Ok(rows.len()) {
                return Err(ResolveError::ChangedMeanwhile);
            }
            *changed.of_mut(first.change[1]) = decided;
        }
        Ok(changed)
    }

    fn changed_by(&self, query: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<u64, LedgerError> {
        let changed: i64 = self.call(LONG, async { self.client().query_one(query, parameters).await?.try_get(0) })?;
        Ok(u64::try_from(changed).unwrap_or_default())
    }
}

/// The rows of a run in a database.
struct RowsOfRun<'a> {
    runs: &'a SharedRuns,
    run: RunId,
}

impl RowsOfRun<'_> {
    fn read<T>(&self, row: &Row, read: impl Fn(&Row) -> Result<T, Error>) -> Result<T, LedgerError> {
        Ok(read(row).map_err(|error| DatabaseError::of_statement(self.runs.shown(), &error))?)
    }
}

impl StandingRows for RowsOfRun<'_> {
    /// It reads the whole run, which takes some seconds for a million rows: an index of lines would cost more than that with
    /// every list that is read in.
    fn at_lines(&self, lines: &BTreeSet<u64>) -> Result<BTreeMap<u64, StandingRow>, LedgerError> {
        if lines.is_empty() {
            return Ok(BTreeMap::new());
        }
        let lines: Vec<_> = lines.iter().filter_map(|line| i64::try_from(*line).ok()).collect();
        let query = format!(
            "SELECT {STANDING} FROM jelouctl.row JOIN jelouctl.content USING (run, n) \
             JOIN unnest($2::bigint[]) AS wanted (line) USING (line) WHERE run = $1"
        );
        let rows = self.runs.call(LONG, self.runs.client().query(&query, &[&self.run.0, &lines]))?;
        rows.iter().map(|row| self.read(row, standing).map(|row| (row.line, row))).collect()
    }

    fn to_person(&self, recipient: &str) -> Result<Vec<StandingRow>, LedgerError> {
        let query = format!(
            "SELECT {STANDING} FROM jelouctl.content JOIN jelouctl.row USING (run, n) \
             WHERE run = $1 AND person = $2 ORDER BY n"
        );
        let person = hash_of_person(recipient);
        let rows = self.runs.call(LONG, self.runs.client().query(&query, &[&self.run.0, &person]))?;
        let mut found = Vec::new();
        for row in &rows {
            let row = self.read(row, standing)?;
            // Two people may have one hash.
            if row.recipient.as_deref().map(person_key) == Some(person_key(recipient)) {
                found.push(row);
            }
        }
        Ok(found)
    }
}

fn standing(row: &Row) -> Result<StandingRow, Error> {
    Ok(StandingRow {
        n: row.try_get(0)?,
        number: row.try_get::<_, i32>(1)?.into(),
        line: u64::try_from(row.try_get::<_, i64>(2)?).unwrap_or_default(),
        // The schema has no other states.
        state: RowState::of_name(row.try_get(3)?).unwrap_or(RowState::Unknown),
        recipient: row.try_get(4)?,
        at: row.try_get(5)?,
        began_at: None,
    })
}

//! Finds the rows of earlier runs for a part of a list. A part is so small that its matches are
//! sorted in memory: rows are read in the order of their runs, which takes a fraction of the time.

use std::ops::RangeInclusive;

use crate::runs::ledger::db::{Db, SqlScript, SqlValue, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::model::RowState;

/// About how many rows of earlier runs a part of a list has.
const MATCHES_OF_PART: u32 = 100_000;
/// The minimum number of rows in a part.
const ROWS_OF_PART: u32 = 1000;
/// Two rows of a run with at most this distance are read together with the rows between them. To
/// find a row takes about as long as to read this many.
const MAX_DISTANCE: i64 = 8;

/// The rows of a list to look up, in the order of the table `known`, and the rows of runs to read.
const TABLES: SqlScript = SqlScript {
    sqlite: "CREATE TEMP TABLE IF NOT EXISTS candidate (person INTEGER NOT NULL, \
        fingerprint INTEGER NOT NULL, n INTEGER NOT NULL); DELETE FROM candidate; \
        CREATE TEMP TABLE IF NOT EXISTS span (run INTEGER NOT NULL, from_n INTEGER NOT NULL, \
        to_n INTEGER NOT NULL); DELETE FROM span;",
    postgres: "CREATE TEMP TABLE IF NOT EXISTS candidate (person BIGINT NOT NULL, \
        fingerprint BIGINT NOT NULL, n BIGINT NOT NULL); \
        CREATE TEMP TABLE IF NOT EXISTS span (run BIGINT NOT NULL, from_n BIGINT NOT NULL, \
        to_n BIGINT NOT NULL); TRUNCATE candidate, span;",
};

/// The rows of the counted runs with the same message and recipient as a candidate.
pub(crate) const SAME_MESSAGE: &str = "SELECT known.run AS run, known.n AS n, \
    candidate.n AS candidate FROM candidate CROSS JOIN known CROSS JOIN counted \
    WHERE known.person = candidate.person AND known.fingerprint = candidate.fingerprint \
    AND counted.run = known.run";
/// The rows of the counted runs with the same recipient as a candidate.
pub(crate) const SAME_RECIPIENT: &str = "SELECT known.run AS run, known.n AS n, \
    candidate.n AS candidate FROM candidate CROSS JOIN known CROSS JOIN counted \
    WHERE known.person = candidate.person AND counted.run = known.run";
/// The rows to read that have changed since their run was created. A new row is pending and has no
/// time.
pub(crate) const CHANGED_ROWS: &str = "SELECT row.run AS run, row.n AS n, state, worker, \
    row.at AS at FROM span CROSS JOIN row WHERE row.run = span.run AND row.n >= span.from_n \
    AND row.n <= span.to_n AND (state <> 'pending' OR row.at IS NOT NULL)";

/// A row of an earlier run for a candidate. They are sorted by run and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EarlierMatch {
    pub(crate) run: i64,
    pub(crate) n: i64,
    pub(crate) candidate: i64,
    /// Whether the row was passed on.
    is_passed: bool,
}

/// Splits a list into ranges of row numbers. With more runs to compare, a range is shorter.
pub(crate) fn parts(rows: i64, runs: usize) -> impl Iterator<Item = RangeInclusive<i64>> {
    let runs = u32::try_from(runs).unwrap_or(u32::MAX).max(1);
    let size = (MATCHES_OF_PART / runs).max(ROWS_OF_PART);
    let firsts = (1..=rows).step_by(size as usize);
    firsts.map(move |first| first..=first + i64::from(size) - 1)
}

/// Removes the candidates of the previous part.
pub(crate) fn clear_candidates(db: &mut Db) -> Result<(), LedgerError> {
    db.0.script(&TABLES)
}

/// Makes these the candidates: person, fingerprint and number of rows, in the order of the ledger.
pub(crate) fn fill_candidates(db: &mut Db, keys: &[[i64; 3]]) -> Result<(), LedgerError> {
    clear_candidates(db)?;
    db.0.fill("candidate (person, fingerprint, n)", &mut |each| {
        keys.iter()
            .try_for_each(|key| each(&key.map(SqlValue::Int)))
    })
}

/// The state of a row of an earlier run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MatchedState {
    pub(crate) state: RowState,
    /// The time of the state; None for a new row.
    pub(crate) at: Option<i64>,
    /// The process that sends or sent it.
    pub(crate) worker: Option<i64>,
}

impl MatchedState {
    /// The state of a row that has not changed since its run was created.
    const NEW: Self = Self {
        state: RowState::Pending,
        at: None,
        worker: None,
    };
}

/// Passes the rows that `query` finds for the candidates, in any order, each with its state.
pub(crate) fn each_match(
    db: &mut Db,
    query: &'static str,
    mut each: impl FnMut(&EarlierMatch, MatchedState),
) -> Result<(), LedgerError> {
    let mut matches = db.rows(query, &[], |row| {
        Ok(EarlierMatch {
            run: row.int("run")?,
            n: row.int("n")?,
            candidate: row.int("candidate")?,
            is_passed: false,
        })
    })?;
    if matches.is_empty() {
        return Ok(());
    }
    matches.sort_unstable();
    fill_spans(db, &matches)?;
    db.for_each_row(CHANGED_ROWS, &[], |row| {
        let place = (row.int("run")?, row.int("n")?);
        let first = matches.partition_point(|found| (found.run, found.n) < place);
        let same_row = matches.iter_mut().skip(first);
        for found in same_row.take_while(|found| (found.run, found.n) == place) {
            let state = MatchedState {
                state: row.parse("state", RowState::from_name)?,
                at: row.opt_int("at")?,
                worker: row.opt_int("worker")?,
            };
            each(found, state);
            found.is_passed = true;
        }
        Ok(())
    })?;
    for found in matches.iter().filter(|found| !found.is_passed) {
        each(found, MatchedState::NEW);
    }
    Ok(())
}

/// Fills in the rows to read.
fn fill_spans(db: &mut Db, matches: &[EarlierMatch]) -> Result<(), LedgerError> {
    let is_near = |one: &EarlierMatch, next: &EarlierMatch| {
        one.run == next.run && next.n - one.n <= MAX_DISTANCE
    };
    db.0.fill("span (run, from_n, to_n)", &mut |each| {
        for span in matches.chunk_by(is_near) {
            if let (Some(first), Some(last)) = (span.first(), span.last()) {
                each(&values![first.run, first.n, last.n])?;
            }
        }
        Ok(())
    })
}

//! Applies a person's decisions to rows of a run in a database while others may be sending it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::database::LONG;
use super::joined_run::JoinedRun;
use super::once::SharedClaims;
use crate::ledger::{
    Counts, DecidedRow, EarlierRow, HeldRun, LedgerError, LostWorker, OnceClaims, Resolution, ResolveError, RowState,
    RunLedger, decided_by_hand,
};
use crate::once::OnceScope;

/// Rows to be decided.
#[derive(Debug)]
pub(crate) enum SharedDecision {
    /// Every row in the first state once no one else can change it; see `JoinedRun::carry_out`.
    All([RowState; 2]),
    Rows(Vec<DecidedRow>),
}

impl SharedDecision {
    /// Whether unknown rows will be sent again.
    fn sends_again(&self) -> bool {
        let is_sent_again = |change: [RowState; 2]| change == [RowState::Unknown, RowState::Pending];
        match self {
            Self::All(change) => is_sent_again(*change),
            Self::Rows(rows) => rows.iter().any(|row| is_sent_again(row.change)),
        }
    }

    /// The rows' numbers; None for all rows in the state.
    fn rows(&self) -> Option<Vec<i64>> {
        match self {
            Self::All(_) => None,
            Self::Rows(rows) => Some(rows.iter().map(|row| row.n).collect()),
        }
    }
}

impl JoinedRun {
    /// Makes the rows in flight at lost processes unknown, as any process that sends the run does.
    pub(super) fn note_lost_rows(&self) -> Result<(), LedgerError> {
        let mut visit = Box::new(self.runs.join(self.id, Duration::ZERO)?);
        visit.watch(Arc::new(AtomicBool::new(true)));
        visit.close()?;
        Ok(())
    }

    /// Finds the rows that `resolution` applies to.
    pub(super) fn decide(&self, resolution: &Resolution) -> Result<SharedDecision, ResolveError> {
        let run = self.read()?;
        Ok(match resolution {
            Resolution::All(change) => SharedDecision::All(*change),
            Resolution::Some { change, lines, people } => {
                SharedDecision::Rows(run.chosen_rows(*change, lines, people)?)
            }
            Resolution::Reported(said) => SharedDecision::Rows(run.rows_reported_otherwise(said)?),
        })
    }

    /// The processes that have not reported the outcome of unknown rows that `decision` sends again.
    pub(super) fn lost_workers(&self, decision: &SharedDecision) -> Result<Vec<LostWorker>, LedgerError> {
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
        let workers = self.runs.call(LONG, async {
            self.runs.client().query(query, &[&self.id.0, &rows]).await?.iter().map(read).collect::<Result<_, _>>()
        })?;
        Ok(workers)
    }

    /// Carries out the decision. `lost` has the rows at lost processes that the person confirmed. Returns the number of
    /// rows in each state that changed because of it. If a row has changed since it was found, or cannot be written,
    /// nothing is changed.
    pub(super) fn carry_out(
        &self,
        resolution: &Resolution,
        decision: &SharedDecision,
        lost: &[LostWorker],
    ) -> Result<Counts, ResolveError> {
        let mut changed = Counts::default();
        if let Some(scope) = self.scope_to_send_again(resolution)? {
            return self.runs.in_transaction("BEGIN", || {
                let rows = self.free_rows(&scope, resolution, decision, lost)?;
                self.decide_rows(&rows)
            });
        }
        match decision {
            SharedDecision::All(change) => {
                let [from, to] = *change;
                let query = "SELECT jelouctl.resolve_rows($1, $2, $3, $4, $5, $6)";
                let why = decided_by_hand(*change);
                let asked: Vec<_> = lost.iter().flat_map(|worker| worker.rows.iter().copied()).collect();
                let numbers: Vec<_> = lost.iter().flat_map(|worker| worker.numbers.iter().copied()).collect();
                let parameters: [&(dyn ToSql + Sync); 6] =
                    [&self.id.0, &from.name(), &to.name(), &why, &asked, &numbers];
                *changed.of_mut(to) = self.changed_by(query, &parameters)?;
            }
            SharedDecision::Rows(rows) => {
                changed = self.runs.in_transaction("BEGIN", || self.decide_rows(rows))?;
            }
        }
        Ok(changed)
    }

    /// The key of the run, if rows of it will be sent again.
    fn scope_to_send_again(&self, resolution: &Resolution) -> Result<Option<OnceScope>, LedgerError> {
        if resolution.sends_again() { Ok(self.read()?.details()?.scope()) } else { Ok(None) }
    }

    /// The rows of `decision` whose people are free under the key; it claims them for these rows.
    fn free_rows(
        &self,
        scope: &OnceScope,
        resolution: &Resolution,
        decision: &SharedDecision,
        lost: &[LostWorker],
    ) -> Result<Vec<DecidedRow>, ResolveError> {
        let claims = SharedClaims::open(&self.runs).map_err(LedgerError::from)?;
        let standing = self.rows_with_people(decision, lost)?;
        let people: Vec<_> =
            standing.iter().map(|(row, recipient, _)| (row.n, claims.hasher().person(recipient))).collect();
        let free = claims.claim_rows(scope, self.id, &people)?;
        let mut taken = BTreeMap::new();
        for (n, person) in people.iter().filter(|(n, _)| !free.contains(n)) {
            let problem = claims
                .person(scope, person)?
                .and_then(|entry| Some(EarlierRow::of_claim(&entry)?.problem_under(&scope.key, entry.run.as_deref())));
            taken.insert(*n, problem.unwrap_or_else(|| format!("the person is not free under the key {}", scope.key)));
        }
        let lines: BTreeMap<_, _> = standing.iter().map(|(row, _, line)| (row.n, *line)).collect();
        let rows = standing.into_iter().map(|(row, ..)| row).collect();
        resolution.free_rows(rows, &taken, |n| Ok(lines.get(&n).copied().unwrap_or_default()))
    }

    /// The current rows that `decision` applies to, with recipient and line. As in `resolve_rows`, a row whose own
    /// process has not reported its outcome is included only if the person confirmed it.
    fn rows_with_people(
        &self,
        decision: &SharedDecision,
        lost: &[LostWorker],
    ) -> Result<Vec<(DecidedRow, String, u64)>, LedgerError> {
        let (change, chosen) = match decision {
            SharedDecision::All(change) => (*change, None),
            SharedDecision::Rows(rows) => {
                let Some(first) = rows.first() else { return Ok(Vec::new()) };
                (first.change, decision.rows())
            }
        };
        let asked: Vec<_> = lost.iter().flat_map(|worker| worker.rows.iter().copied()).collect();
        let query = "SELECT n, number, recipient, line FROM jelouctl.row JOIN jelouctl.content USING (run, n) \
                     WHERE run = $1 AND state = $2 AND recipient IS NOT NULL \
                       AND ($3::bigint[] IS NULL OR n = ANY ($3)) AND (lease_until IS NULL OR n = ANY ($4)) ORDER BY n";
        let from = change[0].name();
        let read = |row: &Row| {
            let (number, line): (i32, i64) = (row.try_get(1)?, row.try_get(3)?);
            let decided = DecidedRow { n: row.try_get(0)?, number: number.into(), change };
            Ok::<_, Error>((decided, row.try_get(2)?, line.unsigned_abs()))
        };
        Ok(self.runs.call(LONG, async {
            let values: [&(dyn ToSql + Sync); 4] = [&self.id.0, &from, &chosen, &asked];
            self.runs.client().query(query, &values).await?.iter().map(read).collect::<Result<Vec<_>, _>>()
        })?)
    }

    fn decide_rows(&self, rows: &[DecidedRow]) -> Result<Counts, ResolveError> {
        let kinds: BTreeSet<_> = rows.iter().map(|row| row.change.map(RowState::name)).collect();
        let mut changed = Counts::default();
        for [from, to] in kinds {
            let rows: Vec<_> = rows.iter().filter(|row| row.change.map(RowState::name) == [from, to]).collect();
            let numbers: Vec<_> = rows.iter().map(|row| row.n).collect();
            let records: Vec<_> = rows.iter().map(|row| i32::try_from(row.number).unwrap_or(i32::MAX)).collect();
            let Some(first) = rows.first() else { continue };
            let why = decided_by_hand(first.change);
            let query = "SELECT jelouctl.decide_rows($1, $2, $3, $4, $5, $6)";
            let decided = self.changed_by(query, &[&self.id.0, &numbers, &records, &from, &to, &why])?;
            if usize::try_from(decided) != Ok(rows.len()) {
                return Err(ResolveError::ChangedMeanwhile);
            }
            *changed.of_mut(first.change[1]) = decided;
        }
        Ok(changed)
    }

    fn changed_by(&self, query: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<u64, LedgerError> {
        let changed: i64 =
            self.runs.call(LONG, async { self.runs.client().query_one(query, parameters).await?.try_get(0) })?;
        Ok(u64::try_from(changed).unwrap_or_default())
    }
}

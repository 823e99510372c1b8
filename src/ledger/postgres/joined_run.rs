//! A run in a database, opened by this process to send it or to decide its rows, while others may send it too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio_postgres::Row;

use super::comparison::{SharedEarlier, counted_by_run};
use super::database::{LONG, SHORT, column, small};
use super::once::SharedClaims;
use super::reading::DatabaseRun;
use super::run::SharedRun;
use super::runs::{RunId, SharedRuns, SqlParameters};
use crate::ledger::{
    Counts, DecidedRow, DeliveryNews, Details, EarlierError, EarlierMessages, EarlierRow, HeldFor, HeldRun,
    LedgerError, LostWorker, OnceClaims, PausedRun, Resolution, ResolveError, Resumed, RowState, Run, RunLedger,
    RunName, Skip, decided_by_hand,
};
use crate::once::OnceScope;

/// How many rows are skipped at once.
const ROWS_A_CALL: usize = 10_000;

/// A run whose rows this process sends or changes.
pub(super) struct JoinedRun {
    pub(super) runs: SharedRuns,
    pub(super) name: RunName,
    pub(super) id: RunId,
    /// The reason why the run was paused when it was read.
    pub(super) paused: Option<PausedRun>,
    /// The last change of a run that is held for its removal.
    pub(super) changed_at: Option<i64>,
    pub(super) purpose: HeldFor,
}

impl HeldRun for JoinedRun {
    fn name(&self) -> &RunName {
        &self.name
    }

    fn read(&self) -> Result<Box<dyn Run>, LedgerError> {
        let doubt = if self.purpose == HeldFor::Removal { self.doubt()? } else { None };
        Ok(Box::new(DatabaseRun { runs: self.runs.clone(), id: self.id, doubt }))
    }

    fn skip(&mut self, rows: &mut dyn Iterator<Item = (i64, Skip<'_>)>) -> Result<(), LedgerError> {
        let mut rows = rows.peekable();
        while rows.peek().is_some() {
            let rows: Vec<_> = rows.by_ref().take(ROWS_A_CALL).collect();
            self.runs.execute(
                LONG,
                "SELECT jelouctl.skip_rows($1, $2, $3, $4, $5)",
                &[
                    &self.id.0,
                    &column(&rows, |(n, _)| *n),
                    &column(&rows, |(_, skip)| skip.reason.name()),
                    &column(&rows, |(_, skip)| skip.problem),
                    &column(&rows, |(_, skip)| skip.run),
                ],
            )?;
        }
        Ok(())
    }

    /// The database has no unreadable runs.
    fn compare(
        &mut self,
        details: &Details,
        _ignored: &[RunName],
        leaves_out: bool,
    ) -> Result<Vec<EarlierMessages>, EarlierError> {
        let of = (details.bot.as_str(), details.api_url.as_str());
        let found = SharedEarlier::new(&self.runs, of, details.remember).of_run(self.id)?;
        if leaves_out {
            let rows: Vec<_> = found.iter().map(|(n, (run, row))| (*n, row.reason, row.problem(run), run)).collect();
            let skips =
                rows.iter().map(|(n, reason, problem, run)| (*n, Skip { reason: *reason, problem, run: Some(run) }));
            self.skip(&mut { skips })?;
        }
        Ok(counted_by_run(found.values()))
    }

    /// Lifts the pause that was shown to the person. A newer pause stays, and so does a failover that was not shown to
    /// anyone who resumed the run before. If the run stays paused, the caller gets the reason.
    fn resume(&mut self, resumed: &Resumed<'_>) -> Result<(), LedgerError> {
        let conditions = resumed.conditions.map(serde_json::to_string).transpose();
        let conditions = conditions.map_err(LedgerError::damaged)?;
        let seen = self.paused.as_ref().map(|paused| paused.pauses);
        let query = "SELECT jelouctl.resume_run($1, $2, $3, $4, $5)";
        let answered = &resumed.has_answered;
        let busy: Option<String> =
            self.runs.value(SHORT, query, &[&self.id.0, &seen, answered, &resumed.rate, &conditions])?;
        busy.map_or(Ok(()), |worker| Err(LedgerError::in_use_by(&self.name, &worker)))
    }

    fn open(&mut self, timeout: Duration) -> Result<(Box<dyn RunLedger>, Counts), LedgerError> {
        let joined = self.join(timeout)?;
        Ok((Box::new(joined), self.read()?.counts()?))
    }

    fn resolve(
        &mut self,
        resolution: &Resolution,
        have_ended: &mut dyn FnMut(&[LostWorker]) -> bool,
    ) -> Result<Counts, ResolveError> {
        self.note_lost()?;
        let run = self.read()?;
        run.check_resolution(resolution)?;
        // None: every row in the state.
        let chosen = match resolution {
            Resolution::All(_) => None,
            Resolution::Some { change, lines, people } => Some(run.chosen_rows(*change, lines, people)?),
        };
        let again = resolution.again();
        let lost = again.map_or(Ok(Vec::new()), |[from, _]| self.lost_workers(from, chosen.as_deref()))?;
        if !lost.is_empty() && !have_ended(&lost) {
            return Err(ResolveError::MayStillSend);
        }
        // The key of the run, if rows of it will be sent again.
        let scope = if again.is_some() { run.details()?.scope() } else { None };
        if let Some((scope, again)) = scope.zip(again) {
            return self.runs.in_transaction("BEGIN", || {
                let rows = self.free_rows(&scope, resolution, again, chosen.as_deref(), &lost)?;
                self.decide_rows(&rows)
            });
        }
        match resolution {
            Resolution::All(change) => self.decide_all(*change, &lost),
            Resolution::Some { .. } => {
                self.runs.in_transaction("BEGIN", || self.decide_rows(chosen.as_deref().unwrap_or_default()))
            }
        }
    }

    /// As any process that sends the run does.
    fn note_lost(&mut self) -> Result<(), LedgerError> {
        let mut visit = Box::new(self.join(Duration::ZERO)?);
        visit.watch(Arc::new(AtomicBool::new(true)));
        visit.close()?;
        Ok(())
    }

    fn learn(&mut self, news: &DeliveryNews) -> Result<u64, LedgerError> {
        self.keep(news)
    }

    fn cancel(&mut self) -> Result<(), LedgerError> {
        let cancelled = self.runs.execute(LONG, "SELECT jelouctl.cancel_run($1)", &[&self.id.0]);
        // A doubt may have come since it was cancelled.
        if let Some(doubt) = self.doubt()? {
            return Err(doubt);
        }
        cancelled?;
        // It is cancelled by now; whoever waits for the rows under way does this again.
        let _ = self.note_lost();
        Ok(())
    }

    fn remove(self: Box<Self>, _is_unreadable: bool) -> Result<(), LedgerError> {
        let query = "SELECT removed, busy FROM jelouctl.remove_run($1, $2, NULL)";
        let answer = self.runs.rows(LONG, query, &[&self.id.0, &self.changed_at], |row| {
            Ok((row.try_get(0)?, row.try_get::<_, Option<String>>(1)?))
        })?;
        match answer.into_iter().next() {
            Some((true, _)) => Ok(()),
            Some((false, Some(worker))) => Err(LedgerError::in_use_by(&self.name, &worker)),
            _ => Err(LedgerError::Changed { run: self.name.to_string() }),
        }
    }

    fn pause(&self) -> Option<&PausedRun> {
        self.paused.as_ref()
    }

    fn reconnect(&mut self) -> Result<(), LedgerError> {
        self.runs = self.runs.reopened()?;
        Ok(())
    }
}

impl JoinedRun {
    /// Why rows that are not sent here may have been sent.
    fn doubt(&self) -> Result<Option<LedgerError>, LedgerError> {
        Ok(self.runs.doubts(Some(self.id))?.into_values().next())
    }

    fn join(&self, timeout: Duration) -> Result<SharedRun, LedgerError> {
        Ok(SharedRun::join(self.runs.database.address.clone(), self.id, timeout)?)
    }

    /// The processes that have not reported the outcomes of these rows, or of all rows in the state `from`.
    fn lost_workers(&self, from: RowState, chosen: Option<&[DecidedRow]>) -> Result<Vec<LostWorker>, LedgerError> {
        let query = "SELECT host, pid, (extract(epoch FROM seen_at) * 1000)::bigint, array_agg(n), array_agg(number) \
                     FROM jelouctl.row JOIN jelouctl.worker ON worker.id = row.worker \
                     WHERE row.run = $1 AND lease_until IS NOT NULL AND state = $2 \
                       AND ($3::bigint[] IS NULL OR n = ANY ($3)) GROUP BY worker.id ORDER BY worker.id";
        let read = |row: &Row| {
            Ok(LostWorker {
                host: row.try_get(0)?,
                pid: row.try_get(1)?,
                seen_at: row.try_get(2)?,
                rows: row.try_get(3)?,
                numbers: row.try_get(4)?,
            })
        };
        Ok(self.runs.rows(LONG, query, &[&self.id.0, &from.name(), &numbers(chosen)], read)?)
    }

    /// Decides every row in the first state. `lost` has the rows at lost processes that the person confirmed.
    fn decide_all(&self, change: [RowState; 2], lost: &[LostWorker]) -> Result<Counts, ResolveError> {
        let [from, to] = change.map(RowState::name);
        let (asked, numbers) = rows_of(lost);
        let query = "SELECT jelouctl.resolve_rows($1, $2, $3, $4, $5, $6)";
        let why = decided_by_hand(change);
        let mut changed = Counts::default();
        *changed.of_mut(change[1]) = self.changed_by(query, &[&self.id.0, &from, &to, &why, &asked, &numbers])?;
        Ok(changed)
    }

    /// The rows whose people are free under the key; it claims them for these rows.
    fn free_rows(
        &self,
        scope: &OnceScope,
        resolution: &Resolution,
        change: [RowState; 2],
        chosen: Option<&[DecidedRow]>,
        lost: &[LostWorker],
    ) -> Result<Vec<DecidedRow>, ResolveError> {
        let claims = SharedClaims::open(&self.runs).map_err(LedgerError::from)?;
        let standing = self.rows_with_people(change, chosen, lost)?;
        if chosen.is_some_and(|chosen| chosen.len() != standing.len()) {
            return Err(ResolveError::ChangedMeanwhile);
        }
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

    /// The chosen rows that are still in the first state, or all rows in it, with recipient and line. As in
    /// `resolve_rows`, a row whose own process has not reported its outcome is included only if the person confirmed it.
    fn rows_with_people(
        &self,
        change: [RowState; 2],
        chosen: Option<&[DecidedRow]>,
        lost: &[LostWorker],
    ) -> Result<Vec<(DecidedRow, String, u64)>, LedgerError> {
        let (asked, asked_numbers) = rows_of(lost);
        let query = "SELECT n, number, recipient, line FROM jelouctl.row JOIN jelouctl.content USING (run, n) \
                     WHERE run = $1 AND state = $2 AND recipient IS NOT NULL \
                       AND ($3::bigint[] IS NULL OR n = ANY ($3)) \
                       AND (lease_until IS NULL OR (n, number) IN (SELECT * FROM unnest($4::bigint[], $5::int[]))) \
                     ORDER BY n";
        let read = |row: &Row| {
            let (number, line): (i32, i64) = (row.try_get(1)?, row.try_get(3)?);
            let decided = DecidedRow { n: row.try_get(0)?, number: number.into(), change };
            Ok((decided, row.try_get(2)?, line.unsigned_abs()))
        };
        let parameters: SqlParameters<'_> = &[&self.id.0, &change[0].name(), &numbers(chosen), &asked, &asked_numbers];
        Ok(self.runs.rows(LONG, query, parameters, read)?)
    }

    /// Decides these rows. If one has changed since it was found, or cannot be written, this is an error.
    fn decide_rows(&self, rows: &[DecidedRow]) -> Result<Counts, ResolveError> {
        let kinds: BTreeSet<_> = rows.iter().map(|row| row.change).collect();
        let mut changed = Counts::default();
        for change in kinds {
            let rows: Vec<_> = rows.iter().filter(|row| row.change == change).collect();
            let (numbers, records) = (column(&rows, |row| row.n), column(&rows, |row| small(row.number)));
            let ([from, to], why) = (change.map(RowState::name), decided_by_hand(change));
            let query = "SELECT jelouctl.decide_rows($1, $2, $3, $4, $5, $6)";
            let decided = self.changed_by(query, &[&self.id.0, &numbers, &records, &from, &to, &why])?;
            if usize::try_from(decided) != Ok(rows.len()) {
                return Err(ResolveError::ChangedMeanwhile);
            }
            *changed.of_mut(change[1]) = decided;
        }
        Ok(changed)
    }

    /// The number of rows that this statement changes.
    fn changed_by(&self, query: &str, parameters: SqlParameters<'_>) -> Result<u64, LedgerError> {
        Ok(self.runs.value::<i64>(LONG, query, parameters)?.unsigned_abs())
    }
}

/// The numbers of these rows, as a parameter.
fn numbers(rows: Option<&[DecidedRow]>) -> Option<Vec<i64>> {
    rows.map(|rows| rows.iter().map(|row| row.n).collect())
}

/// The rows of lost processes, and the number of the last record of each.
fn rows_of(lost: &[LostWorker]) -> (Vec<i64>, Vec<i32>) {
    lost.iter().flat_map(|worker| worker.rows.iter().copied().zip(worker.numbers.iter().copied())).unzip()
}

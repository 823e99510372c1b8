//! Finds the rows of a run that are also messages of another run in the database, and the people who were written to.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::database::LONG;
use super::error::DatabaseError;
use super::once::SharedClaims;
use super::runs::{RunId, SharedRuns};
use crate::ledger::{
    EarlierError, EarlierMessages, EarlierRow, FIRST_TIME, HeldRun, KnownRuns, LedgerDraft, LedgerError, OnceClaims,
    OtherMessages, RowKey, RowState, RunName, Skip, SkipReason, WrittenTo,
};
use crate::once::{OnceKey, OnceScope};

/// How many rows are looked up at once.
const KEYS: usize = 10_000;

/// Finds the rows of other runs that have a key and count. Comparing the hashes of message and person is enough: two
/// different messages never share both.
const MATCHES: &str = "SELECT k.n, run.name, row.state, (extract(epoch FROM row.at) * 1000)::bigint FROM k \
     JOIN jelouctl.content ON content.fingerprint = k.fingerprint AND content.person = k.person \
     JOIN jelouctl.run ON run.id = content.run AND run.bot = $1 AND run.api_url = $2 AND NOT run.sandbox \
       AND run.id IS DISTINCT FROM $3 \
     JOIN jelouctl.row ON row.run = content.run AND row.n = content.n \
     WHERE row.state = 'inflight' \
       OR (row.state = 'pending' AND ($3::bigint IS NULL OR (run.paused IS NULL AND EXISTS (SELECT 1 FROM jelouctl.worker \
         WHERE worker.run = run.id AND left_at IS NULL AND seen_at > clock_timestamp() - lease_ms * interval '1 ms')))) \
       OR (row.state IN ('sent', 'unknown') AND $4::float8 > 0 AND (row.at < to_timestamp($5::bigint / 1000.0) OR row.at > \
         least((SELECT created_at FROM jelouctl.run WHERE id = $3), clock_timestamp()) - $4::float8 * interval '1 s'))";

/// The other runs of the same bot at the same address.
pub(crate) struct SharedEarlier<'a> {
    runs: &'a SharedRuns,
    bot: &'a str,
    api_url: &'a str,
    /// How long sent messages count, in seconds; 0 if they do not count.
    remember: f64,
}

/// A row that another run has as well.
struct SharedMatch {
    n: i64,
    run: String,
    found: EarlierRow,
}

impl<'a> SharedEarlier<'a> {
    pub(crate) fn new(runs: &'a SharedRuns, (bot, api_url): (&'a str, &'a str), remember: Duration) -> Self {
        // A thousand years means forever: the database's times are limited.
        let remember = remember.as_secs_f64().min(31_556_952_000.0);
        Self { runs, bot, api_url, remember }
    }

    fn matches(&self, keys: &[RowKey]) -> Result<Vec<SharedMatch>, LedgerError> {
        let rows: Vec<_> = keys.iter().map(|key| key.n).collect();
        let fingerprints: Vec<_> = keys.iter().map(|key| key.fingerprint).collect();
        let people: Vec<_> = keys.iter().map(|key| key.person).collect();
        let query = format!(
            "WITH k AS (SELECT * FROM unnest($6::bigint[], $7::bigint[], $8::bigint[]) AS k (n, fingerprint, person)) {MATCHES}"
        );
        let own: Option<i64> = None;
        let parameters: [&(dyn ToSql + Sync); 8] =
            [&self.bot, &self.api_url, &own, &self.remember, &FIRST_TIME, &rows, &fingerprints, &people];
        let found = self.runs.call(LONG, self.runs.client().query(&query, &parameters))?;
        found.iter().map(|row| self.read(row)).collect()
    }

    /// The matches in other runs for the rows of `run` that are not sent yet; for each row, the worst one.
    pub(crate) fn of_run(&self, run: RunId) -> Result<SharedOverlap, LedgerError> {
        let query = format!(
            "WITH k AS (SELECT n, fingerprint, person FROM jelouctl.row JOIN jelouctl.content USING (run, n) \
             WHERE run = $3 AND state = 'pending') {MATCHES}"
        );
        let found = self.runs.call(
            LONG,
            self.runs.client().query(&query, &[&self.bot, &self.api_url, &run.0, &self.remember, &FIRST_TIME]),
        )?;
        let mut worst: BTreeMap<i64, (String, EarlierRow)> = BTreeMap::new();
        for row in &found {
            let SharedMatch { n, run, found } = self.read(row)?;
            if worst.get(&n).is_none_or(|(_, known)| found.outweighs(known)) {
                worst.insert(n, (run, found));
            }
        }
        Ok(SharedOverlap(worst))
    }

    fn read(&self, row: &Row) -> Result<SharedMatch, LedgerError> {
        let read = || {
            let state: String = row.try_get(2)?;
            let reason = match RowState::of_name(&state) {
                Some(RowState::Sent) => SkipReason::AlreadySent,
                Some(RowState::Pending) => SkipReason::ToBeSent,
                _ => SkipReason::MayHaveBeenSent,
            };
            let at = row.try_get::<_, Option<i64>>(3)?.unwrap_or_default();
            Ok(SharedMatch { n: row.try_get(0)?, run: row.try_get(1)?, found: EarlierRow { reason, at } })
        };
        read().map_err(|error| DatabaseError::of_statement(self.runs.shown(), &error).into())
    }
}

impl KnownRuns for SharedEarlier<'_> {
    fn compare(&mut self, draft: &LedgerDraft) -> Result<(), EarlierError> {
        draft.prepare_earlier()?;
        let mut after = 0;
        loop {
            let keys = draft.keys(after, KEYS)?;
            let Some(last) = keys.last() else { return Ok(()) };
            after = last.n;
            for SharedMatch { n, run, found } in self.matches(&keys)? {
                draft.note_earlier(n, &run, found)?;
            }
        }
    }

    fn find_claimed(&mut self, draft: &LedgerDraft, key: &OnceKey) -> Result<(), EarlierError> {
        let scope = OnceScope { key: key.clone(), bot: self.bot.to_owned(), address: self.api_url.to_owned() };
        let claims = SharedClaims::open(self.runs).map_err(LedgerError::from)?;
        Ok(draft.note_claimed(claims.hasher(), &claims.people(&scope)?)?)
    }

    fn people_written_to(&mut self, draft: &LedgerDraft) -> Result<WrittenTo, EarlierError> {
        let query = "SELECT count(DISTINCT person), count(DISTINCT person) FILTER (WHERE is_other), \
                       (array_agg(name ORDER BY at DESC) FILTER (WHERE is_other))[1], \
                       (extract(epoch FROM max(at) FILTER (WHERE is_other)) * 1000)::bigint \
                     FROM (SELECT content.person, name, row.at, own.person IS NULL AS is_other \
                       FROM (SELECT DISTINCT person FROM unnest($3::bigint[]) AS k (person)) AS k \
                       JOIN jelouctl.content USING (person) \
                       LEFT JOIN unnest($3::bigint[], $4::bigint[]) AS own (person, fingerprint) \
                         ON own.person = content.person AND own.fingerprint = content.fingerprint \
                       JOIN jelouctl.run ON run.id = content.run AND run.bot = $1 AND run.api_url = $2 AND NOT run.sandbox \
                       JOIN jelouctl.row ON row.run = content.run AND row.n = content.n \
                       WHERE row.state IN ('sent', 'unknown', 'inflight') \
                         AND row.at BETWEEN clock_timestamp() - interval '24 hours' AND clock_timestamp()) AS written";
        let mut all = WrittenTo::default();
        draft.each_addressees(KEYS, |people, fingerprints| {
            let read = |row: &Row| {
                let otherwise = match (row.try_get::<_, Option<String>>(2)?, row.try_get::<_, Option<i64>>(3)?) {
                    (Some(run), Some(at)) => Some(OtherMessages { people: count(row.try_get(1)?), run, at }),
                    _ => None,
                };
                Ok::<_, Error>(WrittenTo { people: count(row.try_get(0)?), otherwise })
            };
            let found = self.runs.call(LONG, async {
                let parameters: [&(dyn ToSql + Sync); 4] = [&self.bot, &self.api_url, &people, &fingerprints];
                read(&self.runs.client().query_one(query, &parameters).await?)
            })?;
            all.add(found);
            Ok(())
        })?;
        Ok(all)
    }

    fn unfinished(&mut self, draft: &LedgerDraft) -> Result<Vec<(RunName, u64)>, EarlierError> {
        let query = "SELECT run.name, count(DISTINCT person) FROM unnest($3::bigint[]) AS k (person) \
                     JOIN jelouctl.content USING (person) \
                     JOIN jelouctl.run ON run.id = content.run AND run.bot = $1 AND run.api_url = $2 AND NOT run.sandbox \
                     JOIN jelouctl.row ON row.run = content.run AND row.n = content.n \
                     WHERE row.state = 'pending' GROUP BY run.name";
        let mut runs: BTreeMap<RunName, u64> = BTreeMap::new();
        draft.each_addressees(KEYS, |people, _| {
            let parameters: [&(dyn ToSql + Sync); 3] = [&self.bot, &self.api_url, &people];
            for row in self.runs.call(LONG, self.runs.client().query(query, &parameters))? {
                let name = row.try_get::<_, String>(0).ok().and_then(|name| name.parse().ok());
                if let (Some(name), Ok(people)) = (name, row.try_get(1)) {
                    *runs.entry(name).or_default() += count(people);
                }
            }
            Ok(())
        })?;
        Ok(runs.into_iter().collect())
    }
}

fn count(rows: i64) -> u64 {
    u64::try_from(rows).unwrap_or_default()
}

/// Rows of a run that other runs also have.
pub(crate) struct SharedOverlap(BTreeMap<i64, (String, EarlierRow)>);

impl SharedOverlap {
    /// Counts by run and reason, largest first.
    pub(crate) fn messages(&self) -> Vec<EarlierMessages> {
        let mut all: Vec<EarlierMessages> = Vec::new();
        for (run, found) in self.0.values() {
            match all.iter_mut().find(|known| known.run == *run && known.reason == found.reason) {
                Some(known) => {
                    known.rows += 1;
                    known.at = known.at.max(found.at);
                }
                None => all.push(EarlierMessages { run: run.clone(), reason: found.reason, rows: 1, at: found.at }),
            }
        }
        all.sort_by_key(|messages| std::cmp::Reverse((messages.rows, messages.at)));
        all
    }

    /// Skips these rows of `run`.
    pub(crate) fn skip(&self, run: &mut dyn HeldRun) -> Result<(), LedgerError> {
        let problems: Vec<_> = self.0.iter().map(|(n, (run, found))| (*n, found.problem(run), run, found)).collect();
        run.skip(
            &mut problems
                .iter()
                .map(|(n, problem, run, found)| (*n, Skip { reason: found.reason, problem, run: Some(run.as_str()) })),
        )
    }
}

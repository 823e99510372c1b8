//! Finds the rows of a run that are also messages of another run in the database, and the people who were written to.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio_postgres::{Error, Row};

use super::database::{LONG, column};
use super::once::SharedClaims;
use super::runs::{RunId, SharedRuns, SqlParameters};
use crate::ledger::{
    EarlierError, EarlierMessages, EarlierRow, FIRST_TIME, KnownRuns, LedgerDraft, LedgerError, OnceClaims,
    OtherMessages, RowKey, RowState, RunName, SkipReason, WrittenTo,
};
use crate::once::{OnceKey, OnceScope};

/// How many rows are looked up at once.
const KEYS: usize = 10_000;

/// Finds the rows of other runs that have a key and count. Comparing the hashes of message and person is enough: two
/// different messages never share both. If messages that a run has sent may be missing here, those of its rows that are
/// pending or failed may be among them, whenever that was.
const MATCHES: &str = ", doubtful AS MATERIALIZED (SELECT id FROM jelouctl.run, jelouctl.doubt_of(id) \
       WHERE finished_at IS NULL AND bot = $1 AND api_url = $2) \
     SELECT k.n, run.name, CASE WHEN doubtful.id IS NOT NULL AND row.state IN ('pending', 'failed') THEN 'unknown' \
       ELSE row.state END, (extract(epoch FROM coalesce(row.at, run.created_at)) * 1000)::bigint FROM k \
     JOIN jelouctl.content ON content.fingerprint = k.fingerprint AND content.person = k.person \
     JOIN jelouctl.run ON run.id = content.run AND run.bot = $1 AND run.api_url = $2 AND NOT run.sandbox \
       AND run.id IS DISTINCT FROM $3 \
     JOIN jelouctl.row ON row.run = content.run AND row.n = content.n \
     LEFT JOIN doubtful ON doubtful.id = run.id \
     WHERE row.state = 'inflight' OR (doubtful.id IS NOT NULL AND row.state IN ('pending', 'failed')) \
       OR (row.state = 'pending' AND ($3::bigint IS NULL OR (run.paused IS NULL AND EXISTS (SELECT 1 FROM jelouctl.worker \
         WHERE worker.run = run.id AND left_at IS NULL AND seen_at > clock_timestamp() - lease_ms * interval '1 ms')))) \
       OR (row.state IN ('sent', 'unknown') AND $4::float8 > 0 AND (row.at < to_timestamp($5::bigint / 1000.0) OR row.at > \
         least((SELECT created_at FROM jelouctl.run WHERE id = $3), clock_timestamp()) - $4::float8 * interval '1 s'))";

/// The other runs of the same bot at the same address.
pub(super) struct SharedEarlier<'a> {
    runs: &'a SharedRuns,
    bot: &'a str,
    api_url: &'a str,
    /// How long sent messages count, in seconds; 0 if they do not count.
    remember: f64,
}

impl<'a> SharedEarlier<'a> {
    pub(super) fn new(runs: &'a SharedRuns, (bot, api_url): (&'a str, &'a str), remember: Duration) -> Self {
        // A thousand years means forever: the database's times are limited.
        let remember = remember.as_secs_f64().min(31_556_952_000.0);
        Self { runs, bot, api_url, remember }
    }

    /// The rows of other runs that have one of these keys.
    fn matches(&self, keys: &[RowKey]) -> Result<Vec<(i64, String, EarlierRow)>, LedgerError> {
        let query = format!(
            "WITH k AS (SELECT * FROM unnest($6::bigint[], $7::bigint[], $8::bigint[]) AS k (n, fingerprint, person)) {MATCHES}"
        );
        let parameters: SqlParameters<'_> = &[
            &self.bot,
            &self.api_url,
            &None::<i64>,
            &self.remember,
            &FIRST_TIME,
            &column(keys, |key| key.n),
            &column(keys, |key| key.fingerprint),
            &column(keys, |key| key.person),
        ];
        Ok(self.runs.rows(LONG, &query, parameters, matched)?)
    }

    /// The matches in other runs for the rows of `run` that are not sent yet; for each row, the worst one.
    pub(super) fn of_run(&self, run: RunId) -> Result<BTreeMap<i64, (String, EarlierRow)>, LedgerError> {
        let query = format!(
            "WITH k AS (SELECT n, fingerprint, person FROM jelouctl.row JOIN jelouctl.content USING (run, n) \
             WHERE run = $3 AND state = 'pending') {MATCHES}"
        );
        let parameters: SqlParameters<'_> = &[&self.bot, &self.api_url, &run.0, &self.remember, &FIRST_TIME];
        let mut worst: BTreeMap<i64, (String, EarlierRow)> = BTreeMap::new();
        for (n, run, found) in self.runs.rows(LONG, &query, parameters, matched)? {
            if worst.get(&n).is_none_or(|(_, known)| found.outweighs(known)) {
                worst.insert(n, (run, found));
            }
        }
        Ok(worst)
    }
}

/// The number of a row, and the other run that has it.
fn matched(row: &Row) -> Result<(i64, String, EarlierRow), Error> {
    let reason = match RowState::of_name(row.try_get(2)?) {
        Some(RowState::Sent) => SkipReason::AlreadySent,
        Some(RowState::Pending) => SkipReason::ToBeSent,
        _ => SkipReason::MayHaveBeenSent,
    };
    let at = row.try_get::<_, Option<i64>>(3)?.unwrap_or_default();
    Ok((row.try_get(0)?, row.try_get(1)?, EarlierRow { reason, at }))
}

impl KnownRuns for SharedEarlier<'_> {
    fn compare(&mut self, draft: &LedgerDraft) -> Result<(), EarlierError> {
        let mut after = 0;
        loop {
            let keys = draft.keys(after, KEYS)?;
            let Some(last) = keys.last() else { return Ok(()) };
            after = last.n;
            for (n, run, found) in self.matches(&keys)? {
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
                let people = |column: usize| Ok(row.try_get::<_, i64>(column)?.unsigned_abs());
                let otherwise = match (row.try_get(2)?, row.try_get(3)?) {
                    (Some(run), Some(at)) => Some(OtherMessages { people: people(1)?, run, at }),
                    _ => None,
                };
                Ok(WrittenTo { people: people(0)?, otherwise })
            };
            let parameters: SqlParameters<'_> = &[&self.bot, &self.api_url, &people, &fingerprints];
            all.add(self.runs.one(LONG, query, parameters, read)?);
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
            let read = |row: &Row| Ok((row.try_get::<_, &str>(0)?.parse(), row.try_get::<_, i64>(1)?));
            for (name, people) in self.runs.rows(LONG, query, &[&self.bot, &self.api_url, &people], read)? {
                if let Ok(name) = name {
                    *runs.entry(name).or_default() += people.unsigned_abs();
                }
            }
            Ok(())
        })?;
        Ok(runs.into_iter().collect())
    }
}

/// Counts by run and reason, largest first.
pub(super) fn counted_by_run<'a>(found: impl Iterator<Item = &'a (String, EarlierRow)>) -> Vec<EarlierMessages> {
    let mut all: Vec<EarlierMessages> = Vec::new();
    for (run, found) in found {
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

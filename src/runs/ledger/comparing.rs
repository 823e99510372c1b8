//! Compares a list with the runs of its bot: which messages an earlier run has sent, may have sent
//! or will send. It also decides how far back these messages count.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::claims::{Claim, fill_people, key_number, millis, read_candidate_claims};
use super::db::{Db, FillRow, LONG, SqlScript, SqlValue, values};
use super::draft::{IS_NOT_SKIPPED, LedgerDraft};
use super::earlier_rows::{EarlierMessages, EarlierRow};
use super::error::LedgerError;
use super::lost_workers::LostWorkers;
use super::model::{RowState, SkipReason};
use super::open::Ledger;
use super::run::is_stale;
use crate::runs::once::{OnceHasher, OnceKey, OnceScope};

/// In milliseconds: the recipients of runs in the last 24 hours are reported.
const LATELY: i64 = 24 * 60 * 60 * 1000;

/// The rows to look up, in the order of the table `known`.
const CANDIDATES: SqlScript = SqlScript {
    sqlite: "CREATE TEMP TABLE IF NOT EXISTS candidate (person INTEGER NOT NULL, \
        fingerprint INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (person, fingerprint, \
        n)) WITHOUT ROWID; DELETE FROM candidate;",
    postgres: "CREATE TEMP TABLE IF NOT EXISTS candidate (person BIGINT NOT NULL, \
        fingerprint BIGINT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (person, fingerprint, \
        n)); DELETE FROM candidate;",
};
/// The runs to compare with.
const COUNTED: SqlScript = SqlScript {
    sqlite: "CREATE TEMP TABLE IF NOT EXISTS counted (run INTEGER PRIMARY KEY); DELETE \
        FROM counted;",
    postgres: "CREATE TEMP TABLE IF NOT EXISTS counted (run BIGINT PRIMARY KEY); DELETE \
        FROM counted;",
};

/// How many recipients the counted runs have sent to, and how many they will still send to. Each
/// recipient is looked up once, with its first candidate. The rows are grouped for the reason in
/// [`MATCHES`].
const WRITTEN_TO: &str = "SELECT count(DISTINCT CASE WHEN (state = 'sent' \
    OR state = 'unknown' OR state = 'inflight') AND row.at >= ?1 \
    AND row.at <= ?2 THEN candidate END) AS written_to, count(DISTINCT \
    CASE WHEN state = 'pending' THEN candidate END) AS waiting \
    FROM (SELECT candidate.n AS candidate, known.n AS n, known.run AS run \
    FROM (SELECT person, min(n) AS n FROM candidate GROUP BY person) AS candidate \
    CROSS JOIN known CROSS JOIN counted WHERE known.person = candidate.person \
    AND counted.run = known.run GROUP BY candidate.n, known.n, known.run) AS found \
    CROSS JOIN row WHERE row.run = found.run AND row.n = found.n";
/// The rows of the counted runs with the same message and recipient as a candidate. They are
/// grouped only to be read in the order of the list: the order of recipients takes several times as
/// long.
const MATCHES: &str = "SELECT candidate, row.run, state, row.at \
    FROM (SELECT candidate.n AS candidate, known.n AS n, known.run AS run \
    FROM candidate AS candidate CROSS JOIN known CROSS JOIN counted \
    WHERE known.person = candidate.person AND counted.run = known.run \
    AND known.fingerprint = candidate.fingerprint GROUP BY candidate.n, known.n, \
    known.run) AS found CROSS JOIN row WHERE row.run = found.run AND row.n = found.n";

/// The earlier runs of a bot at an address.
#[derive(Clone, Debug)]
pub(crate) struct EarlierQuery {
    pub(crate) bot: String,
    pub(crate) address: String,
    /// How far back the duplicate check looks for sent and unknown rows. It always counts pending
    /// rows and rows in flight.
    pub(crate) remember: Duration,
}

/// The earlier runs that a list is compared with, read in one transaction.
pub(crate) struct EarlierRuns<'a> {
    pub(super) db: &'a mut Db,
    pub(super) query: &'a EarlierQuery,
    pub(super) now: i64,
    /// The number of rows of a draft that are the candidates now. The same number means the same
    /// rows.
    filled: Option<u64>,
}

/// A run to compare with.
struct RunToCompare {
    name: String,
    is_stale_run: bool,
    is_unfinished: bool,
    changed_at: i64,
}

impl Ledger {
    /// Compares a list with the runs of `query`, as they are now.
    pub(crate) fn known<T, E: From<LedgerError>>(
        &self,
        query: &EarlierQuery,
        work: impl FnOnce(&mut EarlierRuns<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.db().read_transaction(|db| {
            let now = db.0.now()?;
            work(&mut EarlierRuns::new(db, query, now))
        })
    }
}

impl<'a> EarlierRuns<'a> {
    pub(super) fn new(db: &'a mut Db, query: &'a EarlierQuery, now: i64) -> Self {
        Self {
            db,
            query,
            now,
            filled: None,
        }
    }

    /// Marks the rows of `draft` that these runs have too.
    pub(crate) fn compare(&mut self, draft: &LedgerDraft) -> Result<(), LedgerError> {
        draft.forget_earlier()?;
        let since = since(self.now, self.query.remember);
        let runs = self.count(0, |run| {
            run.is_unfinished || is_recent(run.changed_at, since)
        })?;
        if runs.is_empty() {
            return Ok(());
        }
        self.fill(draft)?;
        each_match(
            self.db,
            &runs,
            since,
            |_| true,
            |n, run, found| draft.note_earlier(n, Some(run), found),
        )
    }

    /// Marks the rows of `draft` if the recipient has any message under `key` that counts for
    /// `every` or forever. Returns whether the last command with the key had another `every` for
    /// one of them.
    pub(crate) fn find_claimed(
        &mut self,
        draft: &LedgerDraft,
        key: &OnceKey,
        every: Option<Duration>,
    ) -> Result<bool, LedgerError> {
        draft.forget_earlier()?;
        let scope = OnceScope {
            key: key.clone(),
            bot: self.query.bot.clone(),
            address: self.query.address.clone(),
        };
        let key = key_number(&scope);
        let hasher = OnceHasher::load(self.db)?;
        if !self
            .db
            .exists("SELECT 1 FROM claim WHERE once_key = ?1", &values![key])?
        {
            return Ok(false);
        }
        fill_people(self.db, |each| {
            draft.each_row_to_send(|row, request| {
                each(&values![hasher.person(request.recipient), row.index])
            })
        })?;
        let now = self.now;
        let mut is_changed = false;
        read_candidate_claims(self.db, key, |n, Claim { entry, .. }| {
            is_changed |= entry.every != every.map(millis);
            let found = EarlierRow::from_claim(&entry).filter(|_| !entry.is_free(every, now));
            match found {
                Some(found) => draft.note_earlier(n, entry.run.as_deref(), found),
                None => Ok(()),
            }
        })?;
        Ok(is_changed)
    }

    /// Counts the recipients of `draft` that got a message of these runs in the last 24 hours, and
    /// the recipients that will get one.
    pub(crate) fn people(&mut self, draft: &LedgerDraft) -> Result<(u64, u64), LedgerError> {
        let since = self.now - LATELY;
        if self
            .count(0, |run| run.is_unfinished || run.changed_at >= since)?
            .is_empty()
        {
            return Ok((0, 0));
        }
        self.fill(draft)?;
        let row = self.db.one(WRITTEN_TO, &values![since, self.now])?;
        Ok((row.count("written_to")?, row.count("waiting")?))
    }

    /// Returns the runs that pass `is_counted`, by id, except the run `own`.
    fn count(
        &mut self,
        own: i64,
        is_counted: impl Fn(&RunToCompare) -> bool,
    ) -> Result<HashMap<i64, RunToCompare>, LedgerError> {
        let identity = self.db.0.identity()?;
        let query = "SELECT id, name, identity, finished_at, changed_at FROM run \
                     WHERE bot = ?1 AND address = ?2 AND sandbox = 0 AND id <> ?3";
        let mut runs = HashMap::new();
        self.db.for_each_row(
            query,
            &values![&self.query.bot, &self.query.address, own],
            |mut row| {
                let is_stale_run = is_stale(&row, &identity)?;
                let is_unfinished = row.opt_int("finished_at")?.is_none();
                let run = RunToCompare {
                    name: row.take_text("name")?,
                    is_stale_run,
                    is_unfinished,
                    changed_at: row.int("changed_at")?,
                };
                if is_counted(&run) {
                    runs.insert(row.int("id")?, run);
                }
                Ok(())
            },
        )?;
        self.db.0.script(&COUNTED)?;
        self.db.0.fill("counted (run)", &mut |each| {
            runs.keys().try_for_each(|run| each(&values![*run]))
        })?;
        Ok(runs)
    }

    /// Makes the unskipped rows of `draft` the candidates.
    fn fill(&mut self, draft: &LedgerDraft) -> Result<(), LedgerError> {
        let rows = Some(draft.to_be_sent());
        if self.filled == rows {
            return Ok(());
        }
        self.db.0.script(&CANDIDATES)?;
        let fill = &mut |each: FillRow<'_>| {
            draft.keys(IS_NOT_SKIPPED, |key| each(&key.map(SqlValue::Int)))
        };
        self.db.0.fill("candidate (person, fingerprint, n)", fill)?;
        self.filled = rows;
        Ok(())
    }

    /// Returns the pending rows of the run `own` that other runs have sent since its list was read,
    /// or will send. Runs without a change since `changed_since` count only if they are unfinished.
    /// Pending rows of another run count only while a process sends it: otherwise two idle runs
    /// would block each other.
    pub(super) fn compare_run(
        &mut self,
        own: i64,
        changed_since: i64,
    ) -> Result<Vec<(i64, String, EarlierRow)>, LedgerError> {
        let created_at = self
            .db
            .one("SELECT created_at FROM run WHERE id = ?1", &values![own])?
            .int("created_at")?;
        let since = since(created_at.min(self.now), self.query.remember);
        let is_counted = |run: &RunToCompare| {
            run.is_unfinished || is_recent(run.changed_at, since) && run.changed_at >= changed_since
        };
        let runs = self.count(own, is_counted)?;
        let lost = LostWorkers::read(self.db)?;
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        self.db.0.limit(LONG);
        self.db.0.script(&CANDIDATES)?;
        self.db.run(
            // With the limit, PostgreSQL finds each message by both columns. Its statistics may
            // lack a new run.
            "INSERT INTO candidate SELECT person, fingerprint, row.n FROM (SELECT run, n \
                FROM row WHERE run = ?1 AND state = 'pending' \
                LIMIT 9223372036854775807) AS row CROSS JOIN message \
                WHERE message.run = row.run AND message.n = row.n ORDER BY person, \
                fingerprint, row.n",
            &values![own],
        )?;
        let mut all: BTreeMap<i64, (String, EarlierRow)> = BTreeMap::new();
        each_match(
            self.db,
            &runs,
            since,
            |run| lost.has_sender(run),
            |n, run, found| {
                if all
                    .get(&n)
                    .is_none_or(|(_, before)| found.outweighs(before))
                {
                    all.insert(n, (run.to_owned(), found));
                }
                Ok(())
            },
        )?;
        Ok(all
            .into_iter()
            .map(|(n, (run, found))| (n, run, found))
            .collect())
    }
}

/// Counts the rows for each run and reason. The largest count comes first.
pub(super) fn counted_by_run(found: &[(i64, String, EarlierRow)]) -> Vec<EarlierMessages> {
    let mut counts: BTreeMap<(&str, SkipReason), EarlierMessages> = BTreeMap::new();
    for (_, run, EarlierRow { reason, at }) in found {
        let none = EarlierMessages {
            run: run.clone(),
            reason: *reason,
            rows: 0,
            at: *at,
        };
        let count = counts.entry((run, *reason)).or_insert(none);
        count.rows += 1;
        count.at = count.at.max(*at);
    }
    let mut counts: Vec<_> = counts.into_values().collect();
    counts.sort_by_key(|messages| Reverse((messages.rows, messages.at)));
    counts
}

/// Passes to `each` the candidates that one of `runs` has too. Their rows are sent or unknown since
/// then, in flight, or pending in a run that `will_send` them.
fn each_match(
    db: &mut Db,
    runs: &HashMap<i64, RunToCompare>,
    since: i64,
    will_send: impl Fn(i64) -> bool,
    mut each: impl FnMut(i64, &str, EarlierRow) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    // The match of the current candidate that outweighs the others so far.
    let mut last: Option<(i64, i64, EarlierRow)> = None;
    let mut note = |(candidate, run, found): (i64, i64, EarlierRow)| match runs.get(&run) {
        Some(run) => each(candidate, &run.name, found),
        None => Ok(()),
    };
    db.for_each_row(MATCHES, &[], |row| {
        let candidate = row.int("candidate")?;
        let run = row.int("run")?;
        let Some(RunToCompare {
            is_stale_run,
            changed_at,
            ..
        }) = runs.get(&run)
        else {
            return Ok(());
        };
        // A row without an attempt has no time.
        let at = row.opt_int("at")?.unwrap_or(*changed_at);
        let reason = match row.parse("state", RowState::from_name)? {
            // The row may have been sent, at any time.
            RowState::Pending | RowState::Failed if *is_stale_run => SkipReason::MayHaveBeenSent,
            RowState::Inflight => SkipReason::MayHaveBeenSent,
            RowState::Sent if is_recent(at, since) => SkipReason::AlreadySent,
            RowState::Unknown if is_recent(at, since) => SkipReason::MayHaveBeenSent,
            RowState::Pending if will_send(run) => SkipReason::ToBeSent,
            RowState::Sent
            | RowState::Unknown
            | RowState::Pending
            | RowState::Failed
            | RowState::Skipped => {
                return Ok(());
            }
        };
        let found = EarlierRow { reason, at };
        match &mut last {
            Some((of, by, before)) if *of == candidate => {
                if found.outweighs(before) {
                    (*by, *before) = (run, found);
                }
                Ok(())
            }
            last => last
                .replace((candidate, run, found))
                .map_or(Ok(()), &mut note),
        }
    })?;
    last.map_or(Ok(()), note)
}

/// 2026-11-01, in milliseconds since 1970. No ledger of this format is older: an earlier time comes
/// from a wrong clock, and the true time is unknown. Later releases must not change it, or every
/// message from before an update would count forever.
pub(crate) const FIRST_TIME: i64 = 1_793_491_200_000;

/// Returns whether something may have happened at `since` or later. If `since` is the end of time,
/// nothing counts.
pub(crate) fn is_recent(at: i64, since: i64) -> bool {
    at >= since || at < FIRST_TIME && since < i64::MAX
}

/// Returns the time this long before `now`, or the end of time if `remember` is zero.
pub(super) fn since(now: i64, remember: Duration) -> i64 {
    match i64::try_from(remember.as_millis()) {
        Ok(0) => i64::MAX,
        Ok(remember) => now - remember,
        Err(_) => i64::MIN,
    }
}

//! Compares a list with the runs of its bot: which messages an earlier run has sent, may have sent
//! or will send. It also decides how far back these messages count.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::draft::{IS_FIRST, IS_SENT, LedgerDraft};
use super::earlier_rows::{EarlierMessages, EarlierRow};
use super::matching::{
    MatchedState, SAME_MESSAGE, SAME_RECIPIENT, clear_candidates, each_match, fill_candidates,
    parts,
};
use crate::base::clock::millis;
use crate::base::timestamps::FIRST_TIME;
use crate::runs::ledger::db::{Db, LONG, SqlScript, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::joined_workers::JoinedWorkers;
use crate::runs::ledger::keys::claims::{
    Claim, fill_recipients, key_number, read_candidate_claims,
};
use crate::runs::ledger::model::{RowState, SkipReason};
use crate::runs::ledger::open::Ledger;
use crate::runs::ledger::run::is_stale;
use crate::runs::once::{OnceHasher, OnceKey, OnceScope};

/// In milliseconds: the recipients of runs in the last 24 hours are reported.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The runs to compare with.
const COUNTED: SqlScript = SqlScript {
    sqlite: "CREATE TEMP TABLE IF NOT EXISTS counted (run INTEGER PRIMARY KEY); DELETE \
        FROM counted;",
    postgres: "CREATE TEMP TABLE IF NOT EXISTS counted (run BIGINT PRIMARY KEY); DELETE \
        FROM counted;",
};

/// Makes the pending rows of a run the candidates, from a number to another. With the limit,
/// PostgreSQL finds each message by both columns. Its statistics may lack a new run.
const PENDING_ROWS: &str = "INSERT INTO candidate SELECT person, fingerprint, row.n \
    FROM (SELECT run, n FROM row WHERE run = ?1 AND n >= ?2 AND n <= ?3 \
    AND state = 'pending' LIMIT 9223372036854775807) AS row CROSS JOIN message \
    WHERE message.run = row.run AND message.n = row.n ORDER BY person, fingerprint, row.n";

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
    pub(crate) db: &'a mut Db,
    pub(crate) query: &'a EarlierQuery,
    pub(crate) now: i64,
}

/// A run to compare with.
struct RunToCompare {
    name: String,
    is_stale_run: bool,
    is_unfinished: bool,
    changed_at: i64,
    /// Whether its pending rows count.
    will_send: bool,
}

/// The match of a candidate that outweighs its others.
struct BestMatch {
    run: i64,
    n: i64,
    found: EarlierRow,
}

impl Ledger {
    /// Compares a list with the runs of `query`, as they are now.
    pub(crate) fn with_earlier_runs<T, E: From<LedgerError>>(
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
    pub(crate) fn new(db: &'a mut Db, query: &'a EarlierQuery, now: i64) -> Self {
        Self { db, query, now }
    }

    /// Marks the rows of `draft` that these runs have too.
    pub(crate) fn compare(&mut self, draft: &LedgerDraft) -> Result<(), LedgerError> {
        draft.remove_earlier()?;
        let since = since(self.now, self.query.remember);
        let runs = self.count(0, |run| {
            run.is_unfinished || is_recent(run.changed_at, since)
        })?;
        if runs.is_empty() {
            return Ok(());
        }
        let joined = JoinedWorkers::read(self.db)?;
        for part in parts(draft.rows, runs.len()) {
            fill_candidates(self.db, &draft.keys_of_part(part, IS_SENT)?)?;
            for (n, best) in best_matches(self.db, &runs, &joined, since)? {
                let run = runs.get(&best.run).map(|run| run.name.as_str());
                draft.note_earlier(n, run, best.found)?;
            }
        }
        Ok(())
    }

    /// Returns the scope of `key` for the bot of these runs.
    pub(crate) fn scope(&self, key: &OnceKey) -> OnceScope {
        OnceScope {
            key: key.clone(),
            bot: self.query.bot.clone(),
            address: self.query.address.clone(),
        }
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
        draft.remove_earlier()?;
        let key = key_number(&self.scope(key));
        let hasher = OnceHasher::load(self.db)?;
        if !self
            .db
            .exists("SELECT 1 FROM claim WHERE once_key = ?1", &values![key])?
        {
            return Ok(false);
        }
        fill_recipients(self.db, |each| {
            draft.each_row_to_send(|row, request| {
                each(&values![hasher.person(request.recipient), row.index])
            })
        })?;
        let now = self.now;
        let mut is_changed = false;
        read_candidate_claims(self.db, key, |n, Claim { entry, .. }| {
            is_changed |= entry.every != every.map(millis);
            let found = EarlierRow::from_state(entry.state, entry.at)
                .filter(|_| !entry.is_free(every, now));
            match found {
                Some(found) => draft.note_earlier(n, entry.run.as_deref(), found),
                None => Ok(()),
            }
        })?;
        Ok(is_changed)
    }

    /// Counts the recipients of `draft` that got a message of these runs in the last 24 hours, and
    /// the recipients that will get one. Call [`LedgerDraft::find_repeated`] first.
    pub(crate) fn people(&mut self, draft: &LedgerDraft) -> Result<(u64, u64), LedgerError> {
        let since = self.now - DAY_MS;
        let runs = self.count(0, |run| run.is_unfinished || run.changed_at >= since)?;
        if runs.is_empty() {
            return Ok((0, 0));
        }
        let is_lately = |at: Option<i64>| at.is_some_and(|at| at >= since && at <= self.now);
        let mut written_to = 0;
        let mut waiting = 0;
        for part in parts(draft.rows, runs.len()) {
            fill_candidates(self.db, &draft.keys_of_part(part, IS_FIRST)?)?;
            let mut written_to_of_part = HashSet::new();
            let mut waiting_of_part = HashSet::new();
            each_match(self.db, SAME_RECIPIENT, |found, row| match row.state {
                RowState::Sent | RowState::Unknown | RowState::Inflight if is_lately(row.at) => {
                    written_to_of_part.insert(found.candidate);
                }
                RowState::Pending => {
                    waiting_of_part.insert(found.candidate);
                }
                RowState::Sent
                | RowState::Unknown
                | RowState::Inflight
                | RowState::Failed
                | RowState::Skipped => {}
            })?;
            written_to += written_to_of_part.len() as u64;
            waiting += waiting_of_part.len() as u64;
        }
        Ok((written_to, waiting))
    }

    /// Returns the runs that pass `is_counted`, by id, except the run `own`.
    fn count(
        &mut self,
        own: i64,
        is_counted: impl Fn(&RunToCompare) -> bool,
    ) -> Result<HashMap<i64, RunToCompare>, LedgerError> {
        let identity = self.db.0.identity().to_owned();
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
                    will_send: true,
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

    /// Returns the pending rows of the run `own` that other runs have sent since its list was read,
    /// or will send. Runs without a change since `changed_since` count only if they are unfinished.
    /// Pending rows of another run count only while a process sends it: otherwise two idle runs
    /// would block each other.
    pub(crate) fn compare_run(
        &mut self,
        own: i64,
        changed_since: i64,
    ) -> Result<Vec<(i64, String, EarlierRow)>, LedgerError> {
        let row = self.db.one(
            "SELECT created_at, (SELECT max(n) FROM row WHERE run = ?1) AS last_row \
                FROM run WHERE id = ?1",
            &values![own],
        )?;
        let created_at = row.int("created_at")?;
        let last_row = row.opt_int("last_row")?.unwrap_or_default();
        let since = since(created_at.min(self.now), self.query.remember);
        let is_counted = |run: &RunToCompare| {
            run.is_unfinished || is_recent(run.changed_at, since) && run.changed_at >= changed_since
        };
        let mut runs = self.count(own, is_counted)?;
        let joined = JoinedWorkers::read(self.db)?;
        for (id, run) in &mut runs {
            run.will_send = joined.has_sender(*id);
        }
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        self.db.0.limit(LONG);
        let mut all = Vec::new();
        for part in parts(last_row, runs.len()) {
            clear_candidates(self.db)?;
            self.db
                .run(PENDING_ROWS, &values![own, *part.start(), *part.end()])?;
            for (n, best) in best_matches(self.db, &runs, &joined, since)? {
                if let Some(run) = runs.get(&best.run) {
                    all.push((n, run.name.clone(), best.found));
                }
            }
        }
        Ok(all)
    }
}

impl RunToCompare {
    /// Returns how a row of this run counts, or None if it does not. Sent and unknown rows count
    /// since `since`.
    fn earlier_row(
        &self,
        row: MatchedState,
        joined: &JoinedWorkers,
        since: i64,
    ) -> Option<EarlierRow> {
        // A row without an attempt has no time.
        let at = row.at.unwrap_or(self.changed_at);
        let reason = match row.state {
            // The row may have been sent, at any time.
            RowState::Pending | RowState::Inflight | RowState::Failed if self.is_stale_run => {
                SkipReason::MayHaveBeenSent
            }
            // Its process is about to write the outcome.
            RowState::Inflight if joined.is_alive(row.worker) => SkipReason::ToBeSent,
            RowState::Inflight => SkipReason::MayHaveBeenSent,
            RowState::Sent if is_recent(at, since) => SkipReason::AlreadySent,
            RowState::Unknown if is_recent(at, since) => SkipReason::MayHaveBeenSent,
            RowState::Pending if self.will_send => SkipReason::ToBeSent,
            RowState::Sent
            | RowState::Unknown
            | RowState::Pending
            | RowState::Failed
            | RowState::Skipped => return None,
        };
        Some(EarlierRow { reason, at })
    }
}

impl BestMatch {
    /// Returns whether this match is shown rather than `other`: of equal ones, the first in the
    /// order of the lists.
    fn outweighs(&self, other: &Self) -> bool {
        let place = |it: &Self| (it.n, it.run);
        self.found.outweighs(&other.found)
            || !other.found.outweighs(&self.found) && place(self) < place(other)
    }
}

/// Counts the rows for each run and reason. The largest count comes first.
pub(crate) fn counted_by_run(found: &[(i64, String, EarlierRow)]) -> Vec<EarlierMessages> {
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

/// Returns the candidates that one of `runs` has too, by number: see [`RunToCompare::earlier_row`].
fn best_matches(
    db: &mut Db,
    runs: &HashMap<i64, RunToCompare>,
    joined: &JoinedWorkers,
    since: i64,
) -> Result<BTreeMap<i64, BestMatch>, LedgerError> {
    let mut best: BTreeMap<i64, BestMatch> = BTreeMap::new();
    each_match(db, SAME_MESSAGE, |place, row| {
        let run = runs.get(&place.run);
        let Some(found) = run.and_then(|run| run.earlier_row(row, joined, since)) else {
            return;
        };
        let found = BestMatch {
            run: place.run,
            n: place.n,
            found,
        };
        match best.entry(place.candidate) {
            Entry::Occupied(mut before) if found.outweighs(before.get()) => {
                before.insert(found);
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(free) => {
                free.insert(found);
            }
        }
    })?;
    Ok(best)
}

/// Returns whether something may have happened at `since` or later. Without a duplicate check, `since` is the end of
/// time, and the answer is no.
fn is_recent(at: i64, since: i64) -> bool {
    at >= since || at < FIRST_TIME && since < i64::MAX
}

/// Returns the time this long before `now`, or the end of time if `remember` is zero.
pub(crate) fn since(now: i64, remember: Duration) -> i64 {
    match i64::try_from(remember.as_millis()) {
        Ok(0) => i64::MAX,
        Ok(remember) => now - remember,
        Err(_) => i64::MIN,
    }
}

//! How a draft becomes a run: it is compared with other runs and single sends, and then written, in one transaction of the
//! store. What was compared before a person was asked may have changed since; what is compared here has not.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

use super::claims::{CLAIM_ROW, Claim, claims_of_candidates, fill_people, note_key, number_of};
use super::db::{Db, FillRow, LONG, LONGEST, SqlValue, values};
use super::draft::{IS_NOT_SKIPPED, LedgerDraft};
use super::earlier::{EarlierMessages, EarlierRow, is_recent, since};
use super::error::LedgerError;
use super::model::{RowState, SkipReason};
use super::name::RunName;
use super::pace::{Pace, moment};
use super::run::{Run, is_in_doubt};
use super::store::{Lost, Store, lock_store};
use super::types::{Details, DraftRequest};
use crate::once::{OnceHasher, OnceKey, OnceScope};

/// How long the people that a run wrote to are reported: 24 hours, in milliseconds.
const LATELY: i64 = 24 * 60 * 60 * 1000;
/// How many rows a statement of a draft is run for at once.
const ROWS_AT_ONCE: usize = 10_000;

/// The rows that are looked for, in the order in which `known` has them, and the runs that they are looked for in.
const CANDIDATES: &str = "CREATE TEMP TABLE IF NOT EXISTS candidate (person BIGINT NOT NULL, fingerprint BIGINT NOT NULL, \
     n BIGINT NOT NULL, PRIMARY KEY (person, fingerprint, n)) /*WITHOUT ROWID*/; DELETE FROM candidate;";
const COUNTED: &str = "CREATE TEMP TABLE IF NOT EXISTS counted (run BIGINT PRIMARY KEY); DELETE FROM counted;";

/// What the counted runs have of these candidates. It is grouped only to read the rows in the order of the list: in the order
/// of people that takes several times as long.
macro_rules! found {
    ($candidates:literal, $and:literal) => {
        concat!(
            " FROM (SELECT candidate.n AS candidate, known.n AS n, known.run AS run FROM ",
            $candidates,
            " AS candidate CROSS JOIN known CROSS JOIN counted WHERE known.person = candidate.person \
             AND counted.run = known.run",
            $and,
            " GROUP BY candidate.n, known.n, known.run) AS found \
             CROSS JOIN row WHERE row.run = found.run AND row.n = found.n"
        )
    };
}

/// The earlier runs of a bot at an address.
#[derive(Clone, Debug)]
pub(crate) struct EarlierOf {
    pub(crate) bot: String,
    pub(crate) address: String,
    /// How far back sent and unknown rows count; rows under way and rows still to be sent always do.
    pub(crate) remember: Duration,
}

/// The runs that a list is compared with, as they are in one transaction.
pub(crate) struct KnownRuns<'a> {
    pub(super) db: &'a mut Db,
    pub(super) of: &'a EarlierOf,
    pub(super) now: i64,
    /// With how many rows of a draft the candidates are filled: as many are the same ones.
    filled: Option<u64>,
}

/// A run that counts.
struct CountedRun {
    name: String,
    is_doubtful: bool,
    is_unfinished: bool,
    changed_at: i64,
}

impl Store {
    /// The name of a new run: the `typed` one, or else a free one after its list.
    pub(crate) fn name_of_new(&self, typed: Option<&RunName>, list: &Path) -> Result<RunName, LedgerError> {
        match typed {
            Some(name) => free_name(&mut self.db(), name, true),
            None => free_name(&mut self.db(), &RunName::of_source(list), false),
        }
    }

    /// Compares a list with the runs of `of`, as they are at this moment.
    pub(crate) fn known<T, E: From<LedgerError>>(
        &self,
        of: &EarlierOf,
        work: impl FnOnce(&mut KnownRuns<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.db().look(|db| {
            let now = db.0.now()?;
            work(&mut KnownRuns::new(db, of, now))
        })
    }

    /// Makes a run of a draft, in one transaction with the last comparison: `compare` may leave out rows, change the
    /// details, or return false if no run is to be made. If this fails, there is no run, unless the error says otherwise.
    /// Another run that was begun meanwhile may have the name: then one that was not typed gets a number.
    pub(crate) fn make<E: From<LedgerError>>(
        &self,
        (name, is_typed): (&RunName, bool),
        draft: &mut LedgerDraft,
        details: &mut Details,
        of: &EarlierOf,
        compare: impl FnOnce(&mut KnownRuns<'_>, &mut LedgerDraft, &mut Details) -> Result<bool, E>,
    ) -> Result<Option<Run>, E> {
        let mut db = self.db();
        db.0.limit(LONGEST);
        let name = RefCell::new(name.clone());
        let not_made = |error: LedgerError| error.of_import(&name.borrow());
        let made = db.transaction(true, not_made, |db| {
            let (last, now) = lock_store(db)?;
            let free = free_name(db, &name.borrow(), is_typed)?;
            name.replace(free);
            let is_wanted = compare(&mut KnownRuns::new(&mut *db, of, now), draft, details)?;
            Ok::<_, E>(if is_wanted { Some(make(db, (last + 1, now), &name.borrow(), draft, details)?) } else { None })
        });
        db.0.limit(LONG);
        let made = made?;
        if made.is_some() {
            db.0.tidy(false);
        }
        drop(db);
        Ok(made.map(|id| Run::new(self.clone(), id, name.into_inner())))
    }
}

impl<'a> KnownRuns<'a> {
    pub(super) fn new(db: &'a mut Db, of: &'a EarlierOf, now: i64) -> Self {
        Self { db, of, now, filled: None }
    }

    /// Marks the rows of `draft` that they have too.
    pub(crate) fn compare(&mut self, draft: &LedgerDraft) -> Result<(), LedgerError> {
        draft.forget_earlier()?;
        let since = since(self.now, self.of.remember);
        let runs = self.count(0, |run| run.is_unfinished || is_recent(run.changed_at, since))?;
        if runs.is_empty() {
            return Ok(());
        }
        self.fill(draft)?;
        each_match(self.db, &runs, since, |_| true, |n, run, found| draft.note_earlier(n, Some(run), found))
    }

    /// Marks the rows of `draft` whose person has a message under `key`, whatever its words.
    pub(crate) fn find_claimed(&mut self, draft: &LedgerDraft, key: &OnceKey) -> Result<(), LedgerError> {
        draft.forget_earlier()?;
        let scope = OnceScope { key: key.clone(), bot: self.of.bot.clone(), address: self.of.address.clone() };
        let (key, hasher) = (number_of(&scope), OnceHasher::of_store(self.db)?);
        if !self.db.exists("SELECT 1 FROM claim WHERE once_key = ?1", &values![key])? {
            return Ok(());
        }
        fill_people(self.db, |each| {
            draft.each_sent(|row, request| each(&values![hasher.person(request.recipient), row.n]))
        })?;
        claims_of_candidates(self.db, key, |n, Claim { entry, .. }| match EarlierRow::of_claim(&entry) {
            Some(found) => draft.note_earlier(n, entry.run.as_deref(), found),
            None => Ok(()),
        })
    }

    /// To how many people of `draft` these runs have written in the last 24 hours, and to how many they are still to write.
    pub(crate) fn people(&mut self, draft: &LedgerDraft) -> Result<(u64, u64), LedgerError> {
        let since = self.now - LATELY;
        if self.count(0, |run| run.is_unfinished || run.changed_at >= since)?.is_empty() {
            return Ok((0, 0));
        }
        self.fill(draft)?;
        // Each person once, as the first candidate of theirs.
        let query = concat!(
            "SELECT count(DISTINCT CASE WHEN (state = 'sent' OR state = 'unknown' OR state = 'inflight') \
             AND row.at >= ?1 AND row.at <= ?2 THEN candidate END), \
             count(DISTINCT CASE WHEN state = 'pending' THEN candidate END)",
            found!("(SELECT person, min(n) AS n FROM candidate GROUP BY person)", "")
        );
        let row = self.db.one(query, &values![since, self.now])?;
        Ok((row.count(0)?, row.count(1)?))
    }

    /// Counts the runs that `is_counted` holds for, without the run `own`.
    fn count(
        &mut self,
        own: i64,
        is_counted: impl Fn(&CountedRun) -> bool,
    ) -> Result<HashMap<i64, CountedRun>, LedgerError> {
        let identity = self.db.0.identity()?;
        let query = "SELECT id, name, identity, finished_at, changed_at FROM run \
                     WHERE bot = ?1 AND address = ?2 AND sandbox = 0 AND id <> ?3";
        let mut runs = HashMap::new();
        self.db.each_of(query, &values![&self.of.bot, &self.of.address, own], |mut row| {
            let (is_doubtful, is_unfinished) = (is_in_doubt(&row, 2, &identity)?, row.opt_int(3)?.is_none());
            let run = CountedRun { name: row.take(1)?, is_doubtful, is_unfinished, changed_at: row.int(4)? };
            if is_counted(&run) {
                runs.insert(row.int(0)?, run);
            }
            Ok(())
        })?;
        self.db.0.script(COUNTED)?;
        self.db.0.fill("counted (run)", &mut |each| runs.keys().try_for_each(|run| each(&values![*run])))?;
        Ok(runs)
    }

    /// Makes the rows of `draft` that are to be sent the candidates.
    fn fill(&mut self, draft: &LedgerDraft) -> Result<(), LedgerError> {
        let rows = Some(draft.to_be_sent());
        if self.filled == rows {
            return Ok(());
        }
        self.db.0.script(CANDIDATES)?;
        let fill = &mut |each: FillRow<'_>| draft.keys(IS_NOT_SKIPPED, |key| each(&key.map(SqlValue::Int)));
        self.db.0.fill("candidate (person, fingerprint, n)", fill)?;
        self.filled = rows;
        Ok(())
    }

    /// The rows of the run `own` that are still to be sent, and that other runs have sent since its list was read, or
    /// are about to send. Runs that have not changed since `changed_since` count only if they are unfinished. Rows to be sent
    /// of another run count only while a process sends it: otherwise two idle runs would block each other.
    pub(super) fn compare_run(
        &mut self,
        own: i64,
        changed_since: i64,
    ) -> Result<Vec<(i64, String, EarlierRow)>, LedgerError> {
        let created_at = self.db.one("SELECT created_at FROM run WHERE id = ?1", &values![own])?.int(0)?;
        let since = since(created_at.min(self.now), self.of.remember);
        let is_counted =
            |run: &CountedRun| run.is_unfinished || is_recent(run.changed_at, since) && run.changed_at >= changed_since;
        let (runs, lost) = (self.count(own, is_counted)?, Lost::of(self.db)?);
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        self.db.0.limit(LONG);
        self.db.0.script(CANDIDATES)?;
        self.db.run(
            // With the limit PostgreSQL finds each message by both columns; its statistics may know nothing of a new run.
            "INSERT INTO candidate SELECT person, fingerprint, row.n \
             FROM (SELECT run, n FROM row WHERE run = ?1 AND state = 'pending' LIMIT 9223372036854775807) AS row \
             CROSS JOIN message WHERE message.run = row.run AND message.n = row.n ORDER BY person, fingerprint, row.n",
            &values![own],
        )?;
        let mut all: BTreeMap<i64, (String, EarlierRow)> = BTreeMap::new();
        each_match(
            self.db,
            &runs,
            since,
            |run| lost.is_sent(run),
            |n, run, found| {
                if all.get(&n).is_none_or(|(_, before)| found.outweighs(before)) {
                    all.insert(n, (run.to_owned(), found));
                }
                Ok(())
            },
        )?;
        Ok(all.into_iter().map(|(n, (run, found))| (n, run, found)).collect())
    }
}

/// The number of rows for each run and reason, the largest first.
pub(super) fn counted_by_run(found: &[(i64, String, EarlierRow)]) -> Vec<EarlierMessages> {
    let mut counts: BTreeMap<(&str, SkipReason), EarlierMessages> = BTreeMap::new();
    for (_, run, EarlierRow { reason, at }) in found {
        let none = EarlierMessages { run: run.clone(), reason: *reason, rows: 0, at: *at };
        let count = counts.entry((run, *reason)).or_insert(none);
        (count.rows, count.at) = (count.rows + 1, count.at.max(*at));
    }
    let mut counts: Vec<_> = counts.into_values().collect();
    counts.sort_by_key(|messages| Reverse((messages.rows, messages.at)));
    counts
}

/// Passes to `each` the candidates that one of `runs` has too: sent or unknown since then, under way, or still to be sent
/// by a run that `will_send` them.
fn each_match(
    db: &mut Db,
    runs: &HashMap<i64, CountedRun>,
    since: i64,
    will_send: impl Fn(i64) -> bool,
    mut each: impl FnMut(i64, &str, EarlierRow) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let rows = concat!(
        "SELECT candidate, row.run, state, row.at",
        found!("candidate", " AND known.fingerprint = candidate.fingerprint")
    );
    // Of a candidate, the match that outweighs the others so far.
    let mut last: Option<(i64, i64, EarlierRow)> = None;
    let mut note = |(candidate, run, found): (i64, i64, EarlierRow)| match runs.get(&run) {
        Some(run) => each(candidate, &run.name, found),
        None => Ok(()),
    };
    db.each_of(rows, &[], |row| {
        let (candidate, run) = (row.int(0)?, row.int(1)?);
        let Some(CountedRun { is_doubtful, changed_at, .. }) = runs.get(&run) else { return Ok(()) };
        // A row that was never tried has no time.
        let at = row.opt_int(3)?.unwrap_or(*changed_at);
        let reason = match row.named(2, RowState::of_name)? {
            // However long ago it was: nobody knows whether it was sent.
            RowState::Pending | RowState::Failed if *is_doubtful => SkipReason::MayHaveBeenSent,
            RowState::Inflight => SkipReason::MayHaveBeenSent,
            RowState::Sent if is_recent(at, since) => SkipReason::AlreadySent,
            RowState::Unknown if is_recent(at, since) => SkipReason::MayHaveBeenSent,
            RowState::Pending if will_send(run) => SkipReason::ToBeSent,
            RowState::Sent | RowState::Unknown | RowState::Pending | RowState::Failed | RowState::Skipped => {
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
            last => last.replace((candidate, run, found)).map_or(Ok(()), &mut note),
        }
    })?;
    last.map_or(Ok(()), note)
}

/// Makes the run `name` of `draft`; the caller has compared it in this transaction.
fn make(
    db: &mut Db,
    (run, now): (i64, i64),
    name: &RunName,
    draft: &LedgerDraft,
    details: &Details,
) -> Result<i64, LedgerError> {
    let followers = draft.followers()?;
    db.run("UPDATE store SET runs = ?1 WHERE id = 1", &values![run])?;
    let identity = db.0.identity()?;
    let pace = Pace::new(details.rate, moment(now));
    db.run(
        "INSERT INTO run (id, name, details, bot, address, sandbox, identity, pace, taken, repeats, under_way, created_at, \
         changed_at, pauses) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, 0, ?10, ?10, 0)",
        &values![
            run,
            name.to_string(),
            json(details)?,
            &details.bot,
            &details.api_url,
            details.sandbox,
            identity,
            json(&pace)?,
            !followers.is_empty(),
            now
        ],
    )?;
    fill_messages(db, run, draft, details)?;
    fill_rows(db, run, draft, &followers, now)?;
    // In the order of the index, which is why it costs little.
    db.0.fill("known (person, fingerprint, run, n)", &mut |each| {
        draft.keys("person IS NOT NULL", |[person, fingerprint, n]| each(&values![person, fingerprint, run, n]))
    })?;
    if let Some(scope) = details.scope() {
        claim_rows(db, &scope, run, draft)?;
    }
    Ok(run)
}

/// Writes the part of each row that never changes.
fn fill_messages(db: &mut Db, run: i64, draft: &LedgerDraft, details: &Details) -> Result<(), LedgerError> {
    let charge = |DraftRequest { recipient, path, body }: &DraftRequest<'_>| {
        let estimate = details.estimate.as_ref()?;
        let (country, category) = details.charged_by(recipient, path, body);
        estimate.place(country, category).map(|place| place as u64)
    };
    let columns = "message (run, n, line, cells, recipient, person, fingerprint, path, body, checksum, charge)";
    db.0.fill(columns, &mut |each| {
        draft.each_row(|row| {
            let request = row.request.as_ref();
            each(&values![
                run,
                row.n,
                row.line,
                row.cells,
                request.map(|request| request.recipient),
                row.person,
                row.fingerprint,
                request.map(|request| request.path),
                request.map(|request| request.body),
                row.checksum,
                request.and_then(charge)
            ])
        })
    })
}

/// Writes the part of each row that changes. A follower waits for another row to the same person.
fn fill_rows(
    db: &mut Db,
    run: i64,
    draft: &LedgerDraft,
    followers: &[(i64, u64, u64)],
    now: i64,
) -> Result<(), LedgerError> {
    db.0.fill("row (run, n, state, number, at, attempts, code, error)", &mut |each| {
        draft.each_where("skipped IS NOT NULL", i64::MAX, |row| {
            let (reason, problem) = row.skip.map(|skip| (skip.reason.name(), skip.problem)).unzip();
            each(&values![run, row.n, "skipped", 1_i64, now, 0_i64, reason, problem])
        })
    })?;
    db.0.fill("row (run, n, state, number, attempts)", &mut |each| {
        followers.iter().try_for_each(|(n, ..)| each(&values![run, *n, "pending", 0_i64, 0_i64]))
    })?;
    // All others are alike, and are made where they stand.
    db.run(
        "INSERT INTO row (run, n, state, number, due_at, attempts) \
         SELECT run, n, 'pending', 0, 0, 0 FROM message WHERE run = ?1 ON CONFLICT DO NOTHING",
        &values![run],
    )?;
    Ok(())
}

/// Claims the person of every row that is to be sent: each is free, or the caller would have skipped the row.
fn claim_rows(db: &mut Db, scope: &OnceScope, run: i64, draft: &LedgerDraft) -> Result<(), LedgerError> {
    let (key, hasher) = (note_key(db, scope)?, OnceHasher::of_store(db)?);
    let mut claims = Vec::new();
    draft.each_sent(|row, request| {
        claims.push(values![key, hasher.person(request.recipient), run, row.n].to_vec());
        if claims.len() == ROWS_AT_ONCE {
            db.each(CLAIM_ROW, &std::mem::take(&mut claims))?;
        }
        Ok::<_, LedgerError>(())
    })?;
    db.each(CLAIM_ROW, &claims)?;
    Ok(())
}

pub(super) fn json(value: &impl serde::Serialize) -> Result<String, LedgerError> {
    serde_json::to_string(value).map_err(LedgerError::damaged)
}

/// The name, if no run has it; of one that was not typed the first free one with a number behind it.
fn free_name(db: &mut Db, name: &RunName, is_typed: bool) -> Result<RunName, LedgerError> {
    for name in name.numbered().take(if is_typed { 1 } else { usize::MAX }) {
        if !db.exists("SELECT 1 FROM run WHERE name = ?1", &values![name.to_string()])? {
            return Ok(name);
        }
    }
    Err(LedgerError::exists(name))
}

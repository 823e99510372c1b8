//! How many different people a bot has reached with templates in the last 24 hours. WhatsApp limits that, and says nothing
//! when the limit is reached. A bot is counted from the first time that somebody limits it; from then on by every run, and by
//! every single send that has a limit. Messages are counted as they leave, which costs little; people only where there may be
//! too many of them.

use std::collections::HashMap;
use std::time::Duration;

use super::db::{Db, values};
use super::draft::LedgerDraft;
use super::error::LedgerError;
use super::message::hash_of_person;
use super::run::Run;
use super::store::Store;
use super::types::{Details, QueuedRow};
use crate::message::sends_template;

/// For how long a person counts after the last moment at which their message can arrive: 24 hours, in milliseconds.
const WINDOW: i64 = 24 * 60 * 60 * 1000;
/// For how long messages are kept: a clock that was wrong for some days does no harm.
const KEPT: i64 = 30 * WINDOW;

/// The count of a bot, locked for the rest of a transaction.
pub(super) struct Reach {
    id: i64,
    /// An upper bound of how many different people count; none until the earlier messages of the bot are counted.
    people: Option<u64>,
    /// Of the store's clock.
    now: i64,
}

/// The message of a single send, which was counted.
pub(crate) struct ReachedBySend {
    store: Store,
    reach: i64,
    at: i64,
    n: i64,
}

/// The people who count for a bot, each with the last moment at which a message may reach them.
#[derive(Default)]
pub(crate) struct ReachedPeople(pub(super) HashMap<i64, i64>);

/// The bot of a run or of a single send.
#[derive(Clone, Debug)]
pub(crate) struct ReachOf {
    pub(crate) bot: String,
    pub(crate) address: String,
    /// How long after a message was counted it may still arrive, in milliseconds.
    pub(super) lag: i64,
}

impl ReachOf {
    pub(crate) fn new(bot: String, address: String, lag: Duration) -> Self {
        Self { bot, address, lag: i64::try_from(lag.as_millis()).unwrap_or(WINDOW).min(WINDOW) }
    }

    /// None in the sandbox, which does not count people.
    pub(crate) fn of(details: &Details, lag: Duration) -> Option<Self> {
        (!details.sandbox).then(|| Self::new(details.bot.clone(), details.api_url.clone(), lag))
    }
}

impl Reach {
    /// Locks the count of a bot; none if the bot was never limited.
    pub(super) fn lock(db: &mut Db, of: &ReachOf) -> Result<Option<Self>, LedgerError> {
        let query = "SELECT id, people, at FROM reach WHERE bot = ?1 AND address = ?2 /*lock*/";
        let (Some(row), now) = db.0.lock(query, &values![&of.bot, &of.address])? else { return Ok(None) };
        let (id, people, before) = (row.int(0)?, row.opt_int(1)?, row.int(2)?);
        let mut reach = Self { id, people: people.map(i64::unsigned_abs), now };
        if now < before {
            // The clock went back. Each person still counts for as long as before.
            let query = "UPDATE reached SET at = at - ?2 WHERE reach = ?1 AND at > ?3";
            db.run(query, &values![id, before - now, before - WINDOW])?;
            let query = "SELECT count(*) FROM reached WHERE reach = ?1 AND at > ?2";
            reach.people = people.map(|_| db.one(query, &values![id, now - WINDOW])?.count(0)).transpose()?;
            reach.write(db)?;
        }
        Ok(Some(reach))
    }

    /// Begins to count a bot, unless it is counted: what its runs have sent in the last 24 hours counts, too. From the first
    /// of two transactions on, every exchange counts; the second waits for those that had begun before.
    pub(super) fn begin(db: &mut Db, of: &ReachOf) -> Result<(), LedgerError> {
        let query = "SELECT 1 FROM reach WHERE bot = ?1 AND address = ?2 AND people IS NOT NULL";
        if db.exists(query, &values![&of.bot, &of.address])? {
            return Ok(());
        }
        db.change(|db| {
            let now = db.0.now()?;
            let insert = "INSERT INTO reach (id, bot, address, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
            db.run(insert, &values![fastrand::i64(1..), &of.bot, &of.address, now])
        })?;
        db.change(|db| {
            let query = "SELECT id FROM run WHERE bot = ?1 AND address = ?2 AND sandbox = 0 ORDER BY id /*lock*/";
            let runs = db.rows(query, &values![&of.bot, &of.address], |row| row.int(0))?;
            match Self::lock(db, of)? {
                Some(mut reach) if reach.people.is_none() => {
                    for run in runs {
                        reach.count_earlier(db, of, run)?;
                    }
                    let query = "SELECT count(*) FROM reached WHERE reach = ?1 AND at > ?2";
                    reach.people = Some(db.one(query, &values![reach.id, reach.since()])?.count(0)?);
                    reach.write(db)
                }
                _ => Ok(()),
            }
        })
    }

    /// Counts what a run has sent, or may have.
    fn count_earlier(&self, db: &mut Db, of: &ReachOf, run: i64) -> Result<(), LedgerError> {
        let mut reached = Vec::new();
        each_earlier(db, run, self.since() - of.lag, |[began_at, n, number, person]| {
            reached.push(values![self.id, began_at + of.lag, run, n, number, person].to_vec());
        })?;
        db.each(ADD, &reached).map(drop)
    }

    /// A person who was reached after this time counts.
    fn since(&self) -> i64 {
        self.now - WINDOW
    }

    /// The people who count, if `more` messages may exceed the limit.
    pub(super) fn people_near(
        &mut self,
        db: &mut Db,
        limit: u32,
        more: usize,
    ) -> Result<Option<ReachedPeople>, LedgerError> {
        if self.people.unwrap_or_default() + more as u64 <= u64::from(limit) {
            return Ok(None);
        }
        let people = ReachedPeople::read(db, self.id, self.since())?;
        self.people = Some(people.count());
        db.run("DELETE FROM reached WHERE reach = ?1 AND at < ?2", &values![self.id, self.now - KEPT])?;
        Ok(Some(people))
    }

    /// Counts rows that leave `now`.
    pub(super) fn count<'r>(
        mut self,
        db: &mut Db,
        (of, run, now): (&ReachOf, i64, i64),
        mut rows: impl Iterator<Item = &'r QueuedRow>,
    ) -> Result<(), LedgerError> {
        let mut counted = 0;
        db.0.fill("reached (reach, at, run, n, number, person)", &mut |each| {
            for row in &mut rows {
                counted += 1;
                each(&values![self.id, now + of.lag, run, row.n, row.number, hash_of_person(&row.recipient)])?;
            }
            Ok(())
        })?;
        self.people = self.people.map(|people| people + counted);
        self.write(db)
    }

    pub(super) fn write(&self, db: &mut Db) -> Result<(), LedgerError> {
        let query = "UPDATE reach SET people = ?2, at = ?3 WHERE id = ?1";
        db.run(query, &values![self.id, self.people, self.now]).map(drop)
    }

    /// Uncounts rows of a process that have certainly not left: pending again, or rejected. Returns how many it did.
    pub(super) fn take_back(db: &mut Db, of: &ReachOf, run: i64, rows: &[i64]) -> Result<u64, LedgerError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let Some(reach) = Self::lock(db, of)? else { return Ok(0) };
        let rows: Vec<_> = rows.iter().map(|n| values![reach.id, run, *n, of.lag].to_vec()).collect();
        db.each(
            "DELETE FROM reached WHERE reach = ?1 AND run = ?2 AND n = ?3 \
             AND at = (SELECT began_at + ?4 FROM row WHERE run = ?2 AND n = ?3 AND (state = 'failed' OR state = 'pending'))",
            &rows,
        )
    }
}

/// Each template that a run has sent after a time, or may have: when it began to leave, its row, the attempt, and the person.
fn each_earlier(db: &mut Db, run: i64, since: i64, mut each: impl FnMut([i64; 4])) -> Result<(), LedgerError> {
    let query = "SELECT attempt.began_at, attempt.n, attempt.number, person, path, body FROM \
                 (SELECT n, number, began_at FROM tried WHERE run = ?1 AND began_at > ?2 UNION ALL \
                  SELECT n, number, began_at FROM row WHERE run = ?1 AND began_at > ?2 \
                    AND (state = 'sent' OR state = 'unknown' OR state = 'inflight')) AS attempt \
                 CROSS JOIN message WHERE message.run = ?1 AND message.n = attempt.n";
    db.each_of(query, &values![run, since], |row| {
        if sends_template(row.text(4)?, row.text(5)?) {
            each([row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?]);
        }
        Ok(())
    })
}

/// Counts a message.
const ADD: &str = "INSERT INTO reached (reach, at, run, n, number, person) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
     ON CONFLICT DO NOTHING";

impl Store {
    /// The people who count for a bot; before it is counted, those whom its runs have reached.
    pub(crate) fn reached(&self, of: &ReachOf) -> Result<ReachedPeople, LedgerError> {
        let mut db = self.db();
        let query = "SELECT id FROM reach WHERE bot = ?1 AND address = ?2 AND people IS NOT NULL";
        let since = db.0.now()? - WINDOW;
        if let Some(row) = db.first(query, &values![&of.bot, &of.address])? {
            return ReachedPeople::read(&mut db, row.int(0)?, since);
        }
        let query = "SELECT id FROM run WHERE bot = ?1 AND address = ?2 AND sandbox = 0";
        let mut people = HashMap::new();
        for run in db.rows(query, &values![&of.bot, &of.address], |row| row.int(0))? {
            each_earlier(&mut db, run, since - of.lag, |[began_at, .., person]| {
                let at = people.entry(person).or_insert(i64::MIN);
                *at = (began_at + of.lag).max(*at);
            })?;
        }
        Ok(ReachedPeople(people))
    }

    /// Counts a single send, unless its recipient would be one more than the limit; then it returns when there is room.
    pub(crate) fn reach(
        &self,
        of: &ReachOf,
        recipient: &str,
        limit: Option<u32>,
    ) -> Result<Result<ReachedBySend, i64>, LedgerError> {
        let (mut db, person) = (self.db(), hash_of_person(recipient));
        Reach::begin(&mut db, of)?;
        db.change(|db| {
            let mut reach = Reach::lock(db, of)?.ok_or_else(|| LedgerError::damaged("a row is missing"))?;
            if let Some(limit) = limit
                && let Some(people) = reach.people_near(db, limit, 1)?
                && !people.admits(person, limit)
            {
                return Ok(Err(people.room_at(limit)));
            }
            let (at, n) = (reach.now + of.lag, fastrand::i64(1..));
            let counted = db.run(ADD, &values![reach.id, at, 0_i64, n, 0_i64, person])?;
            reach.people = reach.people.map(|people| people + counted);
            reach.write(db)?;
            Ok::<_, LedgerError>(Ok(ReachedBySend { store: self.clone(), reach: reach.id, at, n }))
        })
    }
}

impl ReachedPeople {
    fn read(db: &mut Db, reach: i64, since: i64) -> Result<Self, LedgerError> {
        // The last message to a person replaces the ones before.
        let query = "SELECT person, at FROM reached WHERE reach = ?1 AND at > ?2 ORDER BY at";
        let reached = db.rows(query, &values![reach, since], |row| Ok((row.int(0)?, row.int(1)?)))?;
        Ok(Self(reached.into_iter().collect()))
    }

    /// How many different people count.
    pub(crate) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Whether a person may get a message: the person counts already, or there is room for one more.
    pub(super) fn admits(&self, person: i64, limit: u32) -> bool {
        self.0.contains_key(&person) || self.count() < u64::from(limit)
    }

    /// When there is room again for a hundredth of the limit, in milliseconds since 1970, if the limit is reached. Room for
    /// a single person would mean that people are counted again for each of them.
    pub(crate) fn room_at(&self, limit: u32) -> i64 {
        let mut ends: Vec<_> = self.0.values().copied().collect();
        ends.sort_unstable();
        let too_many = ends.len().saturating_sub(limit as usize);
        let leaving = (too_many + limit.div_ceil(100) as usize).min(ends.len());
        leaving.checked_sub(1).and_then(|last| ends.get(last)).copied().unwrap_or_default() + WINDOW
    }

    /// How many different people of a draft do not count yet.
    pub(crate) fn new_in(&self, draft: &LedgerDraft) -> Result<u64, LedgerError> {
        let mut new = 0;
        draft.people(|person| new += u64::from(!self.0.contains_key(&person)))?;
        Ok(new)
    }

    /// How many different people are still to get a message of a run, and do not count yet.
    pub(crate) fn new_in_run(&self, run: &Run) -> Result<u64, LedgerError> {
        let query = "SELECT DISTINCT person FROM row CROSS JOIN message WHERE row.run = ?1 AND state = 'pending' \
                     AND message.run = row.run AND message.n = row.n";
        let mut new = 0;
        run.store.db().each_of(query, &values![run.id], |row| {
            new += u64::from(!self.0.contains_key(&row.int(0)?));
            Ok(())
        })?;
        Ok(new)
    }
}

impl ReachedBySend {
    /// The message has certainly not left.
    pub(crate) fn take_back(&self) -> Result<(), LedgerError> {
        let delete = "DELETE FROM reached WHERE reach = ?1 AND at = ?2 AND run = 0 AND n = ?3";
        self.store.db().change(|db| db.run(delete, &values![self.reach, self.at, self.n])).map(drop)
    }
}

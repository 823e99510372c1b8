//! How many different people a bot has reached with templates in the last 24 hours. WhatsApp limits that, and says nothing
//! when the limit is reached. A bot is counted from the first time that somebody limits it; from then on by every run and
//! every single send that has a limit.

use std::collections::BTreeMap;
use std::time::Duration;

use super::db::{Db, SqlValue, values};
use super::error::LedgerError;
use super::message::hash_of_person;
use super::model::RowState;
use super::store::Store;
use super::types::Details;
use crate::message::sends_template;

/// For how long a person counts after the last moment at which their message can arrive: 24 hours, in milliseconds.
const WINDOW: i64 = 24 * 60 * 60 * 1000;

/// The people that count for a bot, locked for the rest of a transaction.
pub(super) struct Reach {
    bot: i64,
    people: i64,
    /// A person counts who is reached after this time.
    since: i64,
}

/// A limit that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FullReach {
    /// When the next person stops counting, in milliseconds since 1970.
    pub(crate) until: i64,
}

/// A person who was counted for a single send.
pub(crate) struct ReachedPerson {
    store: Store,
    person: i64,
    at: i64,
}

/// The bot of a run or of a single send.
#[derive(Clone, Debug)]
pub(crate) struct ReachOf {
    pub(crate) bot: String,
    pub(crate) address: String,
    /// How long after a message was counted it may still arrive, in milliseconds.
    lag: i64,
}

impl ReachOf {
    pub(crate) fn new(bot: String, address: String, lag: Duration) -> Self {
        Self { bot, address, lag: i64::try_from(lag.as_millis()).unwrap_or(WINDOW).min(WINDOW) }
    }

    /// None in the sandbox, where nobody counts.
    pub(crate) fn of(details: &Details, lag: Duration) -> Option<Self> {
        (!details.sandbox).then(|| Self::new(details.bot.clone(), details.api_url.clone(), lag))
    }
}

impl Reach {
    /// The people who count for a bot; none if nobody has ever limited it.
    pub(super) fn lock(db: &mut Db, of: &ReachOf) -> Result<Option<Self>, LedgerError> {
        let query = "SELECT id, people, since FROM reach WHERE bot = ?1 AND address = ?2 /*lock*/";
        let (Some(row), now) = db.0.lock(query, &values![&of.bot, &of.address])? else { return Ok(None) };
        let mut reach = Self { bot: row.int(0)?, people: row.int(1)?, since: row.int(2)? };
        reach.move_to(db, now)?;
        Ok(Some(reach))
    }

    /// The same, for a bot that is limited from now on: what its runs have sent in the last 24 hours counts.
    pub(super) fn begin(db: &mut Db, of: &ReachOf) -> Result<Self, LedgerError> {
        let now = db.0.now()?;
        let made = db.run(
            "INSERT INTO reach (id, bot, address, people, since) VALUES (?1, ?2, ?3, 0, ?4) ON CONFLICT DO NOTHING",
            &values![fastrand::i64(1..), &of.bot, &of.address, now - WINDOW],
        )?;
        let mut reach = Self::lock(db, of)?.ok_or_else(|| LedgerError::damaged("a row is missing"))?;
        if made > 0 {
            reach.count_earlier(db, of)?;
        }
        Ok(reach)
    }

    fn count_earlier(&mut self, db: &mut Db, of: &ReachOf) -> Result<(), LedgerError> {
        let query = "SELECT person, path, body, began_at, state FROM run CROSS JOIN row CROSS JOIN message \
                     WHERE run.bot = ?1 AND run.address = ?2 AND run.sandbox = 0 AND run.changed_at > ?3 \
                     AND row.run = run.id AND row.began_at > ?3 AND message.run = row.run AND message.n = row.n";
        let mut reached = BTreeMap::new();
        db.each_of(query, &values![&of.bot, &of.address, self.since - of.lag], |row| {
            let may_have_left = match row.named(4, RowState::of_name)? {
                RowState::Sent | RowState::Unknown | RowState::Inflight => true,
                RowState::Pending | RowState::Failed | RowState::Skipped => false,
            };
            if may_have_left && sends_template(row.text(1)?, row.text(2)?) {
                let (messages, last) = reached.entry(row.int(0)?).or_insert((0_i64, 0));
                (*messages, *last) = (*messages + 1, (row.int(3)? + of.lag).max(*last));
            }
            Ok(())
        })?;
        let rows: Vec<_> = reached
            .iter()
            .map(|(person, (messages, at))| values![self.bot, *person, *messages, *at].to_vec())
            .collect();
        let query = "INSERT INTO reached (reach, person, messages, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        rows.chunks(10_000).try_for_each(|rows| db.each(query, rows).map(drop))?;
        self.people = i64::try_from(reached.len()).unwrap_or(i64::MAX);
        Ok(())
    }

    /// Follows the clock of the store: who was reached 24 hours ago no longer counts. If it went back, nobody counts for
    /// longer than they would have.
    fn move_to(&mut self, db: &mut Db, now: i64) -> Result<(), LedgerError> {
        let since = now - WINDOW;
        if since >= self.since {
            let query = "SELECT count(*) FROM reached WHERE reach = ?1 AND at > ?2 AND at <= ?3";
            self.people -= db.one(query, &values![self.bot, self.since, since])?.int(0)?;
        } else {
            let query = "UPDATE reached SET at = at - ?2 WHERE reach = ?1 AND at > ?3";
            db.run(query, &values![self.bot, self.since - since, self.since])?;
            let query = "SELECT count(*) FROM reached WHERE reach = ?1 AND at > ?2";
            self.people = db.one(query, &values![self.bot, since])?.int(0)?;
        }
        self.since = since;
        Ok(())
    }

    /// How many more different people may be reached.
    pub(super) fn room(&self, limit: Option<u32>) -> u64 {
        limit.map_or(u64::MAX, |limit| (i64::from(limit) - self.people).max(0).unsigned_abs())
    }

    /// Whether a person counts already.
    pub(super) fn has(&self, db: &mut Db, recipient: &str) -> Result<bool, LedgerError> {
        let query = "SELECT 1 FROM reached WHERE reach = ?1 AND person = ?2 AND at > ?3";
        db.exists(query, &values![self.bot, hash_of_person(recipient), self.since])
    }

    /// When the next person stops counting.
    pub(super) fn until(&self, db: &mut Db) -> Result<i64, LedgerError> {
        next_end(db, self.bot, self.since)
    }

    /// Counts different people to whom messages leave now.
    pub(super) fn count<'r>(
        mut self,
        db: &mut Db,
        of: &ReachOf,
        now: i64,
        recipients: impl Iterator<Item = &'r str>,
    ) -> Result<(), LedgerError> {
        let rows: Vec<_> = recipients
            .map(|recipient| values![self.bot, hash_of_person(recipient), now + of.lag, self.since].to_vec())
            .collect();
        db.each(
            "UPDATE reached SET messages = messages + 1, at = CASE WHEN at < ?3 THEN CAST(?3 AS BIGINT) ELSE at END \
             WHERE reach = ?1 AND person = ?2 AND at > ?4",
            &rows,
        )?;
        let new = db.each(
            "INSERT INTO reached (reach, person, messages, at) VALUES (?1, ?2, 1, ?3) ON CONFLICT (reach, person) \
             DO UPDATE SET messages = 1, at = excluded.at WHERE reached.at <= ?4",
            &rows,
        )?;
        self.people += new.cast_signed();
        self.write(db)
    }

    pub(super) fn write(&self, db: &mut Db) -> Result<(), LedgerError> {
        let query = "UPDATE reach SET people = ?2, since = ?3 WHERE id = ?1";
        db.run(query, &values![self.bot, self.people, self.since]).map(drop)
    }

    /// Uncounts people by a statement that deletes them.
    fn uncount(mut self, db: &mut Db, delete: &'static str, people: &[Vec<SqlValue<'_>>]) -> Result<(), LedgerError> {
        self.people -= db.each(delete, people)?.cast_signed();
        self.write(db)
    }

    /// Uncounts the people of rows whose attempts ended here and have certainly not left: pending again, or rejected. Whom
    /// an earlier message reached goes on counting.
    pub(super) fn take_back(db: &mut Db, of: &ReachOf, run: i64, rows: &[i64]) -> Result<(), LedgerError> {
        if rows.is_empty() {
            return Ok(());
        }
        let Some(reach) = Self::lock(db, of)? else { return Ok(()) };
        let rows: Vec<_> = rows.iter().map(|n| values![reach.bot, run, *n, of.lag, reach.since].to_vec()).collect();
        let delete = "DELETE FROM reached WHERE reach = ?1 AND person = (SELECT person FROM message WHERE run = ?2 AND n = ?3) \
             AND at = (SELECT began_at + ?4 FROM row WHERE run = ?2 AND n = ?3 AND (state = 'failed' OR state = 'pending')) \
             AND messages = 1 AND at > ?5";
        reach.uncount(db, delete, &rows)
    }
}

fn next_end(db: &mut Db, reach: i64, since: i64) -> Result<i64, LedgerError> {
    let query = "SELECT min(at) FROM reached WHERE reach = ?1 AND at > ?2";
    Ok(db.one(query, &values![reach, since])?.opt_int(0)?.unwrap_or(since) + WINDOW)
}

impl Store {
    /// How many people count for a bot, and when the next of them stops counting.
    pub(crate) fn reached(&self, of: &ReachOf) -> Result<(u64, FullReach), LedgerError> {
        let mut db = self.db();
        let since = db.0.now()? - WINDOW;
        let query = "SELECT reach.id, count(*) FROM reach CROSS JOIN reached WHERE reach.bot = ?1 AND reach.address = ?2 \
                     AND reached.reach = reach.id AND reached.at > ?3 GROUP BY reach.id";
        let Some(row) = db.first(query, &values![&of.bot, &of.address, since])? else {
            return Ok((0, FullReach { until: since + WINDOW }));
        };
        Ok((row.count(1)?, FullReach { until: next_end(&mut db, row.int(0)?, since)? }))
    }

    /// Counts the person of a single send, unless that would be one more than the limit.
    pub(crate) fn reach(
        &self,
        of: &ReachOf,
        recipient: &str,
        limit: Option<u32>,
    ) -> Result<Result<ReachedPerson, FullReach>, LedgerError> {
        self.db().change(|db| {
            let reach = Reach::begin(db, of)?;
            if reach.room(limit) == 0 && !reach.has(db, recipient)? {
                return Ok(Err(FullReach { until: reach.until(db)? }));
            }
            let (person, now) = (hash_of_person(recipient), reach.since + WINDOW);
            reach.count(db, of, now, std::iter::once(recipient))?;
            Ok::<_, LedgerError>(Ok(ReachedPerson { store: self.clone(), person, at: now + of.lag }))
        })
    }
}

impl ReachedPerson {
    /// The message has certainly not left.
    pub(crate) fn take_back(&self, of: &ReachOf) -> Result<(), LedgerError> {
        self.store.db().change(|db| {
            let Some(reach) = Reach::lock(db, of)? else { return Ok(()) };
            let person = values![reach.bot, self.person, self.at, reach.since].to_vec();
            let delete =
                "DELETE FROM reached WHERE reach = ?1 AND person = ?2 AND at = ?3 AND messages = 1 AND at > ?4";
            reach.uncount(db, delete, &[person])
        })
    }
}

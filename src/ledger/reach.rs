//! How many different people a bot has reached with templates in the last 24 hours. WhatsApp limits that, and says nothing
//! when the limit is reached. A bot is counted from the first time that somebody limits it; from then on by every run, and by
//! every single send that has a limit. Messages are counted as they leave, which costs little; people only where there may be
//! too many of them.

use std::collections::HashSet;
use std::time::Duration;

use super::db::{Db, values};
use super::error::LedgerError;
use super::message::hash_of_person;
use super::model::RowState;
use super::store::Store;
use super::types::{Details, QueuedRow};
use crate::message::sends_template;

/// For how long a person counts after the last moment at which their message can arrive: 24 hours, in milliseconds.
const WINDOW: i64 = 24 * 60 * 60 * 1000;
/// For how long messages are kept: a clock that was wrong for some days does no harm.
const KEPT: i64 = 30 * WINDOW;
/// How many messages are written at once.
const AT_ONCE: usize = 10_000;

/// Whom a bot has reached, locked for the rest of a transaction.
pub(super) struct Reach {
    id: i64,
    /// At most so many different people count; they are counted anew once that matters.
    people: u64,
    /// Of the store's clock.
    now: i64,
}

/// The message of a single send, which was counted.
pub(crate) struct ReachedPerson {
    store: Store,
    reach: i64,
    at: i64,
    n: i64,
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
    /// Whom a bot has reached; none if nobody has ever limited it.
    pub(super) fn lock(db: &mut Db, of: &ReachOf) -> Result<Option<Self>, LedgerError> {
        let query = "SELECT id, people, at FROM reach WHERE bot = ?1 AND address = ?2 /*lock*/";
        let (Some(row), now) = db.0.lock(query, &values![&of.bot, &of.address])? else { return Ok(None) };
        let (id, before) = (row.int(0)?, row.int(2)?);
        if now < before {
            // The clock went back: nobody counts for longer than they would have.
            let query = "UPDATE reached SET at = at - ?2 WHERE reach = ?1 AND at > ?3";
            db.run(query, &values![id, before - now, before - WINDOW])?;
        }
        Ok(Some(Self { id, people: row.count(1)?, now }))
    }

    /// The same, for a bot that is limited from now on: what its runs have sent in the last 24 hours counts.
    pub(super) fn begin(db: &mut Db, of: &ReachOf) -> Result<Self, LedgerError> {
        let now = db.0.now()?;
        let made = db.run(
            "INSERT INTO reach (id, bot, address, people, at) VALUES (?1, ?2, ?3, 0, ?4) ON CONFLICT DO NOTHING",
            &values![fastrand::i64(1..), &of.bot, &of.address, now],
        )?;
        let mut reach = Self::lock(db, of)?.ok_or_else(|| LedgerError::damaged("a row is missing"))?;
        if made > 0 {
            reach.count_earlier(db, of)?;
        }
        Ok(reach)
    }

    fn count_earlier(&mut self, db: &mut Db, of: &ReachOf) -> Result<(), LedgerError> {
        let query = "SELECT began_at, row.run, row.n, number, person, path, body, state FROM run CROSS JOIN row \
                     CROSS JOIN message WHERE run.bot = ?1 AND run.address = ?2 AND run.sandbox = 0 AND run.changed_at > ?3 \
                     AND row.run = run.id AND row.began_at > ?3 AND message.run = row.run AND message.n = row.n";
        let mut reached = Vec::new();
        db.each_of(query, &values![&of.bot, &of.address, self.since() - of.lag], |row| {
            let may_have_left = match row.named(7, RowState::of_name)? {
                RowState::Sent | RowState::Unknown | RowState::Inflight => true,
                RowState::Pending | RowState::Failed | RowState::Skipped => false,
            };
            if may_have_left && sends_template(row.text(5)?, row.text(6)?) {
                let [began_at, run, n, number, person] =
                    [row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?, row.int(4)?];
                reached.push(values![self.id, began_at + of.lag, run, n, number, person].to_vec());
            }
            Ok(())
        })?;
        reached.chunks(AT_ONCE).try_for_each(|reached| db.each(ADD, reached).map(drop))?;
        self.people = reached.len() as u64;
        Ok(())
    }

    /// Who was reached after this time counts.
    fn since(&self) -> i64 {
        self.now - WINDOW
    }

    /// The people who count, if that many more may be too many.
    pub(super) fn crowd(&mut self, db: &mut Db, limit: u32, more: usize) -> Result<Option<HashSet<i64>>, LedgerError> {
        if self.people + more as u64 <= u64::from(limit) {
            return Ok(None);
        }
        let query = "SELECT person FROM reached WHERE reach = ?1 AND at > ?2";
        let people: HashSet<_> =
            db.rows(query, &values![self.id, self.since()], |row| row.int(0))?.into_iter().collect();
        self.people = people.len() as u64;
        db.run("DELETE FROM reached WHERE reach = ?1 AND at < ?2", &values![self.id, self.now - KEPT])?;
        Ok(Some(people))
    }

    /// When some people no longer count: a hundredth of the limit, so that they are not counted for each of them.
    pub(super) fn until(&self, db: &mut Db, limit: u32) -> Result<i64, LedgerError> {
        next_end(db, self.id, self.since(), limit)
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
        self.people += counted;
        self.write(db)
    }

    pub(super) fn write(&self, db: &mut Db) -> Result<(), LedgerError> {
        let query = "UPDATE reach SET people = ?2, at = ?3 WHERE id = ?1";
        db.run(query, &values![self.id, self.people, self.now]).map(drop)
    }

    /// Uncounts rows that ended here and have certainly not left: pending again, or rejected.
    pub(super) fn take_back(db: &mut Db, of: &ReachOf, run: i64, rows: &[i64]) -> Result<(), LedgerError> {
        if rows.is_empty() {
            return Ok(());
        }
        let Some(reach) = Self::lock(db, of)? else { return Ok(()) };
        let rows: Vec<_> = rows.iter().map(|n| values![reach.id, run, *n, of.lag].to_vec()).collect();
        db.each(
            "DELETE FROM reached WHERE reach = ?1 AND run = ?2 AND n = ?3 \
             AND at = (SELECT began_at + ?4 FROM row WHERE run = ?2 AND n = ?3 AND (state = 'failed' OR state = 'pending'))",
            &rows,
        )?;
        reach.write(db)
    }
}

/// Counts a message.
const ADD: &str = "INSERT INTO reached (reach, at, run, n, number, person) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
     ON CONFLICT DO NOTHING";

fn next_end(db: &mut Db, reach: i64, since: i64, limit: u32) -> Result<i64, LedgerError> {
    let query = "SELECT at FROM reached WHERE reach = ?1 AND at > ?2 ORDER BY at LIMIT 1 OFFSET ?3";
    let some = limit.div_ceil(100).saturating_sub(1);
    let end = db.first(query, &values![reach, since, i64::from(some)])?;
    Ok(end.map_or(Ok(since), |row| row.int(0))? + WINDOW)
}

impl Store {
    /// How many different people count for a bot, and when some of them no longer do, in milliseconds since 1970.
    pub(crate) fn reached(&self, of: &ReachOf, limit: u32) -> Result<(u64, i64), LedgerError> {
        let mut db = self.db();
        let now = db.0.now()?;
        let query = "SELECT id FROM reach WHERE bot = ?1 AND address = ?2";
        let Some(row) = db.first(query, &values![&of.bot, &of.address])? else { return Ok((0, now)) };
        let (id, since) = (row.int(0)?, now - WINDOW);
        let query = "SELECT count(DISTINCT person) FROM reached WHERE reach = ?1 AND at > ?2";
        Ok((db.one(query, &values![id, since])?.count(0)?, next_end(&mut db, id, since, limit)?))
    }

    /// Counts a single send, unless its recipient would be one more than the limit; then it returns when there is room.
    pub(crate) fn reach(
        &self,
        of: &ReachOf,
        recipient: &str,
        limit: Option<u32>,
    ) -> Result<Result<ReachedPerson, i64>, LedgerError> {
        let person = hash_of_person(recipient);
        self.db().change(|db| {
            let mut reach = Reach::begin(db, of)?;
            if let Some(limit) = limit
                && let Some(people) = reach.crowd(db, limit, 1)?
                && !people.contains(&person)
                && people.len() >= limit as usize
            {
                return Ok(Err(reach.until(db, limit)?));
            }
            let (at, n) = (reach.now + of.lag, fastrand::i64(1..));
            reach.people += db.run(ADD, &values![reach.id, at, 0_i64, n, 0_i64, person])?;
            reach.write(db)?;
            Ok::<_, LedgerError>(Ok(ReachedPerson { store: self.clone(), reach: reach.id, at, n }))
        })
    }
}

impl ReachedPerson {
    /// The message has certainly not left.
    pub(crate) fn take_back(&self) -> Result<(), LedgerError> {
        let delete = "DELETE FROM reached WHERE reach = ?1 AND at = ?2 AND run = 0 AND n = ?3";
        self.store.db().change(|db| db.run(delete, &values![self.reach, self.at, self.n])).map(drop)
    }
}

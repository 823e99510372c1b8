//! How many different people a bot has reached with templates in the last 24 hours. WhatsApp limits that, and says nothing
//! when the limit is reached. A bot is counted from the first time that somebody limits it; from then on by every run and
//! every single send that has a limit.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::db::{Db, values};
use super::error::LedgerError;
use super::message::hash_of_person;
use super::model::RowState;
use super::store::Store;
use super::types::{Details, QueuedRow, recipients_of};
use crate::message::sends_template;

/// For how long a person counts after the last moment at which their message can arrive: 24 hours, in milliseconds.
const WINDOW: i64 = 24 * 60 * 60 * 1000;

/// The people that count for a bot, locked for the rest of a transaction.
pub(super) struct Reach {
    bot: i64,
    people: i64,
    /// A person counts who is reached after this time.
    since: i64,
    /// Who was admitted in this transaction, and whether they counted before.
    admitted: BTreeMap<i64, bool>,
}

/// A limit that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FullReach {
    /// When the next person stops counting, in milliseconds since 1970.
    pub(crate) until: i64,
}

/// People who were counted for a single send.
pub(crate) struct ReachedPeople {
    store: Store,
    bot: i64,
    people: Vec<i64>,
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
        let mut reach = Self { bot: row.int(0)?, people: row.int(1)?, since: row.int(2)?, admitted: BTreeMap::new() };
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
        let query = "SELECT recipient, path, body, began_at, state FROM run CROSS JOIN row CROSS JOIN message \
                     WHERE run.bot = ?1 AND run.address = ?2 AND run.sandbox = 0 AND run.changed_at > ?3 \
                     AND row.run = run.id AND row.began_at > ?3 AND message.run = row.run AND message.n = row.n";
        let mut reached = BTreeMap::new();
        db.each_of(query, &values![&of.bot, &of.address, self.since - of.lag], |row| {
            let may_have_left = match row.named(4, RowState::of_name)? {
                RowState::Sent | RowState::Unknown | RowState::Inflight => true,
                RowState::Pending | RowState::Failed | RowState::Skipped => false,
            };
            if may_have_left && sends_template(row.text(1)?, row.text(2)?) {
                for recipient in recipients_of(row.text(0)?, row.text(2)?)? {
                    let last = reached.entry(hash_of_person(&recipient)).or_insert(0);
                    *last = (row.int(3)? + of.lag).max(*last);
                }
            }
            Ok(())
        })?;
        let rows: Vec<_> = reached.iter().map(|(person, at)| values![self.bot, *person, *at].to_vec()).collect();
        let query = "INSERT INTO reached (reach, person, first_at, at) VALUES (?1, ?2, ?3, ?3) ON CONFLICT DO NOTHING";
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
            let query = "UPDATE reached SET at = at - ?2, first_at = first_at - ?2 WHERE reach = ?1 AND at > ?3";
            db.run(query, &values![self.bot, self.since - since, self.since])?;
            let query = "SELECT count(*) FROM reached WHERE reach = ?1 AND at > ?2";
            self.people = db.one(query, &values![self.bot, since])?.int(0)?;
        }
        self.since = since;
        Ok(())
    }

    /// Counts everybody who gets this row, unless it would be more than the limit. A row that is not a template counts
    /// nobody.
    pub(super) fn admits(&mut self, db: &mut Db, row: &QueuedRow, limit: Option<u32>) -> Result<bool, LedgerError> {
        if !sends_template(&row.path, &row.body) {
            return Ok(true);
        }
        let people: Vec<_> = row.recipients()?.iter().map(|recipient| hash_of_person(recipient)).collect();
        self.admits_people(db, &people, limit)
    }

    fn admits_people(&mut self, db: &mut Db, people: &[i64], limit: Option<u32>) -> Result<bool, LedgerError> {
        let mut new = BTreeSet::new();
        for person in people {
            let query = "SELECT 1 FROM reached WHERE reach = ?1 AND person = ?2 AND at > ?3";
            if !self.admitted.contains_key(person) && !db.exists(query, &values![self.bot, *person, self.since])? {
                new.insert(*person);
            }
        }
        let more = i64::try_from(new.len()).unwrap_or(i64::MAX);
        // A message to more people than the limit leaves once nobody else counts.
        let is_full = limit.is_some_and(|limit| self.people > 0 && self.people + more > i64::from(limit));
        if is_full && more > 0 {
            return Ok(false);
        }
        self.people += more;
        for person in people {
            self.admitted.entry(*person).or_insert(!new.contains(person));
        }
        Ok(true)
    }

    /// When the next person stops counting.
    pub(super) fn until(&self, db: &mut Db) -> Result<i64, LedgerError> {
        next_end(db, self.bot, self.since)
    }

    /// Writes who was admitted by messages that leave now.
    pub(super) fn write(self, db: &mut Db, of: &ReachOf, now: i64) -> Result<(), LedgerError> {
        let at = now + of.lag;
        let rows: Vec<_> =
            self.admitted.keys().map(|person| values![self.bot, *person, at, self.since].to_vec()).collect();
        // Who counts already was counted first by an earlier message.
        db.each(
            "INSERT INTO reached (reach, person, first_at, at) VALUES (?1, ?2, ?3, ?3) ON CONFLICT (reach, person) \
             DO UPDATE SET first_at = CASE WHEN reached.at > ?4 THEN reached.first_at ELSE excluded.first_at END, \
             at = excluded.at",
            &rows,
        )?;
        self.write_count(db)
    }

    fn write_count(&self, db: &mut Db) -> Result<(), LedgerError> {
        let query = "UPDATE reach SET people = ?2, since = ?3 WHERE id = ?1";
        db.run(query, &values![self.bot, self.people, self.since]).map(drop)
    }

    /// Uncounts people whose message, by which they were to be reached until this time, has certainly not left.
    fn take_back(mut self, db: &mut Db, people: &[(i64, i64)]) -> Result<(), LedgerError> {
        let query = "DELETE FROM reached WHERE reach = ?1 AND person = ?2 AND at = ?3 AND first_at = ?3 AND at > ?4";
        let rows: Vec<_> =
            people.iter().map(|(person, at)| values![self.bot, *person, *at, self.since].to_vec()).collect();
        self.people -= i64::try_from(db.each(query, &rows)?).unwrap_or_default();
        self.write_count(db)
    }

    /// Uncounts the people of rows whose attempts ended here and have certainly not left: pending again, or rejected.
    pub(super) fn take_back_rows(db: &mut Db, of: &ReachOf, run: i64, rows: &[i64]) -> Result<(), LedgerError> {
        if rows.is_empty() {
            return Ok(());
        }
        let Some(reach) = Self::lock(db, of)? else { return Ok(()) };
        let mut people = Vec::new();
        for n in rows {
            let query = "SELECT recipient, body, began_at FROM row CROSS JOIN message WHERE row.run = ?1 AND row.n = ?2 \
                         AND (state = 'failed' OR state = 'pending') AND message.run = row.run AND message.n = row.n";
            if let Some(row) = db.first(query, &values![run, *n])? {
                let at = row.int(2)? + of.lag;
                let recipients = recipients_of(row.text(0)?, row.text(1)?)?;
                people.extend(recipients.iter().map(|recipient| (hash_of_person(recipient), at)));
            }
        }
        reach.take_back(db, &people)
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

    /// Counts the people of a single send, unless that would be more than the limit.
    pub(crate) fn reach(
        &self,
        of: &ReachOf,
        recipients: &[String],
        limit: Option<u32>,
    ) -> Result<Result<ReachedPeople, FullReach>, LedgerError> {
        let people: Vec<_> = recipients.iter().map(|recipient| hash_of_person(recipient)).collect();
        self.db().change(|db| {
            let mut reach = Reach::begin(db, of)?;
            if !reach.admits_people(db, &people, limit)? {
                return Ok(Err(FullReach { until: reach.until(db)? }));
            }
            let (bot, now) = (reach.bot, reach.since + WINDOW);
            reach.write(db, of, now)?;
            Ok::<_, LedgerError>(Ok(ReachedPeople {
                store: self.clone(),
                bot,
                people: people.clone(),
                at: now + of.lag,
            }))
        })
    }
}

impl ReachedPeople {
    /// The message has certainly not left.
    pub(crate) fn take_back(&self, of: &ReachOf) -> Result<(), LedgerError> {
        let people: Vec<_> = self.people.iter().map(|person| (*person, self.at)).collect();
        self.store.db().change(|db| match Reach::lock(db, of)? {
            Some(reach) if reach.bot == self.bot => reach.take_back(db, &people),
            _ => Ok(()),
        })
    }
}

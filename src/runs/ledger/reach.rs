//! How many different people a bot has reached with templates in the last 24 hours. WhatsApp limits that, and says nothing
//! when the limit is reached. Every run counts its templates, and so does every single send that has a limit. Messages are
//! counted as they leave, which costs little; people only where there may be too many of them.

use std::collections::HashMap;
use std::time::Duration;

use ring::digest::{SHA256, digest};

use super::db::{Db, values};
use super::draft::LedgerDraft;
use super::error::LedgerError;
use super::message::{eight_bytes, hash_recipient};
use super::open::Ledger;
use super::types::{RowToSend, RunSettings};

/// For how long a person counts after the last moment at which their message can arrive: 24 hours, in milliseconds.
const WINDOW: i64 = 24 * 60 * 60 * 1000;
/// For how long messages are kept: a clock that was wrong for some days does no harm.
const KEPT: i64 = 30 * WINDOW;

/// The count of a bot, locked for the rest of a transaction.
pub(super) struct Reach {
    id: i64,
    /// An upper bound of how many different people count.
    people: u64,
    /// Of the store's clock.
    now: i64,
}

/// The message of a single send, which was counted.
pub(crate) struct ReachedBySend {
    ledger: Ledger,
    reach: i64,
    at: i64,
    index: i64,
}

/// Whether a single send is within the limit of different people in 24 hours.
pub(crate) enum SendLimit {
    /// It was counted, and may leave.
    Counted(ReachedBySend),
    /// There is room again at this time, in milliseconds since 1970.
    Full { until: i64 },
}

#[cfg(test)]
impl SendLimit {
    pub(super) fn counted(self) -> Option<ReachedBySend> {
        match self {
            Self::Counted(reached) => Some(reached),
            Self::Full { .. } => None,
        }
    }

    pub(super) fn full_until(self) -> Option<i64> {
        match self {
            Self::Counted(_) => None,
            Self::Full { until } => Some(until),
        }
    }
}

/// The people who count for a bot, each with the last moment at which a message may reach them.
#[derive(Default)]
pub(crate) struct ReachedPeople {
    counted: HashMap<i64, i64>,
    /// Those who counted no more until the clock went back, and are not counted since. Each takes a place, but gets a message
    /// only where there is another one.
    doubtful: HashMap<i64, i64>,
}

/// A list under the limit of different people in 24 hours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DailyLimit {
    pub(crate) limit: u64,
    /// How many people of the list do not count yet.
    pub(crate) new: u64,
    /// For how many of them there is room now.
    pub(crate) room: u64,
}

impl DailyLimit {
    /// The limit of a run with these details, for the rows of `draft`. Without `store`, and in the sandbox, nobody counts
    /// yet. None if the run has no limit.
    pub(crate) fn for_draft(
        ledger: Option<&Ledger>,
        details: &RunSettings,
        draft: &LedgerDraft,
    ) -> Result<Option<Self>, LedgerError> {
        let Some(limit) = details.conditions.per_day else {
            return Ok(None);
        };
        let reached = match (ledger, ReachKey::for_run(details, Duration::ZERO)) {
            (Some(ledger), Some(of)) => ledger.reached(&of)?,
            _ => ReachedPeople::default(),
        };
        let limit = u64::from(limit);
        Ok(Some(Self {
            limit,
            new: reached.new_in(draft)?,
            room: limit.saturating_sub(reached.count()),
        }))
    }

    /// After how many times 24 hours, at the most, the last of the people has room.
    pub(crate) fn days_to_wait(&self) -> u64 {
        let later = self.new.saturating_sub(self.room);
        later.div_ceil(self.limit.max(1))
    }
}

/// The bot of a run or of a single send.
#[derive(Clone, Debug)]
pub(crate) struct ReachKey {
    id: i64,
    /// How long after a message was counted it may still arrive, in milliseconds.
    pub(super) lag: i64,
}

impl ReachKey {
    pub(crate) fn new(bot: &str, address: &str, lag: Duration) -> Self {
        let id = eight_bytes(&digest(&SHA256, format!("{bot}\n{address}").as_bytes()));
        Self {
            id,
            lag: i64::try_from(lag.as_millis()).unwrap_or(WINDOW).min(WINDOW),
        }
    }

    /// Forgets messages that count no more, and would not if the clock had been wrong for some days.
    pub(super) fn forget_old(&self, db: &mut Db, now: i64) -> Result<(), LedgerError> {
        db.run(
            "DELETE FROM reached WHERE reach = ?1 AND at < ?2",
            &values![self.id, now - KEPT],
        )
        .map(drop)
    }

    /// None in the sandbox, which does not count people.
    pub(crate) fn for_run(details: &RunSettings, lag: Duration) -> Option<Self> {
        (!details.sandbox).then(|| Self::new(&details.bot, &details.api_url, lag))
    }
}

impl Reach {
    /// Locks the count of a bot.
    pub(super) fn lock(db: &mut Db, of: &ReachKey) -> Result<Self, LedgerError> {
        let make = "INSERT INTO reach (id, people, at) VALUES (?1, 0, 0) ON CONFLICT DO NOTHING";
        db.run(make, &values![of.id])?;
        let (row, now) = db.0.lock(
            "SELECT people, at FROM reach WHERE id = ?1",
            &values![of.id],
        )?;
        let row = row.ok_or_else(|| LedgerError::damaged("a row is missing"))?;
        let people = row.count("people")?;
        let before = row.int("at")?;
        let mut reach = Self {
            id: of.id,
            people,
            now,
        };
        if now < before {
            reach.follow_clock(db, before)?;
            let query = "SELECT count(*) AS messages FROM reached WHERE reach = ?1 AND at > ?2";
            reach.people = db
                .one(query, &values![of.id, now - WINDOW])?
                .count("messages")?;
            reach.write(db)?;
        }
        Ok(reach)
    }

    /// The clock went back from `before`. Each recipient who counted then still counts for as long. A message that counted no
    /// more may be younger than it seemed, or as old: it takes a place again, and its recipient has none of it.
    fn follow_clock(&self, db: &mut Db, before: i64) -> Result<(), LedgerError> {
        let doubt = "UPDATE reached SET number = -1 - number \
                     WHERE reach = ?1 AND at > ?2 AND at <= ?3 AND number >= 0";
        db.run(doubt, &values![self.id, self.now - WINDOW, before - WINDOW])?;
        let shift = "UPDATE reached SET at = at - ?2 WHERE reach = ?1 AND at > ?3";
        db.run(shift, &values![self.id, before - self.now, before - WINDOW])?;
        Ok(())
    }

    /// The people who count, if `more` messages may exceed the limit.
    pub(super) fn people_near(
        &mut self,
        db: &mut Db,
        limit: u32,
        more: usize,
    ) -> Result<Option<ReachedPeople>, LedgerError> {
        if self.people + more as u64 <= u64::from(limit) {
            return Ok(None);
        }
        let people = ReachedPeople::read(db, self.id, self.now - WINDOW)?;
        self.people = people.count();
        Ok(Some(people))
    }

    /// Counts rows that leave `now`.
    pub(super) fn count<'r>(
        mut self,
        db: &mut Db,
        of: &ReachKey,
        run: i64,
        now: i64,
        mut rows: impl Iterator<Item = &'r RowToSend>,
    ) -> Result<(), LedgerError> {
        let mut counted = 0;
        db.0.fill("reached (reach, at, run, n, number, person)", &mut |each| {
            for row in &mut rows {
                counted += 1;
                each(&values![
                    self.id,
                    now + of.lag,
                    run,
                    row.index,
                    row.number,
                    hash_recipient(&row.recipient)
                ])?;
            }
            Ok(())
        })?;
        self.people += counted;
        self.write(db)
    }

    pub(super) fn write(&self, db: &mut Db) -> Result<(), LedgerError> {
        let query = "UPDATE reach SET people = ?2, at = ?3 WHERE id = ?1";
        db.run(query, &values![self.id, self.people, self.now])
            .map(drop)
    }

    /// Takes rows of a process out of the count that have certainly not left: pending again, or rejected. Returns how many it did.
    pub(super) fn take_back(
        db: &mut Db,
        of: &ReachKey,
        run: i64,
        rows: &[i64],
    ) -> Result<u64, LedgerError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let rows: Vec<_> = rows
            .iter()
            .map(|n| values![of.id, run, *n, of.lag].to_vec())
            .collect();
        db.each(
            "DELETE FROM reached WHERE reach = ?1 AND run = ?2 AND n = ?3 \
                AND at = (SELECT began_at + ?4 FROM row WHERE run = ?2 AND n = ?3 \
                AND (state = 'failed' OR state = 'pending'))",
            &rows,
        )
    }
}

impl Ledger {
    /// The people who count for a bot.
    pub(crate) fn reached(&self, of: &ReachKey) -> Result<ReachedPeople, LedgerError> {
        let mut db = self.db();
        let since = db.0.now()? - WINDOW;
        ReachedPeople::read(&mut db, of.id, since)
    }

    /// The places of those `recipients` that the limit has no room for, if all are sent to in order.
    pub(crate) fn without_room(
        &self,
        of: &ReachKey,
        recipients: &[&str],
        limit: u32,
    ) -> Result<Vec<usize>, LedgerError> {
        let mut people = self.reached(of)?;
        let now = self.now()?;
        let mut without = Vec::new();
        for (place, recipient) in recipients.iter().enumerate() {
            let person = hash_recipient(recipient);
            if people.admits(person, limit) {
                people.add(person, now);
            } else {
                without.push(place);
            }
        }
        Ok(without)
    }

    /// Counts a single send, unless its recipient would be one more than the limit.
    pub(crate) fn reach(
        &self,
        of: &ReachKey,
        recipient: &str,
        limit: Option<u32>,
    ) -> Result<SendLimit, LedgerError> {
        let person = hash_recipient(recipient);
        self.db().change(|db| {
            let mut reach = Reach::lock(db, of)?;
            if let Some(limit) = limit
                && let Some(people) = reach.people_near(db, limit, 1)?
                && !people.admits(person, limit)
            {
                let until = people.room_at(limit, 1);
                return Ok(SendLimit::Full { until });
            }
            let at = reach.now + of.lag;
            let index = fastrand::i64(1..);
            let add = "INSERT INTO reached (reach, at, run, n, number, person) \
                VALUES (?1, ?2, 0, ?3, 0, ?4)";
            reach.people += db.run(add, &values![reach.id, at, index, person])?;
            reach.write(db)?;
            let ledger = self.clone();
            let reached = ReachedBySend {
                ledger,
                reach: reach.id,
                at,
                index,
            };
            Ok::<_, LedgerError>(SendLimit::Counted(reached))
        })
    }
}

impl ReachedPeople {
    fn read(db: &mut Db, reach: i64, since: i64) -> Result<Self, LedgerError> {
        // The last message to a person replaces the ones before.
        let query =
            "SELECT person, at, number FROM reached WHERE reach = ?1 AND at > ?2 ORDER BY at";
        let mut people = Self::default();
        db.each_of(query, &values![reach, since], |row| {
            let person = row.int("person")?;
            let at = row.int("at")?;
            if row.int("number")? < 0 {
                people.doubtful.insert(person, at);
            } else {
                people.counted.insert(person, at);
            }
            Ok(())
        })?;
        let Self { counted, doubtful } = &mut people;
        doubtful.retain(|person, _| !counted.contains_key(person));
        Ok(people)
    }

    /// Counts a person whose message arrives at this time at the latest.
    pub(super) fn add(&mut self, person: i64, at: i64) {
        self.doubtful.remove(&person);
        self.counted.insert(person, at);
    }

    /// How many different people count.
    pub(crate) fn count(&self) -> u64 {
        (self.counted.len() + self.doubtful.len()) as u64
    }

    /// Whether a person may get a message: the person counts already, or there is room for one more.
    pub(super) fn admits(&self, person: i64, limit: u32) -> bool {
        self.counted.contains_key(&person) || self.count() < u64::from(limit)
    }

    /// When there is room again for `more` people, in milliseconds since 1970, if the limit is reached.
    pub(crate) fn room_at(&self, limit: u32, more: u32) -> i64 {
        let all = self.counted.values().chain(self.doubtful.values());
        let mut ends: Vec<_> = all.copied().collect();
        ends.sort_unstable();
        let too_many = ends.len().saturating_sub(limit as usize);
        let leaving = (too_many + more as usize).min(ends.len());
        leaving
            .checked_sub(1)
            .and_then(|last| ends.get(last))
            .copied()
            .unwrap_or_default()
            + WINDOW
    }

    /// How many different people of a draft do not count yet.
    fn new_in(&self, draft: &LedgerDraft) -> Result<u64, LedgerError> {
        let mut new = 0;
        draft.people(|person| new += u64::from(!self.counted.contains_key(&person)))?;
        Ok(new)
    }
}

impl ReachedBySend {
    /// The message has certainly not left.
    pub(crate) fn take_back(&self) -> Result<(), LedgerError> {
        let delete = "DELETE FROM reached WHERE reach = ?1 AND at = ?2 AND run = 0 AND n = ?3";
        self.ledger
            .db()
            .change(|db| db.run(delete, &values![self.reach, self.at, self.index]))
            .map(drop)
    }
}

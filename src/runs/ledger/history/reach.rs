//! Counts the different recipients that a bot has reached with templates in the last 24 hours.
//! WhatsApp limits their number, and reports nothing when the limit is reached. Every run counts
//! its templates. A single send is counted only if it has a limit. Counting messages when they are
//! sent is cheap; recipients are counted only near the limit.

use std::collections::HashMap;
use std::time::Duration;

use ring::digest::{SHA256, digest};

use super::draft::LedgerDraft;
use crate::base::clock::millis;
use crate::runs::ledger::db::{Db, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::message::{eight_bytes, hash_recipient};
use crate::runs::ledger::open::Ledger;
use crate::runs::ledger::types::{RowToSend, RunSettings};

/// In milliseconds: a recipient counts for 24 hours after the latest time when the message can
/// arrive.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How long messages are kept. A clock that is wrong for some days does no harm.
const KEPT: i64 = 30 * DAY_MS;

/// The counted messages.
pub(crate) const COUNTED: &str = "reached (reach, at, run, n, number, person)";
/// Writes the count of a bot: `reach, people, at`.
pub(crate) const WRITE_COUNT: &str = "UPDATE reach SET people = ?2, at = ?3 WHERE id = ?1";
/// Marks messages that had stopped counting before the clock went back, with a negative number: they may count again.
pub(crate) const MARK_UNCERTAIN: &str = "UPDATE reached SET number = -1 - number WHERE reach = ?1 \
    AND at > ?2 AND at <= ?3 AND number >= 0";
/// The messages after a time.
pub(crate) const RECENT: &str = "SELECT person, at, number FROM reached WHERE reach = ?1 \
    AND at > ?2 ORDER BY at";
/// Removes a row that was certainly not sent: `reach, run, n, lag`.
pub(crate) const REMOVE_UNSENT: &str = "DELETE FROM reached WHERE reach = ?1 AND run = ?2 AND n = ?3 \
    AND at = (SELECT began_at + ?4 FROM row WHERE run = ?2 AND n = ?3 \
    AND (state = 'failed' OR state = 'pending'))";

/// The count of a bot, locked for the rest of a transaction.
pub(crate) struct Reach {
    id: i64,
    /// An upper bound of the number of different recipients that count.
    people: u64,
    /// The time of the ledger's clock.
    now: i64,
}

/// The message of a single send, which was counted.
pub(crate) struct ReachEntry {
    ledger: Ledger,
    reach: i64,
    at: i64,
    index: i64,
}

/// Whether a single send is within the limit of different recipients in 24 hours.
pub(crate) enum SendLimit {
    /// The message was counted, and may be sent.
    Counted(ReachEntry),
    /// There is room again at this time, in milliseconds since 1970.
    Full { until: i64 },
}

#[cfg(test)]
impl SendLimit {
    pub(crate) fn counted(self) -> Option<ReachEntry> {
        match self {
            Self::Counted(reached) => Some(reached),
            Self::Full { .. } => None,
        }
    }

    pub(crate) fn full_until(self) -> Option<i64> {
        match self {
            Self::Counted(_) => None,
            Self::Full { until } => Some(until),
        }
    }
}

/// The recipients that count for a bot, each with the latest time when a message may arrive.
#[derive(Default)]
pub(crate) struct RecentRecipients {
    counted: HashMap<i64, i64>,
    /// Recipients that had stopped counting before the clock went back. Each takes up room, but
    /// gets a message only if there is more room.
    expired: HashMap<i64, i64>,
}

/// A list under the limit of different recipients in 24 hours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DailyLimit {
    pub(crate) limit: u64,
    /// The number of recipients of the list that do not count yet.
    pub(crate) new: u64,
    /// The number of them that have room now.
    pub(crate) room: u64,
}

impl DailyLimit {
    /// Computes the limit of a run with these details, for the rows of `draft`. Without `ledger`,
    /// and in the sandbox, no recipient counts yet. Returns None if the run has no limit.
    pub(crate) fn for_draft(
        ledger: Option<&Ledger>,
        details: &RunSettings,
        draft: &LedgerDraft,
    ) -> Result<Option<Self>, LedgerError> {
        let Some(limit) = details.conditions.per_day else {
            return Ok(None);
        };
        let reached = match (ledger, ReachKey::for_run(details, Duration::ZERO)) {
            (Some(ledger), Some(bot)) => ledger.reached(&bot)?,
            _ => RecentRecipients::default(),
        };
        let limit = u64::from(limit);
        Ok(Some(Self {
            limit,
            new: reached.new_in(draft)?,
            room: limit.saturating_sub(reached.count()),
        }))
    }

    /// Returns after how many periods of 24 hours, at most, the last recipient has room.
    pub(crate) fn days_to_wait(&self) -> u64 {
        let later = self.new.saturating_sub(self.room);
        later.div_ceil(self.limit.max(1))
    }
}

/// The bot of a run or of a single send.
#[derive(Clone, Debug)]
pub(crate) struct ReachKey {
    id: i64,
    /// The longest time between the count of a message and its arrival, in milliseconds.
    pub(crate) lag: i64,
}

impl ReachKey {
    pub(crate) fn new(bot: &str, address: &str, lag: Duration) -> Self {
        let id = eight_bytes(&digest(&SHA256, format!("{bot}\n{address}").as_bytes()));
        Self {
            id,
            lag: millis(lag).min(DAY_MS),
        }
    }

    /// Removes messages that no longer count, and would not even if the clock had been wrong for
    /// some days.
    pub(crate) fn remove_old(&self, db: &mut Db, now: i64) -> Result<(), LedgerError> {
        db.run(
            "DELETE FROM reached WHERE reach = ?1 AND at < ?2",
            &values![self.id, now - KEPT],
        )
        .map(drop)
    }

    /// Returns the bot of a run, or None in the sandbox, which does not count recipients.
    pub(crate) fn for_run(details: &RunSettings, lag: Duration) -> Option<Self> {
        (!details.sandbox).then(|| Self::new(&details.bot, &details.api_url, lag))
    }
}

impl Reach {
    /// Locks the count of a bot.
    pub(crate) fn lock(db: &mut Db, bot: &ReachKey) -> Result<Self, LedgerError> {
        let make = "INSERT INTO reach (id, people, at) VALUES (?1, 0, 0) ON CONFLICT DO NOTHING";
        db.run(make, &values![bot.id])?;
        let (row, now) = db.0.lock(
            "SELECT people, at FROM reach WHERE id = ?1",
            &values![bot.id],
        )?;
        let row = row.ok_or_else(|| LedgerError::damaged("a row is missing"))?;
        let people = row.count("people")?;
        let before = row.int("at")?;
        let mut reach = Self {
            id: bot.id,
            people,
            now,
        };
        if now < before {
            reach.follow_clock(db, before)?;
            let query = "SELECT count(*) AS messages FROM reached WHERE reach = ?1 AND at > ?2";
            reach.people = db
                .one(query, &values![bot.id, now - DAY_MS])?
                .count("messages")?;
            reach.write(db)?;
        }
        Ok(reach)
    }

    /// Corrects the count after the clock went back from `before`. Each recipient that counted then
    /// still counts for as long. A message that had stopped counting may be younger than it seemed,
    /// or as old. It takes up room again, but gives its recipient none.
    fn follow_clock(&self, db: &mut Db, before: i64) -> Result<(), LedgerError> {
        db.run(
            MARK_UNCERTAIN,
            &values![self.id, self.now - DAY_MS, before - DAY_MS],
        )?;
        let shift = "UPDATE reached SET at = at - ?2 WHERE reach = ?1 AND at > ?3";
        db.run(shift, &values![self.id, before - self.now, before - DAY_MS])?;
        Ok(())
    }

    /// Reads the recipients that count, if `more` messages may exceed the limit.
    pub(crate) fn people_near(
        &mut self,
        db: &mut Db,
        limit: u32,
        more: usize,
    ) -> Result<Option<RecentRecipients>, LedgerError> {
        if self.people + more as u64 <= u64::from(limit) {
            return Ok(None);
        }
        let people = RecentRecipients::read(db, self.id, self.now - DAY_MS)?;
        self.people = people.count();
        Ok(Some(people))
    }

    /// Counts rows that are sent `now`.
    pub(crate) fn count<'r>(
        mut self,
        db: &mut Db,
        bot: &ReachKey,
        run: i64,
        now: i64,
        mut rows: impl Iterator<Item = &'r RowToSend>,
    ) -> Result<(), LedgerError> {
        let mut counted = 0;
        db.0.fill(COUNTED, &mut |each| {
            for row in &mut rows {
                counted += 1;
                each(&values![
                    self.id,
                    now + bot.lag,
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

    pub(crate) fn write(&self, db: &mut Db) -> Result<(), LedgerError> {
        db.run(WRITE_COUNT, &values![self.id, self.people, self.now])
            .map(drop)
    }

    /// Removes rows of a process from the count that were certainly not sent: pending again, or
    /// rejected. Returns their number.
    pub(crate) fn take_back(
        db: &mut Db,
        bot: &ReachKey,
        run: i64,
        rows: &[i64],
    ) -> Result<u64, LedgerError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let rows: Vec<_> = rows
            .iter()
            .map(|n| values![bot.id, run, *n, bot.lag].to_vec())
            .collect();
        db.each(REMOVE_UNSENT, &rows)
    }
}

impl Ledger {
    /// Reads the recipients that count for a bot.
    pub(crate) fn reached(&self, bot: &ReachKey) -> Result<RecentRecipients, LedgerError> {
        let mut db = self.db();
        let since = db.0.now()? - DAY_MS;
        RecentRecipients::read(&mut db, bot.id, since)
    }

    /// Returns the indexes of the `recipients` without room under the limit, if all get a message
    /// in order.
    pub(crate) fn without_room(
        &self,
        bot: &ReachKey,
        recipients: &[&str],
        limit: u32,
    ) -> Result<Vec<usize>, LedgerError> {
        let mut people = self.reached(bot)?;
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

    /// Counts a single send, unless its recipient would exceed the limit.
    pub(crate) fn reach(
        &self,
        bot: &ReachKey,
        recipient: &str,
        limit: Option<u32>,
    ) -> Result<SendLimit, LedgerError> {
        let person = hash_recipient(recipient);
        self.db().change(|db| {
            let mut reach = Reach::lock(db, bot)?;
            if let Some(limit) = limit
                && let Some(people) = reach.people_near(db, limit, 1)?
                && !people.admits(person, limit)
            {
                let until = people.room_at(limit, 1);
                return Ok(SendLimit::Full { until });
            }
            let at = reach.now + bot.lag;
            let index = fastrand::i64(1..);
            let add = "INSERT INTO reached (reach, at, run, n, number, person) \
                VALUES (?1, ?2, 0, ?3, 0, ?4)";
            reach.people += db.run(add, &values![reach.id, at, index, person])?;
            reach.write(db)?;
            let ledger = self.clone();
            let reached = ReachEntry {
                ledger,
                reach: reach.id,
                at,
                index,
            };
            Ok::<_, LedgerError>(SendLimit::Counted(reached))
        })
    }
}

impl RecentRecipients {
    fn read(db: &mut Db, reach: i64, since: i64) -> Result<Self, LedgerError> {
        // The last message to a recipient replaces the earlier ones.
        let mut people = Self::default();
        db.for_each_row(RECENT, &values![reach, since], |row| {
            let person = row.int("person")?;
            let at = row.int("at")?;
            if row.int("number")? < 0 {
                people.expired.insert(person, at);
            } else {
                people.counted.insert(person, at);
            }
            Ok(())
        })?;
        let Self { counted, expired } = &mut people;
        expired.retain(|person, _| !counted.contains_key(person));
        Ok(people)
    }

    /// Counts a recipient with a message that arrives at this time at the latest.
    pub(crate) fn add(&mut self, person: i64, at: i64) {
        self.expired.remove(&person);
        self.counted.insert(person, at);
    }

    /// Returns the number of different recipients that count.
    pub(crate) fn count(&self) -> u64 {
        (self.counted.len() + self.expired.len()) as u64
    }

    /// Returns whether a recipient may get a message: the recipient counts already, or there is
    /// room for one more.
    pub(crate) fn admits(&self, person: i64, limit: u32) -> bool {
        self.counted.contains_key(&person) || self.count() < u64::from(limit)
    }

    /// Returns the time when there is room again for `more` recipients, in milliseconds since 1970,
    /// if the limit is reached.
    pub(crate) fn room_at(&self, limit: u32, more: u32) -> i64 {
        let all = self.counted.values().chain(self.expired.values());
        let mut ends: Vec<_> = all.copied().collect();
        ends.sort_unstable();
        let too_many = ends.len().saturating_sub(limit as usize);
        let leaving = (too_many + more as usize).min(ends.len());
        leaving
            .checked_sub(1)
            .and_then(|last| ends.get(last))
            .copied()
            .unwrap_or_default()
            + DAY_MS
    }

    /// Counts the different recipients of a draft that do not count yet.
    fn new_in(&self, draft: &LedgerDraft) -> Result<u64, LedgerError> {
        let mut new = 0;
        draft.people(|person| new += u64::from(!self.counted.contains_key(&person)))?;
        Ok(new)
    }
}

impl ReachEntry {
    /// Removes the message from the count, because it was certainly not sent.
    pub(crate) fn take_back(&self) -> Result<(), LedgerError> {
        let delete = "DELETE FROM reached WHERE reach = ?1 AND at = ?2 AND run = 0 AND n = ?3";
        self.ledger
            .db()
            .change(|db| db.run(delete, &values![self.reach, self.at, self.index]))
            .map(drop)
    }
}

//! Chooses the rows to send now.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Worker;
use crate::jelou::message::sends_template;
use crate::runs::ledger::db::{Db, SqlRow, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::exclusions::{EXCLUSION_OF_ROW, excluded_in_ledger};
use crate::runs::ledger::history::reach::{Reach, RecentRecipients};
use crate::runs::ledger::message::{compute_checksum, hash_recipient};
use crate::runs::ledger::model::SkipDetail;
use crate::runs::ledger::rows::transitions::{LockedRun, RECIPIENT_GAP};
use crate::runs::ledger::run::row_to_send;
use crate::runs::ledger::types::{ExchangeReply, RowToSend};

/// The time of a row in a run with several rows for one recipient. It is after the earlier open
/// rows of the recipient. At most 100 of them are counted. Without open rows, it is some time after
/// the last one.
const ROW_TIME: &str = "CASE WHEN CAST(?4 AS BIGINT) = 1 THEN coalesce((SELECT CASE \
    WHEN count(*) > 0 THEN ?5 + ?6 * count(*) END FROM (SELECT 1 FROM known \
    CROSS JOIN row AS other WHERE known.person = message.person AND known.run = message.run \
    AND other.run = known.run AND other.n = known.n AND (other.state = 'inflight' \
    OR other.state = 'pending' AND other.n < row.n) LIMIT 100) AS earlier), \
    (SELECT max(other.at) + ?6 FROM known CROSS JOIN row AS other \
    WHERE known.person = message.person AND known.run = message.run \
    AND other.run = known.run AND other.n = known.n AND other.state <> 'pending' \
    AND other.began_at IS NOT NULL AND other.at <= ?5)) END";
/// The rows that are due.
static DUE: LazyLock<String> =
    LazyLock::new(|| pending_rows("due_at > 0 AND due_at <= ?2 ORDER BY run, due_at, n"));
/// The rows without an attempt, in the order of the list.
static FRESH: LazyLock<String> =
    LazyLock::new(|| pending_rows("n > ?2 AND due_at = 0 ORDER BY run, n"));
/// Assigns the rows of a range to this process, if they are due by a given time.
pub(crate) const ASSIGN: &str = "UPDATE row SET state = 'inflight', number = number + 1, worker = ?5, \
    at = ?6, began_at = ?6, ended_at = NULL, attempts = attempts + 1 WHERE run = ?1 \
    AND n > ?2 AND n <= ?3 AND state = 'pending' AND due_at <= ?4";
/// Makes a row wait until a time.
const HOLD: &str = "UPDATE row SET due_at = ?3 WHERE run = ?1 AND n = ?2 AND state = 'pending'";

/// Returns a query of pending rows. The limit comes before the join, because PostgreSQL may otherwise read all remaining
/// rows.
fn pending_rows(condition: &str) -> String {
    format!(
        "SELECT row.n, number, line, recipient, path, body, fingerprint, checksum, \
            {ROW_TIME} AS row_time, {EXCLUSION_OF_ROW} AS excluded FROM (SELECT run, n, number FROM row WHERE run = ?1 \
            AND state = 'pending' AND {condition} LIMIT ?3) AS row \
            CROSS JOIN message WHERE message.run = row.run AND message.n = row.n"
    )
}

impl Worker {
    /// Assigns at most `wanted` rows to this process, or none if the request of one was changed.
    /// With `may_be_fresh`, this includes rows without an attempt. Returns how many other rows it
    /// read: they wait for an earlier row of their recipient, or their recipient is excluded.
    pub(super) fn assign_rows(
        &mut self,
        db: &mut Db,
        run: &mut LockedRun,
        wanted: usize,
        may_be_fresh: bool,
        reply: &mut ExchangeReply,
    ) -> Result<usize, LedgerError> {
        let mut ready = ReadyRows::read(db, run, wanted, may_be_fresh)?;
        if let Some(line) = ready.changed_line {
            let problem = format!("the request of line {line} has changed since the list was read");
            reply.problem = Some(LedgerError::damaged(problem));
            return Ok(0);
        }
        let holds: Vec<_> = ready
            .early
            .iter()
            .map(|(index, time)| values![run.id, *index, *time].to_vec())
            .collect();
        db.each(HOLD, &holds)?;
        if !ready.excluded.is_empty() {
            run.skip(db, &ready.excluded)?;
        }
        let others = ready.early.len() + ready.excluded.len();
        self.hold_back(db, run.now, &mut ready)?;
        reply.rows = self.mark_in_flight(db, run, ready)?;
        Ok(others)
    }

    /// Holds back rows with recipients above the bot's limit.
    fn hold_back(
        &mut self,
        db: &mut Db,
        now: i64,
        ready: &mut ReadyRows,
    ) -> Result<(), LedgerError> {
        let Some(bot) = self.reach.as_ref().filter(|_| ready.rows().any(is_counted)) else {
            return Ok(());
        };
        let mut reach = Reach::lock(db, bot)?;
        let all = ready.rows().count();
        if let Some(limit) = self.limit
            && let Some(mut people) = reach.people_near(db, limit, all)?
        {
            let held = ready.keep_within(limit, &mut people, now + bot.lag);
            if ready.rows().count() < all {
                // If room for one recipient were enough, all recipients would be counted again for
                // each one.
                self.held_until = people.room_at(limit, limit.div_ceil(100)).max(now + 1);
            }
            let holds: Vec<_> = held
                .iter()
                .map(|row| values![self.run.id, row.index, self.held_until].to_vec())
                .collect();
            db.each(HOLD, &holds)?;
        }
        let counted = ready.rows().filter(|row| is_counted(row));
        reach.count(db, bot, self.run.id, now, counted)
    }

    /// Marks the rows as in flight in this process, and returns them in the order of the list.
    fn mark_in_flight(
        &self,
        db: &mut Db,
        run: &mut LockedRun,
        ready: ReadyRows,
    ) -> Result<Vec<RowToSend>, LedgerError> {
        let range = |after: i64, last: i64, due: i64| {
            values![run.id, after, last, due, self.id, run.now].to_vec()
        };
        let due_rows = ready.due.iter();
        let mut ranges: Vec<_> = due_rows
            .map(|row| range(row.index - 1, row.index, run.now))
            .collect();
        // All fresh rows of this range have been read.
        ranges.extend(ready.fresh_to.map(|last| range(run.taken, last, 0)));
        run.taken = ready.fresh_to.unwrap_or(run.taken);
        let mut rows = ready.due;
        rows.extend(ready.fresh);
        rows.sort_by_key(|row| row.index);
        let marked = run.update_rows(db, ASSIGN, &ranges)?;
        if marked != rows.len() as u64 {
            // An unmarked row could be sent twice. This error undoes every mark, so that no row is
            // sent.
            return Err(LedgerError::not_marked(marked, rows.len()));
        }
        Ok(rows)
    }
}

/// Rows that may be sent now.
struct ReadyRows {
    /// Rows that are due after an attempt, or after a wait for another row.
    due: Vec<RowToSend>,
    /// Rows without an attempt, in the order of the list.
    fresh: Vec<RowToSend>,
    /// The last row of the range of fresh rows.
    fresh_to: Option<i64>,
    /// Other rows, which wait for an earlier row of their recipient: when each may be sent.
    early: HashMap<i64, i64>,
    /// Rows of recipients that the ledger excludes.
    excluded: Vec<(i64, SkipDetail)>,
    /// The line of a row with another request than when the list was read.
    changed_line: Option<u64>,
}

impl ReadyRows {
    /// Reads at most `wanted` rows. With `may_be_fresh`, this includes rows without an attempt.
    fn read(
        db: &mut Db,
        run: &LockedRun,
        wanted: usize,
        may_be_fresh: bool,
    ) -> Result<Self, LedgerError> {
        let mut changed_line = None;
        let mut early = HashMap::new();
        let mut excluded = Vec::new();
        let mut read = |mut row: SqlRow| {
            let fingerprint = row.int("fingerprint")?;
            let checksum = row.int("checksum")?;
            let time = row.opt_int("row_time")?;
            let is_excluded = row.is_set("excluded")?;
            let row = row_to_send(&mut row)?;
            if compute_checksum(&row.request(), fingerprint, row.index, row.line) != checksum {
                changed_line = Some(row.line);
            }
            if is_excluded {
                excluded.push((row.index, excluded_in_ledger()));
            } else if let Some(time) = time.filter(|time| *time > run.now) {
                early.insert(row.index, time);
            }
            Ok(row)
        };
        let repeats = i64::from(run.repeats);
        let range = |from: i64, max: usize| {
            let sandbox = i64::from(run.sandbox);
            values![
                run.id,
                from,
                max as u64,
                repeats,
                run.now,
                RECIPIENT_GAP,
                sandbox
            ]
        };
        let mut due = db.rows(&DUE, &range(run.now, wanted), &mut read)?;
        let left = if may_be_fresh { wanted - due.len() } else { 0 };
        let mut fresh = match left {
            0 => Vec::new(),
            left => db.rows(&FRESH, &range(run.taken, left), &mut read)?,
        };
        let fresh_to = fresh.iter().map(|row| row.index).max();
        let is_ready = |row: &RowToSend| {
            let is_excluded = excluded.iter().any(|(index, _)| *index == row.index);
            !is_excluded && !early.contains_key(&row.index)
        };
        due.retain(is_ready);
        fresh.retain(is_ready);
        Ok(Self {
            due,
            fresh,
            fresh_to,
            early,
            excluded,
            changed_line,
        })
    }

    fn rows(&self) -> impl Iterator<Item = &RowToSend> {
        self.due.iter().chain(&self.fresh)
    }

    /// Keeps the rows with room under the limit. `at` is the latest time when their messages can
    /// arrive. Fresh rows are sent in the order of the list, so all of them wait from the first one
    /// without room on. Returns the due rows without room.
    fn keep_within(
        &mut self,
        limit: u32,
        people: &mut RecentRecipients,
        at: i64,
    ) -> Vec<RowToSend> {
        let mut has_room = |row: &RowToSend| {
            if !is_counted(row) {
                return true;
            }
            let person = hash_recipient(&row.recipient);
            let is_admitted = people.admits(person, limit);
            if is_admitted {
                people.add(person, at);
            }
            is_admitted
        };
        let due = std::mem::take(&mut self.due);
        let (kept, held) = due.into_iter().partition(&mut has_room);
        self.due = kept;
        let first_held = self.fresh.iter().position(|row| !has_room(row));
        if let Some(first_held) = first_held {
            self.fresh.truncate(first_held);
            self.fresh_to = self.fresh.iter().map(|row| row.index).max();
        }
        held
    }
}

/// Returns whether the messaging limit counts the recipient of a row.
fn is_counted(row: &RowToSend) -> bool {
    sends_template(&row.path, &row.body)
}

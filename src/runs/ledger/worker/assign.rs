//! Chooses the rows to send now.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Worker;
use crate::jelou::message::sends_template;
use crate::runs::ledger::db::{Db, SqlRow, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::message::{checksum_of, hash_recipient};
use crate::runs::ledger::reach::Reach;
use crate::runs::ledger::run::queued;
use crate::runs::ledger::transitions::{LockedRun, RECIPIENT_GAP};
use crate::runs::ledger::types::{ExchangeReply, RowToSend};

/// The time of a row in a run with several rows for one recipient. It is after the recipient's
/// earlier open rows, of which at most 100 are counted. Without open rows, it is some time after
/// the last one.
const TURN: &str = "CASE WHEN CAST(?4 AS BIGINT) = 1 THEN coalesce((SELECT CASE \
    WHEN count(*) > 0 THEN ?5 + ?6 * count(*) END FROM (SELECT 1 FROM known \
    CROSS JOIN row AS other WHERE known.person = message.person AND known.run = message.run \
    AND other.run = known.run AND other.n = known.n AND (other.state = 'inflight' \
    OR other.state = 'pending' AND other.n < row.n) LIMIT 100) AS earlier), \
    (SELECT max(other.at) + ?6 FROM known CROSS JOIN row AS other \
    WHERE known.person = message.person AND known.run = message.run \
    AND other.run = known.run AND other.n = known.n AND other.state <> 'pending' \
    AND other.began_at IS NOT NULL AND other.at <= ?5)) END";
/// The rows that are due. The limit comes before the join, because PostgreSQL may otherwise read
/// all remaining rows.
static DUE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT row.n, number, line, recipient, path, body, fingerprint, checksum, \
            {TURN} AS turn FROM (SELECT run, n, number FROM row WHERE run = ?1 \
            AND state = 'pending' AND due_at > 0 AND due_at <= ?2 ORDER BY run, due_at, n \
            LIMIT ?3) AS row CROSS JOIN message WHERE message.run = row.run \
            AND message.n = row.n"
    )
});
/// The rows without an attempt, in the order of the list.
static FRESH: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT row.n, number, line, recipient, path, body, fingerprint, checksum, \
            {TURN} AS turn FROM (SELECT run, n, number FROM row WHERE run = ?1 \
            AND state = 'pending' AND n > ?2 AND due_at = 0 ORDER BY run, n LIMIT ?3) AS row \
            CROSS JOIN message WHERE message.run = row.run AND message.n = row.n"
    )
});
/// Assigns the rows of a range to this process, if they are due by a given time.
const GIVE: &str = "UPDATE row SET state = 'inflight', number = number + 1, worker = ?5, \
    at = ?6, began_at = ?6, ended_at = NULL, attempts = attempts + 1 WHERE run = ?1 \
    AND n > ?2 AND n <= ?3 AND state = 'pending' AND due_at <= ?4";
/// Makes a row wait until a time.
const HOLD: &str = "UPDATE row SET due_at = ?3 WHERE run = ?1 AND n = ?2 AND state = 'pending'";

impl Worker {
    /// Assigns at most `wanted` rows to this process, or none if the request of one was changed.
    /// With `may_be_fresh`, this includes rows without an attempt. Returns how many other rows wait
    /// for an earlier row of their recipient.
    pub(super) fn assign_rows(
        &mut self,
        db: &mut Db,
        run: &mut LockedRun,
        wanted: usize,
        may_be_fresh: bool,
        reply: &mut ExchangeReply,
    ) -> Result<usize, LedgerError> {
        let mut changed = None;
        let mut early = HashMap::new();
        let mut read = |mut row: SqlRow| {
            let fingerprint = row.int("fingerprint")?;
            let checksum = row.int("checksum")?;
            let turn = row.opt_int("turn")?;
            let row = queued(&mut row)?;
            if checksum_of(&row.request(), fingerprint, row.index, row.line) != checksum {
                changed = Some(row.line);
            }
            if let Some(turn) = turn.filter(|turn| *turn > run.now) {
                early.insert(row.index, turn);
            }
            Ok(row)
        };
        let repeats = i64::from(run.repeats);
        let from_to = |from: i64, max: usize| {
            values![run.id, from, max as u64, repeats, run.now, RECIPIENT_GAP]
        };
        let mut rows = db.rows(&DUE, &from_to(run.now, wanted), &mut read)?;
        let left = if may_be_fresh { wanted - rows.len() } else { 0 };
        let mut fresh = match left {
            0 => Vec::new(),
            left => db.rows(&FRESH, &from_to(run.taken, left), &mut read)?,
        };
        if let Some(line) = changed {
            let problem = format!("the request of line {line} has changed since the list was read");
            reply.problem = Some(LedgerError::damaged(problem));
            return Ok(0);
        }
        let read_to = fresh.iter().map(|row| row.index).max();
        rows.retain(|row| !early.contains_key(&row.index));
        fresh.retain(|row| !early.contains_key(&row.index));
        db.each(
            HOLD,
            &early
                .iter()
                .map(|(n, due)| values![run.id, *n, *due].to_vec())
                .collect::<Vec<_>>(),
        )?;
        let all = fresh.len();
        self.hold_back(db, run.now, &mut rows, &mut fresh)?;
        let give = |after: i64, last: i64, due: i64| {
            values![run.id, after, last, due, self.id, run.now].to_vec()
        };
        let mut given: Vec<_> = rows
            .iter()
            .map(|row| give(row.index - 1, row.index, run.now))
            .collect();
        // All fresh rows of this range have been read.
        let last = if fresh.len() < all {
            fresh.iter().map(|row| row.index).max()
        } else {
            read_to
        };
        given.extend(last.map(|last| give(run.taken, last, 0)));
        rows.extend(fresh);
        rows.sort_by_key(|row| row.index);
        run.taken = last.unwrap_or(run.taken);
        let under_way = run.update_rows(db, GIVE, &given)?;
        if under_way != rows.len() as u64 {
            // An unmarked row could be sent twice. This error marks none of the rows, and none is
            // sent.
            return Err(LedgerError::not_marked(under_way, rows.len()));
        }
        reply.rows = rows;
        Ok(early.len())
    }

    /// Holds back rows with recipients above the bot's limit. Fresh rows are sent in the order of
    /// the list, so all of them wait from the first such row on.
    fn hold_back(
        &mut self,
        db: &mut Db,
        now: i64,
        rows: &mut Vec<RowToSend>,
        fresh: &mut Vec<RowToSend>,
    ) -> Result<(), LedgerError> {
        let is_counted = |row: &&RowToSend| sends_template(&row.path, &row.body);
        let Some(of) = self
            .reach
            .as_ref()
            .filter(|_| rows.iter().chain(&*fresh).any(|row| is_counted(&row)))
        else {
            return Ok(());
        };
        let mut reach = Reach::lock(db, of)?;
        let all = rows.len() + fresh.len();
        if let Some(limit) = self.limit
            && let Some(mut people) = reach.people_near(db, limit, all)?
        {
            let at = now + of.lag;
            let mut fits = |row: &RowToSend| {
                let person = hash_recipient(&row.recipient);
                let fits = !is_counted(&row) || people.admits(person, limit);
                if fits && is_counted(&row) {
                    people.add(person, at);
                }
                fits
            };
            let (fitting, held): (Vec<_>, Vec<_>) = rows.drain(..).partition(&mut fits);
            *rows = fitting;
            let last = fresh
                .iter()
                .position(|row| !fits(row))
                .unwrap_or(fresh.len());
            fresh.truncate(last);
            if rows.len() + fresh.len() < all {
                // If room for one recipient were enough, all recipients would be counted again for
                // each one.
                self.held_until = people.room_at(limit, limit.div_ceil(100)).max(now + 1);
            }
            let held: Vec<_> = held
                .iter()
                .map(|row| values![self.run.id, row.index, self.held_until].to_vec())
                .collect();
            db.each(HOLD, &held)?;
        }
        reach.count(
            db,
            of,
            self.run.id,
            now,
            rows.iter().chain(&*fresh).filter(is_counted),
        )
    }
}

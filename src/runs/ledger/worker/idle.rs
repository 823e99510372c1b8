//! A process that has nothing to write checks whether others have changed the run. It writes only
//! from time to time, to show that it is alive. A run that waits all night must not keep the disk
//! busy.

use super::idle_state::{IdleState, RunTerms};
use super::{POLL_EVERY, Worker};
use crate::base::clock;
use crate::runs::ledger::db::{Db, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::joined_workers::JoinedWorkers;
use crate::runs::ledger::types::ExchangeReply;

/// An idle process writes that it is alive once in this part of its lease.
const PARTS_OF_LEASE: i64 = 3;

impl Worker {
    /// Returns the reply for a process that has nothing to write and needs no rows; None if an
    /// exchange must write.
    pub(super) fn idle_reply(&mut self) -> Result<Option<ExchangeReply>, LedgerError> {
        let Some(last) = self.idle_state.clone() else {
            return Ok(None);
        };
        let run = self.run.clone();
        let is_idle = run
            .ledger
            .db()
            .read_transaction(|db| self.is_idle(db, &last.terms))?;
        if !is_idle {
            return Ok(None);
        }
        let IdleState {
            mut next,
            held_until,
            ..
        } = last;
        // Other processes may return rows in the meantime.
        if self.others == Some(true) && held_until.is_none() {
            let soon = clock::instant() + POLL_EVERY;
            next = next.map(|(at, delay)| (at.min(soon), delay));
        }
        Ok(Some(ExchangeReply {
            next,
            held_until,
            counts: self.counts(false),
            ..ExchangeReply::default()
        }))
    }

    /// Returns whether the process can stay idle. The terms of the run must be the same, its sign
    /// of life recent, and no lost process may have rows in flight.
    fn is_idle(&mut self, db: &mut Db, terms: &RunTerms) -> Result<bool, LedgerError> {
        let now = db.0.now()?;
        let query = "SELECT connection, exchanges, seen_at, lease_ms FROM worker \
                     WHERE id = ?1 AND stopped_at IS NULL AND left_at IS NULL";
        let Some(own) = db.first(query, &values![self.id])? else {
            return Ok(false);
        };
        let seen_at = own.int("seen_at")?;
        let is_current =
            own.int("connection")? == self.connection && own.int("exchanges")? == self.exchanges;
        let is_heard = (seen_at..seen_at + own.int("lease_ms")? / PARTS_OF_LEASE).contains(&now);
        let is_held = self.held_until == 0 || now < self.held_until;
        if !(is_current && is_heard && is_held) {
            return Ok(false);
        }
        let is_unchanged = RunTerms::read(db, self.run.id)?.is_some_and(|found| found == *terms)
            && terms.identity == db.0.identity();
        let joined = JoinedWorkers::read(db)?;
        if !is_unchanged || !joined.is_alive(Some(self.id)) {
            return Ok(false);
        }
        let query = "SELECT DISTINCT worker FROM row WHERE run = ?1 AND state = 'inflight'";
        let senders = db.rows(query, &values![self.run.id], |row| row.opt_int("worker"))?;
        if senders
            .into_iter()
            .any(|sender| joined.lost_reason(sender).is_some())
        {
            return Ok(false);
        }
        self.look_for_others(db, now)?;
        Ok(true)
    }
}

//! The result of an exchange that a process uses while it has nothing to write.

use std::time::Instant;

use crate::runs::ledger::db::{Db, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::pace::Pace;
use crate::runs::ledger::rows::transitions::LockedRun;
use crate::runs::ledger::types::{Delay, ExchangeReply};

/// The result of the newest exchange that wrote. While it is valid, another exchange would write
/// nothing new.
#[derive(Clone, Debug)]
pub(crate) struct IdleState {
    pub(crate) terms: RunTerms,
    pub(crate) next: Option<(Instant, Delay)>,
    pub(crate) held_until: Option<Instant>,
}

/// The parts of a run that others may change while a process sends it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RunTerms {
    pub(crate) identity: String,
    is_paused: bool,
    is_cancelled: bool,
    is_finished: bool,
    /// The full rate, in rows a second.
    rate: f64,
}

impl RunTerms {
    pub(crate) fn read(db: &mut Db, run: i64) -> Result<Option<Self>, LedgerError> {
        let query =
            "SELECT identity, paused, cancelled_at, finished_at, pace FROM run WHERE id = ?1";
        let Some(mut row) = db.first(query, &values![run])? else {
            return Ok(None);
        };
        let pace: Pace = row.json("pace")?;
        Ok(Some(Self {
            identity: row.take_text("identity")?,
            is_paused: row.opt_text("paused")?.is_some(),
            is_cancelled: row.opt_int("cancelled_at")?.is_some(),
            is_finished: row.opt_int("finished_at")?.is_some(),
            rate: pace.full,
        }))
    }
}

impl IdleState {
    /// Returns what is valid after an exchange with `reply`; None if the next exchange must write,
    /// too.
    pub(crate) fn after(run: &LockedRun, reply: &ExchangeReply) -> Option<Self> {
        let terms = RunTerms {
            identity: run.identity.clone(),
            is_paused: run.pause.is_some(),
            is_cancelled: run.cancellation.is_some(),
            is_finished: run.finished_at.is_some(),
            rate: run.pace.full,
        };
        let goes_on = !terms.is_paused && !terms.is_cancelled && !terms.is_finished;
        (goes_on && !reply.was_lost).then_some(Self {
            terms,
            next: reply.next,
            held_until: reply.held_until,
        })
    }
}

//! How long the next row must wait: for the pace, for the messaging limit, for a retry, or for an
//! earlier row of its recipient.

use std::time::Duration;

use super::{POLL_EVERY, Worker};
use crate::base::clock;
use crate::jelou::api::PAIR_RATE_LIMIT;
use crate::runs::ledger::db::{Db, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::pace::moment;
use crate::runs::ledger::rows::transitions::LockedRun;
use crate::runs::ledger::types::{Delay, ExchangeReply};

/// In milliseconds. A row with a shorter wait is sent immediately, because each wait takes at least
/// a whole one.
const SHORTEST_WAIT: f64 = 0.1;

/// How long the next row must wait, and why. If several reasons apply, the greatest value counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowWait {
    pub(super) millis: i64,
    pub(super) delay: Delay,
}

impl Worker {
    /// Returns how long the messaging limit still holds back rows; None if it holds back none.
    pub(super) fn limit_wait(&self, now: i64) -> Option<RowWait> {
        let millis = self.held_until - now;
        (millis > 0).then_some(RowWait {
            millis,
            delay: Delay::MessagingLimit,
        })
    }

    /// Converts the waits to times of this process, and adds them to the reply. A paused or stale run
    /// has no next row.
    pub(super) fn add_waits(
        &self,
        reply: &mut ExchangeReply,
        next: RowWait,
        limit_wait: Option<RowWait>,
    ) {
        // Other processes may return rows in the meantime.
        let may_be_sooner = self.others == Some(true) && limit_wait.is_none();
        let longest = if may_be_sooner {
            POLL_EVERY
        } else {
            Duration::MAX
        };
        let after = |wait: RowWait| {
            let wait = Duration::from_millis(wait.millis.unsigned_abs());
            clock::instant() + wait.min(longest)
        };
        let has_next = reply.pause.is_none() && reply.problem.is_none();
        reply.next = has_next.then(|| (after(next), next.delay));
        reply.held_until = limit_wait.map(after);
    }
}

/// Returns the wait for the pace of the run.
pub(super) fn pace_wait(run: &LockedRun) -> RowWait {
    let now = moment(run.now);
    let ready_at = run.pace.ready_at();
    if ready_at <= now + SHORTEST_WAIT {
        return RowWait {
            millis: 0,
            delay: Delay::Pace,
        };
    }
    // A stop by the API is a retry. Otherwise only the rate delays the row.
    let delay = if run.pace.stopped_until > now {
        Delay::Retry
    } else {
        Delay::Pace
    };
    RowWait {
        millis: whole_milliseconds(ready_at - now),
        delay,
    }
}

/// Returns the wait of the next row in the ledger, which may wait for the messaging limit.
pub(super) fn row_wait(
    db: &mut Db,
    run: &LockedRun,
    limit_wait: Option<RowWait>,
) -> Result<RowWait, LedgerError> {
    let waits = limit_wait.into_iter().chain(due_wait(db, run)?);
    let next = waits.min_by_key(|wait| wait.millis).unwrap_or(RowWait {
        millis: 1000,
        delay: Delay::Retry,
    });
    Ok(RowWait {
        millis: next.millis.max(1),
        ..next
    })
}

/// Returns the shortest wait of a row that was tried or that waits for another row. A wait because
/// of a recent message to the same recipient is not reported as a retry.
fn due_wait(db: &mut Db, run: &LockedRun) -> Result<Option<RowWait>, LedgerError> {
    let query = "SELECT due_at, attempts, api_code FROM row WHERE run = ?1 \
        AND state = 'pending' AND due_at > 0 ORDER BY due_at LIMIT 1";
    let Some(row) = db.first(query, &values![run.id])? else {
        return Ok(None);
    };
    let is_of_recipient =
        row.int("attempts")? == 0 || row.opt_text("api_code")? == Some(PAIR_RATE_LIMIT);
    let delay = if is_of_recipient {
        Delay::Pace
    } else {
        Delay::Retry
    };
    Ok(Some(RowWait {
        millis: row.int("due_at")? - run.now,
        delay,
    }))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a time in milliseconds is small enough"
)]
pub(super) fn whole_milliseconds(time: f64) -> i64 {
    time.ceil() as i64
}

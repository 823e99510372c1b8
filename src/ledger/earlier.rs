//! The rows of earlier runs that a new list is compared with: since when they count, and how they are reported.

use std::time::Duration;

use super::claims::OnceEntry;
use super::error::LedgerError;
use super::model::{OnceState, SkipReason};
use crate::once::OnceKey;
use crate::timestamps::{local_time, of_milliseconds};

/// 2026-11-01, in milliseconds since 1970. No ledger of this format is older: an earlier time comes from a wrong clock,
/// and the true time is unknown. Later releases must not move it, or everything sent before an update would count
/// forever.
pub(crate) const FIRST_TIME: i64 = 1_793_491_200_000;

/// Whether something happened at `since` or later, as far as is known. If `since` is the end of time, nothing counts.
pub(crate) fn is_recent(at: i64, since: i64) -> bool {
    at >= since || at < FIRST_TIME && since < i64::MAX
}

/// The instant this long before `now`; the end of time if `remember` is zero.
pub(super) fn since(now: i64, remember: Duration) -> i64 {
    match i64::try_from(remember.as_millis()) {
        Ok(0) => i64::MAX,
        Ok(remember) => now - remember,
        Err(_) => i64::MIN,
    }
}

/// A row of an earlier run that counts, and the time of its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EarlierRow {
    pub(crate) reason: SkipReason,
    pub(crate) at: i64,
}

/// The number of rows that an earlier run has too, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EarlierMessages {
    pub(crate) run: String,
    pub(crate) reason: SkipReason,
    pub(crate) rows: u64,
    /// The time of the last one.
    pub(crate) at: i64,
}

impl EarlierMessages {
    /// `were sent by run r at 2026-11-20 08:23 -05:00`
    pub(crate) fn words(&self) -> String {
        let was = if self.rows == 1 { "was" } else { "were" };
        let is = if self.rows == 1 { "is" } else { "are" };
        match self.reason {
            SkipReason::MayHaveBeenSent => format!("may have been sent by run {} {}", self.run, time(self.at)),
            SkipReason::ToBeSent => format!("{is} still to be sent by run {}", self.run),
            _ => format!("{was} sent by run {} {}", self.run, time(self.at)),
        }
    }
}

impl EarlierRow {
    /// What a claim under a key says about its person; none if the person is free.
    pub(crate) fn of_claim(entry: &OnceEntry) -> Option<Self> {
        let reason = match entry.state {
            OnceState::Sent => SkipReason::AlreadySent,
            OnceState::Unknown => SkipReason::MayHaveBeenSent,
            OnceState::UnderWay | OnceState::ToBeSent => SkipReason::ToBeSent,
            OnceState::NotSent => return None,
        };
        Some(Self { reason, at: entry.at })
    }

    /// Why a row is skipped.
    pub(crate) fn problem(&self, run: &str) -> String {
        EarlierMessages { run: run.to_owned(), reason: self.reason, rows: 1, at: self.at }.words()
    }

    /// Why a row is skipped if its person has a message under `key`, from `run` if it is known.
    pub(crate) fn problem_under(&self, key: &OnceKey, run: Option<&str>) -> String {
        let by = run.map(|run| format!(" by run {run}")).unwrap_or_default();
        match self.reason {
            SkipReason::ToBeSent => format!("a message under the key {key} is to be sent to this person{by}"),
            SkipReason::MayHaveBeenSent => {
                format!("a message under the key {key} may have been sent to this person{by} {}", time(self.at))
            }
            _ => format!("a message under the key {key} was sent to this person{by} {}", time(self.at)),
        }
    }

    /// Whether it takes precedence over `other`.
    pub(crate) fn outweighs(&self, other: &Self) -> bool {
        (rank(self.reason), -self.at) < (rank(other.reason), -other.at)
    }
}

/// `at 2026-11-20 08:23 -05:00`
fn time(at: i64) -> String {
    format!("at {}", local_time(of_milliseconds(at)))
}

/// The rank of a reason.
pub(super) fn rank(reason: SkipReason) -> i64 {
    reason as i64
}

/// The reason with this rank.
pub(super) fn of_rank(place: i64) -> Result<SkipReason, LedgerError> {
    let reason = SkipReason::ALL.into_iter().find(|reason| rank(*reason) == place);
    reason.ok_or_else(|| LedgerError::damaged(format!("no reason to leave a row out has the number {place}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_kept_by_its_place_and_no_other_number_is_one() {
        for (place, reason) in (0..).zip(SkipReason::ALL) {
            assert_eq!((rank(reason), of_rank(place).unwrap()), (place, reason));
        }
        for place in [-1, 10] {
            assert!(of_rank(place).is_err(), "{place}");
        }
    }
}

//! The rows of earlier runs with the same message: the reason to skip a row because of them, and how
//! they are described.

use jiff::tz::TimeZone;

use crate::base::message::{Message, msg};
use crate::base::timestamps::time_value;
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::model::{OnceState, SkipReason};
use crate::runs::once::OnceKey;

/// A row of an earlier run that counts, and the time of its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EarlierRow {
    pub(crate) reason: SkipReason,
    pub(crate) at: i64,
}

/// The number of rows that an earlier run has too, with one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EarlierMessages {
    pub(crate) run: String,
    pub(crate) reason: SkipReason,
    pub(crate) rows: u64,
    /// The time of the last row.
    pub(crate) at: i64,
}

impl EarlierMessages {
    /// Describes the rows: `were sent by run r at 2026-11-20 08:23 -05:00`, with the time in `zone`.
    pub(crate) fn describe(&self, zone: &TimeZone) -> Message {
        let Self { run, rows, .. } = self;
        let time = time_value(zone, self.at);
        match self.reason {
            SkipReason::MayHaveBeenSent => {
                msg!("may have been sent by run {run} at {time}", run, time)
            }
            SkipReason::ToBeSent => {
                msg!("{rows|is|are} still to be sent by run {run}", rows, run)
            }
            _ => msg!(
                "{rows|was|were} sent by run {run} at {time}",
                rows,
                run,
                time
            ),
        }
    }
}

impl EarlierRow {
    /// Creates the earlier row of a message under a key. Returns None if its recipient is free.
    pub(crate) fn from_state(state: OnceState, at: i64) -> Option<Self> {
        let reason = match state {
            OnceState::Sent => SkipReason::AlreadySent,
            OnceState::Unknown => SkipReason::MayHaveBeenSent,
            OnceState::Inflight | OnceState::ToBeSent => SkipReason::ToBeSent,
            OnceState::NotSent => return None,
        };
        Some(Self { reason, at })
    }

    /// Describes why a row is skipped. A report shows the time in its own zone.
    pub(crate) fn problem(&self, run: &str) -> Message {
        EarlierMessages {
            run: run.to_owned(),
            reason: self.reason,
            rows: 1,
            at: self.at,
        }
        .describe(&TimeZone::system())
    }

    /// Describes why a row is skipped if its recipient has a message under `key`, from `run` if
    /// that is known.
    pub(crate) fn describe_under(&self, key: &OnceKey, run: Option<&str>) -> Message {
        let time = time_value(&TimeZone::system(), self.at);
        match (self.reason, run) {
            (SkipReason::ToBeSent, None) => {
                msg!("this recipient will get a message with the key {key}", key)
            }
            (SkipReason::ToBeSent, Some(run)) => msg!(
                "run {run} will send this recipient a message with the key {key}",
                key,
                run
            ),
            (SkipReason::MayHaveBeenSent, None) => msg!(
                "a message with the key {key} may have been sent to this recipient at {time}",
                key,
                time
            ),
            (SkipReason::MayHaveBeenSent, Some(run)) => msg!(
                "a message with the key {key} may have been sent to this recipient by run {run} at {time}",
                key,
                run,
                time
            ),
            (_, None) => msg!(
                "a message with the key {key} was sent to this recipient at {time}",
                key,
                time
            ),
            (_, Some(run)) => msg!(
                "a message with the key {key} was sent to this recipient by run {run} at {time}",
                key,
                run,
                time
            ),
        }
    }

    /// Returns whether this reason is shown rather than `other`.
    pub(crate) fn outweighs(&self, other: &Self) -> bool {
        (rank(self.reason), -self.at) < (rank(other.reason), -other.at)
    }
}

/// Returns the rank of a reason.
pub(crate) fn rank(reason: SkipReason) -> i64 {
    reason as i64
}

/// Returns the reason with this rank.
pub(crate) fn reason_for_rank(place: i64) -> Result<SkipReason, LedgerError> {
    let reason = SkipReason::ALL
        .iter()
        .copied()
        .find(|reason| rank(*reason) == place);
    reason.ok_or_else(|| {
        LedgerError::damaged(format!("no reason to skip a row has the number {place}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skip_reason_is_stored_by_its_rank() {
        for (place, reason) in (0..).zip(SkipReason::ALL.iter().copied()) {
            assert_eq!(
                (rank(reason), reason_for_rank(place).unwrap()),
                (place, reason)
            );
        }
        for place in [-1, 11] {
            assert!(reason_for_rank(place).is_err(), "{place}");
        }
    }
}

//! How a run ends, and why it may stop early.

use jiff::Timestamp;

use crate::base::output::{WaitReason, Waiting};
use crate::base::process::Signal;
use crate::jelou::api::Problem;
use crate::runs::ledger::{
    FinishedRow, LIMIT, LedgerError, PauseReason, RunEvent, RunEventKind, RunPause, Worker,
};

/// The end of a run.
#[derive(Debug)]
pub(crate) enum RunEnd {
    /// Every row is final, even if something stopped the run while the last rows were in flight.
    Complete,
    /// Some rows are not final. An immediate exit does not wait for a slow disk: `unwritten` has the outcomes that may be
    /// missing from the ledger.
    Stopped {
        reason: StopReason,
        unwritten: Option<Vec<FinishedRow>>,
    },
}

/// Why the engine asks for no more rows.
#[derive(Debug)]
pub(crate) enum StopReason {
    /// A fault that would affect the other rows too.
    Paused(PauseReason, Problem),
    Signal(Signal),
    /// You or another process paused the run.
    PausedByOthers(RunPause),
    /// The process must join the run again, after it has read the exclusion lists again and checked all rows. A long wait
    /// is over: for the sending hours, for the messaging limit, or because this process was suspended or disconnected and
    /// counted as lost. Or a safety check refused a request, or a finished run was reopened.
    MustRejoin,
    /// The ledger cannot be written, and lacks these outcomes.
    LedgerFailed {
        error: LedgerError,
        outcomes: Vec<FinishedRow>,
    },
    /// A bug of ours while requests were in flight.
    Panicked,
}

impl RunEnd {
    /// Closes `ledger`, and returns how the run ended. It is complete if every row is final, whatever stopped it.
    pub(crate) fn new(ledger: Worker, stop: Option<StopReason>) -> Self {
        let reason = match stop {
            Some(StopReason::Panicked) => return Self::stopped(StopReason::Panicked),
            Some(reason) => reason,
            // Every row was final, and then somebody has reopened the run.
            None => StopReason::MustRejoin,
        };
        match ledger.close() {
            Ok(true) => Self::Complete,
            Err(error) if !matches!(reason, StopReason::LedgerFailed { .. }) => {
                Self::stopped(StopReason::ledger(error))
            }
            Ok(false) | Err(_) => Self::stopped(reason),
        }
    }

    /// Ends a run that is not complete, and whose outcomes are in the ledger or in `reason`.
    pub(crate) fn stopped(reason: StopReason) -> Self {
        Self::Stopped {
            reason,
            unwritten: None,
        }
    }
}

impl StopReason {
    pub(crate) fn ledger(error: LedgerError) -> Self {
        Self::LedgerFailed {
            error,
            outcomes: Vec::new(),
        }
    }

    /// Returns the event to record, or None if the run continues or the ledger can no longer record it.
    pub(crate) fn event(&self) -> Option<RunEvent> {
        match self {
            Self::Paused(reason, problem) => {
                let event = RunEvent::new(RunEventKind::Paused).because(reason.name());
                Some(event.described(problem.message.clone()))
            }
            Self::Signal(signal) => {
                Some(RunEvent::new(RunEventKind::Stopped).because(&signal.name()))
            }
            Self::Panicked => Some(RunEvent::new(RunEventKind::Stopped).because("unexpected")),
            Self::MustRejoin | Self::PausedByOthers(_) | Self::LedgerFailed { .. } => None,
        }
    }

    /// Returns whether this reason replaces `earlier`. A fault that ends the run replaces a pause or a signal. A signal
    /// does not replace the cause of a pause.
    pub(crate) fn outweighs(&self, earlier: &Self) -> bool {
        self.weight() > earlier.weight()
    }

    fn weight(&self) -> u8 {
        match self {
            Self::MustRejoin => 0,
            Self::Paused(..) | Self::Signal(_) | Self::PausedByOthers(_) => 1,
            Self::LedgerFailed { .. } | Self::Panicked => 2,
        }
    }
}

/// Creates the event for a new wait. `at` is in milliseconds since 1970.
pub(crate) fn wait_event(wait: &Waiting, at: i64) -> Option<RunEvent> {
    let reason = match wait.reason {
        WaitReason::OutsideHours => "hours",
        WaitReason::MessagingLimit => LIMIT,
        WaitReason::RateLimit => "rate_limit",
        WaitReason::Network => "network",
        WaitReason::Retry => "retry",
    };
    let until = wait.until.parse().ok().map(Timestamp::as_millisecond);
    wait.is_new.then(|| RunEvent {
        at,
        until,
        ..RunEvent::new(RunEventKind::Waiting).because(reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::ledger::fixture;

    #[test]
    fn reopened_run_is_joined_again() {
        let home = tempfile::TempDir::new().unwrap();
        let (_, ledger) = fixture::sent(home.path(), &["593990000000"]);
        let end = RunEnd::new(ledger, None);
        assert!(
            matches!(
                end,
                RunEnd::Stopped {
                    reason: StopReason::MustRejoin,
                    unwritten: None
                }
            ),
            "{end:?}"
        );
    }
}

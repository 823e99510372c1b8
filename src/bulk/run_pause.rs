//! Why nobody takes rows of a run that several processes may send.

use super::breaker::PauseReason;

/// What may be wrong with the ledger of a run whose database is another one than it began in.
pub(crate) const FAILED_OVER: &str = "what was written may be lost";
/// The same of one whose database was put back to an earlier state.
pub(crate) const RESTORED: &str = "its ledger was restored from a copy, which may lack messages that were sent since";

/// A run of which nobody takes rows until a person resumes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunPause {
    pub(crate) reason: PausedFor,
    /// Who paused it.
    pub(crate) by: String,
}

/// What a run is paused for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PausedFor {
    /// A person stopped it.
    Person,
    /// The database is another one than it began in.
    Failover,
    /// The database was put back to an earlier state, from a dump or from older files.
    Restored,
    /// What a process met that sent it.
    Fault(PauseReason),
}

impl PausedFor {
    /// The word for it, in the ledger and for scripts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Failover => "failover",
            Self::Restored => "restored",
            Self::Fault(reason) => reason.name(),
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let faults = PauseReason::ALL.map(Self::Fault);
        [Self::Person, Self::Failover, Self::Restored].into_iter().chain(faults).find(|reason| reason.name() == name)
    }
}

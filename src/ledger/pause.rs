//! Why a run takes no more rows: what made a process pause it, and what a run that several processes send is paused for. And
//! these processes.

use serde::{Serialize, Serializer};

use super::types::RunConditions;
use crate::timestamps::of_milliseconds;

/// Why a run paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PauseReason {
    Credentials,
    /// WhatsApp lets the business send nothing.
    Account,
    /// The proxy asks for credentials.
    ProxyCredentials,
    Network,
    /// The API does not take more for longer than the run may wait.
    RateLimit,
    Unknown,
    /// Every row was rejected, and none was ever accepted.
    AllRefused,
}

impl PauseReason {
    pub(crate) const ALL: [Self; 7] = [
        Self::Credentials,
        Self::Account,
        Self::ProxyCredentials,
        Self::Network,
        Self::RateLimit,
        Self::Unknown,
        Self::AllRefused,
    ];

    /// The word for it: the record's code, where it has one.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Account => "account",
            Self::ProxyCredentials => "proxy_credentials",
            Self::Network => "network",
            Self::RateLimit => "rate_limit",
            Self::Unknown => "unknown",
            Self::AllRefused => "all_rejected",
        }
    }

    /// Whether it is a fault of the run, and not of the process that met it: others that send the run would meet it too.
    pub(crate) fn is_of_run(self) -> bool {
        match self {
            Self::Account | Self::Unknown | Self::AllRefused => true,
            Self::Credentials | Self::ProxyCredentials | Self::Network | Self::RateLimit => false,
        }
    }
}

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

/// A run of which nobody takes rows, and since when.
#[derive(Clone, Debug)]
pub(crate) struct PausedRun {
    pub(crate) pause: RunPause,
    /// In milliseconds since 1970.
    pub(crate) at: i64,
    /// How often it was paused or stopped by then.
    pub(crate) pauses: i64,
}

/// What a person who resumes a run gives anew, and knows of it.
#[derive(Debug)]
pub(crate) struct Resumed<'a> {
    /// Whether the person has answered a question, after having been told what the run is paused for.
    pub(crate) has_answered: bool,
    /// It holds for all who send the run.
    pub(crate) rate: Option<f64>,
    pub(crate) conditions: Option<&'a RunConditions>,
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

/// A process that sends a run.
#[derive(Debug, Serialize)]
pub(crate) struct RunWorker {
    pub(crate) host: String,
    pub(crate) pid: i64,
    pub(crate) joined_at: String,
    /// Since when nothing was heard of it, in seconds.
    pub(crate) seen_s: f64,
    pub(crate) inflight: i64,
    /// When what is under way counts as unknown, unless the process is heard of before; in milliseconds since 1970.
    #[serde(serialize_with = "as_utc")]
    pub(crate) lost_at: Option<i64>,
    /// Whether that time has come.
    #[serde(skip)]
    pub(crate) is_lost: bool,
    pub(crate) sent: i64,
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn as_utc<S: Serializer>(at: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(|at| format!("{:.3}", of_milliseconds(at))).serialize(serializer)
}

/// A process that was not heard of again while rows of it were under way.
#[derive(Debug)]
pub(crate) struct LostWorker {
    pub(crate) host: String,
    pub(crate) pid: i64,
    /// When something was heard of it last, in milliseconds since 1970.
    pub(crate) seen_at: i64,
    /// The rows, and the number of what is known of each.
    pub(crate) rows: Vec<i64>,
    pub(crate) numbers: Vec<i32>,
}

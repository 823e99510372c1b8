//! The events of a run, such as begun, resumed, paused, stopped or ended. Also the reason of a
//! pause, and the processes that send the run. Events never decide whether a row may be sent.

use serde::Serialize;

use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::base::message::{Message, msg};

/// The reason of a wait for the messaging limit in 24 hours.
pub(crate) const LIMIT: &str = "limit_24h";

/// An event of a run as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunEvent {
    pub(crate) kind: RunEventKind,
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    /// Who did it: `ana at build-7`. The ledger writes it.
    pub(crate) by: Message,
    /// The reason as one word: `hours`, `rate_limit`, `network`, `credentials`, `SIGINT`.
    pub(crate) reason: Option<String>,
    /// The reason in words, possibly the API's own.
    pub(crate) problem: Option<Message>,
    /// When a wait is expected to end.
    pub(crate) until: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum RunEventKind {
    Begun,
    Resumed,
    /// No row is sent until a known time.
    Waiting,
    /// The fault would affect the other rows too.
    Paused,
    /// You stopped the run, or a fault of jelouctl did.
    Stopped,
    /// You cancelled the run: the remaining rows are not sent.
    Cancelled,
    /// Every row is final.
    Ended,
    /// You decided the outcome of rows.
    Resolved,
    /// You set a rule of the run aside.
    Overridden,
}

impl RunEventKind {
    /// Returns the name that the ledger stores and that scripts read.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Returns what happened in words.
    pub(crate) fn describe(self) -> Message {
        match self {
            Self::Begun => msg!("started"),
            Self::Resumed => msg!("resumed"),
            Self::Waiting => msg!("waiting{#event}"),
            Self::Paused => msg!("paused"),
            Self::Stopped => msg!("stopped"),
            Self::Cancelled => msg!("cancelled{#event}"),
            Self::Ended => msg!("ended"),
            Self::Resolved => msg!("resolved"),
            Self::Overridden => msg!("overridden"),
        }
    }

    /// Returns whether the event changes rows or rules, but not whether the run is sent.
    pub(crate) fn is_decision(self) -> bool {
        matches!(self, Self::Resolved | Self::Overridden)
    }
}

impl RunEvent {
    /// Creates an event. The ledger sets its time.
    pub(crate) fn new(kind: RunEventKind) -> Self {
        Self {
            kind,
            at: 0,
            by: Message::default(),
            reason: None,
            problem: None,
            until: None,
        }
    }

    /// Returns the end of a wait for the messaging limit, or None for another event.
    pub(crate) fn limit_until(&self) -> Option<i64> {
        let is_of_limit =
            self.kind == RunEventKind::Waiting && self.reason.as_deref() == Some(LIMIT);
        self.until.filter(|_| is_of_limit)
    }

    /// Sets the reason in words.
    pub(crate) fn described(self, problem: Message) -> Self {
        Self {
            problem: Some(problem),
            ..self
        }
    }

    /// Sets the word for the reason.
    pub(crate) fn because(self, reason: &str) -> Self {
        Self {
            reason: Some(reason.to_owned()),
            ..self
        }
    }
}

/// Why a run is paused. Its name is the code of the record, if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum PauseReason {
    /// You stopped the run.
    Person,
    /// `bulk deliveries --pause-if-undelivered` stopped it.
    Undelivered,
    Credentials,
    /// WhatsApp does not let the business send messages.
    Account,
    /// The proxy asks for credentials.
    ProxyCredentials,
    /// The profile or one of its lists cannot be read again.
    Configuration,
    Network,
    /// The API refuses messages for longer than the run may wait.
    RateLimit,
    Unknown,
    /// Jelou has rejected every row, and has never accepted one.
    AllRejected,
}

impl PauseReason {
    /// Returns the name that the ledger stores and that scripts read.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Returns whether the reason affects the other processes of the run too.
    pub(crate) fn affects_all_senders(self) -> bool {
        match self {
            Self::Person
            | Self::Undelivered
            | Self::Account
            | Self::Unknown
            | Self::AllRejected => true,
            Self::Credentials
            | Self::ProxyCredentials
            | Self::Configuration
            | Self::Network
            | Self::RateLimit => false,
        }
    }
}

/// The pause of a run: no process takes its rows until you resume it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunPause {
    pub(crate) reason: PauseReason,
    /// The user or process that paused it.
    pub(crate) by: Message,
    /// The start of the pause, in milliseconds since 1970.
    pub(crate) at: i64,
}

/// The cancellation of a run: its remaining rows are never sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cancellation {
    /// The user who cancelled it.
    pub(crate) by: Message,
    /// The time in milliseconds since 1970.
    pub(crate) at: i64,
}

/// A process that sends a run.
#[derive(Debug, Serialize)]
pub(crate) struct RunWorker {
    /// Who started it: `ana at build-7`
    pub(crate) by: Message,
    pub(crate) host: String,
    pub(crate) pid: i64,
    pub(crate) joined_at: String,
    /// Seconds since its last contact.
    pub(crate) seen_s: f64,
    pub(crate) inflight: u64,
    pub(crate) sent: u64,
}

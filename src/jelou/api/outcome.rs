//! The outcome of a message (sent, not sent or unknown) and its reason.

use std::time::Duration;

use super::credentials::Credentials;
use crate::base::message::{Message, msg};
use crate::base::process::Signal;

/// The outcome of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Accepted by Jelou; whether it was delivered is unknown.
    Sent { message_id: Option<String> },
    /// Certainly not sent.
    NotSent(Cause),
    /// The message may have been sent. Has the signal that ended the attempt, if any.
    Unknown(Option<Signal>),
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// 401, 403, or credentials without a company.
    Credentials,
    /// WhatsApp has blocked the business account: it is locked or not paid for.
    Account,
    /// The API rejected the message.
    Rejected,
    /// Rate limited or unavailable, beyond the retry budget.
    Unavailable,
    /// The host name was not found, or the connection failed.
    Network,
    /// The proxy asks for credentials.
    ProxyCredentials,
    /// The proxy does not open a tunnel.
    ProxyRefusal,
    Tls,
    /// A signal came before an attempt or between two attempts.
    Interrupted(Signal),
}

/// Describes an outcome that is not a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Stable name for scripts: `rejected`, `network`, …
    pub(crate) code: &'static str,
    /// The API's own code.
    pub(crate) api_code: Option<String>,
    /// What happened, with the API's text if possible, or the beginning of an answer in an unknown form.
    pub(crate) message: Message,
    pub(crate) hint: Message,
    pub(crate) retry_after: Option<Duration>,
}

impl Outcome {
    /// Returns the stable name of the problem, for scripts.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NotSent(Cause::Credentials) => "credentials",
            Self::NotSent(Cause::Account) => "account",
            Self::NotSent(Cause::Rejected) => "rejected",
            Self::NotSent(Cause::Unavailable) => "unavailable",
            Self::NotSent(Cause::Network | Cause::ProxyRefusal) => "network",
            Self::NotSent(Cause::ProxyCredentials) => "proxy_credentials",
            Self::NotSent(Cause::Tls) => "tls",
            Self::NotSent(Cause::Interrupted(_)) | Self::Unknown(Some(_)) => "interrupted",
            Self::Unknown(None) | Self::Sent { .. } => "unknown",
        }
    }
}

impl Problem {
    pub(crate) fn new(outcome: &Outcome, message: Message, hint: Message) -> Self {
        Self {
            code: outcome.code(),
            api_code: None,
            message,
            hint,
            retry_after: None,
        }
    }
}

/// The verdict on one attempt.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    pub(crate) problem: Option<Problem>,
    /// Set if a retry is safe: the minimum wait before it.
    pub(crate) retry: Option<Duration>,
}

impl Verdict {
    /// Adds the origin of `credentials` to the hint, if Jelou refused them.
    pub(crate) fn naming_origin(mut self, credentials: &Credentials) -> Self {
        if let (Outcome::NotSent(Cause::Credentials), Some(problem), Some(origin)) =
            (&self.outcome, &mut self.problem, credentials.origin())
        {
            problem.hint = msg!("{hint}; {origin}", hint = problem.hint, origin);
        }
        self
    }
}

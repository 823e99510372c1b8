//! The errors of look-ups.

use thiserror::Error;

use crate::base::message::Message;
use crate::base::process::Signal;
use crate::jelou::api::delivery::Delivery;
use crate::jelou::api::outcome::{Cause, Outcome};
use crate::jelou::api::pager::ListingCoverage;
use crate::jelou::api::request::Request;

/// Codes of a bot that does not exist.
const NO_BOT: [&str; 3] = ["E1019", "BOT_NOT_FOUND", "bot_not_found"];

#[derive(Debug, Error)]
pub(crate) enum LookUpError {
    /// The account does not offer this look-up.
    #[error("this account cannot look up messages: {0}")]
    Unavailable(String),
    /// No look-up lists the message.
    #[error("{}", not_listed(id, *is_searched))]
    NotListed {
        id: String,
        /// Whether every source that can list it was read completely.
        is_searched: bool,
    },
    /// Not everything was read.
    #[error("the listing is incomplete: {}", incomplete(*coverage, *unreadable))]
    Incomplete {
        coverage: ListingCoverage,
        /// Entries that lack a required field.
        unreadable: usize,
    },
    #[error("{}", response_error(delivery))]
    Failed { delivery: Box<Delivery> },
}

impl LookUpError {
    pub(crate) fn message(&self) -> Message {
        Message::verbatim(self.to_string())
    }

    pub(super) fn new(delivery: Delivery, request: &Request) -> Self {
        let status = delivery.answer.as_ref().map(|answer| answer.status);
        let code = delivery
            .problem
            .as_ref()
            .and_then(|problem| problem.api_code.as_deref());
        if status == Some(404) && !code.is_some_and(|code| NO_BOT.contains(&code)) {
            return Self::Unavailable(format!(
                "GET {}: {}",
                request.url.path(),
                response_error(&delivery)
            ));
        }
        Self::failed(delivery)
    }

    /// Returns the error of a listing that every account has.
    pub(crate) fn failed(delivery: Delivery) -> Self {
        Self::Failed {
            delivery: Box::new(delivery),
        }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Self::Unavailable(_) | Self::NotListed { .. } => Outcome::NotSent(Cause::Rejected),
            Self::Incomplete { .. } => Outcome::NotSent(Cause::Unavailable),
            // Jelou accepted the request, but the answer lacks the listing.
            Self::Failed { delivery } if matches!(delivery.outcome, Outcome::Sent { .. }) => {
                Outcome::NotSent(Cause::Rejected)
            }
            Self::Failed { delivery } => delivery.outcome.clone(),
        }
    }

    /// Returns whether the API refused the request, so that a retry would fail, too.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(
            self.outcome(),
            Outcome::NotSent(Cause::Rejected | Cause::Credentials | Cause::Account)
        )
    }

    /// Returns the signal that ended the look-up.
    pub(crate) fn signal(&self) -> Option<Signal> {
        match self.outcome() {
            Outcome::NotSent(Cause::Interrupted(signal)) => Some(signal),
            Outcome::Unknown(signal) => signal,
            Outcome::NotSent(_) | Outcome::Sent { .. } => None,
        }
    }

    /// Returns the hint. The hint of a signal is for sends, so it does not apply to a read.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Unavailable(_) => {
                Some("ask Jelou whether your account can read its message history".to_owned())
            }
            Self::NotListed { .. } => {
                Some("check --bot and the id; for a new message: --wait delivered".to_owned())
            }
            Self::Incomplete {
                coverage: ListingCoverage::TooMany(_),
                ..
            } => Some("to request less: --since or --query".to_owned()),
            Self::Incomplete { .. } => Some("try again".to_owned()),
            Self::Failed { .. } if self.signal().is_some() => None,
            Self::Failed { delivery } => delivery
                .problem
                .as_ref()
                .map(|problem| problem.hint.clone()),
        }
    }
}

fn response_error(delivery: &Delivery) -> String {
    delivery.problem.as_ref().map_or_else(
        || "the response has no listing".to_owned(),
        |problem| problem.message.clone(),
    )
}

fn not_listed(id: &str, is_searched: bool) -> String {
    let gap = if is_searched {
        ""
    } else {
        ", but the listing is incomplete"
    };
    format!(
        "Jelou lists no message `{}` from the bot{gap}",
        id.escape_debug()
    )
}

fn incomplete(coverage: ListingCoverage, unreadable: usize) -> String {
    let entries = match unreadable {
        0 => None,
        1 => Some("1 entry lacks a required field".to_owned()),
        many => Some(format!("{many} entries lack a required field")),
    };
    coverage
        .problem()
        .into_iter()
        .chain(entries)
        .collect::<Vec<_>>()
        .join("; ")
}

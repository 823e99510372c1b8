//! The errors of look-ups.

use thiserror::Error;

use crate::base::message::{Message, msg};
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
    #[error("{}", self.message())]
    Unavailable(Message),
    /// No look-up lists the message.
    #[error("{}", self.message())]
    NotListed {
        id: String,
        /// Whether every source that can list it was read completely.
        is_searched: bool,
    },
    /// Not everything was read.
    #[error("{}", self.message())]
    Incomplete {
        coverage: ListingCoverage,
        /// Entries that lack a required field.
        unreadable: usize,
    },
    #[error("{}", self.message())]
    Failed { delivery: Box<Delivery> },
}

impl LookUpError {
    pub(crate) fn message(&self) -> Message {
        match self {
            Self::Unavailable(problem) => {
                msg!("this account cannot look up messages: {problem}", problem)
            }
            Self::NotListed { id, is_searched } => {
                let id = id.escape_debug().to_string();
                if *is_searched {
                    msg!("Jelou lists no message `{id}` from the bot", id)
                } else {
                    msg!(
                        "Jelou lists no message `{id}` from the bot, but the listing is incomplete",
                        id
                    )
                }
            }
            Self::Incomplete {
                coverage,
                unreadable,
            } => msg!(
                "the listing is incomplete: {problem}",
                problem = incomplete(*coverage, *unreadable)
            ),
            Self::Failed { delivery } => response_error(delivery),
        }
    }

    pub(super) fn new(delivery: Delivery, request: &Request) -> Self {
        let status = delivery.answer.as_ref().map(|answer| answer.status);
        let code = delivery
            .problem
            .as_ref()
            .and_then(|problem| problem.api_code.as_deref());
        if status == Some(404) && !code.is_some_and(|code| NO_BOT.contains(&code)) {
            return Self::Unavailable(msg!(
                "GET {path}: {problem}",
                path = request.url.path(),
                problem = response_error(&delivery)
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
    pub(crate) fn hint(&self) -> Option<Message> {
        match self {
            Self::Unavailable(_) => Some(msg!(
                "ask Jelou whether your account can read its message history"
            )),
            Self::NotListed { .. } => Some(msg!(
                "check --bot and the id; for a new message: --wait delivered"
            )),
            Self::Incomplete {
                coverage: ListingCoverage::TooMany(_),
                ..
            } => Some(msg!("to request less: --since or --query")),
            Self::Incomplete { .. } => Some(msg!("try again")),
            Self::Failed { .. } if self.signal().is_some() => None,
            Self::Failed { delivery } => delivery
                .problem
                .as_ref()
                .map(|problem| problem.hint.clone()),
        }
    }
}

fn response_error(delivery: &Delivery) -> Message {
    delivery.problem.as_ref().map_or_else(
        || msg!("the response has no listing"),
        |problem| problem.message.clone(),
    )
}

fn incomplete(coverage: ListingCoverage, unreadable: usize) -> Message {
    let entries = (unreadable > 0).then(|| {
        msg!(
            "{unreadable} {unreadable|entry lacks|entries lack} a required field",
            unreadable
        )
    });
    let problems = coverage.problem().into_iter().chain(entries);
    Message::joined(problems.collect(), "; ")
}

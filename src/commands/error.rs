//! The errors that commands add to those of the modules they call.

use std::fmt::Display;

use serde_json::Value;
use thiserror::Error;

use crate::api::{Cause, Delivery, Outcome};

/// A command that cannot be carried out as it was typed.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct UsageError {
    pub message: String,
    pub hint: String,
}

/// A [`UsageError`] as commands return it.
pub fn wrong_usage(message: impl Display, hint: &str) -> anyhow::Error {
    UsageError { message: message.to_string(), hint: hint.to_owned() }.into()
}

/// A guard that stopped a send.
#[derive(Debug, Error)]
pub enum GuardError {
    #[error("{recipient} is not among the recipients that {origin} allows: {}", patterns(allowed))]
    Recipient { recipient: String, allowed: Vec<String>, origin: String },
    #[error("{count} of the rows go to recipients that are not allowed; the first: {first}")]
    Rows { count: u64, first: Box<GuardError> },
    #[error("{rows} messages were not confirmed")]
    Unconfirmed { rows: u64 },
    #[error("run {run} sends the same messages")]
    SameCampaign { run: String, is_finished: bool },
}

impl GuardError {
    pub fn hint(&self) -> String {
        match self {
            Self::Recipient { .. } | Self::Rows { .. } => {
                "check the recipient; who may be written to is allow_to in the configuration".to_owned()
            }
            Self::Unconfirmed { .. } => "add --yes to send them, or set confirm_bulk = false in the profile".to_owned(),
            Self::SameCampaign { run, is_finished: true } => {
                format!("run {run} ended less than 12 hours ago; add --again if they are meant to go out once more")
            }
            Self::SameCampaign { run, is_finished: false } => {
                format!(
                    "go on with it: jelouctl bulk resume {run}; or add --again if they are meant to go out once more"
                )
            }
        }
    }
}

/// A fault of our own while a request was under way: nobody knows what the server has read.
#[derive(Debug, Error)]
#[error("a fault in jelouctl while the request was under way; the message may have been sent")]
pub struct PanicInFlight;

/// A command that only reads, and could not.
#[derive(Debug, Error)]
pub enum ReadError {
    #[error("nothing could be read: {}", delivery.fault.as_ref().map_or("no answer", |fault| &fault.message))]
    Failed { delivery: Box<Delivery> },
    #[error("the API has more than {pages} pages; what was read is incomplete")]
    Endless { pages: u32 },
}

impl ReadError {
    pub fn new(delivery: Delivery) -> Self {
        Self::Failed { delivery: Box::new(delivery) }
    }

    /// The API's answer, which is shown whatever it says.
    pub fn answer(&self) -> Option<Value> {
        match self {
            Self::Failed { delivery } => delivery.answer.as_ref().and_then(|answer| answer.body.clone().into_value()),
            Self::Endless { .. } => None,
        }
    }

    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Failed { delivery } => delivery.outcome.clone(),
            Self::Endless { .. } => Outcome::NotSent(Cause::Unavailable),
        }
    }

    /// The stable name of the fault.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Failed { delivery } => delivery.fault.as_ref().map_or("unavailable", |fault| fault.code),
            Self::Endless { .. } => "unavailable",
        }
    }

    pub fn hint(&self) -> Option<String> {
        match self {
            // What is said of a message that was under way does not hold for a read.
            Self::Failed { delivery } if matches!(delivery.outcome, Outcome::Unknown(_)) => None,
            Self::Failed { delivery } => delivery.fault.as_ref().map(|fault| fault.hint.clone()),
            Self::Endless { .. } => Some("ask for fewer with --query, --status or --category".to_owned()),
        }
    }
}

fn patterns(allowed: &[String]) -> String {
    if allowed.is_empty() { "nobody (allow_to is empty)".to_owned() } else { allowed.join(", ") }
}

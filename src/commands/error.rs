//! The errors that commands add to those of the modules they call.

use thiserror::Error;

use crate::api::{Delivery, Fault, Outcome};

/// A command that cannot be carried out as it was typed.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct UsageError {
    pub message: String,
    pub hint: String,
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
    SameCampaign { run: String },
}

impl GuardError {
    pub fn hint(&self) -> String {
        match self {
            Self::Recipient { .. } | Self::Rows { .. } => {
                "check the recipient; who may be written to is allow_to in the configuration".to_owned()
            }
            Self::Unconfirmed { .. } => "add --yes to send them, or set confirm_bulk = false in the profile".to_owned(),
            Self::SameCampaign { run } => {
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
#[error("nothing could be read: {}", delivery.fault.as_ref().map_or("no answer", |fault| &fault.message))]
pub struct ReadError {
    delivery: Box<Delivery>,
}

impl ReadError {
    pub fn new(delivery: Delivery) -> Self {
        Self { delivery: Box::new(delivery) }
    }

    pub fn outcome(&self) -> &Outcome {
        &self.delivery.outcome
    }

    pub fn fault(&self) -> Option<&Fault> {
        self.delivery.fault.as_ref()
    }
}

fn patterns(allowed: &[String]) -> String {
    if allowed.is_empty() { "nobody (allow_to is empty)".to_owned() } else { allowed.join(", ") }
}
